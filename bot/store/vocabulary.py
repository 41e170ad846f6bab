"""What the archive's words and names are, held in memory for suggestions and spelling repair.

Built on a reader's thread, refreshed when the archive has changed; nothing here decides what a
reader may see: whoever offers a word first finds an article with it in the reader's scope.
"""

from __future__ import annotations

import sqlite3
import threading
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.query import text

_SHORTEST = 4
_LONG = 8
_GROWTH = 1.05


@dataclass(frozen=True, slots=True)
class Words:
    """The archive's words, folded and unstemmed, with how many articles hold each."""

    by_first: dict[str, list[str]]
    counts: dict[str, int]
    articles: int

    def near(self, typed: str) -> list[str]:
        """Return words that the typed one may be a misspelling of, the likeliest first.

        A word of fewer than four letters is never repaired; eight and more may have two errors.
        """
        if len(typed) < _SHORTEST or not typed.isalpha():
            return []
        # Loaded here: a start needs none of it.
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        allowed = 2 if len(typed) >= _LONG else 1
        found: dict[str, int] = {}
        for bucket in self._buckets(typed):
            for word, distance, _ in process.extract_iter(
                typed, bucket, scorer=OSA.distance, score_cutoff=allowed
            ):
                found[word] = int(distance)
        found.pop(typed, None)
        return sorted(found, key=lambda word: (found[word], -self.counts[word], word))

    def _buckets(self, typed: str) -> Iterator[list[str]]:
        # The first letter is rarely the wrong one, and two letters changing places moves it one on.
        for first in dict.fromkeys(typed[:2]):
            yield self.by_first.get(first, [])
        rest = typed[1:]
        for first, bucket in self.by_first.items():
            if first not in typed[:2]:
                yield [word for word in bucket if word[1:] in (rest, typed) or word == rest]


@dataclass(slots=True)
class Vocabulary:
    """Keeps the words; several readers may ask at once, one of them builds."""

    _words: Words | None = None
    _building: threading.Lock = field(default_factory=threading.Lock)

    def words(self, connection: sqlite3.Connection) -> Words:
        """Return the archive's words, read anew when it has grown by a twentieth."""
        (articles,) = connection.execute("SELECT count(*) FROM articles").fetchone()
        with self._building:
            known = self._words
            if known is None or not known.articles <= articles <= known.articles * _GROWTH:
                known = self._words = _read(connection, articles)
            return known


def _read(connection: sqlite3.Connection, articles: int) -> Words:
    # A reader may write nothing at all, its own temporary tables included, until told otherwise.
    connection.execute("PRAGMA query_only = OFF")
    try:
        connection.execute(
            """
            CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary
            USING fts5vocab(main, article_index, 'col')
            """
        )
    finally:
        connection.execute("PRAGMA query_only = ON")
    counts: dict[str, int] = {}
    spelt: set[str] = set()
    rows = connection.execute("SELECT term, col, doc FROM temp.vocabulary WHERE col <> 'keys'")
    for term, column, count in rows:
        if len(term) < _SHORTEST or not term.isalpha():
            continue
        counts[term] = max(counts.get(term, 0), count)
        # A text column holds stems; one that is no word of its own is not a spelling to offer.
        if column == "words" or (term not in spelt and text.tokens(term) == [term]):
            spelt.add(term)
    by_first: dict[str, list[str]] = {}
    for word in sorted(spelt):
        by_first.setdefault(word[0], []).append(word)
    return Words(by_first, counts, articles)


def starting(keys: list[str], start: str) -> range:
    """Return the places of the sorted keys that begin so."""
    return range(bisect_left(keys, start), bisect_left(keys, start + "\U0010ffff"))
