"""The outbox: what is owed becomes posts, and each post ends as sent, dead or unknown.

`sending` is committed before a request leaves, so that nothing is ever sent that is not recorded.
All of it is written with synchronous FULL.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import cast

from bot.errors import NotFoundError
from bot.model import Fate, OutboxStatus, Outcome, Parcel, Target
from bot.store import forming, parcels, sequels, waiting
from bot.store.connections import Connections
from bot.store.records import By
from bot.store.rows import milliseconds, packed_json, second


class OutboxStore:
    """The way out: form, claim, and say what became of each post."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def form(self, now: datetime) -> int:
        """Turn due deliveries into posts; return how many posts were formed.

        A channel gets at most its cap of newest articles at once, and the last post says how many
        were left out.
        """
        if not await self._connections.read(partial(forming.is_due, now)):
            return 0
        return await self._connections.write(partial(forming.form, now))

    async def claim(
        self, now: datetime, busy: Collection[int] = (), limit: int = 50
    ) -> tuple[Parcel, ...]:
        """Return at most one parcel a channel, the oldest, committed as `sending` beforehand.

        `busy` are the ids of targets with a post in flight. What a crash left as `sending` is
        handed out again like a try whose fate is unknown.
        """
        if limit <= 0 or not await self._connections.read(partial(waiting.any_due, now, busy)):
            return ()
        return await self._connections.write(partial(parcels.claimed, now, busy, limit))

    async def sending(self) -> tuple[Parcel, ...]:
        """Return what is marked as being sent: after a start, what a crash left over."""
        return await self._connections.read(parcels.sending)

    async def sent(
        self, post_id: int, outcome: Outcome, now: datetime, *, publish: bool = False
    ) -> None:
        """Record the message. `publish` asks for it to be published in a step of its own."""
        await self._end(
            """
            UPDATE posts
            SET state = 'sent', sent_at = :now, message_id = :message, thread_id = :thread,
                webhook_id = :webhook,
                follow_up = iif(:publish, 'publish', NULL), next_try_at = :now_ms, attempts = 0,
                reason = NULL, reason_params = '{}', code = NULL
            WHERE id = :id AND state = 'sending'
            """,
            post_id,
            outcome,
            now,
            publish=publish,
        )

    async def retry(self, post_id: int, at: datetime, outcome: Outcome) -> None:
        """Try again at a moment, with the same nonce; also a publishing that did not go through."""
        await self._end(
            """
            UPDATE posts
            SET state = iif(state = 'sending', 'ready', state), next_try_at = :now_ms,
                doubtful = max(doubtful, :unknown),
                started_at = iif(doubtful OR :unknown, started_at, NULL),
                reason = :reason, reason_params = :params, code = :code
            WHERE id = :id AND (state = 'sending' OR (state = 'sent' AND follow_up = 'publish'))
            """,
            post_id,
            outcome,
            at,
        )

    async def degrade(self, post_id: int, outcome: Outcome, now: datetime) -> None:
        """Try once more as plain text: the full form was rejected."""
        await self._end(
            """
            UPDATE posts
            SET state = 'ready', degraded = 1, next_try_at = :now_ms,
                started_at = iif(doubtful, started_at, NULL),
                reason = :reason, reason_params = :params, code = :code
            WHERE id = :id AND state = 'sending'
            """,
            post_id,
            outcome,
            now,
        )

    async def dead(self, post_id: int, outcome: Outcome, now: datetime) -> None:
        """Give a post up; it is kept for a person to send again or drop, who hears of it."""
        await self._connections.write(partial(waiting.give_up, post_id, outcome, now))

    async def unknown(self, post_id: int, outcome: Outcome, now: datetime) -> None:
        """Leave a post be whose fate cannot be learnt: sending it again might post it twice."""
        await self._end(
            """
            UPDATE posts
            SET state = 'unknown', reason = :reason, reason_params = :params, code = :code
            WHERE id = :id AND state = 'sending'
            """,
            post_id,
            outcome,
            now,
        )

    async def followed_up(self, post_id: int, outcome: Outcome, now: datetime) -> None:
        """Record that a message was published, or that it could not be; it stays posted."""
        await self._end(
            """
            UPDATE posts
            SET follow_up = iif(:sent, 'published', 'failed'),
                reason = :reason, reason_params = :params, code = :code
            WHERE id = :id AND follow_up = 'publish'
            """,
            post_id,
            outcome,
            now,
        )

    async def pause_target(self, target_id: int, outcome: Outcome, now: datetime) -> bool:
        """Hold everything for a channel that is lost; its posts wait and keep their order.

        Return whether this is news, so that people are told once.
        """
        return await self._connections.write(
            partial(waiting.pause_target, target_id, outcome.reason or "store.paused", now)
        )

    async def close_target(self, target_id: int, now: datetime) -> bool:
        """End what a channel that no longer exists is owed; its subscriptions are switched off.

        Return whether this is news, so that people are told once.
        """
        return await self._connections.write(partial(waiting.close_target, target_id, now))

    async def resume_target(self, channel_id: int, now: datetime) -> bool:
        """Take a channel up again; return whether it was paused. The cap bounds what follows."""
        return await self._connections.write(partial(waiting.resume_target, channel_id, now))

    async def paused_targets(self, guild_id: int | None = None) -> tuple[Target, ...]:
        """Return the channels that wait for access, of one guild or of all."""
        return await self._connections.read(partial(waiting.paused_targets, guild_id))

    async def resend(
        self, post_id: int, guild_id: int | None, now: datetime, by: By | None = None
    ) -> None:
        """Send a dead or unknown post again as a new message. Raises NotFoundError."""
        job = partial(waiting.resend, post_id, guild_id, now, by)
        changed = await self._connections.write(job)
        if not changed:
            raise NotFoundError("store.no_post", id=post_id)

    async def drop(self, post_id: int, guild_id: int | None, by: By | None = None) -> None:
        """Forget a dead or unknown post; its articles are not sent. Raises NotFoundError."""
        if not await self._connections.write(partial(waiting.drop, post_id, guild_id, by)):
            raise NotFoundError("store.no_post", id=post_id)

    async def query_of(self, post_id: int, guild_id: int | None) -> str | None:
        """Return the query that opens what a post left out; None for another guild's post."""
        return await self._connections.read(partial(waiting.query_of, post_id, guild_id))

    async def backlog(self, now: datetime) -> tuple[int, datetime | None]:
        """Return how much is due and since when; what waits for access is left out."""
        return await self._connections.read(partial(waiting.backlog, now))

    async def status(self, guild_id: int | None = None) -> OutboxStatus:
        """Return what waits, what failed and why, in one guild or in all."""
        return await self._connections.read(partial(waiting.status, guild_id))

    async def _end(
        self, sql: str, post_id: int, outcome: Outcome, at: datetime, *, publish: bool = False
    ) -> None:
        values = {
            "id": post_id,
            "now": second(at),
            "now_ms": milliseconds(at),
            "message": outcome.message_id,
            "thread": outcome.thread_id,
            "webhook": outcome.webhook_id,
            "publish": publish,
            "sent": outcome.fate is Fate.SENT,
            "unknown": outcome.fate is Fate.UNKNOWN,
            "reason": outcome.reason,
            "params": packed_json(outcome.params),
            "code": outcome.code,
        }
        await self._connections.write(partial(_ended, sql, values, outcome.sequels, at))


def _ended(
    sql: str,
    values: Mapping[str, object],
    contents: Sequence[str],
    at: datetime,
    connection: sqlite3.Connection,
) -> None:
    if connection.execute(sql, values).rowcount:
        sequels.owe(connection, cast(int, values["id"]), contents, at)
    connection.execute(
        """
        UPDATE deliveries SET state = 'posted'
        WHERE post_id = :id AND state = 'owed'
          AND (SELECT state FROM posts WHERE id = :id) = 'sent'
        """,
        values,
    )
