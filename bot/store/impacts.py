"""What each word is worth to each article that holds it, as bm25 counts it.

FTS5's bm25 of a query is the sum of its words' own, so words are asked one at a time and added up
with weights that a MATCH cannot give. The postings beside the index give the same at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.store.compile import quoted
from bot.store.leaves import K1, B, Lookup
from bot.store.postings import TITLE, Array
from bot.store.resolve import Run
from bot.store.view import View

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np

Impacts = tuple[Array, Array]
"""Ids of articles, each once, and what a word is worth to each."""

# A title weighs less here than in a search, where it counts eight times (index.RANK): what none
# has all of is a question, not a name.
_TITLE_GIVEN_BACK = 6 / 8


def from_index(connection: sqlite3.Connection, token: str, limit: int = -1) -> Impacts:
    """Return the impacts of a token, of `limit` articles at most, at about 1 us each."""
    cursor = connection.cursor()
    cursor.row_factory = None
    cursor.execute(
        """
        SELECT rowid, bm25(article_index, 1.0, 2.0, 4.0, 4.0, 2.0, 0.0, 0.0)
        FROM article_index WHERE article_index MATCH :match LIMIT :limit
        """,
        {"match": f"-{{words keys}} : {quoted(token)}", "limit": limit},
    )
    table = np.array(cursor.fetchall(), np.float64).reshape(-1, 2)
    return table[:, 0].astype(np.int64), -table[:, 1]


def from_postings(view: View, token: str, limit: int = -1) -> Impacts:
    """Return the impacts of a token as the index would give them; none beyond the limit."""
    lookup = Lookup(view.postings, view.tail, view.dead, {})
    held = lookup.held(Run((token,)))
    if 0 <= limit <= (held.posting.count if held.posting else 0):
        return np.zeros(0, np.int64), np.zeros(0)
    idf = lookup.idf(held)
    ids, weights, lengths = _filed(view, token)
    late = [view.tail.articles[i] for i in held.late]
    if late:
        ids = np.concatenate([ids, [a.id for a in late]])
        own = [a.text[token] - _TITLE_GIVEN_BACK * a.title_weight(token) for a in late]
        weights = np.concatenate([weights, own])
        lengths = np.concatenate([lengths, [a.length for a in late]])
    norms = K1 * (1 - B + B * lengths / max(view.average, 1e-9))
    return ids.astype(np.int64), idf * (weights * (K1 + 1)) / (weights + norms)


def _filed(view: View, token: str) -> tuple[Array, Array, Array]:
    """Return the ids, weights and lengths of the articles in the file that hold a token."""
    known = view.postings
    ords, weights = known.weights_of(token)
    titled, title_weights = known.weights_of(token, TITLE)
    # Whoever holds it in the title holds it.
    if titled.size:
        weights[np.searchsorted(ords, titled)] -= _TITLE_GIVEN_BACK * title_weights
    if view.dead.size:
        lives = ~np.isin(ords, view.dead)
        ords, weights = ords[lives], weights[lives]
    return known.ids[ords], weights, known.lengths[ords].astype(np.float64)


def summed(size: int, parts: Sequence[tuple[Impacts, float]]) -> Array:
    """Return weighed impacts added up for every id below `size`."""
    scores = np.zeros(size, np.float64)
    for (ids, worth), weight in parts:
        inside = ids < size
        scores[ids[inside]] += weight * worth[inside]
    return scores
