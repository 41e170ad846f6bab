"""Subscriptions that come in as a file: added or changed together, each with its audit row."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from bot.errors import TagwireError
from bot.model import Subscription, TargetKind
from bot.store import subscription_changes, subscriptions
from bot.store.connections import Connections
from bot.store.records import By
from bot.store.rows import packed_json, second


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription as a file describes it, checked; `query` is canonical."""

    kind: TargetKind
    channel_id: int
    query: str
    look: Mapping[str, object] = field(default_factory=dict)
    rhythm: Mapping[str, object] = field(default_factory=dict)
    mention_role_id: int | None = None
    mention_query: str | None = None
    is_paused: bool = False

    def differs(self, found: Subscription) -> bool:
        """Whether a subscription of the same channel and query is to be changed."""
        wanted = (self.look, self.rhythm, self.mention_role_id, self.mention_query, self.is_paused)
        return wanted != (
            found.look,
            found.rhythm,
            found.mention_role_id,
            found.mention_query,
            found.paused is not None,
        )


@dataclass(frozen=True, slots=True)
class Brought:
    """How many subscriptions were added, changed and left as they were."""

    added: int
    changed: int
    same: int


class CopyStore:
    """Takes over subscriptions that a moderator brings."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def bring(
        self,
        guild_id: int,
        actor_id: int,
        now: datetime,
        wanted: Sequence[Wanted],
        most: int | None = None,
    ) -> Brought:
        """Add or change a server's subscriptions together, never the same one twice.

        Raises TagwireError `store.no_room` where the server would have more than `most`.
        """
        by = By(guild_id, actor_id, now)
        return await self._connections.write(partial(_brought, by, wanted, most))


def check_room(there: Sequence[Subscription], wanted: Sequence[Wanted], most: int | None) -> None:
    """Raise TagwireError `store.no_room` where a server would have more than `most`."""
    known = {(found.target.channel_id, found.query) for found in there}
    new = {(each.channel_id, each.query) for each in wanted} - known
    if most is not None and new and len(there) + len(new) > most:
        raise TagwireError("store.no_room", most=most, there=len(there), new=len(new))


def _brought(
    by: By, wanted: Sequence[Wanted], most: int | None, connection: sqlite3.Connection
) -> Brought:
    there = subscriptions.subscriptions_of(by.guild_id, connection)
    check_room(there, wanted, most)
    known = {(found.target.channel_id, found.query): found for found in there}
    added = changed = 0
    for each in wanted:
        place = (each.channel_id, each.query)
        found = known.get(place)
        if found is not None and not each.differs(found):
            continue
        known[place] = _put(connection, found, each, by)
        added += found is None
        changed += found is not None
    return Brought(added, changed, len(wanted) - added - changed)


def _put(
    connection: sqlite3.Connection, found: Subscription | None, wanted: Wanted, by: By
) -> Subscription:
    if found is None:
        made = subscriptions.added(_values(wanted, by), connection)
        after = packed_json(subscription_changes.described(made))
        subscription_changes.note(connection, "subscription.import", made.id, by, None, after)
    else:
        made = found
        subscription_changes.edit(connection, found, _changes(wanted), by)
    if wanted.is_paused != (made.paused is not None):
        reason = "cogs.paused_by_moderator" if wanted.is_paused else None
        subscription_changes.pause(connection, made, reason, by)
    return subscriptions.one(made.id, by.guild_id, connection)


def _changes(wanted: Wanted) -> dict[str, object]:
    return {
        "look": dict(wanted.look),
        "rhythm": dict(wanted.rhythm),
        "mention_role_id": wanted.mention_role_id,
        "mention_query": wanted.mention_query,
    }


def _values(wanted: Wanted, by: By) -> dict[str, object]:
    return {
        "kind": str(wanted.kind),
        "guild": by.guild_id,
        "channel": wanted.channel_id,
        "user": None,
        "language": None,
        "owner": "guild",
        "owner_id": by.guild_id,
        "scope_guild": by.guild_id,
        "query": wanted.query,
        "look": packed_json(wanted.look),
        "rhythm": packed_json(wanted.rhythm),
        "role": wanted.mention_role_id,
        "role_query": wanted.mention_query,
        "by": by.actor_id,
        "now": second(by.now),
    }
