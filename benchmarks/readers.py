"""Four readers while a poller writes: lookups beside one shared connection, search beside idle.

The peer is a bot with one aiosqlite connection for everything: reads wait behind writes. Both
sides have the same archive and the same writer: 20 articles in a transaction, again and again.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiosqlite

from benchmarks import corpus
from benchmarks.pairs import Pairs, Row, p99
from bot.model import PUBLIC_SCOPE, PUBLIC_SCOPE_ID, Block, BlockType, Entry, Keyed, Reading
from bot.query import language
from bot.store import DATABASE, Store

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ARTICLES = 10_000
READERS = 4
PAIRS = 5
TURN_S = 1.0
BATCH = 20
# Between two rounds of a poller: far more than any feeds bring.
PAUSE_S = 0.2


def _entries(number: int, spoken: corpus.Language, chance: random.Random) -> list[Keyed]:
    made = []
    for at in range(BATCH):
        key = f"{number}-{at}"
        body = " ".join(chance.choices(spoken.words[:4_000], k=600))
        entry = Entry(
            " ".join(chance.choices(spoken.words, k=8)),
            published_at=NOW + timedelta(seconds=number % 100_000 * BATCH + at),
            guid=key,
            url=f"https://wire.example/new/{key}",
            blocks=(Block(BlockType.PARAGRAPH, body),),
        )
        made.append(Keyed(entry, (f"guid:{key}",), key.encode()))
    return made


async def _polling(
    store: Store, spoken: corpus.Language, stop: asyncio.Event, pause_s: float
) -> int:
    feed = await store.feeds.ensure_import("New", None, PUBLIC_SCOPE_ID, NOW)
    chance = random.Random(3)
    number = int(time.time() * 1000)
    written = 0
    while not stop.is_set():
        keyed = _entries(number, spoken, chance)
        reading = Reading("feed", tuple(item.entry for item in keyed), len(keyed))
        await store.intake.record(
            feed.id, reading, keyed, now=NOW, scope_id=PUBLIC_SCOPE_ID, announce=False
        )
        number += 1
        written += BATCH
        await asyncio.sleep(pause_s)
    return written


async def _plain_polling(
    database: aiosqlite.Connection, spoken: corpus.Language, stop: asyncio.Event
) -> int:
    """Write the same articles on the one connection, a table's rows at a time."""
    chance = random.Random(3)
    number = written = 0
    await database.execute("CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (title, body)")
    await database.execute("CREATE TABLE IF NOT EXISTS news (id INTEGER PRIMARY KEY, url, body)")
    while not stop.is_set():
        entries = [item.entry for item in _entries(number, spoken, chance)]
        texts = [(entry.title, entry.blocks[0].text) for entry in entries]
        await database.executemany("INSERT INTO words VALUES (?, ?)", texts)
        rows = [(entry.url, entry.blocks[0].text) for entry in entries]
        await database.executemany("INSERT INTO news (url, body) VALUES (?, ?)", rows)
        await database.commit()
        number += 1
        written += BATCH
        await asyncio.sleep(0)
    return written


async def _reads(read: Callable[[], Awaitable[object]]) -> list[float]:
    """Let four readers read for a moment; return each call's seconds."""
    until = time.perf_counter() + TURN_S
    seconds: list[float] = []

    async def reader() -> None:
        while time.perf_counter() < until:
            started = time.perf_counter()
            await read()
            seconds.append(time.perf_counter() - started)

    await asyncio.gather(*(reader() for _ in range(READERS)))
    return seconds


async def _lookups(store: Store, plain: Path, spoken: corpus.Language) -> Row:
    chance = random.Random(1)
    mine: list[float] = []
    theirs: list[float] = []
    slow: list[float] = []
    written = plainly = 0
    for _ in range(PAIRS):
        stop = asyncio.Event()
        task = asyncio.create_task(_polling(store, spoken, stop, 0.0))
        found = await _reads(lambda: store.views.get(str(chance.random()), NOW))
        stop.set()
        written += await task
        mine.append(len(found) / TURN_S)
        slow += found
        stop = asyncio.Event()
        async with aiosqlite.connect(plain) as database:
            await database.execute("PRAGMA journal_mode = WAL")
            task_plain = asyncio.create_task(_plain_polling(database, spoken, stop))

            async def one(database: aiosqlite.Connection = database) -> object:
                key = str(chance.random())
                asked = await database.execute("SELECT * FROM views WHERE key = ?", (key,))
                return await asked.fetchone()

            theirs.append(len(await _reads(one)) / TURN_S)
            stop.set()
            plainly += await task_plain
    ratio = statistics.median(a / b for a, b in zip(mine, theirs, strict=True))
    return Row(
        "lookups by four readers while articles are written, to one shared connection",
        f"{statistics.median(mine):.0f}/s",
        f"{statistics.median(theirs):.0f}/s",
        ratio,
        20,
        at_least=True,
        n=PAIRS,
        note=f"p99 {p99(slow) * 1000:.1f} ms; {written / PAIRS / TURN_S:.0f} articles/s written,"
        f" {plainly / PAIRS / TURN_S:.0f} by the peer",
    )


async def _searches(store: Store, spoken: corpus.Language) -> Row:
    words = spoken.words[400:440]
    chance = random.Random(2)

    async def search() -> object:
        query = language.parse(f"{chance.choice(words)} sort:best")
        return await store.articles.search(query, PUBLIC_SCOPE, now=NOW, limit=5)

    await _reads(search)
    busy: list[float] = []
    idle: list[float] = []
    slow: list[float] = []
    for _ in range(PAIRS):
        idle.append(statistics.median(await _reads(search)))
        stop = asyncio.Event()
        task = asyncio.create_task(_polling(store, spoken, stop, PAUSE_S))
        found = await _reads(search)
        stop.set()
        await task
        busy.append(statistics.median(found))
        slow += found
    both = Pairs(tuple(busy), tuple(idle))
    return Row(
        "search by four readers while a poller writes, to the same when idle",
        f"{both.ours_ms:.2f} ms",
        f"{both.peer_ms:.2f} ms",
        both.ratio,
        1.5,
        n=PAIRS,
        note=f"p99 {p99(slow) * 1000:.1f} ms; {BATCH} articles each {PAUSE_S} s",
    )


def measure() -> Sequence[Row]:
    """Measure and return the promises."""

    async def both() -> Sequence[Row]:
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder)
            shutil.copy(corpus.made(ARTICLES).database, data / DATABASE)
            plain = data / "plain.db"
            shutil.copy(data / DATABASE, plain)
            async with Store.open(data) as store:
                await store.beside.refresh(rebuild=True)
                spoken = corpus.Language()
                return [await _searches(store, spoken), await _lookups(store, plain, spoken)]

    return asyncio.run(both())
