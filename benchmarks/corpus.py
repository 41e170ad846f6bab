"""A made-up archive for the search benchmarks: seeded, written once, kept in a temporary folder.

Words follow Zipf's law and lean to a topic; tags, authors, sources and dates are as a news archive
has them. Rows are what intake and `index_row` would have written (a sample is compared each time),
made from words whose tokens are known beforehand, so that a million articles take minutes.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.query import tags as tag_names
from bot.query import text
from bot.store import DATABASE, filing, index, migrate
from bot.store.index import ALL, IMAGE, IndexRow

VERSION = 1  # part of the cached folder's name: raised when what is generated changes
SEED = 20261124
ARTICLES = 100_000
WORDS = 60_000
TOPICS = 150
TOPIC_WORDS = 80
TAGS, AUTHORS, SOURCES = 3_000, 2_000, 300
LENGTH = 620  # words an article, in the mean
BEGIN_S = 1_420_070_400  # 2015
END_S = 1_780_000_000
_CHUNK = 2_000
_SENTENCE = 14
_PARAGRAPH = 90

_STARTS = "b br c ch cl d dr f fl g gr h j k l m n p pl pr qu r s sh st str t th tr v w"
_VOWELS = "a e i o u ai ea ou io"
_ENDS = "n r l t s m nd rt st ck ng p d x"
_TAILS = ("",) * 7 + ("s", "ed", "ing", "ly", "er")
_COMMON = 600  # the words that come most are short


@dataclass(frozen=True, slots=True)
class Corpus:
    """Where an archive lies and the words that a benchmark asks for, by the share of articles."""

    folder: Path
    articles: int

    @property
    def database(self) -> Path:
        """The store's own file."""
        return self.folder / DATABASE


def made(articles: int = ARTICLES) -> Corpus:
    """Return the archive of so many articles, generated on the first call."""
    name = f"tagwire-corpus-{VERSION}-{SEED}-{articles}"
    folder = Path(tempfile.gettempdir()) / name
    if not (folder / "whole").exists():
        folder.mkdir(exist_ok=True)
        for left in folder.iterdir():
            left.unlink()
        started = time.perf_counter()
        with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as connection:
            _fill(connection, articles)
        print(
            f"made {articles:,} articles in {time.perf_counter() - started:.0f} s", file=sys.stderr
        )
        (folder / "whole").touch()
    return Corpus(folder, articles)


def _spelling(chance: random.Random) -> str:
    starts, vowels, ends = _STARTS.split(), _VOWELS.split(), _ENDS.split()
    syllables = chance.choice((1, 1, 2, 2, 3))
    word = "".join(chance.choice(starts) + chance.choice(vowels) for _ in range(syllables))
    return word + chance.choice(ends) + chance.choice(_TAILS)


class Language:
    """Words by how often they come, with the tokens each is indexed by."""

    def __init__(self, seed: int = SEED) -> None:
        chance = random.Random(seed)
        words: dict[str, None] = {}
        while len(words) < WORDS:
            words[_spelling(chance)] = None
        self.words = sorted(list(words)[:_COMMON], key=len) + list(words)[_COMMON:]
        self.capital = [word.capitalize() for word in self.words]
        self.stems = [text.index_text(word) for word in self.words]
        self.unstemmed = [text.words_text(word) for word in self.words]
        weights = 1.0 / (np.arange(WORDS) + 2.7) ** 1.05
        self._shares = np.cumsum(weights / weights.sum())
        draw = np.random.default_rng(seed)
        # A topic's words are of the middle: neither everyday nor unheard of.
        self._topics = draw.integers(200, 30_000, size=(TOPICS, TOPIC_WORDS))

    def draw(self, draw: np.random.Generator, count: int, topic: int) -> np.ndarray[Any, Any]:
        """Return so many words of a text on a topic, as numbers."""
        found = np.searchsorted(self._shares, draw.random(count))
        leaning = draw.random(count) < 0.12
        strength = np.minimum(draw.exponential(8.0, count).astype(np.int64), TOPIC_WORDS - 1)
        found[leaning] = self._topics[topic, strength[leaning]]
        return found


def _names(chance: random.Random, count: int, most_words: int) -> list[str]:
    names: dict[str, str] = {}
    while len(names) < count:
        parts = [_spelling(chance).capitalize() for _ in range(chance.randint(1, most_words))]
        names.setdefault(tag_names.tag_key(" ".join(parts)), " ".join(parts))
    return list(names.values())


def _fill(connection: sqlite3.Connection, articles: int) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -256000")
    migrate.migrate(connection)
    index.prepare(connection)
    connection.execute("BEGIN")
    maker = _Maker(connection, articles)
    for first in range(0, articles, _CHUNK):
        maker.add(range(first, min(articles, first + _CHUNK)))
    maker.count()
    connection.execute("DELETE FROM index_changes")
    connection.execute("COMMIT")
    connection.execute("INSERT INTO article_index (article_index) VALUES ('optimize')")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class _Maker:
    def __init__(self, connection: sqlite3.Connection, articles: int) -> None:
        self.connection = connection
        self.language = Language()
        self.draw = np.random.default_rng(SEED + articles)
        chance = random.Random(SEED)
        self.tags = _names(chance, TAGS, 2)
        names = _names(chance, AUTHORS * 2, 1)
        self.authors = [" ".join(pair) for pair in zip(names[::2], names[1::2], strict=True)]
        self.sources = [f"{name} Post" for name in _names(chance, SOURCES, 1)]
        self.rows = {
            "tags": [text.index_text(name) for name in self.tags],
            "authors": [text.index_text(name) for name in self.authors],
            "sources": [text.index_text(name) for name in self.sources],
        }
        self.feeds = 12
        self._add_names()
        steps = self.draw.exponential(1.0, articles + 1)
        at = np.cumsum(steps)
        self.seconds = (BEGIN_S + (END_S - BEGIN_S) * at[:-1] / at[-1]).astype(np.int64)
        # What came in one second is told apart by milliseconds, as intake does.
        same = np.searchsorted(self.seconds, self.seconds)
        self.sort_at = self.seconds * 1000 + (np.arange(articles) - same)

    def _add_names(self) -> None:
        for table in ("tags", "authors", "sources"):
            names = getattr(self, table)
            self.connection.executemany(
                f"INSERT INTO {table} (id, scope_id, key, name) VALUES (?, 0, ?, ?)",
                [(n, tag_names.tag_key(name), name) for n, name in enumerate(names, 1)],
            )
        for table in ("author", "source"):
            for n, name in enumerate(getattr(self, f"{table}s"), 1):
                filing.add_words(self.connection, table, 0, n, name)
        self.connection.executemany(
            "INSERT INTO feeds (id, scope_id, url, title, title_key, added_at)"
            " VALUES (?, 0, ?, ?, ?, 0)",
            [
                (n, f"https://wire{n}.example/feed", f"Wire {n}", f"wire {n}")
                for n in range(1, self.feeds + 1)
            ],
        )

    def _rank(self, most: int, count: int) -> list[int]:
        """Return different ranks, low ones far more often, as tags and sources are used."""
        drawn = (most + 1.0) ** self.draw.random(count) - 1
        return [int(n) for n in dict.fromkeys(drawn.astype(np.int64).tolist())]

    def add(self, numbers: range) -> None:
        """Write a run of articles."""
        articles, rows, authors, tags = [], [], [], []
        for number in numbers:
            article, row, author_ids, tag_ids = self._article(number)
            articles.append(article)
            rows.append(row)
            authors += [(number + 1, i + 1, place) for place, i in enumerate(author_ids)]
            tags += [(number + 1, i + 1, place) for place, i in enumerate(tag_ids)]
        self.connection.executemany(
            "INSERT INTO articles (id, scope_id, feed_id, source_id, sort_at, title, url,"
            " image_url, kind, published_at, found_at, blocks, content_hash)"
            " VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            articles,
        )
        self.connection.executemany("INSERT INTO article_authors VALUES (?, ?, ?)", authors)
        self.connection.executemany("INSERT INTO article_tags VALUES (?, ?, 'tag', ?)", tags)
        index.insert(self.connection, rows)
        sample = self.draw.integers(len(rows))
        if index.index_row(self.connection, articles[sample][0]) != rows[sample]:
            raise AssertionError("the index row is not what the store would have written")

    def _article(
        self, number: int
    ) -> tuple[tuple[Any, ...], IndexRow, Sequence[int], Sequence[int]]:
        draw, language = self.draw, self.language
        topic = int(draw.integers(TOPICS))
        length = int(min(4_000, max(80, draw.lognormal(np.log(LENGTH) - 0.125, 0.5))))
        drawn = language.draw(draw, 8 + 8 + length, topic).tolist()
        title, heads, body = drawn[:8], (drawn[8:12], drawn[12:16]), drawn[16:]
        tag_ids, author_ids = self._rank(TAGS, 4), self._rank(AUTHORS, 1 + number % 2)
        source = self._rank(SOURCES, 1)[0]
        second, sort_at = int(self.seconds[number]), int(self.sort_at[number])
        feed, image = number % self.feeds + 1, number % 3 == 0
        parts = [body[i : i + _PARAGRAPH] for i in range(0, length, _PARAGRAPH)]
        blocks = [["paragraph", self._sentences(part)] for part in parts]
        for place, head in zip((1, len(blocks) // 2 + 1), heads, strict=True):
            blocks.insert(place, ["subheading", self._sentences(head)])
        url = f"https://wire{feed}.example/{number}"
        picture = f"https://wire{feed}.example/{number}.jpg" if image else None
        stems, keys = language.stems, self.rows
        row = IndexRow(
            rowid=number + 1,
            title=" ".join(stems[n] for n in title),
            tags=" ".join(keys["tags"][n] for n in tag_ids),
            byline=" ".join([*(keys["authors"][n] for n in author_ids), keys["sources"][source]]),
            subheadings=" ".join(stems[n] for head in heads for n in head),
            body=" ".join([stems[n] for n in body]),
            words=" ".join(self._words(title, tag_ids, author_ids, source, heads, body)),
            keys=" ".join(
                [
                    ALL,
                    f"f{feed}",
                    "karticle",
                    *([IMAGE] if image else []),
                    f"s{source + 1}",
                    *(f"a{n + 1}" for n in author_ids),
                    *(f"t{n + 1}" for n in tag_ids),
                ]
            ),
            published_at=second,
            scope_id=0,
            sort_at=sort_at,
        )
        article = (
            number + 1,
            feed,
            source + 1,
            sort_at,
            self._sentences(title).rstrip("."),
            url,
            picture,
            "article",
            second,
            second,
            json.dumps(blocks, ensure_ascii=False),
            str(number).encode(),
        )
        return article, row, author_ids, tag_ids

    def _words(
        self,
        title: Sequence[int],
        tag_ids: Sequence[int],
        author_ids: Sequence[int],
        source: int,
        heads: Sequence[Sequence[int]],
        body: Sequence[int],
    ) -> Iterator[str]:
        unstemmed = self.language.unstemmed
        names = [self.tags[n] for n in tag_ids] + [self.authors[n] for n in author_ids]
        named = (
            w for name in (*names, self.sources[source]) for w in text.words_text(name).split()
        )
        headed = (unstemmed[n] for head in heads for n in head)
        first = (unstemmed[n] for n in title)
        last = (unstemmed[n] for n in body)
        yield from dict.fromkeys(w for part in (first, named, headed, last) for w in part if w)

    def _sentences(self, part: Sequence[int]) -> str:
        words, capital = self.language.words, self.language.capital
        found = []
        for start in range(0, len(part), _SENTENCE):
            piece = part[start : start + _SENTENCE]
            found.append(" ".join([capital[piece[0]], *(words[n] for n in piece[1:])]) + ".")
        return " ".join(found)

    def count(self) -> None:
        """Count each name's articles, as intake does."""
        for table, column in (("tags", "tag_id"), ("authors", "author_id")):
            self.connection.execute(
                f"UPDATE {table} SET article_count = c, last_at = {END_S} FROM"
                f" (SELECT {column} AS i, count(*) AS c FROM article_{table} GROUP BY 1)"
                " WHERE id = i"
            )
        self.connection.execute(
            f"UPDATE sources SET article_count = c, last_at = {END_S} FROM"
            " (SELECT source_id AS i, count(*) AS c FROM articles GROUP BY 1) WHERE id = i"
        )
