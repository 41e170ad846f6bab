"""Subscriptions: a saved query, where its matches go, how they look and when."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Literal

from bot.errors import NotFoundError, TagwireError
from bot.model import Scope, Subscription, TargetKind
from bot.store import rows, subscription_changes
from bot.store.connections import Connections
from bot.store.records import By, bump_revision
from bot.store.rows import packed_json, second

Changing = Callable[[Subscription], Mapping[str, object]]

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
        most: int | None = None,
        action: str = "subscription.add",
    ) -> Subscription:
        """Save a guild's query for one of its channels, and note who did; `query` is canonical.

        Raises TagwireError `store.same_subscription` when the channel has it already, and
        `store.subscriptions_full` when the guild has `most` already.
        """
        by = By(guild_id, created_by, now)
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
        return await self._connections.write(partial(_added, values, by, most, action))

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

    async def edit(self, by: By, subscription_id: int, **changed: object) -> Subscription:
        """Change query, look, rhythm, mention_role_id or mention_query, and note who did.

        What is owed and not formed yet follows a new rhythm; a new query holds from now on.
        """
        return await self.change(by, subscription_id, lambda _: changed)

    async def change(self, by: By, subscription_id: int, change: Changing) -> Subscription:
        """Change what `change` makes of the subscription as it is in the transaction.

        Two who change different things of it at the same moment so lose neither.
        """
        return await self._connections.write(partial(_edited, subscription_id, by, change))

    async def move(
        self, by: By, kind: TargetKind, channel_id: int, *subscription_ids: int
    ) -> tuple[Subscription, ...]:
        """Let subscriptions post into another channel, all or none; what they owe goes along."""
        job = partial(_moved, subscription_ids, by, kind, channel_id)
        return await self._connections.write(job)

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

    async def pause(self, by: By, reason: str, *subscription_ids: int) -> int:
        """Hold subscriptions (a message key says why); return for how many that is new.

        What is not sent yet is not sent.
        """
        return await self._connections.write(partial(_paused, subscription_ids, reason, by))

    async def resume(self, by: By, *subscription_ids: int) -> int:
        """Take subscriptions up again, their channels too; return for how many that is new.

        What came meanwhile stays unsent.
        """
        return await self._connections.write(partial(_paused, subscription_ids, None, by))

    async def remove(self, by: By, subscription_id: int) -> Subscription:
        """Delete a subscription and return how it was.

        What only it wanted and is not sent yet is not sent.
        """
        return await self._connections.write(partial(_removed, subscription_id, by))

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


def _added(
    values: Mapping[str, object],
    by: By,
    most: int | None,
    action: str,
    connection: sqlite3.Connection,
) -> Subscription:
    if most is not None and len(subscriptions_of(by.guild_id, connection)) >= most:
        raise TagwireError("store.subscriptions_full", count=most)
    made = added(values, connection)
    after = packed_json(subscription_changes.described(made))
    subscription_changes.note(connection, action, made.id, by, after=after)
    return made


def _edited(
    subscription_id: int, by: By, change: Changing, connection: sqlite3.Connection
) -> Subscription:
    found = one(subscription_id, by.guild_id, connection)
    subscription_changes.edit(connection, found, change(found), by)
    return one(subscription_id, by.guild_id, connection)


def _moved(
    subscription_ids: Sequence[int],
    by: By,
    kind: TargetKind,
    channel_id: int,
    connection: sqlite3.Connection,
) -> tuple[Subscription, ...]:
    for each in subscription_ids:
        found = one(each, by.guild_id, connection)
        if found.target.channel_id != channel_id:
            subscription_changes.move(connection, found, kind, channel_id, by)
    return tuple(one(each, by.guild_id, connection) for each in subscription_ids)


def _paused(
    subscription_ids: Sequence[int], reason: str | None, by: By, connection: sqlite3.Connection
) -> int:
    found = [one(each, by.guild_id, connection) for each in subscription_ids]
    return sum(subscription_changes.pause(connection, each, reason, by) for each in found)


def _removed(subscription_id: int, by: By, connection: sqlite3.Connection) -> Subscription:
    found = one(subscription_id, by.guild_id, connection)
    subscription_changes.remove(connection, found, by)
    return found
