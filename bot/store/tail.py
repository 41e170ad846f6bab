"""What changed in the index since the postings beside it were made, held in memory.

A changed article is dead in the file and alive here, under its id, so that answers are right at
once: sets of ids for each token, of a few thousand articles at most.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, insort
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from bot.store.index import index_row

# As index.RANK weighs the columns.
_WEIGHTS = {"body": 1, "title": 8, "tags": 4, "byline": 4, "subheadings": 2}


@dataclass(frozen=True, slots=True)
class Late:
    """An article that came or changed late: what a search tests and orders it by."""

    id: int
    sort_at: int
    published_at: int | None
    scope_id: int
    length: int
    text: Counter[str]
    title: Counter[str]
    words: frozenset[str]
    keys: frozenset[str]

    def title_weight(self, token: str) -> int:
        """Return what a token weighs by the title alone."""
        return self.title[token] * _WEIGHTS["title"]


@dataclass(slots=True)
class Tail:
    """The late articles by what they hold, as of a change's number."""

    seq: int
    articles: dict[int, Late] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)
    tokens: int = 0
    _by_text: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _by_word: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _by_key: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _starts: list[str] = field(default_factory=list)

    def behind(self, connection: sqlite3.Connection, most: int) -> list[int] | None:
        """Return whose rows changed after `seq`, None for more than `most`."""
        rows = connection.execute(
            "SELECT article_id FROM index_changes WHERE seq > :seq ORDER BY seq LIMIT :most",
            {"seq": self.seq, "most": most + 1},
        ).fetchall()
        return None if len(rows) > most else list(dict.fromkeys(row[0] for row in rows))

    def take(self, connection: sqlite3.Connection, ids: list[int], seq: int) -> None:
        """Take over the articles as they are now in the index."""
        for article_id in ids:
            self._drop(article_id)
            self.changed.add(article_id)
            shown = connection.execute(
                "SELECT 1 FROM articles WHERE id = :id AND hidden IS NULL", {"id": article_id}
            ).fetchone()
            if shown is not None:
                self._add(connection, article_id)
        self.seq = seq

    def text(self, token: str) -> set[int]:
        """Return the articles with the token in a column of text."""
        return self._by_text.get(token, set())

    def titled(self, token: str) -> set[int]:
        """Return the articles with the token in their title."""
        return {i for i in self.text(token) if token in self.articles[i].title}

    def keyed(self, key: str) -> set[int]:
        """Return the articles with an opaque token."""
        return self._by_key.get(key, set())

    def text_starting(self, start: str, *, words: bool = False) -> tuple[list[str], set[int]]:
        """Return the tokens of text that begin so, and the articles with one of them.

        `words` lets unstemmed words count as well.
        """
        found: set[int] = set()
        texts: list[str] = []
        for place in range(bisect_left(self._starts, start), len(self._starts)):
            token = self._starts[place]
            if not token.startswith(start):
                break
            holders = self._by_text.get(token)
            if holders:
                texts.append(token)
                found |= holders
            if words:
                found |= self._by_word.get(token, set())
        return texts, found

    def _add(self, connection: sqlite3.Connection, article_id: int) -> None:
        row = index_row(connection, article_id)
        text: Counter[str] = Counter()
        length = 0
        for column, weight in _WEIGHTS.items():
            held = getattr(row, column).split()
            length += len(held)
            for token in held:
                text[token] += weight
        words, keys = row.words.split(), row.keys.split()
        length += len(words) + len(keys)
        late = Late(
            article_id,
            row.sort_at,
            row.published_at,
            row.scope_id,
            length,
            text,
            Counter(row.title.split()),
            frozenset(words),
            frozenset(keys),
        )
        self.articles[article_id] = late
        self.tokens += length
        for token in {*text, *late.words}:
            if token not in self._by_text and token not in self._by_word:
                insort(self._starts, token)
        for holders, held in ((self._by_text, text), (self._by_word, words), (self._by_key, keys)):
            for token in held:
                holders[token].add(article_id)

    def _drop(self, article_id: int) -> None:
        late = self.articles.pop(article_id, None)
        if late is None:
            return
        self.tokens -= late.length
        for holders, held in (
            (self._by_text, late.text),
            (self._by_word, late.words),
            (self._by_key, late.keys),
        ):
            for token in held:
                holders[token].discard(article_id)
