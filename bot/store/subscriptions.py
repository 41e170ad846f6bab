"""Subscriptions: a saved query, where its matches go, how they look and when."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Literal

from bot.errors import NotFoundError, TagwireError
from bot.model import Scope, Subscription, TargetKind
from bot.store import rows, subscription_changes
from bot.store.connections import Connections
from bot.store.records import bump_revision
from bot.store.rows import packed_json, second
from bot.store.subscription_changes import By

_SELECT = """
    SELECT s.*, t.kind AS target_kind, t.channel_id, t.guild_id, t.user_id,
           t.paused AS target_paused, t.language
    FROM subscriptions s JOIN targets t ON t.id = s.target_id
"""


class SubscriptionStore:
    """A guild's subscriptions and members' follows. Whoever asks names whose they are."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def add(
        self,
        kind: TargetKind,
        guild_id: int,
        channel_id: int,
        query: str,
        created_by: int,
        now: datetime,
        *,
        look: Mapping[str, object] | None = None,
        rhythm: Mapping[str, object] | None = None,
        mention_role_id: int | None = None,
        mention_query: str | None = None,
    ) -> Subscription:
        """Save a guild's query for one of its channels; `query` is canonical.

        Raises TagwireError `store.same_subscription` when the channel has it already.
        """
        values = {
            "kind": str(kind),
            "guild": guild_id,
            "channel": channel_id,
            "user": None,
            "language": None,
            "owner": "guild",
            "owner_id": guild_id,
            "scope_guild": guild_id,
            "query": query,
            "look": packed_json(look or {}),
            "rhythm": packed_json(rhythm or {}),
            "role": mention_role_id,
            "role_query": mention_query,
            "by": created_by,
            "now": second(now),
        }
        return await self._connections.write(partial(added, values))

    async def follow(
        self,
        user_id: int,
        channel_id: int,
        query: str,
        now: datetime,
        *,
        scope: Scope,
        rhythm: Mapping[str, object] | None = None,
        language: str | None = None,
    ) -> Subscription:
        """Save a member's query, answered by direct message in the member's own channel.

        `language` is the member's as Discord names it; all that is sent there is in the last one.
        What the member follows already gets the rhythm asked for last.
        """
        values = {
            "kind": str(TargetKind.DIRECT),
            "guild": None,
            "channel": channel_id,
            "user": user_id,
            "language": language,
            "owner": "member",
            "owner_id": user_id,
            "scope_guild": scope.guild_id,
            "query": query,
            "look": "{}",
            "rhythm": packed_json(rhythm or {}),
            "role": None,
            "role_query": None,
            "by": user_id,
            "now": second(now),
        }
        return await self._connections.write(partial(_followed, values))

    async def edit(
        self,
        subscription_id: int,
        guild_id: int,
        actor_id: int,
        now: datetime,
        **changed: object,
    ) -> Subscription:
        """Change query, look, rhythm, mention_role_id or mention_query, and note who did.

        What is owed and not formed yet follows a new rhythm; a new query holds from now on.
        """
        by = By(guild_id, actor_id, now)
        return await self._connections.write(partial(_edited, subscription_id, by, changed))

    async def move(
        self,
        subscription_id: int,
        guild_id: int,
        actor_id: int,
        now: datetime,
        *,
        kind: TargetKind,
        channel_id: int,
    ) -> Subscription:
        """Let a subscription post into another channel; what it still owes goes along."""
        by = By(guild_id, actor_id, now)
        return await self._connections.write(partial(_moved, subscription_id, by, kind, channel_id))

    async def list(self, guild_id: int) -> tuple[Subscription, ...]:
        """Return a guild's subscriptions, oldest first."""
        return await self._owned("guild", guild_id)

    async def follows(self, user_id: int) -> tuple[Subscription, ...]:
        """Return a member's follows, oldest first."""
        return await self._owned("member", user_id)

    async def get(self, subscription_id: int, guild_id: int) -> Subscription:
        """Return one. Raises NotFoundError for another guild's."""
        return await self._connections.read(partial(one, subscription_id, guild_id))

    async def of_channel(self, channel_id: int) -> tuple[Subscription, ...]:
        """Return what is subscribed in a channel, oldest first."""
        return await self._connections.read(
            lambda connection: _many(
                connection, "WHERE t.channel_id = :channel ORDER BY s.id", {"channel": channel_id}
            )
        )

    async def pause(self, subscription_id: int, guild_id: int, reason: str) -> Subscription:
        """Hold a subscription (a message key says why). What is not sent yet is not sent."""
        return await self._connections.write(partial(paused, subscription_id, guild_id, reason))

    async def resume(self, subscription_id: int, guild_id: int) -> Subscription:
        """Take a subscription up again, its channel too; what came meanwhile stays unsent."""
        return await self._connections.write(partial(paused, subscription_id, guild_id, None))

    async def remove(self, subscription_id: int, guild_id: int) -> None:
        """Delete a subscription. What only it wanted and is not sent yet is not sent."""
        await self._connections.write(partial(_removed, subscription_id, guild_id))

    async def _owned(
        self, owner: Literal["guild", "member"], owner_id: int
    ) -> tuple[Subscription, ...]:
        return await self._connections.read(
            lambda connection: _many(
                connection,
                "WHERE s.owner = :owner AND s.owner_id = :id ORDER BY s.id",
                {"owner": owner, "id": owner_id},
            )
        )


def subscriptions_of(guild_id: int, connection: sqlite3.Connection) -> tuple[Subscription, ...]:
    """Return a guild's subscriptions, oldest first, within a transaction."""
    where = "WHERE s.owner = 'guild' AND s.owner_id = :id ORDER BY s.id"
    return _many(connection, where, {"id": guild_id})


def _many(
    connection: sqlite3.Connection, where: str, values: Mapping[str, object]
) -> tuple[Subscription, ...]:
    return tuple(rows.subscription(row) for row in connection.execute(_SELECT + where, values))


def one(subscription_id: int, guild_id: int, connection: sqlite3.Connection) -> Subscription:
    """Return a guild's subscription within a transaction. Raises NotFoundError."""
    found = _many(
        connection,
        "WHERE s.id = :id AND s.owner = 'guild' AND s.owner_id = :guild",
        {"id": subscription_id, "guild": guild_id},
    )
    if not found:
        raise NotFoundError("store.no_subscription", id=subscription_id)
    return found[0]


def _followed(values: Mapping[str, object], connection: sqlite3.Connection) -> Subscription:
    same = connection.execute(
        """
        SELECT s.id, s.rhythm FROM subscriptions s JOIN targets t ON t.id = s.target_id
        WHERE t.channel_id = :channel AND s.query = :query AND s.owner = 'member'
        """,
        values,
    ).fetchone()
    if same is None:
        return added(values, connection)
    _open_target(values, connection)
    if same["rhythm"] != values["rhythm"]:
        subscription_changes.follow_anew(connection, same["id"], str(values["rhythm"]))
    return _many(connection, "WHERE s.id = :id", {"id": same["id"]})[0]


def _open_target(values: Mapping[str, object], connection: sqlite3.Connection) -> None:
    connection.execute(
        """
        INSERT INTO targets (kind, guild_id, channel_id, user_id, language)
        VALUES (:kind, :guild, :channel, :user, :language)
        ON CONFLICT (channel_id) DO UPDATE 
            SET kind = excluded.kind, guild_id = excluded.guild_id, language = excluded.language,
                paused = NULL, paused_at = NULL, told_at = NULL
        """,
        values,
    )


def added(values: Mapping[str, object], connection: sqlite3.Connection) -> Subscription:
    """Write a new subscription within a transaction. Raises `store.same_subscription`."""
    _open_target(values, connection)
    same = connection.execute(
        """
        SELECT s.id FROM subscriptions s JOIN targets t ON t.id = s.target_id
        WHERE t.channel_id = :channel AND s.query = :query
        """,
        values,
    ).fetchone()
    if same is not None:
        raise TagwireError("store.same_subscription", id=same["id"])
    added = connection.execute(
        """
        INSERT INTO subscriptions
            (target_id, owner, owner_id, scope_guild_id, query, look, rhythm, mention_role_id,
             mention_query, created_by, created_at)
        SELECT id, :owner, :owner_id, :scope_guild, :query, :look, :rhythm, :role, :role_query,
               :by, :now
        FROM targets WHERE channel_id = :channel
        """,
        values,
    ).lastrowid
    assert added is not None  # noqa: S101 - an INSERT that did not raise has a rowid
    bump_revision(connection, added)
    return _many(connection, "WHERE s.id = :id", {"id": added})[0]


def _edited(
    subscription_id: int, by: By, changed: Mapping[str, object], connection: sqlite3.Connection
) -> Subscription:
    found = one(subscription_id, by.guild_id, connection)
    subscription_changes.edit(connection, found, changed, by)
    return one(subscription_id, by.guild_id, connection)


def _moved(
    subscription_id: int,
    by: By,
    kind: TargetKind,
    channel_id: int,
    connection: sqlite3.Connection,
) -> Subscription:
    found = one(subscription_id, by.guild_id, connection)
    if found.target.channel_id != channel_id:
        subscription_changes.move(connection, found, kind, channel_id, by)
    return one(subscription_id, by.guild_id, connection)


def paused(
    subscription_id: int, guild_id: int, reason: str | None, connection: sqlite3.Connection
) -> Subscription:
    """Hold a subscription, or take it up again without a reason, within a transaction."""
    found = one(subscription_id, guild_id, connection)
    values = {"id": subscription_id, "reason": reason, "target": found.target.id}
    connection.execute("UPDATE subscriptions SET paused = :reason WHERE id = :id", values)
    if reason is None:
        connection.execute(
            "UPDATE targets SET paused = NULL, paused_at = NULL, told_at = NULL WHERE id = :target",
            values,
        )
    else:
        withdraw(connection, found.target.id, subscription_id, "paused")
    bump_revision(connection, subscription_id)
    return one(subscription_id, guild_id, connection)


def _removed(subscription_id: int, guild_id: int, connection: sqlite3.Connection) -> None:
    found = one(subscription_id, guild_id, connection)
    withdraw(connection, found.target.id, subscription_id, "filter")
    connection.execute("DELETE FROM subscriptions WHERE id = :id", {"id": subscription_id})
    bump_revision(connection, subscription_id)


def withdraw(
    connection: sqlite3.Connection, target_id: int, subscription_id: int, reason: str
) -> None:
    """Skip what only this subscription wants and no try has been made to send."""
    values = {"target": target_id, "id": subscription_id, "reason": reason}
    connection.execute(
        """
        UPDATE deliveries SET state = 'skipped', reason = :reason, post_id = NULL
        WHERE target_id = :target AND state = 'owed'
          AND (post_id IS NULL OR post_id IN (
              SELECT id FROM posts WHERE state = 'ready' AND attempts = 0))
          AND id IN (SELECT delivery_id FROM delivery_wants WHERE subscription_id = :id)
          AND NOT EXISTS (
              SELECT 1 FROM delivery_wants w JOIN subscriptions s ON s.id = w.subscription_id
              WHERE w.delivery_id = deliveries.id AND s.id <> :id AND s.paused IS NULL)
        """,
        values,
    )
    connection.execute(
        """
        DELETE FROM posts
        WHERE target_id = :target AND state = 'ready' AND attempts = 0
          AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.post_id = posts.id)
        """,
        values,
    )
