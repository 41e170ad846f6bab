"""The names a member asked for lately: a few, noted, looked up, and let go when long unused."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.model import Scope
from bot.query import text
from bot.query.tags import tag_key
from bot.store.rows import second, visible
from bot.store.suggest import What, word_starts

KEPT = 20
"""So many names are kept of a member, of all kinds together."""

_OF = {
    "tag": """
        SELECT t.id, t.name FROM name_uses u JOIN tags t ON t.key = u.key
        WHERE u.user_id = :user AND u.what = 'tag'
          AND t.scope_id IN (SELECT value FROM json_each(:scopes))
        ORDER BY u.used_at DESC, u.key, t.scope_id
        """,
    "author": """
        SELECT t.id, t.name FROM name_uses u JOIN authors t ON t.key = u.key
        WHERE u.user_id = :user AND u.what = 'author'
          AND t.scope_id IN (SELECT value FROM json_each(:scopes))
        ORDER BY u.used_at DESC, u.key, t.scope_id
        """,
    "source": """
        SELECT t.id, t.name FROM name_uses u JOIN sources t ON t.key = u.key
        WHERE u.user_id = :user AND u.what = 'source'
          AND t.scope_id IN (SELECT value FROM json_each(:scopes))
        ORDER BY u.used_at DESC, u.key, t.scope_id
        """,
}


def note(connection: sqlite3.Connection, user_id: int, what: What, name: str, at: datetime) -> None:
    """Note that a member asked for a name, and forget all but the last twenty."""
    values = {
        "user": user_id,
        "what": what,
        "key": tag_key(name),
        "name": name,
        "at": second(at),
        "kept": KEPT,
    }
    connection.execute(
        """
        INSERT INTO name_uses (user_id, what, key, name, used_at)
        VALUES (:user, :what, :key, :name, :at)
        ON CONFLICT (user_id, what, key) DO UPDATE
        SET used_at = excluded.used_at, name = excluded.name
        """,
        values,
    )
    connection.execute(
        """
        DELETE FROM name_uses WHERE user_id = :user AND (what, key) NOT IN (
            SELECT what, key FROM name_uses WHERE user_id = :user
            ORDER BY used_at DESC, (what, key) = (:what, :key) DESC LIMIT :kept
        )
        """,
        values,
    )


def ids(
    connection: sqlite3.Connection, user_id: int, what: What, typed: str, scope: Scope
) -> list[int]:
    """Return ids of the member's names that begin as typed, or with a word of theirs, latest first.

    Of visible scopes alone.
    """
    start = text.fold(tag_key(typed))
    rows = connection.execute(_OF[what], {"user": user_id, "scopes": visible(scope)})
    return [row["id"] for row in rows if _begins(text.fold(tag_key(row["name"])), start)]


def names(connection: sqlite3.Connection, user_id: int) -> tuple[str, ...]:
    """Return what is kept of a member, latest first."""
    rows: Sequence[sqlite3.Row] = connection.execute(
        "SELECT name FROM name_uses WHERE user_id = :user ORDER BY used_at DESC, key",
        {"user": user_id},
    ).fetchall()
    return tuple(row["name"] for row in rows)


def _begins(folded: str, start: str) -> bool:
    return folded.startswith(start) or any(one.startswith(start) for one in word_starts(folded))
