"""Which saved queries one article answers: an index over what they require, then an exact check."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.model import Scope
from bot.query import language
from bot.query.nodes import Query, negated
from bot.store.check import Facts, passes
from bot.store.index import IndexRow
from bot.store.requirements import ANY, offered, required
from bot.store.resolve import Asked, Names, resolve
from bot.store.rhythm import Rhythm, due_at, rhythm_of
from bot.store.rows import second

REVISION = "subscriptions_revision"


class _Written(NamedTuple):
    """What a saved query is made from; an equal one need not be read again."""

    query: str
    scope_guild_id: int | None
    zone: str | None
    blocked: str | None
    rhythm: str


@dataclass(frozen=True, slots=True)
class _Saved:
    written: _Written
    query: Query
    scope: Scope
    zone: tzinfo
    rhythm: Rhythm
    requires: frozenset[str]


@dataclass(slots=True)
class Matching:
    """Saved queries in memory, by what they require. Used on the writer's thread only."""

    _revision: str = ""
    _saved: dict[int, _Saved] = field(default_factory=dict)
    _by_requirement: dict[str, set[int]] = field(default_factory=dict)

    def matched(
        self, connection: sqlite3.Connection, row: IndexRow, now: datetime
    ) -> tuple[int, ...]:
        """Return the ids of the active subscriptions whose query finds this article, oldest first.

        An article of a guild's own feeds is seen by that guild's subscriptions alone.
        """
        self._refresh(connection)
        facts = Facts(row)
        names: Names = {}
        return tuple(
            saved_id
            for saved_id in sorted(self._candidates(connection, facts))
            if self._matches(connection, self._saved[saved_id], facts, now, names)
        )

    def owe(
        self,
        connection: sqlite3.Connection,
        article_id: int,
        subscription_ids: Iterable[int],
        now: datetime,
    ) -> int:
        """Write one delivery a target for the subscriptions that want the article.

        Return how many deliveries are new. A target that has had the article gets it no more.
        """
        self._refresh(connection)
        values = [
            {
                "article": article_id,
                "subscription": subscription_id,
                "now": second(now),
                "due": second(due_at(self._saved[subscription_id].rhythm, now)),
            }
            for subscription_id in subscription_ids
        ]
        owed = connection.executemany(
            """
            INSERT INTO deliveries
                (target_id, article_id, subscription_id, state, not_before, created_at)
            SELECT target_id, :article, id, 'owed', :due, :now
            FROM subscriptions WHERE id = :subscription
            ON CONFLICT (target_id, article_id) DO NOTHING
            """,
            values,
        ).rowcount
        connection.executemany(
            """
            INSERT OR IGNORE INTO delivery_wants (delivery_id, subscription_id)
            SELECT d.id, s.id FROM subscriptions s
            JOIN deliveries d ON d.target_id = s.target_id AND d.article_id = :article
            WHERE s.id = :subscription AND d.state = 'owed' AND d.post_id IS NULL
            """,
            values,
        )
        return max(0, owed)

    def _candidates(self, connection: sqlite3.Connection, facts: Facts) -> set[int]:
        if not self._saved:
            return set()
        known = self._by_requirement.keys() & {ANY, *offered(connection, facts)}
        return set().union(*(self._by_requirement[requirement] for requirement in known))

    def _matches(
        self,
        connection: sqlite3.Connection,
        saved: _Saved,
        facts: Facts,
        now: datetime,
        names: Names,
    ) -> bool:
        if facts.row.scope_id not in saved.scope.visible:
            return False
        asked = Asked(saved.scope, now, saved.zone, names)
        return passes(resolve(connection, saved.query, asked), facts)

    def _refresh(self, connection: sqlite3.Connection) -> None:
        """Take over what changed in the subscriptions since the last article."""
        row = connection.execute(
            "SELECT value FROM meta WHERE key = :key", {"key": REVISION}
        ).fetchone()
        revision = row["value"] if row else "0"
        if revision == self._revision:
            return
        active = connection.execute(
            """
            SELECT s.id, s.query, s.scope_guild_id, g.settings ->> '$.zone' AS zone,
                   iif(s.owner = 'guild', g.settings ->> '$.blocked', NULL) AS blocked, s.rhythm
            FROM subscriptions s
            LEFT JOIN guilds g ON g.guild_id = s.scope_guild_id
            WHERE s.paused IS NULL
            """
        ).fetchall()
        written = {row["id"]: _Written(*tuple(row)[1:]) for row in active}
        for saved_id, saved in tuple(self._saved.items()):
            if written.get(saved_id) != saved.written:
                self._drop(saved_id)
        for saved_id in written.keys() - self._saved.keys():
            self._take(saved_id, written[saved_id])
        self._revision = revision

    def _take(self, saved_id: int, written: _Written) -> None:
        query = allowed(written.query, written.blocked)
        saved = _Saved(
            written,
            query,
            Scope(written.scope_guild_id),
            ZoneInfo(written.zone) if written.zone else UTC,
            rhythm_of(json.loads(written.rhythm)),
            required(query),
        )
        self._saved[saved_id] = saved
        for requirement in saved.requires:
            self._by_requirement.setdefault(requirement, set()).add(saved_id)

    def _drop(self, saved_id: int) -> None:
        for requirement in self._saved.pop(saved_id).requires:
            self._by_requirement[requirement].discard(saved_id)


def allowed(query: str, blocked: str | None) -> Query:
    """Return a saved query without what its server blocks for all its channels."""
    unwanted = language.parse(blocked).root if blocked else None
    wanted = language.parse(query)
    return wanted if unwanted is None else language.narrow(wanted, negated(unwanted))
