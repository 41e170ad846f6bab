"""Reads a file beside the store: a long one in two workers, each every second piece of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace

from bot.ingest import document
from bot.ingest.serving import MEGABYTE
from bot.ingest.worker import Workers
from bot.model import Problem, Reading

_READERS = 2
LONG = 4 * MEGABYTE
"""From here on a second process is worth its start, half a second of a processor."""

_AHEAD = 12
"""Pieces read before they are asked for, of all readers: nearly as many as are stored at once."""

_MEMORY_PER_FILE = 20
"""Megabytes of a worker's memory for each megabyte of a file: text, tree and entries at once."""

_MOST_PROBLEMS = 100


async def file_parts(workers: Workers, path: str, size: int) -> AsyncIterator[object]:
    """Yield the parts of a file of `size` bytes in its order, some read ahead of their use."""
    memory_mb = size // MEGABYTE * _MEMORY_PER_FILE
    async with AsyncExitStack() as stack:
        shares = await stack.enter_async_context(workers.places(_READERS if size >= LONG else 1))
        streams = []
        for share in range(shares):
            read = workers.parts_in_place(
                document.file_pieces, path, share, shares, memory_mb=memory_mb
            )
            parts = await stack.enter_async_context(aclosing(read))
            stream = ahead(parts, _AHEAD // shares)
            streams.append(await stack.enter_async_context(aclosing(stream)))
        async for part in in_turn(streams):
            yield part


async def in_turn(streams: Iterable[AsyncIterator[object]]) -> AsyncIterator[object]:
    """Yield a piece of each reader in turn, as long as it has one: the order of the file.

    A reading is yielded as it comes, with the problems that all readers know of.
    """
    left = list(streams)
    readings: dict[int, Reading] = {}
    turn = 0
    while left:
        stream = left[turn % len(left)]
        try:
            part = await anext(stream)
        except StopAsyncIteration:
            turn %= len(left)
            left.remove(stream)
            continue
        if isinstance(part, Reading):
            readings[id(stream)] = part
            yield replace(part, problems=_joined(list(readings.values())))
        else:
            yield part
            turn += 1


def _joined(readings: Sequence[Reading]) -> tuple[Problem, ...]:
    """Return the problems of all readers by the number of the item, each once."""
    found: list[Problem] = []
    for problem in (problem for reading in readings for problem in reading.problems):
        if len(readings) == 1 or problem not in found:
            found.append(problem)
    if len(readings) > 1:
        found.sort(key=lambda problem: int(problem.params.get("number", 0)))
    return tuple(found[:_MOST_PROBLEMS])


async def ahead(parts: AsyncIterator[object], most: int = _AHEAD) -> AsyncGenerator[object, None]:
    """Yield parts while the next ones are read already, so that reading and storing overlap."""
    queue: asyncio.Queue[tuple[object, Exception | None]] = asyncio.Queue(most)

    async def pump() -> None:
        try:
            async for part in parts:
                await queue.put((part, None))
        except Exception as error:
            await queue.put((None, error))
        else:
            await queue.put((None, StopAsyncIteration()))

    task = asyncio.create_task(pump())
    try:
        while True:
            part, error = await queue.get()
            if isinstance(error, StopAsyncIteration):
                return
            if error is not None:
                raise error
            yield part
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
