"""Articles near another one, by what it speaks of and its tags; never the same story."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from functools import partial
from math import log
from typing import TYPE_CHECKING

from bot.model import Article, Hit, Scope
from bot.query import text
from bot.store import heads, nearest, stories
from bot.store.beside import Beside
from bot.store.connections import Connections
from bot.store.excerpt import Passage
from bot.store.impacts import Impacts, summed
from bot.store.postings import Array
from bot.store.rows import many, visible
from bot.store.sources import Sources
from bot.store.vectors import Vectors, openings

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np

# Measured on judged collections (docs/search-quality.md).
_TRIED, _TELLING = 60, 24
_TITLE_TIMES = 2
_TAGS = 4
_MANY = 2_000  # a tag that so many articles carry says little
_LOOKED_AT = 24
_AT_ONCE = 200
_MEANING = 0.7
# Titles that share this much of their words tell the same story.
_SAME_STORY = 0.6
_SHORTEST = 3


class RelatedStore:
    """Finds what else to read."""

    def __init__(self, connections: Connections, beside: Beside, vectors: Vectors) -> None:
        self._connections = connections
        self._beside = beside
        self._vectors = vectors

    async def to(self, article_id: int, scope: Scope, limit: int = 5) -> tuple[Hit, ...]:
        """Return the articles nearest to one, of what the scope may see."""
        return await self._connections.read(
            lambda connection: _related(
                connection, article_id, scope, limit, self._beside, self._vectors
            )
        )


def _related(
    connection: sqlite3.Connection,
    article_id: int,
    scope: Scope,
    limit: int,
    beside: Beside,
    vectors: Vectors,
) -> tuple[Hit, ...]:
    article = heads.articles(connection, [article_id], scope).get(article_id)
    if article is None:
        return ()
    sources = Sources.of(connection, beside, partial(vectors.alike, connection, article_id))
    rows = _nearest(sources, article, scope)
    told = [set(_telling(article.title))]
    story_of = stories.members(connection, [article_id, *(int(row["id"]) for row in rows)])
    shown: set[int | None] = {story_of.get(article_id)} - {None}
    kept: list[dict[str, float]] = []
    for row in rows:
        own, story = set(_telling(str(row["title"]))), story_of.get(int(row["id"]))
        is_told = story in shown or any(_same(own, other) for other in told)
        if len(kept) < limit and not is_told:
            kept.append(row)
            told.append(own)
            shown |= {story} - {None}
    return heads.hits(connection, kept, Passage())


def _nearest(sources: Sources, article: Article, scope: Scope) -> list[dict[str, float]]:
    """Return the nearest articles that a reader may see as rows with their title."""
    parts = [*nearest.tellers(sources, _masses(sources.connection, article), _TRIED, _TELLING)]
    parts += _tagged(sources, article)
    size = max((int(ids.max()) + 1 for (ids, _), _ in parts if len(ids)), default=0)
    scores = summed(size, parts)
    scores[article.id : article.id + 1] = 0
    rows: list[dict[str, float]] = []
    for ids in _best(scores):
        rows += _shown(sources.connection, ids, scores, scope)
        if len(rows) >= _LOOKED_AT:
            break
    rows = rows[:_LOOKED_AT]
    near = sources.meaning([int(row["id"]) for row in rows])
    if near is not None:
        most = scores[int(rows[0]["id"])]
        for row, share in zip(rows, near.tolist(), strict=True):
            row["score"] -= _MEANING * most * max(0.0, share)
        rows.sort(key=lambda row: row["score"])
    return rows


def _masses(connection: sqlite3.Connection, article: Article) -> dict[str, float]:
    """Return how much an article speaks of each token, by its title and opening."""
    opening = openings(connection, [article.id]).get(article.id, "")
    held = Counter(text.tokens(opening))
    held.update(text.tokens(article.title) * _TITLE_TIMES)
    return nearest.mass_of(held)


def _tagged(sources: Sources, article: Article) -> Iterator[tuple[Impacts, float]]:
    """Yield the articles with a tag of this one, and what that is worth: the rarest few."""
    tags = sorted((tag for tag in article.tags if tag.count < _MANY), key=lambda tag: tag.count)
    for tag in tags[:_TAGS]:
        rows = sources.connection.execute(
            "SELECT article_id FROM article_tags WHERE tag_id = :tag", {"tag": tag.id}
        ).fetchall()
        ids = np.array([row["article_id"] for row in rows], np.int64)
        worth = log(1 + sources.articles / max(1, len(ids)))
        yield (ids, np.full(len(ids), worth)), 1.0


def _best(scores: Array) -> Iterator[Array]:
    """Yield ids by their score, some at a time, as long as they have any."""
    ids = np.flatnonzero(scores > 0)
    wanted = _AT_ONCE
    if len(ids) > wanted * 10:
        least = np.partition(scores[ids], len(ids) - wanted * 10)[len(ids) - wanted * 10]
        ids = ids[scores[ids] >= least]
    ids = ids[np.argsort(-scores[ids], kind="stable")]
    for start in range(0, len(ids), wanted):
        yield ids[start : start + wanted]


def _shown(
    connection: sqlite3.Connection, ids: Array, scores: Array, scope: Scope
) -> list[dict[str, float]]:
    """Return those that a reader may see, the nearest first and the newer of equals."""
    rows = connection.execute(
        """
        SELECT id, sort_at, title FROM articles
        WHERE id IN (SELECT value FROM json_each(:ids)) AND hidden IS NULL
          AND scope_id IN (SELECT value FROM json_each(:scopes))
        """,
        {"ids": many(ids.tolist()), "scopes": visible(scope)},
    )
    found = [{**dict(row), "score": -float(scores[row["id"]])} for row in rows]
    return sorted(found, key=lambda row: (row["score"], -row["sort_at"]))


def _telling(title: str) -> list[str]:
    words = dict.fromkeys(text.index_text(title).split())
    return [word for word in words if len(word) > _SHORTEST or not word.isascii()]


def _same(one: set[str], other: set[str]) -> bool:
    if not one or not other:
        return False
    return len(one & other) / len(one | other) >= _SAME_STORY
