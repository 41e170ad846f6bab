"""Articles near another one, by the words of its title and its tags; never the same story."""

from __future__ import annotations

import sqlite3
from functools import partial

from bot.model import Hit, Scope
from bot.query import text
from bot.store import heads, stories
from bot.store.compile import quoted
from bot.store.connections import Connections
from bot.store.excerpt import Passage
from bot.store.rows import visible

_WORDS = 8
_TAGS = 4
_LOOKED_AT = 24
# Titles that share this much of their words tell the same story.
_SAME_STORY = 0.6
_SHORTEST = 3


class RelatedStore:
    """Finds what else to read."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def to(self, article_id: int, scope: Scope, limit: int = 5) -> tuple[Hit, ...]:
        """Return the articles nearest to one, of what the scope may see."""
        return await self._connections.read(partial(_related, article_id, scope, limit))


def _related(
    article_id: int, scope: Scope, limit: int, connection: sqlite3.Connection
) -> tuple[Hit, ...]:
    article = heads.articles(connection, [article_id], scope).get(article_id)
    if article is None:
        return ()
    words = _telling(article.title)
    # A tag that half the archive carries says little: the rarest few are asked.
    tags = sorted(article.tags, key=lambda tag: tag.count)[:_TAGS]
    parts = [f"{{title tags subheadings}} : {quoted(word)}" for word in words[:_WORDS]]
    parts += [f"keys : {quoted(f't{tag.id}')}" for tag in tags]
    if not parts:
        return ()
    rows = connection.execute(
        """
        SELECT a.sort_at, a.id, a.title, f.rank AS score
        FROM article_index f
        CROSS JOIN articles a ON a.id = f.rowid
        WHERE f.article_index MATCH :match AND a.hidden IS NULL AND a.id <> :id
          AND a.scope_id IN (SELECT value FROM json_each(:scopes))
        ORDER BY f.rank, a.sort_at DESC LIMIT :limit
        """,
        {
            "match": " OR ".join(parts),
            "id": article_id,
            "scopes": visible(scope),
            "limit": _LOOKED_AT,
        },
    ).fetchall()
    told = [set(words)]
    story_of = stories.members(connection, [article_id, *(row["id"] for row in rows)])
    shown = {story_of.get(article_id)} - {None}
    kept: list[sqlite3.Row] = []
    for row in rows:
        own, story = set(_telling(row["title"])), story_of.get(row["id"])
        is_told = story in shown or any(_same(own, other) for other in told)
        if len(kept) < limit and not is_told:
            kept.append(row)
            told.append(own)
            shown |= {story} - {None}
    return heads.hits(connection, kept, Passage())


def _telling(title: str) -> list[str]:
    words = dict.fromkeys(text.index_text(title).split())
    return [word for word in words if len(word) > _SHORTEST or not word.isascii()]


def _same(one: set[str], other: set[str]) -> bool:
    if not one or not other:
        return False
    return len(one & other) / len(one | other) >= _SAME_STORY
