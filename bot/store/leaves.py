"""A test's leaves looked up in the postings and the tail: who holds them, and how much each weighs.

In the file a set of articles is an array: places in order, or a truth for every article.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from bot.store import compile
from bot.store.postings import KEY, TEXT, TITLE, WORD, Array, Posting, Postings
from bot.store.resolve import Both, Either, Keys, Neither, Run, Start, Test
from bot.store.tail import Late, Tail

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np

# FTS5's own (sqlite.org/fts5.html, the bm25() function).
K1, B = 1.2, 0.75
_LEAST_IDF = 1e-6

Leaf = Run | Start | Keys
Phrases = Mapping[Run, tuple[Array, Array]]
"""Of each phrase what the index found: ids, and how much each article is worth by it."""


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds a leaf: in the file, and of the late ones. `weigh` is None where it has no rank."""

    filed: Array
    late: set[int]
    posting: Posting | None = None
    weigh: Callable[[Late], float] | None = None
    worth: Mapping[int, float] | None = None  # of a phrase, by id: weighed by the index itself


def is_phrase(leaf: Test) -> bool:
    """Return whether only the index itself can tell who holds a leaf."""
    return isinstance(leaf, Run) and len(leaf.tokens) > 1


def phrases_of(test: Test) -> set[Run]:
    """Return the phrases of a test."""
    match test:
        case Run() if is_phrase(test):
            return {test}
        case Neither(child=child):
            return phrases_of(child)
        case Both(children=children) | Either(children=children):
            return set().union(*map(phrases_of, children))
    return set()


def asked_phrases(connection: sqlite3.Connection, test: Test, *, ranked: bool) -> Phrases:
    """Ask the index for every phrase of a test; without `ranked` they are worth nothing."""
    found: dict[Run, tuple[Array, Array]] = {}
    for phrase in phrases_of(test):
        sql = _RANKED if ranked else _UNRANKED
        match = compile.expression(phrase)
        rows = connection.execute(sql, {"match": match}).fetchall()
        table = np.array([tuple(row) for row in rows], np.float64).reshape(len(rows), 2)
        found[phrase] = table[:, 0].astype(np.int64), -table[:, 1]
    return found


_RANKED = "SELECT rowid, rank FROM article_index WHERE article_index MATCH :match"
_UNRANKED = "SELECT rowid, 0.0 FROM article_index WHERE article_index MATCH :match"


@dataclass(frozen=True, slots=True)
class Lookup:
    """Finds leaves. `dead` are the places in the file of articles that changed since."""

    postings: Postings
    tail: Tail
    dead: Array
    phrases: Phrases

    @property
    def n(self) -> int:
        """How many articles the file has."""
        return self.postings.articles

    def held(self, leaf: Leaf) -> Held:
        """Return who holds a leaf. Dead articles are still among those of the file."""
        if isinstance(leaf, Keys):
            return self._keyed(leaf)
        if isinstance(leaf, Start):
            texts, late = self.tail.text_starting(leaf.start, words=True)
            begun = self._starting(TEXT, leaf.start, WORD)
            return Held(_articles(begun), late, begun, _sum_of(texts))
        if is_phrase(leaf):
            return self._phrase(leaf)
        (token,) = leaf.tokens
        if leaf.open_end:
            return self._opened(leaf, token)
        if leaf.column is None:
            posting = self.postings.posting(TEXT, token)
            late = self.tail.text(token)
            return Held(_articles(posting), late, posting, lambda a: a.text[token])
        titles = self.postings.posting(TITLE, token)
        late = self.tail.titled(token)
        return Held(_articles(titles), late, titles, lambda a: a.title_weight(token))

    def _opened(self, leaf: Run, token: str) -> Held:
        texts, late = self.tail.text_starting(token)
        if leaf.column is None:
            posting = self._starting(TEXT, token)
            return Held(_articles(posting), late, posting, _sum_of(texts))
        posting = self._starting(TITLE, token)
        titled = set().union(*(self.tail.titled(each) for each in texts))
        return Held(_articles(posting), titled, posting, lambda a: sum(map(a.title_weight, texts)))

    def idf(self, held: Held) -> float:
        """Return how telling a leaf is, by how many articles hold it now."""
        count = self._living(held.posting) + len(held.late)
        everywhere = self.postings.articles - len(self.dead) + len(self.tail.articles)
        return max(_LEAST_IDF, log((everywhere - count + 0.5) / (count + 0.5)) if count else 0.0)

    def _living(self, posting: Posting | None) -> int:
        if posting is None:
            return 0
        if not self.dead.size:
            return posting.count
        if posting.dense is not None:
            return posting.count - int(np.count_nonzero(posting.dense[self.dead]))
        assert posting.ords is not None  # noqa: S101 - one of the two there always is
        return posting.count - len(np.intersect1d(posting.ords, self.dead, assume_unique=True))

    def _phrase(self, phrase: Run) -> Held:
        ids, worth = self.phrases[phrase]
        late = {int(i) for i in ids if int(i) in self.tail.articles}
        changed = np.isin(ids, list(self.tail.changed)) if self.tail.changed else False
        filed = self.postings.ords_of(ids[~changed] if self.tail.changed else ids)
        return Held(filed, late, worth=dict(zip(ids.tolist(), worth.tolist(), strict=True)))

    def _keyed(self, keys: Keys) -> Held:
        late: set[int] = set().union(*map(self.tail.keyed, keys.tokens))
        found = [
            _articles(posting)
            for token in keys.tokens
            if (posting := self.postings.posting(KEY, token)) is not None
        ]
        return Held(union(found, self.postings.articles), late)

    def _starting(self, kind: bytes, start: str, besides: bytes | None = None) -> Posting:
        """Return what holds any token that begins so, its weights added up."""
        n = self.postings.articles
        sums = np.zeros(n, np.uint16)
        holds = np.zeros(n, bool)
        for each in (kind, besides) if besides else (kind,):
            places = self.postings.terms.starting(each + start.encode())
            ords, weights, rows = self.postings.ranging(places)
            holds[ords] = True
            if each == kind:
                if weights is not None and ords.size:
                    sums += np.bincount(ords, weights, minlength=n).astype(np.uint16)
                for row in rows:
                    sums += row
            for row in rows:
                holds |= row != 0
        ords = np.flatnonzero(holds)
        return Posting(len(ords), ords, sums[ords])


def _sum_of(tokens: list[str]) -> Callable[[Late], float]:
    return lambda late: sum(late.text[token] for token in tokens)


def _articles(posting: Posting | None) -> Array:
    if posting is None:
        return np.zeros(0, np.uint32)
    if posting.dense is not None:
        holds: Array = posting.dense != 0
        return holds
    ords = posting.ords
    assert ords is not None  # noqa: S101 - one of the two there always is
    return ords


def union(sets: list[Array], n: int) -> Array:
    """Return the articles of any of the sets, of `n` that there are."""
    if len(sets) < 2:
        return sets[0] if sets else np.zeros(0, np.uint32)
    if all(each.dtype != bool for each in sets) and sum(map(len, sets)) * 32 < n:
        return np.unique(np.concatenate(sets))
    holds = np.zeros(n, bool)
    for each in sets:
        if each.dtype == bool:
            holds |= each
        else:
            holds[each] = True
    return holds


def both(one: Array, other: Array, n: int) -> Array:
    """Return the articles of both sets."""
    if one.dtype == bool and other.dtype == bool:
        return one & other
    if one.dtype == bool:
        return other[one[other]]
    if other.dtype == bool:
        return one[other[one]]
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    if len(many) > 64 * len(few):
        at = np.searchsorted(many, few)
        at[at == len(many)] = 0
        found: Array = few[many[at] == few]
        return found
    holds = np.zeros(n, bool)
    holds[many] = True
    kept: Array = few[holds[few]]
    return kept
