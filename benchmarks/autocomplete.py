"""Names suggested while typing, out of 100,000, against a rapidfuzz scan of the same names.

The peer is `process.extract(typed, names, limit=25)` with its usual scorer over names that were
folded beforehand. The like of the scan are our lists in memory; the promise is theirs. The whole
call of the store, with its thread and the names' rows and counts read, has a bound of its own for
a prefix: one hundredth. Each turn asks eight texts of the one and as many of the other.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from itertools import accumulate, cycle
from pathlib import Path

from benchmarks import typos
from benchmarks.pairs import Pairs, Row, interleave, interleave_async, p99
from bot.model import PUBLIC_SCOPE
from bot.query import text
from bot.query.tags import tag_key
from bot.store import DATABASE, Store
from bot.store.suggest import Entries, Entry, Names

NAMES = 100_000
SEED = 20261124
OFFERED = 25
WORDS = 30_000
PAIRS = 11
ASKED = 8
TYPOS = 2_000
PROMISED_TYPO = 1 / 30
PROMISED_PREFIX = 1 / 1000
PROMISED_CALL = 1 / 100
PROMISED_RECALL = 0.98
_SHORTEST = 5

_STARTS = "b br c ch cl d dr f fl g gr h j k l m n p pl pr qu r s sh st str t th tr v w"
_VOWELS = "a e i o u ai ea ou io"
_ENDS = " n r l t s m nd rt st ck ng p d x"


def names(count: int = NAMES, seed: int = SEED) -> list[Entry]:
    """Return made-up names of one to three words that recur by Zipf's law, each with its use."""
    source = random.Random(seed)
    words = sorted({_word(source) for _ in range(WORDS)})
    source.shuffle(words)
    weights = list(accumulate(1 / (rank + 20) for rank in range(len(words))))
    found: dict[str, None] = {}
    while len(found) < count:
        length = source.choice((1, 2, 2, 3))
        found[" ".join(source.choices(words, cum_weights=weights, k=length)).title()] = None
    return [
        Entry(place, name, 1 + int(source.paretovariate(0.8)) % 5_000, source.randrange(10**9))
        for place, name in enumerate(found, 1)
    ]


def measure() -> Sequence[Row]:
    """Measure prefixes and typing errors, in memory and through the store, and what is found."""
    entries = names()
    source = random.Random(SEED + 1)
    started = time.perf_counter()
    lists = Names(Entries.of(entries))
    made_s = time.perf_counter() - started
    folded = [_folded(entry.name) for entry in entries]
    long = [name for name in folded if len(name) >= _SHORTEST]
    prefixes = [
        name[: source.randint(1, min(8, len(name)))].rstrip() for name in source.sample(long, TYPOS)
    ]
    wrong = [typos.mistyped(name, source) for name in source.sample(long, TYPOS)]
    rows = []
    for what, typed, promised, in_all in (
        ("a prefix", prefixes, PROMISED_PREFIX, PROMISED_CALL),
        ("one error", wrong, PROMISED_TYPO, PROMISED_TYPO),
    ):
        rows.append(_in_memory(lists, folded, what, typed, promised))
        rows.append(asyncio.run(_through_store(entries, folded, what, typed, in_all)))
    rows.append(_recall(lists, entries, random.Random(SEED + 2)))
    made = f"{rows[0].note}; lists made in {made_s:.1f} s, in the background"
    return [replace(rows[0], note=made), *rows[1:]]


def _in_memory(
    lists: Names, folded: Sequence[str], what: str, typed: Sequence[str], promised: float
) -> Row:
    ours, peer = cycle(typed), cycle(typed)
    each: list[float] = []

    def ask() -> None:
        for _ in range(ASKED):
            started = time.perf_counter()
            lists.chosen(next(ours), OFFERED)
            each.append(time.perf_counter() - started)

    measured = interleave(ask, lambda: _scanned(folded, peer), PAIRS)
    for _ in range(len(typed) // ASKED):
        ask()
    return _row(f"lists in memory, {what}", measured, promised, each)


async def _through_store(
    entries: Sequence[Entry],
    folded: Sequence[str],
    what: str,
    typed: Sequence[str],
    promised: float,
) -> Row:
    ours, peer = cycle(typed), cycle(typed)
    each: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with Store.open(Path(folder)) as store:
            _fill(Path(folder), entries)
            await store.names.warm()

            async def ask() -> None:
                for _ in range(ASKED):
                    started = time.perf_counter()
                    await store.names.suggest("tag", next(ours), PUBLIC_SCOPE, OFFERED)
                    each.append(time.perf_counter() - started)

            async def scan() -> None:
                _scanned(folded, peer)

            measured = await interleave_async(ask, scan, PAIRS)
            for _ in range(len(typed) // ASKED):
                await ask()
    return _row(f"through the store, {what}", measured, promised, each)


def _scanned(folded: Sequence[str], typed: cycle[str]) -> None:
    from rapidfuzz import process

    for _ in range(ASKED):
        process.extract(next(typed), folded, limit=OFFERED)


def _row(what: str, measured: Pairs, promised: float, each: Sequence[float]) -> Row:
    return Row(
        f"{NAMES:,} names, {what}",
        f"{measured.ours_ms / ASKED:.3f} ms (p99 {p99(each) * 1000:.2f}, n {len(each):,})",
        f"rapidfuzz scan {measured.peer_ms / ASKED:.0f} ms",
        measured.ratio,
        promised,
        n=PAIRS,
        note=f"1/{1 / measured.ratio:,.0f} of the scan",
    )


def _recall(lists: Names, entries: Sequence[Entry], source: random.Random) -> Row:
    asked = [entry for entry in source.sample(entries, TYPOS) if len(entry.name) >= _SHORTEST]
    right = 0
    for entry in asked:
        folded = _folded(entry.name)
        typed = folded
        while typed == folded:
            typed = typos.mistyped(folded, source)
        right += entry.id in {hit.id for hit in lists.chosen(typed, OFFERED)}
    share = right / len(asked)
    return Row(
        f"{NAMES:,} names, the right one among {OFFERED} after one error",
        f"{share:.1%}",
        "all of them",
        share,
        PROMISED_RECALL,
        at_least=True,
        n=len(asked),
        note="names of five letters and more, an error at any letter",
    )


def _fill(folder: Path, entries: Sequence[Entry]) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as connection, connection:
        connection.executemany(
            "INSERT INTO tags (scope_id, key, name, article_count, last_at) VALUES (0, ?, ?, ?, ?)",
            [(tag_key(e.name), e.name, e.articles, e.last_at) for e in entries],
        )


def _word(source: random.Random) -> str:
    pick, syllables = source.choice, source.choice((1, 2, 2, 3))
    parts = (_STARTS.split(), _VOWELS.split(), _ENDS.split(" "))
    return "".join(pick(part) for _ in range(syllables) for part in parts)


def _folded(name: str) -> str:
    return text.fold(tag_key(name))
