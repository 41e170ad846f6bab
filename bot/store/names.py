"""Tags, authors and sources: by name as typed, by id, by count, and as suggestions while typing."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Literal

from bot.errors import NotFoundError
from bot.model import Name, Scope, Tag
from bot.query import tags, text
from bot.store import lookup, uses
from bot.store.connections import Connections
from bot.store.rows import many, visible
from bot.store.suggest import Suggestions, What, read_all

__all__ = ["NameStore", "What"]

_BY_ID = {
    "tag": """
        SELECT id, scope_id, key, name, article_count, last_at FROM tags
        WHERE id IN (SELECT value FROM json_each(:ids))
          AND scope_id IN (SELECT value FROM json_each(:scopes))
        """,
    "author": """
        SELECT id, scope_id, key, name, article_count, last_at FROM authors
        WHERE id IN (SELECT value FROM json_each(:ids))
          AND scope_id IN (SELECT value FROM json_each(:scopes))
        """,
    "source": """
        SELECT id, scope_id, key, name, article_count, last_at FROM sources
        WHERE id IN (SELECT value FROM json_each(:ids))
          AND scope_id IN (SELECT value FROM json_each(:scopes))
        """,
}


class NameStore:
    """Names as a reader may see them; one that is public and a guild's too is shown once."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._suggestions = Suggestions()
        # Whether anybody has typed yet: until then no list is worth its memory.
        self.is_asked = False

    @property
    def is_missed(self) -> bool:
        """Whether somebody was answered from the database, for want of the lists."""
        return self._suggestions.is_missed

    async def suggest(
        self, what: What, typed: str, scope: Scope, limit: int = 25, user_id: int | None = None
    ) -> tuple[Name, ...]:
        """Return names for what is typed: exact, by beginning, by a word's beginning, then near.

        What the member asked for lately goes before all but an exact hit. Nothing typed gives
        what is on the rise, then the most used lately. Nothing near gives nothing.
        """
        self.is_asked = True

        def job(connection: sqlite3.Connection) -> tuple[Name, ...]:
            most = limit * len(scope.visible)
            ids = self._suggestions.ids(connection, what, typed, scope, most)
            if user_id is not None:
                mine = uses.ids(connection, user_id, what, typed, scope)
                ids = [*_exact(connection, what, ids, scope, typed), *mine, *ids]
            found = {row["id"]: row for row in _rows(connection, what, ids, scope)}
            kept = [found[i] for i in dict.fromkeys(ids) if i in found]
            return tuple(_merged(row for row in kept if row["article_count"] > 0))[:limit]

        return await self._connections.read(job)

    async def warm(self) -> tuple[What, ...]:
        """Make the lists that suggestions come from, where they are not up to date; tell which.

        Answers go on meanwhile. Small archives need none: their names are sorted in when asked.
        """
        stale = await self._connections.read(self._suggestions.stale)
        for what in stale:
            entries, articles = await self._connections.read(partial(read_all, what))
            await asyncio.to_thread(self._suggestions.make, what, entries, articles)
        await self._connections.read(self._suggestions.look_for_rising)
        return tuple(stale)

    async def tag(self, name: str, scope: Scope) -> tuple[Tag, ...]:
        """Return the tags a name means, aliases followed; the same key is one tag."""

        def job(connection: sqlite3.Connection) -> tuple[Tag, ...]:
            ids = lookup.tag_ids(connection, name, scope)
            return _tags(_rows(connection, "tag", ids, scope))

        return await self._connections.read(job)

    async def author(self, name: str, scope: Scope) -> tuple[Name, ...]:
        """Return the author of this whole name, else all whose names hold its words."""
        return await self._connections.read(partial(_worded, "author", name, scope))

    async def source(self, name: str, scope: Scope) -> tuple[Name, ...]:
        """Return the source of this whole name, else all whose names hold its words."""
        return await self._connections.read(partial(_worded, "source", name, scope))

    async def by_id(self, what: What, name_id: int, scope: Scope) -> Tag | Name:
        """Return one name. Raises NotFoundError outside the scope."""

        def job(connection: sqlite3.Connection) -> Tag | Name:
            found = _rows(connection, what, [name_id], scope)
            if not found:
                raise NotFoundError("store.no_name", id=name_id)
            if what == "tag":
                return _tags(found)[0]
            return next(iter(_merged(found)))

        return await self._connections.read(job)

    async def alias(self, name: str, target: str, scope_id: int, *, merge: bool = False) -> None:
        """Let a tag be found by another name in a scope (0: everywhere).

        With `merge`, articles that come in under the name are filed under the target.
        """
        values = {
            "scope": scope_id,
            "key": tags.tag_key(name),
            "target": tags.tag_key(target),
            "merge": merge,
        }

        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                """
                INSERT INTO tag_aliases (scope_id, key, target_key, merge)
                VALUES (:scope, :key, :target, :merge)
                ON CONFLICT (scope_id, key) DO UPDATE
                SET target_key = excluded.target_key, merge = excluded.merge, kind = 'alias'
                """,
                values,
            )

        await self._connections.write(job)

    async def tags(
        self, scope: Scope, limit: int = 25, after: tuple[int, str] | None = None
    ) -> tuple[Tag, ...]:
        """Return tags by count, most used first. `after` is (count, key) of the last one shown."""
        return await self._connections.read(partial(_most_used, scope, limit, after))


def _rows(
    connection: sqlite3.Connection, what: What, ids: Iterable[int], scope: Scope
) -> list[sqlite3.Row]:
    values = {"ids": many(ids), "scopes": visible(scope)}
    found = connection.execute(_BY_ID[what], values).fetchall()
    return sorted(found, key=lambda row: (-row["article_count"], row["scope_id"], row["id"]))


def _exact(
    connection: sqlite3.Connection, what: What, ids: Sequence[int], scope: Scope, typed: str
) -> list[int]:
    # They stand first: as many as there are scopes, at most.
    rows = _rows(connection, what, ids[: len(scope.visible)], scope)
    folded = text.fold(tags.tag_key(typed))
    return [row["id"] for row in rows if text.fold(tags.tag_key(row["name"])) == folded]


def _merged(rows: Iterable[sqlite3.Row]) -> Iterable[Name]:
    merged: dict[str, Name] = {}
    for row in rows:
        known = merged.get(row["key"])
        count = row["article_count"]
        if known is None:
            merged[row["key"]] = Name(row["id"], row["name"], count)
        else:
            merged[row["key"]] = Name(known.id, known.name, known.count + count)
    return merged.values()


def _tags(rows: Iterable[sqlite3.Row]) -> tuple[Tag, ...]:
    merged: dict[str, Tag] = {}
    for row in rows:
        known = merged.get(row["key"], Tag(row["id"], row["name"], row["key"]))
        merged[row["key"]] = Tag(
            known.id, known.name, known.key, known.count + row["article_count"]
        )
    return tuple(merged.values())


def _worded(
    what: Literal["author", "source"], name: str, scope: Scope, connection: sqlite3.Connection
) -> tuple[Name, ...]:
    ids = lookup.worded_ids(connection, what, name, scope)
    found = _rows(connection, what, ids, scope)
    key = tags.tag_key(name)
    whole = [row for row in found if row["key"] == key]
    return tuple(_merged(whole or found))


def _most_used(
    scope: Scope, limit: int, after: tuple[int, str] | None, connection: sqlite3.Connection
) -> tuple[Tag, ...]:
    rows = connection.execute(
        """
        SELECT min(id) AS id, name, key, sum(article_count) AS count, min(scope_id)
        FROM tags
        WHERE scope_id IN (SELECT value FROM json_each(:scopes)) AND article_count > 0
        GROUP BY key
        HAVING :key IS NULL OR sum(article_count) < :count
            OR (sum(article_count) = :count AND key > :key)
        ORDER BY count DESC, key LIMIT :limit
        """,
        {
            "scopes": visible(scope),
            "count": after[0] if after else None,
            "key": after[1] if after else None,
            "limit": limit,
        },
    )
    return tuple(Tag(row["id"], row["name"], row["key"], row["count"]) for row in rows)
