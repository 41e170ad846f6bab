"""Deliveries that ended long ago: their rows go, and that a channel had the article stays known.

The message of such a post is not changed any more, and its button "show more" says that it is lost.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bot.store.rows import many, second

_BATCH = 500

# Whatever a post may still need keeps it: a try, publishing, its text, a correction that is owed.
_POSTS = """
    SELECT p.id FROM posts p
    WHERE p.created_at < :before AND p.state IN ('sent', 'dead', 'unknown')
      AND p.follow_up IS NOT 'publish'
      AND NOT EXISTS (SELECT 1 FROM sequels q WHERE q.post_id = p.id
                      AND q.state IN ('ready', 'sending'))
      AND NOT EXISTS (SELECT 1 FROM corrections c WHERE c.post_id = p.id AND c.state = 'owed')
    ORDER BY p.id
"""
_SKIPPED = """
    SELECT d.id FROM deliveries d
    WHERE d.created_at < :before AND d.state = 'skipped' AND d.post_id IS NULL ORDER BY d.id
"""


def ended(before: datetime, connection: sqlite3.Connection) -> list[list[int]]:
    """Return the posts that ended before a moment, in batches; on a reader: it may take a while."""
    return _batches(connection, _POSTS, before)


def skipped(before: datetime, connection: sqlite3.Connection) -> list[list[int]]:
    """Return the deliveries that were left out before a moment, in batches."""
    return _batches(connection, _SKIPPED, before)


def let_posts_go(before: datetime, ids: list[int], connection: sqlite3.Connection) -> int:
    """Drop posts with what they carried, as far as they are still at an end; return how many."""
    values = {"ids": many(ids), "before": second(before)}
    still = [
        row["id"]
        for row in connection.execute(
            f"SELECT id FROM ({_POSTS}) WHERE id IN (SELECT value FROM json_each(:ids))",  # noqa: S608 - a constant
            values,
        )
    ]
    carried = connection.execute(
        "SELECT id FROM deliveries WHERE post_id IN (SELECT value FROM json_each(:posts))",
        {"posts": many(still)},
    )
    _keep_identity(connection, [row["id"] for row in carried.fetchall()])
    connection.execute(
        "DELETE FROM posts WHERE id IN (SELECT value FROM json_each(:posts))",
        {"posts": many(still)},
    )
    return len(still)


def let_skipped_go(before: datetime, ids: list[int], connection: sqlite3.Connection) -> int:
    """Drop deliveries that were left out, as far as they still are; return how many."""
    values = {"ids": many(ids), "before": second(before)}
    still = connection.execute(
        f"SELECT id FROM ({_SKIPPED}) WHERE id IN (SELECT value FROM json_each(:ids))",  # noqa: S608 - a constant
        values,
    ).fetchall()
    _keep_identity(connection, [row["id"] for row in still])
    return len(still)


def was_delivered(connection: sqlite3.Connection, target_id: int, article_id: int) -> bool:
    """Whether a channel had the article so long ago that nothing else is known of it."""
    found = connection.execute(
        "SELECT 1 FROM past_deliveries WHERE target_id = :target AND article_id = :article",
        {"target": target_id, "article": article_id},
    )
    return found.fetchone() is not None


def _keep_identity(connection: sqlite3.Connection, delivery_ids: list[int]) -> None:
    values = {"ids": many(delivery_ids)}
    connection.execute(
        """
        INSERT OR IGNORE INTO past_deliveries (target_id, article_id)
        SELECT target_id, article_id FROM deliveries
        WHERE id IN (SELECT value FROM json_each(:ids))
        """,
        values,
    )
    connection.execute(
        "DELETE FROM deliveries WHERE id IN (SELECT value FROM json_each(:ids))", values
    )


def _batches(connection: sqlite3.Connection, sql: str, before: datetime) -> list[list[int]]:
    found = [row["id"] for row in connection.execute(sql, {"before": second(before)})]
    return [found[start : start + _BATCH] for start in range(0, len(found), _BATCH)]
