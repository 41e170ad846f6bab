"""Wire copies once: a channel that has one article of a story gets no other one of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from datetime import datetime

from bot.store.rows import many, second

STORY = "story"


def had(connection: sqlite3.Connection, article_id: int) -> dict[int, int]:
    """Return the targets that have or will get another article of the story, and which one."""
    rows = connection.execute(
        """
        SELECT d.target_id, min(d.article_id) AS article_id
        FROM story_members m
        JOIN story_members o ON o.story_id = m.story_id AND o.article_id <> m.article_id
        JOIN deliveries d ON d.article_id = o.article_id
        WHERE m.article_id = :id AND d.state IN ('owed', 'posted')
        GROUP BY d.target_id
        """,
        {"id": article_id},
    )
    return {row["target_id"]: row["article_id"] for row in rows}


def other_of(connection: sqlite3.Connection, article_id: int, target_id: int) -> sqlite3.Row | None:
    """Return the title of the story's article that a target has, and its message, if any."""
    row: sqlite3.Row | None = connection.execute(
        """
        SELECT a.title, p.message_id, p.thread_id
        FROM story_members m
        JOIN story_members o ON o.story_id = m.story_id AND o.article_id <> m.article_id
        JOIN deliveries d ON d.article_id = o.article_id AND d.target_id = :target
        JOIN articles a ON a.id = o.article_id
        LEFT JOIN posts p ON p.id = d.post_id
        WHERE m.article_id = :id AND d.state IN ('owed', 'posted')
        ORDER BY d.id LIMIT 1
        """,
        {"id": article_id, "target": target_id},
    ).fetchone()
    return row


def targets_of(connection: sqlite3.Connection, subscription_ids: Collection[int]) -> dict[int, int]:
    """Return the target of each subscription."""
    rows = connection.execute(
        "SELECT id, target_id FROM subscriptions WHERE id IN (SELECT value FROM json_each(:ids))",
        {"ids": many(subscription_ids)},
    )
    return {row["id"]: row["target_id"] for row in rows}


def leave_out(
    connection: sqlite3.Connection,
    article_id: int,
    targets: Mapping[int, int],
    now: datetime,
) -> None:
    """Note that these subscriptions (with their targets) had another article of the story."""
    connection.executemany(
        """
        INSERT INTO deliveries
            (target_id, article_id, subscription_id, state, reason, created_at)
        VALUES (:target, :article, :subscription, 'skipped', :reason, :now)
        ON CONFLICT (target_id, article_id) DO NOTHING
        """,
        [
            {
                "target": target_id,
                "article": article_id,
                "subscription": subscription_id,
                "reason": STORY,
                "now": second(now),
            }
            for subscription_id, target_id in targets.items()
        ],
    )


def posted_stories(
    connection: sqlite3.Connection, target_id: int, story_ids: Collection[int]
) -> set[int]:
    """Return which of these stories a target has in a message, or in one on its way."""
    if not story_ids:
        return set()
    rows = connection.execute(
        """
        SELECT DISTINCT m.story_id
        FROM story_members m
        JOIN deliveries d ON d.article_id = m.article_id AND d.target_id = :target
        WHERE m.story_id IN (SELECT value FROM json_each(:stories))
          AND (d.state = 'posted' OR d.post_id IS NOT NULL)
        """,
        {"target": target_id, "stories": many(story_ids)},
    )
    return {row["story_id"] for row in rows}


def release(connection: sqlite3.Connection, article_id: int) -> None:
    """Owe a copy in the place of an article that is hidden before it was sent."""
    released = connection.execute(
        """
        UPDATE deliveries SET state = 'owed', reason = NULL
        WHERE id IN (
            SELECT min(d.id)
            FROM story_members m
            JOIN deliveries mine ON mine.article_id = m.article_id
            LEFT JOIN posts p ON p.id = mine.post_id
            JOIN story_members o ON o.story_id = m.story_id AND o.article_id <> m.article_id
            JOIN deliveries d ON d.article_id = o.article_id AND d.target_id = mine.target_id
            WHERE m.article_id = :id AND d.state = 'skipped' AND d.reason = :reason
              AND mine.state <> 'posted'
              AND (p.id IS NULL OR (p.state = 'ready' AND p.doubtful = 0))
              AND NOT EXISTS (
                  SELECT 1 FROM story_members other
                  JOIN deliveries e ON e.article_id = other.article_id
                  WHERE other.story_id = m.story_id AND other.article_id <> m.article_id
                    AND e.target_id = mine.target_id AND e.state IN ('owed', 'posted'))
            GROUP BY mine.target_id)
        RETURNING id, subscription_id
        """,
        {"id": article_id, "reason": STORY},
    ).fetchall()
    connection.executemany(
        "INSERT OR IGNORE INTO delivery_wants (delivery_id, subscription_id) VALUES (?, ?)",
        [tuple(row) for row in released if row["subscription_id"] is not None],
    )
