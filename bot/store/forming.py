"""Turns owed deliveries into posts: one an article or one a digest, in order, within the cap."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from bot.store import once
from bot.store.rhythm import DEFAULT_CAP, Rhythm, is_held, rhythm_of
from bot.store.rows import at, many, milliseconds, second

# As many as a message can list; what is left out of a digest is counted and can be opened.
DIGEST_ARTICLES = 25
AN_HOUR = timedelta(hours=1)
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


@dataclass(frozen=True, slots=True)
class _Due:
    """A delivery that may go out, with the rhythm of the subscription whose look it has."""

    id: int
    target_id: int
    subscription_id: int | None
    hidden: bool
    query: str
    rhythm: Rhythm
    owed_at: datetime
    story_id: int | None

    @property
    def is_bundled(self) -> bool:
        """Whether it goes into a digest: by the rhythm, or held over the quiet hours."""
        return self.rhythm.is_digest or is_held(self.rhythm, self.owed_at)


def form(now: datetime, connection: sqlite3.Connection, target_id: int | None = None) -> int:
    """Form the posts that are due and return how many, oldest article first in each channel.

    With a `target_id` only that channel's.
    """
    found = connection.execute(
        f"""
        SELECT d.id, d.target_id, d.subscription_id, d.created_at, a.hidden, m.story_id,
               coalesce(s.query, '') AS query, coalesce(s.rhythm, '{{}}') AS rhythm
        FROM deliveries d
        JOIN targets t ON t.id = d.target_id
        JOIN articles a ON a.id = d.article_id
        LEFT JOIN subscriptions s ON s.id = d.subscription_id
        LEFT JOIN story_members m ON m.article_id = d.article_id
        WHERE {_DUE} AND (:target IS NULL OR d.target_id = :target)
        ORDER BY d.target_id, a.sort_at
        """,  # noqa: S608 - a constant
        {"now": second(now), "target": target_id},
    ).fetchall()
    formed = 0
    for _, group in groupby(found, key=lambda row: row["target_id"]):
        formed += _form_target(connection, [_due(row) for row in group], now)
    return formed


def _due(row: sqlite3.Row) -> _Due:
    return _Due(
        row["id"],
        row["target_id"],
        row["subscription_id"],
        row["hidden"] is not None,
        row["query"],
        rhythm_of(json.loads(row["rhythm"])),
        at(row["created_at"]),
        row["story_id"],
    )


def _form_target(connection: sqlite3.Connection, due: Sequence[_Due], now: datetime) -> int:
    skip(connection, [d.id for d in due if d.hidden], "withdrawn")
    shown = _told_once(connection, [d for d in due if not d.hidden])
    bundled = [d for d in shown if d.is_bundled]
    formed = 0
    for subscription_id in dict.fromkeys(d.subscription_id for d in bundled):
        _digest(connection, [d for d in bundled if d.subscription_id == subscription_id], now)
        formed += 1
    single = [d for d in shown if not d.is_bundled]
    return formed + _form_singles(connection, single, now)


def _told_once(connection: sqlite3.Connection, due: Sequence[_Due]) -> list[_Due]:
    """Leave out copies of a story: they may have been found to be copies once they were owed."""
    stories = {d.story_id for d in due if d.story_id is not None and not d.rhythm.copies}
    if not stories:
        return list(due)
    told = once.posted_stories(connection, due[0].target_id, stories)
    kept: list[_Due] = []
    for each in due:
        if each.story_id is None or each.rhythm.copies or each.story_id not in told:
            kept.append(each)
            if each.story_id is not None:
                told.add(each.story_id)
    skip(connection, [d.id for d in due if d not in kept], once.STORY)
    return kept


def _digest(connection: sqlite3.Connection, due: Sequence[_Due], now: datetime) -> None:
    left_out, posted = due[:-DIGEST_ARTICLES], due[-DIGEST_ARTICLES:]
    skip(connection, [d.id for d in left_out], "cap")
    _post(connection, posted, len(left_out), now)


def _form_singles(connection: sqlite3.Connection, due: Sequence[_Due], now: datetime) -> int:
    kept, over = _within_the_hour(connection, due, now)
    cap = max((d.rhythm.cap for d in kept), default=DEFAULT_CAP)
    over += kept[: max(0, len(kept) - cap)]
    posted = kept[-cap:]
    skip(connection, [d.id for d in over], "cap")
    for place, one in enumerate(posted, 1):
        # The line about what was left out stands under the newest, where people look last.
        _post(connection, [one], len(over) if place == len(posted) else 0, now)
    return len(posted)


def _within_the_hour(
    connection: sqlite3.Connection, due: Sequence[_Due], now: datetime
) -> tuple[list[_Due], list[_Due]]:
    """Part what may go out in this hour from what is left out; a full hour puts all of it off."""
    left_out: set[int] = set()
    for subscription_id in dict.fromkeys(d.subscription_id for d in due):
        own = [d for d in due if d.subscription_id == subscription_id]
        if own[0].rhythm.per_hour is None:
            continue
        posts, free_at = _hours_posts(connection, own[0], now)
        room = own[0].rhythm.per_hour - posts
        if room <= 0:
            _put_off(connection, [d.id for d in own], free_at or now + AN_HOUR)
            due = [d for d in due if d.subscription_id != subscription_id]
        else:
            left_out.update(d.id for d in own[:-room])
    return [d for d in due if d.id not in left_out], [d for d in due if d.id in left_out]


def _hours_posts(
    connection: sqlite3.Connection, due: _Due, now: datetime
) -> tuple[int, datetime | None]:
    """Return how many posts a subscription had in the last hour, and when that hour is over."""
    row = connection.execute(
        """
        SELECT count(DISTINCT p.id) AS posts, min(p.created_at) AS first
        FROM posts p JOIN deliveries d ON d.post_id = p.id
        WHERE p.target_id = :target AND p.created_at > :since
          AND d.subscription_id = :subscription
        """,
        {
            "target": due.target_id,
            "since": second(now - AN_HOUR),
            "subscription": due.subscription_id,
        },
    ).fetchone()
    return row["posts"], None if row["first"] is None else at(row["first"]) + AN_HOUR


def _put_off(connection: sqlite3.Connection, delivery_ids: Sequence[int], until: datetime) -> None:
    connection.execute(
        """
        UPDATE deliveries SET not_before = :until
        WHERE id IN (SELECT value FROM json_each(:ids))
        """,
        {"until": second(until), "ids": many(delivery_ids)},
    )


def _post(
    connection: sqlite3.Connection, carried: Sequence[_Due], overflow: int, now: datetime
) -> None:
    post_id = connection.execute(
        """
        INSERT INTO posts (target_id, state, next_try_at, overflow, query, created_at)
        VALUES (:target, 'ready', :at, :overflow, :query, :now)
        """,
        {
            "target": carried[-1].target_id,
            "at": milliseconds(now),
            "overflow": overflow,
            "query": carried[-1].query,
            "now": second(now),
        },
    ).lastrowid
    connection.execute(
        """
        UPDATE deliveries SET post_id = :post WHERE id IN (SELECT value FROM json_each(:ids))
        """,
        {"post": post_id, "ids": many(d.id for d in carried)},
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


def form_anew(connection: sqlite3.Connection, target_id: int, now: datetime) -> None:
    """Form a channel's posts once more that no try was made to send, by the cap.

    What the first forming left out stays counted under the newest.
    """
    values = {"target": target_id}
    (left_out,) = connection.execute(
        """
        SELECT coalesce(sum(overflow), 0) FROM posts
        WHERE target_id = :target AND state = 'ready' AND doubtful = 0
        """,
        values,
    ).fetchone()
    connection.execute(
        """
        UPDATE deliveries SET post_id = NULL
        WHERE target_id = :target AND state = 'owed' AND post_id IN (
            SELECT id FROM posts WHERE target_id = :target AND state = 'ready' AND doubtful = 0)
        """,
        values,
    )
    connection.execute(
        "DELETE FROM posts WHERE target_id = :target AND state = 'ready' AND doubtful = 0", values
    )
    bound_backlog(connection, target_id)
    if left_out and form(now, connection, target_id):
        connection.execute(
            """
            UPDATE posts SET overflow = overflow + :more
            WHERE id = (SELECT max(id) FROM posts WHERE target_id = :target AND state = 'ready')
            """,
            {**values, "more": left_out},
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
