"""A poll of 10,000 feeds that have nothing new, beside a bare aiohttp loop of the same requests.

The server is a process of its own on loopback; each feed is on a host of its own (an address of
127.0.0.0/8), asked over a fresh connection, and answers 304. They are due in six parts, so that
the peer's turns lie between ours; the first part warms both up. Ours selects what is due, asks with
validators through the guard, keeps hosts apart and writes what each answer changes; the peer asks
and reads, as many at a time. Both share this process. Memory is that of a process that polls
10,000 feeds less that of one that polls 100. The last row polls and reads feeds of 100 full
articles as fast as they come, in a process set up as the bot's is, and tells how late its event
loop was meanwhile. Lateness is judged whole, whoever made it; beside it stands what a loop that
only sleeps had to wait in the same seconds on the same machine (idle_loop.py).
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from benchmarks.feed_host import ETAG, ITEMS, address, served
from benchmarks.grounds import private_kb
from benchmarks.idle_loop import Late, idle_loop, watched
from benchmarks.pairs import Row, interleave_async, p99
from bot import app
from bot.ingest.addresses import Guard
from bot.ingest.fetch import Fetcher, open_session, user_agent
from bot.ingest.poll import Poller, Rhythm
from bot.ingest.turns import Turns
from bot.ingest.worker import READING, Workers
from bot.metrics import Metrics
from bot.store import DATABASE, Store

FEEDS, FEW, PAIRS = 10_000, 100, 5
PARTS = PAIRS + 1
LEAST_SHARE, MOST_KB, MOST_LATE_MS = 0.5, 2.0, 10.0
FULL_FEEDS, SECONDS = 4, 12.0
START = datetime(2026, 6, 1, 12, tzinfo=UTC)
# Longer than any feed waits for its next poll, so that each round finds all due again.
ROUND = timedelta(days=2)
PART_AFTER = timedelta(seconds=1)


def measure() -> Sequence[Row]:
    """Measure rate, memory and lateness; about a minute and a half."""
    with tempfile.TemporaryDirectory(prefix="tagwire-bench-") as name, served() as port:
        folder = Path(name)
        rate = asyncio.run(_rate(folder / "rate", port))
        memory = _memory(folder, port)
        return [rate, memory, _lateness(folder / "full", port)]


async def _rate(folder: Path, port: int) -> Row:
    urls = await with_feeds(folder, port, FEEDS)
    rhythm = Rhythm()
    part = FEEDS // PARTS
    turn = peer_turn = 0
    cpu: dict[str, list[float]] = {"ours": [], "peer": []}
    async with polling(folder, rhythm) as poller:

        async def ours() -> None:
            nonlocal turn
            turn += 1
            with used(cpu["ours"]):
                asked = await _polled(poller, START + turn * PART_AFTER)
            assert abs(asked - part) < PARTS, asked

        async def peer() -> None:
            nonlocal peer_turn
            first, peer_turn = peer_turn * part, peer_turn + 1
            with used(cpu["peer"]):
                await _ask_all(urls[first : first + part], rhythm.concurrency)

        pairs = await interleave_async(ours, peer, PAIRS)
    return Row(
        f"a poll of {FEEDS:,} feeds that answer 304: share of the rate of a bare aiohttp loop",
        f"{part / pairs.ours_ms * 1000:,.0f} feeds/s",
        f"{part / pairs.peer_ms * 1000:,.0f} requests/s",
        1 / pairs.ratio,
        LEAST_SHARE,
        at_least=True,
        n=PAIRS,
        note=f"{FEEDS:,} hosts, one port, {rhythm.concurrency} at a time, "
        f"{rhythm.host_gap_s:g} s between two requests to a host, {part:,} a turn; "
        f"by CPU time of the process {_share(cpu):.2f}",
    )


def _share(cpu: dict[str, list[float]]) -> float:
    pairs = list(zip(cpu["ours"], cpu["peer"], strict=True))[1:]
    return statistics.median(peer / ours for ours, peer in pairs)


@contextmanager
def used(cpu: list[float]) -> Iterator[None]:
    """Note the CPU seconds that this process uses within."""
    started = time.process_time()
    yield
    cpu.append(time.process_time() - started)


async def _polled(poller: Poller, now: datetime) -> int:
    """Tick until nothing is due any more; return how many feeds were asked."""
    asked = 0
    while count := await poller.tick(now):
        asked += count
    return asked


async def _ask_all(urls: Sequence[str], at_once: int) -> None:
    """Ask all addresses, so many at a time: the shortest form with aiohttp."""
    headers = {"User-Agent": user_agent(), "If-None-Match": ETAG}
    connector = aiohttp.TCPConnector(force_close=True)
    left = iter(urls)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def ask() -> None:
            for url in left:
                async with session.get(url) as answer:
                    await answer.read()
                    assert answer.status == 304

        await asyncio.gather(*(ask() for _ in range(at_once)))


def _memory(folder: Path, port: int) -> Row:
    few_kb, many_kb = (_peak_kb(folder / f"memory-{n}", port, n) for n in (FEW, FEEDS))
    each = (many_kb - few_kb) / (FEEDS - FEW)
    return Row(
        "memory of the polling process a feed, in KB",
        f"{each:.2f} KB",
        f"{MOST_KB:g} KB",
        each,
        MOST_KB,
        n=1,
        note=f"{many_kb / 1024:.1f} MB at most with {FEEDS:,} feeds, "
        f"{few_kb / 1024:.1f} MB with {FEW}",
    )


def _peak_kb(folder: Path, port: int, feeds: int) -> int:
    asyncio.run(with_feeds(folder, port, feeds))
    asked, most_kb = map(int, _said("memory", str(folder)).split())
    assert asked == feeds, asked
    return most_kb


def _said(*arguments: str) -> str:
    """Run this module in a process of its own and return what it says."""
    command = [sys.executable, "-m", "benchmarks.polling", *arguments]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=120)
    return ended.stdout


async def _poll_once(folder: Path) -> tuple[int, int]:
    """Poll all feeds of a store once; return how many, and the most private memory seen, in KB."""
    most_kb = 0

    async def watch() -> None:
        nonlocal most_kb
        while True:
            most_kb = max(most_kb, private_kb(os.getpid()))
            await asyncio.sleep(0.05)

    async with polling(folder, Rhythm()) as poller:
        watcher = asyncio.create_task(watch())
        asked = await _polled(poller, START + ROUND)
        watcher.cancel()
    return asked, most_kb


def _lateness(folder: Path, port: int) -> Row:
    asyncio.run(with_feeds(folder, port, FULL_FEEDS, "full"))
    late = Lateness(**json.loads(_said("late", str(folder))))
    return Row(
        f"lateness of the event loop while feeds of {ITEMS} articles are polled, p99 in ms",
        f"{late.p99_ms:.1f} ms",
        f"{MOST_LATE_MS:g} ms",
        late.p99_ms,
        MOST_LATE_MS,
        n=late.n,
        note=f"{late.polls / SECONDS:.1f} feeds/s, an article of each is new; a process beside it "
        f"whose loop only sleeps: {late.idle_p99_ms:.1f} ms; less the time that the loop's thread "
        f"stood in line for a core: {late.own_p99_ms:.1f} ms",
    )


@dataclass(frozen=True, slots=True)
class Lateness:
    """What a run of full feeds showed; `own_p99_ms` is less the waiting for a core."""

    p99_ms: float
    own_p99_ms: float
    idle_p99_ms: float
    n: int
    polls: int


async def _late(folder: Path) -> Lateness:
    """Poll full feeds as fast as they come, and watch the loop; an idle process runs beside."""
    seen: list[Late] = []
    polls = 0
    now = START + ROUND
    async with polling(folder, Rhythm(host_gap_s=0.0)) as poller:
        # The first documents are stored whole; what follows is a feed's everyday.
        await _polled(poller, now)
        with idle_loop(SECONDS) as idle:
            loop = asyncio.get_running_loop()
            until = loop.time() + SECONDS
            async with watched(seen):
                while loop.time() < until:
                    now += ROUND
                    polls += await _polled(poller, now)
            idle_p99_s = float(await asyncio.to_thread(idle.readline))
    own_s = [each.seconds - each.in_line_s for each in seen]
    p99_s = p99([each.seconds for each in seen])
    return Lateness(p99_s * 1000, p99(own_s) * 1000, idle_p99_s * 1000, len(seen), polls)


@asynccontextmanager
async def polling(folder: Path, rhythm: Rhythm) -> AsyncIterator[Poller]:
    """Open a poller as the bot does, for private addresses."""
    guard = Guard(allow_private=True)
    async with (
        Store.open(folder) as store,
        open_session(guard) as session,
        Workers(limits=READING) as workers,
    ):
        await store.warm()
        with Turns.open(folder, rhythm.host_gap_s) as turns:
            fetcher = Fetcher(session, guard, turns=turns)
            yield Poller(store, fetcher, workers, metrics=Metrics(), rhythm=rhythm)


async def with_feeds(folder: Path, port: int, count: int, path: str = "still") -> list[str]:
    """Make a store that knows so many feeds, each on a host of its own; return their addresses."""
    async with Store.open(folder):
        pass
    urls = [address(number, port, path) for number in range(count)]
    each = -(-count // PARTS)
    first = int((START + PART_AFTER).timestamp())
    rows = [
        {"url": url, "etag": ETAG if path == "still" else None, "at": first + number // each}
        for number, url in enumerate(urls)
    ]
    with closing(sqlite3.connect(folder / DATABASE)) as connection, connection:
        connection.executemany(
            """
            INSERT INTO feeds
                (scope_id, url, title, title_key, etag, primed, next_check_at, added_at)
            VALUES (0, :url, 'Wire', 'wire', :etag, :etag IS NOT NULL, :at, :at)
            """,
            rows,
        )
    return urls


if __name__ == "__main__":
    if sys.argv[1] == "memory":
        print(*asyncio.run(_poll_once(Path(sys.argv[2]))))
    else:
        app.favour_the_loop()
        print(json.dumps(asdict(asyncio.run(_late(Path(sys.argv[2]))))))
