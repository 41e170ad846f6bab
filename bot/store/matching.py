"""Which saved queries one article answers: an index over what they require, then an exact check."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.model import Scope
from bot.query import language
from bot.query.nodes import Query, negated
from bot.store import edits, once
from bot.store.check import Facts, passes
from bot.store.index import IndexRow, index_row
from bot.store.meaning import Meaning
from bot.store.requirements import ANY, Chooser, offered
from bot.store.resolve import Asked, Names, resolve
from bot.store.rhythm import Rhythm, due_at, rhythm_of
from bot.store.rows import many, second

REVISION = "subscriptions_revision"
CHANGES = "subscriptions_changed"
READ_WITH = frozenset({"zone", "blocked"})
"""What a guild sets that its saved queries are read with."""

# Characters of queries kept as trees: about 60 MB, most of them those of 100,000 queries.
_READ_CHARACTERS = 4_000_000
# The latest articles tell which conditions are rare.
_LOOKED_AT = 200


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
    requires: tuple[str, ...]

    @property
    def scope(self) -> Scope:
        return Scope(self.written.scope_guild_id)

    @property
    def zone(self) -> tzinfo:
        return ZoneInfo(self.written.zone) if self.written.zone else UTC


@dataclass(slots=True)
class _Trees:
    """Queries as read, the least lately asked ones forgotten: memory is bounded by their text."""

    most: int = _READ_CHARACTERS
    _kept: OrderedDict[tuple[str, str | None], Query] = field(default_factory=OrderedDict)
    _characters: int = 0

    def of(self, written: _Written) -> Query:
        """Return what a subscription is sent, without what its server blocks."""
        key = (written.query, written.blocked)
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        self._kept[key] = found = allowed(*key)
        self._characters += _length(key)
        while self._characters > self.most:
            forgotten, _ = self._kept.popitem(last=False)
            self._characters -= _length(forgotten)
        return found


@dataclass(slots=True)
class Matching:
    """Saved queries in memory, by what they require. Used on the writer's thread, once warm."""

    # How long an article may be corrected again before its messages are edited.
    settle: timedelta = edits.SETTLE
    _revision: str = ""
    _saved: dict[int, _Saved] = field(default_factory=dict)
    _by_requirement: dict[str, set[int]] = field(default_factory=dict)
    _trees: _Trees = field(default_factory=_Trees)
    _seen: Counter[str] | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def matched(
        self, connection: sqlite3.Connection, row: IndexRow, now: datetime
    ) -> tuple[int, ...]:
        """Return the ids of the active subscriptions whose query finds this article, oldest first.

        An article of a guild's own feeds is seen by that guild's subscriptions alone.
        """
        with self._lock:
            self._refresh(connection)
            facts = Facts(row)
            meaning = Meaning(connection, facts)
            return tuple(
                saved_id
                for saved_id in sorted(self._candidates(facts, meaning))
                if self._matches(connection, self._saved[saved_id], facts, now, meaning.ids)
            )

    def warm(self, connection: sqlite3.Connection) -> None:
        """Read the saved queries ahead of the first article, on any thread's connection."""
        with self._lock:
            self._refresh(connection)

    def owe(
        self,
        connection: sqlite3.Connection,
        article_id: int,
        subscription_ids: Iterable[int],
        now: datetime,
    ) -> int:
        """Write one delivery a target for the subscriptions that want the article.

        Return how many deliveries are new. A target that has had the article gets it no more, and
        one that has had a copy of its story only for subscriptions that want each copy.
        """
        with self._lock:
            self._refresh(connection)
        told = once.had(connection, article_id)
        if not told:
            return self._owed(connection, article_id, subscription_ids, now)
        places = once.targets_of(connection, list(subscription_ids))
        had = {i: t for i, t in places.items() if t in told and not self._rhythm(i).copies}
        owed = self._owed(connection, article_id, sorted(places.keys() - had.keys()), now)
        once.leave_out(connection, article_id, had, now)
        for target_id in sorted(set(had.values())):
            shown = [told[target_id]]
            edits.owe_edits(connection, shown, now, settle=self.settle, target_id=target_id)
        return owed

    def _rhythm(self, saved_id: int) -> Rhythm:
        return _rhythm(self._saved[saved_id].written.rhythm)

    def _owed(
        self,
        connection: sqlite3.Connection,
        article_id: int,
        subscription_ids: Iterable[int],
        now: datetime,
    ) -> int:
        values = [
            {
                "article": article_id,
                "subscription": subscription_id,
                "now": second(now),
                "due": second(due_at(self._rhythm(subscription_id), now)),
            }
            for subscription_id in subscription_ids
        ]
        owed = connection.executemany(
            """
            INSERT INTO deliveries
                (target_id, article_id, subscription_id, state, not_before, created_at)
            SELECT target_id, :article, id, 'owed', :due, :now
            FROM subscriptions s WHERE id = :subscription AND NOT EXISTS (
                SELECT 1 FROM past_deliveries p
                WHERE p.target_id = s.target_id AND p.article_id = :article)
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

    def _candidates(self, facts: Facts, meaning: Meaning) -> set[int]:
        if not self._saved:
            return set()
        known = self._by_requirement.keys() & {ANY, *offered(facts, meaning)}
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
        return passes(resolve(connection, self._query(saved.written), asked), facts)

    def _query(self, written: _Written) -> Query:
        return self._trees.of(written)

    def _refresh(self, connection: sqlite3.Connection) -> None:
        """Take over what changed in the subscriptions since the last article."""
        row = connection.execute(
            "SELECT value FROM meta WHERE key = :key", {"key": REVISION}
        ).fetchone()
        revision = row["value"] if row else "0"
        if revision == self._revision:
            return
        changed = self._changed(connection, int(revision))
        ids = None if changed is None else many(changed)
        active = connection.execute(
            """
            SELECT s.id, s.query, s.scope_guild_id, g.settings ->> '$.zone' AS zone,
                   iif(s.owner = 'guild', g.settings ->> '$.blocked', NULL) AS blocked, s.rhythm
            FROM subscriptions s
            LEFT JOIN guilds g ON g.guild_id = s.scope_guild_id
            WHERE s.paused IS NULL
              AND (:ids IS NULL OR s.id IN (SELECT value FROM json_each(:ids)))
            """,
            {"ids": ids},
        )
        gone = set(self._saved) if changed is None else changed
        for saved_id, *values in active:
            gone.discard(saved_id)
            known = self._saved.get(saved_id)
            if known is None or known.written != tuple(values):
                self._drop(saved_id)
                self._take(connection, saved_id, _Written(*values))
        for saved_id in gone:
            self._drop(saved_id)
        self._revision = revision

    def _changed(self, connection: sqlite3.Connection, revision: int) -> set[int] | None:
        """Return which subscriptions changed since the last look; None: it may be any."""
        row = connection.execute(
            "SELECT value FROM meta WHERE key = :key", {"key": CHANGES}
        ).fetchone()
        if row is None or not self._revision:
            return None
        since = int(self._revision)
        changes = [change for change in json.loads(row["value"]) if change[0] > since]
        if [number for number, _ in changes] != list(range(since + 1, revision + 1)):
            return None
        if not all(ids for _, ids in changes):
            return None
        return {saved_id for _, ids in changes for saved_id in ids}

    def _take(self, connection: sqlite3.Connection, saved_id: int, written: _Written) -> None:
        if self._seen is None:
            self._seen = _offered_lately(connection)
        chooser = Chooser(self._by_requirement, self._seen)
        requires = tuple(chooser.required(self._query(written)))
        self._saved[saved_id] = _Saved(written, requires)
        for requirement in requires:
            self._by_requirement.setdefault(requirement, set()).add(saved_id)

    def _drop(self, saved_id: int) -> None:
        saved = self._saved.pop(saved_id, None)
        for requirement in saved.requires if saved else ():
            waiting = self._by_requirement[requirement]
            waiting.discard(saved_id)
            if not waiting:
                del self._by_requirement[requirement]


def _offered_lately(connection: sqlite3.Connection) -> Counter[str]:
    latest = connection.execute(
        "SELECT id FROM articles WHERE hidden IS NULL ORDER BY sort_at DESC LIMIT :count",
        {"count": _LOOKED_AT},
    ).fetchall()
    facts = (Facts(index_row(connection, row["id"])) for row in latest)
    return Counter(item for each in facts for item in offered(each, Meaning(connection, each)))


def _length(key: tuple[str, str | None]) -> int:
    return len(key[0]) + len(key[1] or "") + 1


@lru_cache(maxsize=1024)
def _rhythm(stored: str) -> Rhythm:
    return rhythm_of(json.loads(stored))


def allowed(query: str, blocked: str | None) -> Query:
    """Return a saved query without what its server blocks for all its channels."""
    unwanted = language.parse(blocked).root if blocked else None
    wanted = language.parse(query)
    return wanted if unwanted is None else language.narrow(wanted, negated(unwanted))
