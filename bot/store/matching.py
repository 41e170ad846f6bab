"""Which saved queries one article answers: an index over what they require, then an exact check."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from bot.model import Scope
from bot.query import language
from bot.query.nodes import Query
from bot.store.check import Facts, passes
from bot.store.index import IndexRow
from bot.store.requirements import ANY, offered, required
from bot.store.resolve import Asked, resolve
from bot.store.rows import second

REVISION = "subscriptions_revision"


@dataclass(frozen=True, slots=True)
class _Saved:
    written: tuple[str, int | None, str | None]
    query: Query
    scope: Scope
    zone: tzinfo
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
        candidates = self._candidates(connection, facts)
        return tuple(
            saved_id
            for saved_id in sorted(candidates)
            if self._matches(connection, self._saved[saved_id], facts, now)
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
        owed = 0
        for subscription_id in subscription_ids:
            values = {"article": article_id, "subscription": subscription_id, "now": second(now)}
            owed += connection.execute(
                """
                INSERT INTO deliveries
                    (target_id, article_id, subscription_id, state, not_before, created_at)
                SELECT target_id, :article, id, 'owed',
                       :now + coalesce(rhythm ->> '$.delay_s', 0), :now
                FROM subscriptions WHERE id = :subscription
                ON CONFLICT (target_id, article_id) DO NOTHING
                """,
                values,
            ).rowcount
            connection.execute(
                """
                INSERT OR IGNORE INTO delivery_wants (delivery_id, subscription_id)
                SELECT d.id, s.id FROM subscriptions s
                JOIN deliveries d ON d.target_id = s.target_id AND d.article_id = :article
                WHERE s.id = :subscription AND d.state = 'owed' AND d.post_id IS NULL
                """,
                values,
            )
        return owed

    def _candidates(self, connection: sqlite3.Connection, facts: Facts) -> set[int]:
        if not self._saved:
            return set()
        known = self._by_requirement.keys() & {ANY, *offered(connection, facts)}
        return set().union(*(self._by_requirement[requirement] for requirement in known))

    def _matches(
        self, connection: sqlite3.Connection, saved: _Saved, facts: Facts, now: datetime
    ) -> bool:
        if facts.row.scope_id not in saved.scope.visible:
            return False
        return passes(resolve(connection, saved.query, Asked(saved.scope, now, saved.zone)), facts)

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
            SELECT s.id, s.query, s.scope_guild_id, g.settings ->> '$.zone' AS zone
            FROM subscriptions s
            LEFT JOIN guilds g ON g.guild_id = s.scope_guild_id
            WHERE s.paused IS NULL
            """
        ).fetchall()
        written = {row["id"]: (row["query"], row["scope_guild_id"], row["zone"]) for row in active}
        for saved_id, saved in tuple(self._saved.items()):
            if written.get(saved_id) != saved.written:
                self._drop(saved_id)
        for saved_id in written.keys() - self._saved.keys():
            self._take(saved_id, written[saved_id])
        self._revision = revision

    def _take(self, saved_id: int, written: tuple[str, int | None, str | None]) -> None:
        text, scope_guild_id, zone = written
        query = language.parse(text)
        saved = _Saved(
            written, query, Scope(scope_guild_id), ZoneInfo(zone) if zone else UTC, required(query)
        )
        self._saved[saved_id] = saved
        for requirement in saved.requires:
            self._by_requirement.setdefault(requirement, set()).add(saved_id)

    def _drop(self, saved_id: int) -> None:
        for requirement in self._saved.pop(saved_id).requires:
            self._by_requirement[requirement].discard(saved_id)
