"""One new article against 100,000 saved queries at once, beside asking each of them by itself.

The peer keeps every query compiled to its MATCH expression and asks the index whether the article
is among its results. It is timed on a sample of the queries and counted up to all of them.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.pairs import Row, interleave, p99
from bot.model import Block, BlockType, Entry, Keyed, Scope, Term
from bot.query import language
from bot.store import changes, index, migrate
from bot.store.compile import branches
from bot.store.index import IndexRow
from bot.store.matching import Matching
from bot.store.resolve import Asked, resolve

QUERIES = 100_000
SAMPLE = 500
ARTICLES = 300
PAIRS = 7
TAGS, SOURCES, AUTHORS, WORDS = 2_000, 300, 1_000, 8_000
GUILDS = 2_000
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Maker:
    """Makes articles and queries of a plain language by a seed: few names are in most of them."""

    def __init__(self, seed: int, source: str = "Source{}", author: str = "Author{}") -> None:
        self.random = random.Random(seed)
        self._source = source
        self._author = author

    def rank(self, count: int) -> int:
        """Return a number below count, small ones far more often (as words and tags are)."""
        return min(count - 1, int(self.random.paretovariate(0.7)) - 1)

    def word(self) -> str:
        """Return a word of the language."""
        return f"word{self.rank(WORDS)}"

    def article(self, number: int) -> Entry:
        """Return an article of about 200 words."""
        text = " ".join(self.word() for _ in range(200))
        return Entry(
            title=" ".join(self.word() for _ in range(8)),
            authors=(self._author.format(self.rank(AUTHORS)),),
            source=self._source.format(self.rank(SOURCES)),
            tags=tuple(Term(f"Tag{self.rank(TAGS)}") for _ in range(4)),
            published_at=NOW - timedelta(minutes=number),
            guid=str(number),
            blocks=(Block(BlockType.PARAGRAPH, text),),
        )

    def query(self) -> str:
        """Return a query as a moderator writes one: mostly names, words to narrow or leave out."""
        tag = f'tag:"Tag{self.random.randrange(TAGS)}"'
        source = f'source:"{self._source.format(self.random.randrange(SOURCES))}"'
        author = f'author:"{self._author.format(self.random.randrange(AUTHORS))}"'
        word, other = (f"word{self.random.randrange(WORDS)}" for _ in range(2))
        shapes = (
            tag,
            f"{tag} {word}",
            f"{tag} -{word}",
            f"{word} {other}",
            f'"{word} {other}"',
            f"{tag} OR {source}",
            f"{source} {word}",
            f'tag:"Tag{self.rank(TAGS)}" {author} {word}',
            f"{word} newer:7d",
            f"title:{word} -{tag}",
        )
        return str(language.parse(self.random.choice(shapes)))


def _filled(connection: sqlite3.Connection, maker: Maker) -> list[IndexRow]:
    """Store the articles and the queries; return the articles as the index knows them."""
    connection.row_factory = sqlite3.Row
    migrate.migrate(connection)
    connection.execute("BEGIN")
    connection.execute(
        "INSERT INTO feeds (id, scope_id, url, title, title_key, added_at)"
        " VALUES (1, 0, 'https://wire.example/feed', 'Wire', 'wire', 0)"
    )
    ids = []
    for number in range(ARTICLES):
        entry = maker.article(number)
        keyed = Keyed(entry, (f"guid:{number}",), str(number).encode())
        ids.append(changes.add(connection, 1, 0, keyed, NOW))
    rows = [index.index_row(connection, article_id) for article_id in ids]
    index.insert(connection, rows)
    connection.executemany(
        "INSERT INTO targets (id, kind, guild_id, channel_id) VALUES (?, 'text', ?, ?)",
        [(number, number, number) for number in range(1, GUILDS + 1)],
    )
    queries = {(number % GUILDS + 1, maker.query()): None for number in range(QUERIES * 11 // 10)}
    connection.executemany(
        "INSERT INTO subscriptions (target_id, owner, owner_id, scope_guild_id, query, created_by,"
        " created_at) VALUES (?, 'guild', ?, ?, ?, 1, 0)",
        [(guild, guild, guild, query) for guild, query in list(queries)[:QUERIES]],
    )
    connection.execute("COMMIT")
    return rows


def _compiled(connection: sqlite3.Connection, queries: Sequence[sqlite3.Row]) -> list[list[str]]:
    made: list[list[str]] = []
    for row in queries:
        asked = Asked(Scope(row["scope_guild_id"]), NOW)
        test = resolve(connection, language.parse(row["query"]), asked)
        made.append([branch.match for branch in branches(test) if branch.match is not None])
    return made


def measure() -> Sequence[Row]:
    """Measure and return the promise, also for names that share their words."""
    plain = Maker(20261124)
    alike = Maker(20261125, source="The Daily {} News", author="Ana {} Lima")
    return [
        _measured(plain, "saved queries"),
        _measured(alike, "saved queries whose names share words"),
    ]


def _measured(maker: Maker, what: str) -> Row:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(Path(folder) / "m.db", isolation_level=None)) as connection,
    ):
        return _row(connection, _filled(connection, maker), what)


def _row(connection: sqlite3.Connection, rows: Sequence[IndexRow], what: str) -> Row:
    matching = Matching()
    started = time.perf_counter()
    matching.matched(connection, rows[0], NOW)
    loaded_s = time.perf_counter() - started
    saved = connection.execute("SELECT * FROM subscriptions ORDER BY id").fetchall()
    sample = _compiled(connection, Maker(7).random.sample(saved, SAMPLE))
    seconds: list[float] = []
    found = 0
    for row in rows:
        started = time.perf_counter()
        found += len(matching.matched(connection, row, NOW))
        seconds.append(time.perf_counter() - started)
    turn = iter(range(10**9))

    def ours() -> object:
        return matching.matched(connection, rows[next(turn) % ARTICLES], NOW)

    def peer() -> object:
        rowid = rows[next(turn) % ARTICLES].rowid
        return [_is_found(connection, rowid, matches) for matches in sample]

    pairs = interleave(ours, peer, PAIRS)
    scale = QUERIES / SAMPLE
    note = (
        f"median {statistics.median(seconds) * 1000:.1f} ms, p99 {p99(seconds) * 1000:.1f} ms of "
        f"{ARTICLES} articles, {found / ARTICLES:.0f} queries match each; "
        f"read into memory once in {loaded_s:.1f} s"
    )
    return Row(
        f"one article against {QUERIES:,} {what}, to running each by itself",
        f"{pairs.ours_ms:.1f} ms",
        f"{pairs.peer_ms * scale:.0f} ms",
        pairs.ratio / scale,
        1 / 50,
        n=PAIRS,
        note=note,
    )


def _is_found(connection: sqlite3.Connection, rowid: int, matches: Sequence[str]) -> bool:
    return any(
        connection.execute(
            "SELECT 1 FROM article_index WHERE article_index MATCH ? AND rowid = ?", (match, rowid)
        ).fetchone()
        for match in matches
    )
