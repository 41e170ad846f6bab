import asyncio
import os
from typing import Any

import pytest

from bot.errors import UnreadableError
from bot.ingest.worker import READING, Limits, Workers
from bot.messages import catalogue
from tests.ingest import hostile_readers


async def gathered(workers: Workers, reader: Any, *arguments: object) -> list[object]:
    return [part async for part in workers.parts(reader, *arguments)]


async def test_parts_come_in_order_from_another_process() -> None:
    async with Workers(1) as workers:
        assert await gathered(workers, hostile_readers.count, 5) == [0, 1, 2, 3, 4]
        [first] = await gathered(workers, hostile_readers.process_id)
        [second] = await gathered(workers, hostile_readers.process_id)
    assert first == second != os.getpid()


async def test_a_worker_beside_the_bot_lets_the_bot_go_first() -> None:
    async with Workers(1) as usual, Workers(1, READING) as beside:
        [first] = await gathered(usual, hostile_readers.process_id)
        [second] = await gathered(beside, hostile_readers.process_id)
        assert isinstance(first, int)
        assert isinstance(second, int)
        least = os.getpriority(os.PRIO_PROCESS, first)
        assert os.getpriority(os.PRIO_PROCESS, second) == min(19, least + READING.nice)


async def test_a_sentence_crosses_and_the_worker_stays() -> None:
    async with Workers(1) as workers:
        [before] = await gathered(workers, hostile_readers.process_id)
        with pytest.raises(UnreadableError) as caught:
            await gathered(workers, hostile_readers.refuse)
        assert caught.value.params == {"seconds": 3}
        assert await gathered(workers, hostile_readers.process_id) == [before]


@pytest.mark.fault("F39")
@pytest.mark.parametrize(
    ("reader", "key"),
    [
        (hostile_readers.crash, "ingest.read_crashed"),
        (hostile_readers.hang, "ingest.read_too_slow"),
        (hostile_readers.spin, "ingest.read_too_slow"),
        (hostile_readers.die, "ingest.read_too_heavy"),
        (hostile_readers.swallow_memory, "ingest.read_too_heavy"),
    ],
)
async def test_a_lost_worker_is_a_sentence_and_is_replaced(reader: Any, key: str) -> None:
    seconds = 20.0 if key == "ingest.read_too_heavy" else 1.0
    async with Workers(1, Limits(seconds=seconds, memory_mb=400)) as workers:
        [before] = await gathered(workers, hostile_readers.process_id)
        with pytest.raises(UnreadableError) as caught:
            await gathered(workers, reader)
        assert caught.value.key == key
        assert catalogue().say(key, **caught.value.params)
        [after] = await gathered(workers, hostile_readers.process_id)
    assert before != after


@pytest.mark.fault("F39")
async def test_the_event_loop_runs_on_while_a_worker_spins() -> None:
    async with Workers(1, Limits(seconds=1.0)) as workers:
        late: list[float] = []

        async def watch() -> None:
            loop = asyncio.get_running_loop()
            while True:
                due = loop.time() + 0.01
                await asyncio.sleep(0.01)
                late.append(loop.time() - due)

        watcher = asyncio.create_task(watch())
        with pytest.raises(UnreadableError):
            await gathered(workers, hostile_readers.spin)
        watcher.cancel()
    assert sorted(late)[int(len(late) * 0.95)] < 0.2


async def test_a_cancelled_reading_leaves_no_process_at_work() -> None:
    async with Workers(1, Limits(seconds=30.0)) as workers:
        [before] = await gathered(workers, hostile_readers.process_id)
        task = asyncio.create_task(gathered(workers, hostile_readers.spin))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        [after] = await gathered(workers, hostile_readers.process_id)
        assert isinstance(before, int)
        await asyncio.sleep(0.2)
        with pytest.raises(ProcessLookupError):
            os.kill(before, 0)
    assert before != after


async def test_an_idle_worker_ends_and_the_next_document_starts_another() -> None:
    async with Workers(1, Limits(idle_s=0.2)) as workers:
        [before] = await gathered(workers, hostile_readers.process_id)
        await asyncio.sleep(0.8)
        [after] = await gathered(workers, hostile_readers.process_id)
    assert before != after


async def test_places_beyond_the_first_are_only_taken_where_they_are_free() -> None:
    async with Workers(3) as workers:
        async with workers.places(2) as some, workers.places(2) as rest:
            assert (some, rest) == (2, 1)
        async with workers.places(5) as every:
            assert every == 3
