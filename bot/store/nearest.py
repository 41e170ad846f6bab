"""The order of nearest results: every word weighed by itself, then what the best ones speak of.

FTS5's bm25 of a query is the sum of its words' own, so words are asked one at a time and added up
with weights that a MATCH cannot give: repeats kept, everyday words light, and after a first round
the telling words of the first few articles (pseudo relevance feedback). Only the order comes from
here; which articles are shown is decided by the query.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from math import log

from bot.model import Cursor
from bot.query import text
from bot.store.compile import quoted
from bot.store.index import TEXT_COLUMNS, index_row

# Measured on judged collections (docs/search-quality.md).
_FED_BY = 5
_FED = 40
_FED_WEIGHT = 0.6
_SHORTEST = 3
_K1 = 1.2  # FTS5's own
# A word's postings cost about a microsecond each; words of the first articles share this many.
_POSTINGS = 60_000
_MANY = 10_000
_TRIED = 120


@dataclass(frozen=True, slots=True)
class Place:
    """An article's place in the order: `score` is negative, the best lowest, as FTS5's rank is."""

    sort_at: int
    id: int
    score: float


def ordered(
    connection: sqlite3.Connection, allowed: Mapping[int, int], weights: Mapping[str, float]
) -> list[Place]:
    """Return the allowed articles (sort_at by id), the nearest first. `weights` is by token."""
    scores = dict.fromkeys(allowed, 0.0)
    for token, weight in weights.items():
        _add(scores, _impacts(connection, token), weight)
    first = nlargest(_FED_BY, scores.items(), key=lambda item: (item[1], allowed[item[0]]))
    fed = _fed(connection, [(article_id, score) for article_id, score in first if score > 0])
    for impacts, weight in fed:
        _add(scores, impacts, weight)
    places = [Place(allowed[key], key, -score) for key, score in scores.items()]
    return sorted(places, key=_key)


def window(
    places: Sequence[Place], cursor: Cursor | None, limit: int
) -> tuple[Sequence[Place], int]:
    """Return the page of places at a cursor and how many come before it."""
    if cursor is None:
        return places[:limit], 0
    at = (cursor.score or 0.0, -cursor.sort_at)
    before = sum(1 for place in places if _key(place) < at)
    if cursor.back:
        start = max(0, before - limit)
        return places[start:before], start
    start = before + sum(1 for place in places if _key(place) == at)
    return places[start : start + limit], start


def _key(place: Place) -> tuple[float, int]:
    return place.score, -place.sort_at


def _impacts(
    connection: sqlite3.Connection, token: str, limit: int = -1
) -> list[tuple[int, float]]:
    # A title weighs less here than in a search: what none has all of is a question, not a name.
    found = connection.execute(
        """
        SELECT rowid, bm25(article_index, 1.0, 2.0, 2.0, 2.0, 1.0, 0.0, 0.0)
        FROM article_index WHERE article_index MATCH :match LIMIT :limit
        """,
        {"match": f"-{{words keys}} : {quoted(token)}", "limit": limit},
    )
    return [(row[0], -row[1]) for row in found]


def _add(scores: dict[int, float], impacts: Iterable[tuple[int, float]], weight: float) -> None:
    for article_id, impact in impacts:
        if article_id in scores:
            scores[article_id] += weight * impact


def _fed(
    connection: sqlite3.Connection, first: Sequence[tuple[int, float]]
) -> list[tuple[list[tuple[int, float]], float]]:
    """Return the impacts of the words that tell the first articles from the rest, weighed."""
    total = sum(score for _, score in first)
    texts = [(_held(connection, article_id), score / total) for article_id, score in first]
    held: dict[str, float] = {}
    for tokens, share in texts:
        for token, times in tokens.items():
            held[token] = held.get(token, 0.0) + share * times / (times + _K1)
    everywhere = max(1, _articles(connection))
    tellers: list[tuple[float, list[tuple[int, float]]]] = []
    budget = _POSTINGS
    # A word that one article alone holds tells of no other.
    for token, mass in nlargest(_TRIED, held.items(), key=lambda item: item[1]):
        if budget <= 0:
            break
        if len(token) < _SHORTEST or token in _everyday_tokens():
            continue
        impacts = _impacts(connection, token, _MANY)
        budget -= len(impacts)
        if 1 < len(impacts) < _MANY:
            rarity = log(1 + (everywhere - len(impacts) + 0.5) / (len(impacts) + 0.5))
            tellers.append((mass * rarity, impacts))
    tellers = nlargest(_FED, tellers, key=lambda teller: teller[0])
    return [(impacts, _FED_WEIGHT * worth / tellers[0][0]) for worth, impacts in tellers]


def _held(connection: sqlite3.Connection, article_id: int) -> Counter[str]:
    """Return how often an article holds each token."""
    row = index_row(connection, article_id)
    held: Counter[str] = Counter()
    for column in TEXT_COLUMNS:
        held.update(getattr(row, column).split())
    return held


def _articles(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("SELECT count(*) FROM article_index_docsize").fetchone()
    return int(count)


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
