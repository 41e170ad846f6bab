"""Shows a story once: of its articles that a query matches, the newest stands for all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from bot.model import Scope
from bot.store.check import Facts, passes
from bot.store.index import index_row
from bot.store.nearest import Hits
from bot.store.resolve import Always, Test
from bot.store.rows import many, visible
from bot.store.statements import Spot

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np


def any_story(connection: sqlite3.Connection) -> bool:
    """Return whether there is anything to fold at all."""
    return connection.execute("SELECT 1 FROM story_members LIMIT 1").fetchone() is not None


def folded(
    connection: sqlite3.Connection,
    places: Sequence[Spot],
    test: Test,
    scope: Scope,
    until: int,
) -> list[Spot]:
    """Leave out each place whose story has a newer article that the query matches too."""
    newer = _newer(connection, [place["id"] for place in places], scope, until)
    others = {other for found in newer.values() for other in found}
    if not isinstance(test, Always):
        others = {one for one in others if passes(test, Facts(index_row(connection, one)))}
    return [place for place in places if others.isdisjoint(newer.get(place["id"], ()))]


def told_once(connection: sqlite3.Connection, hits: Hits) -> Hits:
    """Return the hits with the newest article of each story alone."""
    rows = connection.execute("SELECT article_id, story_id FROM story_members").fetchall()
    story_of = {row["article_id"]: row["story_id"] for row in rows}
    told = np.isin(hits.ids, np.fromiter(story_of, np.int64, len(story_of)))
    newest: dict[int, tuple[int, int]] = {}
    for article_id, at in zip(hits.ids[told].tolist(), hits.sort_at[told].tolist(), strict=True):
        story = story_of[article_id]
        newest[story] = max(newest.get(story, (at, article_id)), (at, article_id))
    kept = ~told | np.isin(hits.ids, [article_id for _, article_id in newest.values()])
    return Hits(hits.ids[kept], hits.sort_at[kept])


def _newer(
    connection: sqlite3.Connection, ids: Iterable[int], scope: Scope, until: int
) -> dict[int, set[int]]:
    rows = connection.execute(
        """
        SELECT m.article_id AS id, o.article_id AS other
        FROM story_members m
        JOIN story_members o ON o.story_id = m.story_id AND o.article_id <> m.article_id
        JOIN articles mine ON mine.id = m.article_id
        JOIN articles a ON a.id = o.article_id
        WHERE m.article_id IN (SELECT value FROM json_each(:ids))
          AND o.scope_id IN (SELECT value FROM json_each(:scopes))
          AND a.sort_at > mine.sort_at AND a.hidden IS NULL AND a.id <= :until
        """,
        {"ids": many(ids), "scopes": visible(scope), "until": until},
    )
    found: dict[int, set[int]] = {}
    for row in rows:
        found.setdefault(row["id"], set()).add(row["other"])
    return found
