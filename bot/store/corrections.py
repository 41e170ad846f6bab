"""Messages that stand and have to change: articles corrected, withdrawn, or purged with a feed."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Literal

from bot.errors import NotFoundError
from bot.model import Outcome, Parcel
from bot.store import forming, parcels
from bot.store.connections import Connections
from bot.store.records import Change, note_change
from bot.store.rows import at, many, milliseconds, packed_json, second

What = Literal["edit", "delete"]


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is to be done to a message that stands.

    `changed` names the articles that changed since it was sent, and when; None: withdrawn.
    `version` tells this correction from one that is owed while it is being made.
    """

    parcel: Parcel
    what: What
    attempt: int
    version: int
    changed: Mapping[int, datetime | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge does: messages deleted, messages edited, and articles not sent any more."""

    deleted: int
    edited: int
    skipped: int


class CorrectionStore:
    """What is owed to messages that were sent."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def claim(self, now: datetime, limit: int = 10) -> tuple[Amendment, ...]:
        """Return the corrections that are due, longest due first, and count the try."""
        if not await self._connections.read(partial(_any_due, now)):
            return ()
        return await self._connections.write(partial(_claimed, now, limit))

    async def done(self, amendment: Amendment) -> None:
        """Note that the message was changed, unless it has to change again already."""
        await self._end(
            """
            UPDATE corrections SET state = 'done', edits = edits + 1, attempts = 0
            WHERE post_id = :id AND changed_at = :version
            """,
            amendment,
        )

    async def ended(self, amendment: Amendment, outcome: Outcome) -> None:
        """Note that the message cannot be changed any more: a moderator deleted it, for one."""
        await self._end(
            """
            UPDATE corrections SET state = 'ended', reason = :reason, code = :code
            WHERE post_id = :id
            """,
            amendment,
            outcome,
        )

    async def retry(self, amendment: Amendment, at: datetime) -> None:
        """Try again at a moment."""
        await self._end(
            "UPDATE corrections SET next_try_at = :at WHERE post_id = :id", amendment, at=at
        )

    async def purge(
        self,
        feed_id: int,
        guild_id: int,
        since: datetime,
        until: datetime,
        *,
        actor_id: int,
        now: datetime,
        dry: bool = False,
    ) -> Purged:
        """Delete a guild's posts of a feed sent in [since, until]; what waits is not sent.

        A post that carries others too is edited. `dry` only counts. Raises NotFoundError for a
        feed of another guild.
        """
        span = {
            "feed": feed_id,
            "guild": guild_id,
            "since": second(since),
            "until": second(until),
        }
        if dry:
            return await self._connections.read(partial(_to_purge, span))
        by = Change(guild_id, actor_id, now, "feed.purge", str(feed_id))
        return await self._connections.write(partial(_purged, span, by))

    async def _end(
        self,
        sql: str,
        amendment: Amendment,
        outcome: Outcome | None = None,
        at: datetime | None = None,
    ) -> None:
        values = {
            "id": amendment.parcel.post_id,
            "version": amendment.version,
            "reason": outcome.reason if outcome else None,
            "code": outcome.code if outcome else None,
            "at": milliseconds(at) if at else None,
        }
        await self._connections.write(lambda connection: connection.execute(sql, values).rowcount)


_NEXT = """
    SELECT c.* FROM corrections c
    JOIN posts p ON p.id = c.post_id JOIN targets t ON t.id = p.target_id
    WHERE c.state = 'owed' AND c.next_try_at <= :now AND p.state = 'sent'
      AND p.message_id IS NOT NULL AND t.paused IS NULL
      AND NOT EXISTS (
          SELECT 1 FROM guilds g WHERE g.guild_id = t.guild_id AND g.left_at IS NOT NULL)
    ORDER BY c.next_try_at LIMIT :limit
"""


def _any_due(now: datetime, connection: sqlite3.Connection) -> bool:
    return connection.execute(_NEXT, {"now": milliseconds(now), "limit": 1}).fetchone() is not None


def _claimed(now: datetime, limit: int, connection: sqlite3.Connection) -> tuple[Amendment, ...]:
    due = connection.execute(_NEXT, {"now": milliseconds(now), "limit": limit}).fetchall()
    connection.execute(
        """
        UPDATE corrections SET attempts = attempts + 1
        WHERE post_id IN (SELECT value FROM json_each(:ids))
        """,
        {"ids": many(row["post_id"] for row in due)},
    )
    return tuple(
        Amendment(
            parcels.standing(connection, row["post_id"], now),
            row["what"],
            row["attempts"] + 1,
            row["changed_at"],
            _changed(connection, row["post_id"]),
        )
        for row in due
    )


def _changed(connection: sqlite3.Connection, post_id: int) -> dict[int, datetime | None]:
    found = connection.execute(
        """
        SELECT a.id, a.hidden, (
            SELECT max(v.replaced_at) FROM article_versions v
            WHERE v.article_id = a.id AND v.replaced_at >= p.sent_at) AS changed_at
        FROM posts p JOIN deliveries d ON d.post_id = p.id JOIN articles a ON a.id = d.article_id
        WHERE p.id = :id
        """,
        {"id": post_id},
    )
    return {
        row["id"]: None if row["hidden"] else at(row["changed_at"])
        for row in found
        if row["hidden"] or row["changed_at"] is not None
    }


_OF_FEED = """
    SELECT d.id, d.post_id, coalesce(p.state, 'ready') AS state
    FROM articles a
    JOIN deliveries d ON d.article_id = a.id
    JOIN targets t ON t.id = d.target_id
    LEFT JOIN posts p ON p.id = d.post_id
    WHERE a.feed_id = :feed AND t.guild_id = :guild AND d.state IN ('owed', 'posted')
      AND (p.sent_at BETWEEN :since AND :until
           OR (coalesce(p.state, 'ready') IN ('ready', 'dead')
               AND d.created_at BETWEEN :since AND :until))
"""


def _counted(span: Mapping[str, int], connection: sqlite3.Connection) -> dict[str, list[int]]:
    """Return the deliveries a purge concerns, and the posts it deletes and edits."""
    found = connection.execute(_OF_FEED, span).fetchall()
    ids = [row["id"] for row in found]
    posts = {row["post_id"] for row in found if row["state"] == "sent"}
    mixed = {
        row["post_id"]
        for row in connection.execute(
            """
            SELECT DISTINCT post_id FROM deliveries
            WHERE post_id IN (SELECT value FROM json_each(:posts))
              AND id NOT IN (SELECT value FROM json_each(:ids))
            """,
            {"posts": many(posts), "ids": many(ids)},
        )
    }
    return {"all": ids, "delete": sorted(posts - mixed), "edit": sorted(mixed)}


def _to_purge(span: Mapping[str, int], connection: sqlite3.Connection) -> Purged:
    _refuse_foreign(span, connection)
    found = _counted(span, connection)
    sent = connection.execute(
        """
        SELECT count(*) FROM deliveries
        WHERE id IN (SELECT value FROM json_each(:ids)) AND state = 'posted'
        """,
        {"ids": many(found["all"])},
    ).fetchone()[0]
    return Purged(len(found["delete"]), len(found["edit"]), len(found["all"]) - sent)


def _refuse_foreign(span: Mapping[str, int], connection: sqlite3.Connection) -> None:
    known = connection.execute(
        "SELECT 1 FROM feeds WHERE id = :feed AND scope_id IN (0, :guild)", span
    ).fetchone()
    if known is None:
        raise NotFoundError("store.no_feed", id=span["feed"])


def _purged(span: Mapping[str, int], by: Change, connection: sqlite3.Connection) -> Purged:
    purged = _to_purge(span, connection)
    found = _counted(span, connection)
    for what in ("delete", "edit"):
        connection.execute(
            """
            INSERT INTO corrections (post_id, what, state, next_try_at, changed_at)
            SELECT value, :what, 'owed', :due, :now FROM json_each(:posts) WHERE true
            ON CONFLICT (post_id) DO UPDATE
                SET what = :what, state = 'owed', attempts = 0, next_try_at = :due,
                    changed_at = max(changed_at + 1, excluded.changed_at)
                WHERE state <> 'ended' OR (:what = 'delete' AND reason IS NOT 'delivery.gone')
            """,
            {
                "what": what,
                "posts": many(found[what]),
                "due": milliseconds(by.now),
                "now": second(by.now),
            },
        )
    # A deleted message keeps what it carried, so that it can still be told why it was deleted.
    kept = {
        row["id"]
        for row in connection.execute(
            "SELECT id FROM deliveries WHERE post_id IN (SELECT value FROM json_each(:posts))",
            {"posts": many(found["delete"])},
        )
    }
    forming.skip(connection, [i for i in found["all"] if i not in kept], "purged")
    connection.execute(
        """
        DELETE FROM posts
        WHERE state IN ('ready', 'dead') AND doubtful = 0
          AND target_id IN (SELECT id FROM targets WHERE guild_id = :guild)
          AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.post_id = posts.id)
        """,
        {"guild": by.guild_id},
    )
    after = {"deleted": purged.deleted, "edited": purged.edited, "skipped": purged.skipped, **span}
    note_change(
        Change(by.guild_id, by.actor_id, by.now, by.action, by.subject, None, packed_json(after)),
        connection,
    )
    return purged
