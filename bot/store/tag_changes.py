"""Operators' changes to the public archive's tags: other names, new names, tags that become one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bot.errors import NotFoundError, TagwireError
from bot.model import PUBLIC_SCOPE_ID
from bot.query import tags
from bot.store import index
from bot.store.connections import Connections

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class TagChange:
    """What a change did: the tag's name as it stands now, and how many articles it touched."""

    name: str
    articles: int


class TagStore:
    """Merges, renames and aliases; each holds for what is imported later too."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def alias(self, other: str, name: str) -> TagChange:
        """Let searches for `other` find the tag `name` too, and the other way round.

        Raises NotFoundError for an unknown `name`, TagwireError for two spellings of one tag.
        """
        return await self._connections.write(partial(_aliased, other, name))

    async def merge(self, old: str, name: str) -> TagChange:
        """File what is tagged `old` under the tag `name`, now and on every later import.

        Raises NotFoundError for an unknown tag, TagwireError for two spellings of one tag.
        """
        return await self._connections.write(partial(_merged, old, name))

    async def rename(self, old: str, name: str) -> TagChange:
        """Show a tag by another name, which later imports keep.

        Raises NotFoundError for an unknown tag, and TagwireError where another one has the name.
        """
        return await self._connections.write(partial(_renamed, old, name))


def _aliased(other: str, name: str, connection: sqlite3.Connection) -> TagChange:
    target = _tag(connection, name)
    _keep_alias(connection, _key(other), target["key"], merge=False)
    return TagChange(target["name"], target["article_count"])


def _merged(old: str, name: str, connection: sqlite3.Connection) -> TagChange:
    source, target = _tag(connection, old), _tag(connection, name)
    return _joined(connection, source, target["id"], target["key"], target["name"])


def _renamed(old: str, name: str, connection: sqlite3.Connection) -> TagChange:
    tag, key, shown = _tag(connection, old), _key(name), tags.tag_display(name)
    if key == tag["key"]:
        return _shown_as(connection, tag["id"], shown)
    if _row(connection, key) is not None:
        raise TagwireError("store.tag_name_taken", name=shown)
    added = connection.execute(
        "INSERT INTO tags (scope_id, key, name) VALUES (:scope, :key, :name)",
        {"scope": PUBLIC_SCOPE_ID, "key": key, "name": shown},
    ).lastrowid
    assert added is not None  # noqa: S101 - an INSERT that did not raise has a rowid
    return _joined(connection, tag, added, key, shown)


def _shown_as(connection: sqlite3.Connection, tag_id: int, shown: str) -> TagChange:
    def change() -> None:
        connection.execute(
            "UPDATE tags SET name = :name WHERE id = :id", {"id": tag_id, "name": shown}
        )

    return TagChange(shown, _reindexed(connection, tag_id, change))


def _joined(
    connection: sqlite3.Connection, old: sqlite3.Row, target_id: int, key: str, shown: str
) -> TagChange:
    _keep_alias(connection, old["key"], key, merge=True)

    def change() -> None:
        values = {"old": old["id"], "new": target_id}
        connection.execute(
            "UPDATE OR IGNORE article_tags SET tag_id = :new WHERE tag_id = :old", values
        )
        connection.execute("DELETE FROM article_tags WHERE tag_id = :old", values)
        connection.execute("DELETE FROM tags WHERE id = :old", values)
        connection.execute(
            """
            UPDATE tags
            SET last_at = max(last_at, :last), article_count = (
                SELECT count(*) FROM article_tags l JOIN articles a ON a.id = l.article_id
                WHERE l.tag_id = :new AND a.hidden IS NULL)
            WHERE id = :new
            """,
            {**values, "last": old["last_at"]},
        )

    return TagChange(shown, _reindexed(connection, old["id"], change))


def _reindexed(connection: sqlite3.Connection, tag_id: int, change: Callable[[], None]) -> int:
    """Make a change with the tag's articles out of the index; return how many those are."""
    found = connection.execute(
        """
        SELECT a.id FROM article_tags l JOIN articles a ON a.id = l.article_id
        WHERE l.tag_id = :tag AND a.hidden IS NULL ORDER BY a.sort_at
        """,
        {"tag": tag_id},
    )
    ids = [row["id"] for row in found]
    pieces = [ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE)]
    # A row leaves the index only by the very text it was written with: before the change.
    for piece in pieces:
        index.delete(connection, [index.index_row(connection, i) for i in piece])
    change()
    for piece in pieces:
        index.insert(connection, [index.index_row(connection, i) for i in piece])
    return len(ids)


def _keep_alias(connection: sqlite3.Connection, key: str, target: str, *, merge: bool) -> None:
    if key == target:
        raise TagwireError("store.tag_same")
    values = {"scope": PUBLIC_SCOPE_ID, "key": key, "target": target, "merge": int(merge)}
    connection.execute(
        """
        DELETE FROM tag_aliases WHERE scope_id = :scope AND key = :target
          AND (merge = 1 OR target_key = :key)
        """,
        values,
    )
    if merge:
        # What was filed under the old name by an earlier merge goes where that one goes now.
        connection.execute(
            "UPDATE tag_aliases SET target_key = :target WHERE scope_id = :scope"
            " AND target_key = :key",
            values,
        )
    connection.execute(
        """
        INSERT INTO tag_aliases (scope_id, key, target_key, merge, kind)
        VALUES (:scope, :key, :target, :merge, 'alias')
        ON CONFLICT (scope_id, key) DO UPDATE
        SET target_key = excluded.target_key, merge = excluded.merge, kind = 'alias'
        """,
        values,
    )


def _tag(connection: sqlite3.Connection, name: str) -> sqlite3.Row:
    found = _row(connection, _key(name))
    if found is None:
        raise NotFoundError("store.no_such_tag", name=name)
    return found


def _row(connection: sqlite3.Connection, key: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM tags WHERE scope_id = :scope AND key = :key",
        {"scope": PUBLIC_SCOPE_ID, "key": key},
    ).fetchone()
    return row


def _key(name: str) -> str:
    key = tags.tag_key(name)
    if not key:
        raise NotFoundError("store.no_such_tag", name=name)
    return key
