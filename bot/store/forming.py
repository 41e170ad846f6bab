"""Turns owed deliveries into posts: one an article, in order, at most a cap at once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from bot.store.rows import many, milliseconds, second

DEFAULT_CAP = 10
# What a paused channel may owe; older articles are skipped, and the cap bounds the rest later.
BACKLOG = 200

_DUE = """
    d.state = 'owed' AND d.post_id IS NULL AND d.not_before <= :now AND t.paused IS NULL
    AND NOT EXISTS (SELECT 1 FROM guilds g WHERE g.guild_id = t.guild_id AND g.left_at IS NOT NULL)
"""


def is_due(now: datetime, connection: sqlite3.Connection) -> bool:
    """Return whether there is anything to form."""
    row = connection.execute(
        f"SELECT 1 FROM deliveries d JOIN targets t ON t.id = d.target_id WHERE {_DUE} LIMIT 1",  # noqa: S608 - a constant
        {"now": second(now)},
    ).fetchone()
    return row is not None


def form(now: datetime, connection: sqlite3.Connection) -> int:
    """Form the posts that are due and return how many, oldest article first in each channel."""
    due = connection.execute(
        f"""
        SELECT d.id, d.target_id, a.hidden, coalesce(s.query, '') AS query,
               coalesce(s.rhythm, '{{}}') AS rhythm
        FROM deliveries d
        JOIN targets t ON t.id = d.target_id
        JOIN articles a ON a.id = d.article_id
        LEFT JOIN subscriptions s ON s.id = d.subscription_id
        WHERE {_DUE} ORDER BY d.target_id, a.sort_at
        """,  # noqa: S608 - a constant
        {"now": second(now)},
    ).fetchall()
    formed = 0
    for _, group in groupby(due, key=lambda row: row["target_id"]):
        formed += _form_target(connection, list(group), now)
    return formed


def _form_target(connection: sqlite3.Connection, due: Sequence[sqlite3.Row], now: datetime) -> int:
    skip(connection, [row["id"] for row in due if row["hidden"]], "withdrawn")
    shown = [row for row in due if not row["hidden"]]
    cap = max((_cap(row["rhythm"]) for row in shown), default=DEFAULT_CAP)
    left_out, posted = shown[: max(0, len(shown) - cap)], shown[-cap:]
    skip(connection, [row["id"] for row in left_out], "cap")
    for place, row in enumerate(posted, 1):
        # The line about what was left out stands under the newest, where people look last.
        overflow = len(left_out) if place == len(posted) else 0
        _post(connection, row, overflow, now)
    return len(posted)


def _cap(rhythm: str) -> int:
    cap = json.loads(rhythm).get("cap")
    return cap if isinstance(cap, int) and cap > 0 else DEFAULT_CAP


def _post(connection: sqlite3.Connection, row: sqlite3.Row, overflow: int, now: datetime) -> None:
    post_id = connection.execute(
        """
        INSERT INTO posts (target_id, state, next_try_at, overflow, query, created_at)
        VALUES (:target, 'ready', :at, :overflow, :query, :now)
        """,
        {
            "target": row["target_id"],
            "at": milliseconds(now),
            "overflow": overflow,
            "query": row["query"],
            "now": second(now),
        },
    ).lastrowid
    connection.execute(
        "UPDATE deliveries SET post_id = :post WHERE id = :id", {"post": post_id, "id": row["id"]}
    )


def skip(connection: sqlite3.Connection, delivery_ids: Sequence[int], reason: str) -> None:
    """Mark deliveries as skipped, and why."""
    if delivery_ids:
        connection.execute(
            """
            UPDATE deliveries SET state = 'skipped', reason = :reason, post_id = NULL
            WHERE id IN (SELECT value FROM json_each(:ids))
            """,
            {"reason": reason, "ids": many(delivery_ids)},
        )


def bound_backlog(connection: sqlite3.Connection, target_id: int) -> None:
    """Keep only the newest owed deliveries of a channel that cannot be posted to."""
    old = connection.execute(
        """
        SELECT d.id FROM deliveries d JOIN articles a ON a.id = d.article_id
        WHERE d.target_id = :target AND d.state = 'owed' AND d.post_id IS NULL
        ORDER BY a.sort_at DESC LIMIT -1 OFFSET :kept
        """,
        {"target": target_id, "kept": BACKLOG},
    )
    skip(connection, list(_ids(old)), "paused")


def _ids(rows: sqlite3.Cursor) -> Iterator[int]:
    return (row["id"] for row in rows.fetchall())
