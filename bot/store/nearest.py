"""The order of nearest results: every word weighed by itself, then what the best ones speak of.

Repeats of a word are kept, everyday words are left out, and after a first round the telling words
of the first few articles join in (pseudo relevance feedback). Where word vectors are installed,
how near a text is to the question decides among the first. Only the order comes from here; which
articles are shown is decided by the query.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from math import log
from typing import TYPE_CHECKING

from bot.model import Cursor
from bot.query import text
from bot.store.impacts import Impacts, summed
from bot.store.index import TEXT_COLUMNS, index_row
from bot.store.postings import Array
from bot.store.sources import Sources

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np

# Measured on judged collections (docs/search-quality.md).
_FED_BY = 5
_FED = 40
_FED_WEIGHT = 0.6
_SHORTEST = 3
_K1 = 1.2  # FTS5's own
# A token in more articles than this tells of none; at most so many are looked at.
_MANY = 10_000
_TRIED = 120
# How many of the first are compared with the question by their meaning, before the feedback and
# after it, and what that is worth beside the best score.
_FIRST, _LAST = 20, 50
_MEANING = 0.7
_BEFORE_ALL = 1e5
# Added to every score of an order that meaning took part in: a cursor tells which order it is of.
MEANT = 1e7


@dataclass(frozen=True, slots=True)
class Hits:
    """All articles that a query admits: ids and sort_at."""

    ids: Array
    sort_at: Array


@dataclass(frozen=True, slots=True)
class Ranking:
    """Articles in order: `scores` are negative, the best lowest, as FTS5's rank is."""

    ids: Array
    sort_at: Array
    scores: Array

    def places(self, first: int, end: int) -> list[dict[str, float]]:
        """Return a stretch as rows with id, sort_at and score."""
        part = slice(first, end)
        rows = zip(
            self.ids[part].tolist(),
            self.sort_at[part].tolist(),
            self.scores[part].tolist(),
            strict=True,
        )
        return [{"id": i, "sort_at": at, "score": score} for i, at, score in rows]

    def window(self, cursor: Cursor | None, limit: int) -> tuple[int, int]:
        """Return where the page at a cursor begins and ends."""
        if cursor is None:
            return 0, limit
        score = cursor.score or 0.0
        is_equal = self.scores == score
        ahead = (self.scores < score) | (is_equal & (self.sort_at > cursor.sort_at))
        before = int(np.count_nonzero(ahead))
        if cursor.back:
            return max(0, before - limit), before
        start = before + int(np.count_nonzero(is_equal & (self.sort_at == cursor.sort_at)))
        return start, start + limit


def ordered(
    hits: Hits, weights: Mapping[str, float], sources: Sources, first: Sequence[int] = ()
) -> Ranking:
    """Return the hits, the nearest first. `weights` is by token; `first` go before all others."""
    size = int(hits.ids.max()) + 1 if hits.ids.size else 0
    own = sources.impacts(list(weights), -1)
    scores = summed(size, list(zip(own, weights.values(), strict=True)))[hits.ids]
    meant = _with_meaning(hits, scores, sources, _FIRST)
    best = [at for at in _best(hits, meant, _FED_BY) if meant[at] > 0]
    fed = _fed(sources, [(int(hits.ids[at]), float(meant[at])) for at in best])
    scores = scores + summed(size, fed)[hits.ids]
    before = scores
    scores = _with_meaning(hits, scores, sources, _LAST)
    if scores is not before:
        scores += MEANT
    scores[np.isin(hits.ids, first)] += _BEFORE_ALL
    order = np.lexsort((-hits.sort_at, -scores))
    return Ranking(hits.ids[order], hits.sort_at[order], -scores[order])


def is_meant(cursor: Cursor) -> bool:
    """Return whether meaning took part in the order that a cursor is of."""
    return (cursor.score or 0.0) < -MEANT / 2


def _best(hits: Hits, scores: Array, count: int) -> list[int]:
    """Return where the best are, the best first, the newer of equals."""
    at = np.arange(len(scores))
    if len(scores) > count:
        least = np.partition(scores, len(scores) - count)[len(scores) - count]
        at = np.flatnonzero(scores >= least)
    order = np.lexsort((-hits.sort_at[at], -scores[at]))[:count]
    found: list[int] = at[order].tolist()
    return found


def _with_meaning(hits: Hits, scores: Array, sources: Sources, count: int) -> Array:
    """Return the scores with the best ones' nearness added: those stay before all others."""
    best = _best(hits, scores, count)
    near = sources.meaning([int(hits.ids[at]) for at in best])
    if near is None or not best:
        return scores
    found: Array = scores.copy()
    found[best] += _MEANING * scores[best[0]] * np.maximum(0.0, near)
    return found


def _fed(sources: Sources, first: Sequence[tuple[int, float]]) -> list[tuple[Impacts, float]]:
    """Return the impacts of the words that tell the first articles from the rest, weighed."""
    total = sum(score for _, score in first)
    masses: dict[str, float] = {}
    for key, score in first:
        for token, mass in mass_of(_held(sources.connection, key)).items():
            masses[token] = masses.get(token, 0.0) + mass * score / total
    return [(found, _FED_WEIGHT * worth) for found, worth in tellers(sources, masses, _TRIED, _FED)]


def mass_of(held: Mapping[str, float]) -> dict[str, float]:
    """Return how much an article speaks of each token, below 1, from how often it does."""
    return {token: times / (times + _K1) for token, times in held.items()}


def tellers(
    sources: Sources, masses: Mapping[str, float], tried: int, most: int
) -> list[tuple[Impacts, float]]:
    """Return the impacts of the tokens that tell most of what is spoken of, the best worth 1."""
    found: list[tuple[float, Impacts]] = []
    budget = sources.budget
    for token, mass in nlargest(tried, masses.items(), key=lambda item: item[1]):
        if budget <= 0:
            break
        if (len(token) < _SHORTEST and token.isascii()) or token in _everyday_tokens():
            continue
        (impacts,) = sources.impacts([token], _MANY)
        count = len(impacts[0])
        budget -= count
        # A word that one article alone holds tells of no other.
        if 1 < count < _MANY:
            rarity = log(1 + (max(0, sources.articles - count) + 0.5) / (count + 0.5))
            found.append((mass * rarity, impacts))
    found = nlargest(most, found, key=lambda teller: teller[0])
    return [(impacts, worth / found[0][0]) for worth, impacts in found]


def _held(connection: sqlite3.Connection, article_id: int) -> Counter[str]:
    """Return how often an article holds each token."""
    row = index_row(connection, article_id)
    held: Counter[str] = Counter()
    for column in TEXT_COLUMNS:
        held.update(getattr(row, column).split())
    return held


def is_everyday(word: str) -> bool:
    """Return whether a folded word stands in any English text."""
    return word in _EVERYDAY


@lru_cache(maxsize=1)
def _everyday_tokens() -> frozenset[str]:
    return frozenset(token for word in _EVERYDAY for token in text.tokens(word))


_EVERYDAY = frozenset(
    (  # noqa: SIM905 - a list of ninety lines reads worse
        "a about after all also an and any are as at be been but by can could did do does for from "
        "had has have he her his how i if in into is it its like may more most new no not of on "
        "one or other our out over said she should so some than that the their them then there "
        "these they this to under up was we were what when where which who why will with would "
        "you your"
    ).split()
)
