"""Servers that the bot is in no more: all that is kept of one goes after a grace period.

Until then everything stays, so that a bot that was thrown out by mistake goes on where it was.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bot.store import filing, index, stories
from bot.store.records import bump_revision
from bot.store.rows import second

_BATCH = 50
_ROWS = 500
# Deliveries are not indexed by the subscriptions that want them: each costs a look at all.
_SUBSCRIPTIONS = 5

# Each takes some rows of one server; what others refer to goes after them.
_STATEMENTS = (
    """
    DELETE FROM deliveries
    WHERE id IN (SELECT d.id FROM targets t JOIN deliveries d ON d.target_id = t.id
                 WHERE t.guild_id = :guild LIMIT :rows)
    """,
    """
    DELETE FROM posts
    WHERE id IN (SELECT p.id FROM targets t JOIN posts p ON p.target_id = t.id
                 WHERE t.guild_id = :guild LIMIT :rows)
    """,
    """
    DELETE FROM past_deliveries
    WHERE (target_id, article_id) IN (
        SELECT p.target_id, p.article_id
        FROM targets t JOIN past_deliveries p ON p.target_id = t.id
        WHERE t.guild_id = :guild LIMIT :rows)
    """,
    """
    DELETE FROM targets
    WHERE id IN (SELECT id FROM targets WHERE guild_id = :guild LIMIT :rows)
    """,
    """
    DELETE FROM views
    WHERE key IN (SELECT key FROM views WHERE scope_guild_id = :guild LIMIT :rows)
    """,
    "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE guild_id = :guild LIMIT :rows)",
    "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE guild_id = :guild LIMIT :rows)",
)
# What is left of its own archive once the articles are gone.
_NAMES = (
    """
    DELETE FROM walks
    WHERE name IN (SELECT 'sync:' || id FROM feeds WHERE scope_id = :guild)
    """,
    "DELETE FROM feeds WHERE scope_id = :guild",
    "DELETE FROM tags WHERE scope_id = :guild",
    "DELETE FROM authors WHERE scope_id = :guild",
    "DELETE FROM sources WHERE scope_id = :guild",
    "DELETE FROM name_words WHERE scope_id = :guild",
    "DELETE FROM tag_aliases WHERE scope_id = :guild",
    "DELETE FROM guilds WHERE guild_id = :guild",
)


def erase_some(before: datetime, connection: sqlite3.Connection) -> bool | None:
    """Erase a part of what is kept of a server that was left before a moment.

    Return whether that was the last of it; None when there is no such server.
    """
    row = connection.execute(
        """
        SELECT guild_id FROM guilds WHERE left_at < :before ORDER BY left_at, guild_id LIMIT 1
        """,
        {"before": second(before)},
    ).fetchone()
    if row is None:
        return None
    values = {"guild": row["guild_id"], "rows": _ROWS}
    if _erase_subscriptions(row["guild_id"], connection):
        return False
    if any(connection.execute(statement, values).rowcount for statement in _STATEMENTS):
        return False
    if _erase_articles(row["guild_id"], connection):
        return False
    for statement in _NAMES:
        connection.execute(statement, values)
    return True


def _erase_subscriptions(guild_id: int, connection: sqlite3.Connection) -> bool:
    """Erase some of a server's subscriptions; return whether there were any."""
    found = connection.execute(
        """
        DELETE FROM subscriptions
        WHERE id IN (SELECT id FROM subscriptions
                     WHERE owner = 'guild' AND owner_id = :guild LIMIT :some)
        RETURNING id
        """,
        {"guild": guild_id, "some": _SUBSCRIPTIONS},
    ).fetchall()
    if found:
        bump_revision(connection, *(row["id"] for row in found))
    return bool(found)


def _erase_articles(guild_id: int, connection: sqlite3.Connection) -> bool:
    """Erase some of a server's own articles; return whether there were any."""
    found = connection.execute(
        """
        SELECT a.id, a.hidden FROM feeds f JOIN articles a ON a.feed_id = f.id
        WHERE f.scope_id = :guild LIMIT :batch
        """,
        {"guild": guild_id, "batch": _BATCH},
    ).fetchall()
    for row in found:
        if row["hidden"] is None:
            index.delete(connection, [index.index_row(connection, row["id"])])
            filing.count(connection, row["id"], -1, 0)
        # Hidden first: what is left of its story is grouped without it.
        connection.execute("UPDATE articles SET hidden = 'removed' WHERE id = ?", (row["id"],))
        stories.leave(connection, row["id"])
        connection.execute("DELETE FROM articles WHERE id = ?", (row["id"],))
    return bool(found)
