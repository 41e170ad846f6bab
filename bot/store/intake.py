"""Records what a feed or file brought, in one transaction with everything that follows from it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from bot.errors import NotFoundError
from bot.model import Intake, Keyed, Reading, Validators
from bot.query import indexing
from bot.store import changes, edits, filing, identity, index, stories
from bot.store.connections import Connections
from bot.store.identity import Stored
from bot.store.matching import Matching
from bot.store.rows import second, seconds


@dataclass(slots=True)
class _Work:
    """What one recording gathers on its way: index rows to write and what to match."""

    feed_id: int
    feed: str
    scope_id: int
    polled: bool
    now: datetime
    names: filing.Names
    known: dict[str, int]
    bulk: bool
    new_ids: list[int] = field(default_factory=list)
    changed: list[tuple[int, frozenset[int]]] = field(default_factory=list)
    removed_rows: list[index.IndexRow] = field(default_factory=list)
    to_index: list[int] = field(default_factory=list)
    rows: dict[int, index.IndexRow] = field(default_factory=dict)
    facts: dict[int, stories.Facts] = field(default_factory=dict)
    keys: list[tuple[int, str, int]] = field(default_factory=list)
    met: set[int] = field(default_factory=set)
    unchanged: int = 0
    next_id: int | None = None  # of a page without dates, read from its end: ids in page order


@dataclass(frozen=True, slots=True)
class FeedState:
    """What a document changes in its feed, the interval that grew from its own rhythm included."""

    validators: Validators | None
    content_hash: bytes | None
    next_check_at: datetime | None
    interval_s: int | None


class IntakeStore:
    """The way in: one call a document, one transaction a call."""

    def __init__(self, connections: Connections, matching: Matching) -> None:
        self._connections = connections
        self._matching = matching

    async def record(
        self,
        feed_id: int,
        reading: Reading,
        keyed: Sequence[Keyed],
        *,
        now: datetime,
        scope_id: int,
        announce: bool,
        validators: Validators | None = None,
        content_hash: bytes | None = None,
        next_check_at: datetime | None = None,
        interval_s: int | None = None,
        bulk: bool = False,
    ) -> Intake:
        """Store a document's entries, what they owe to whom, and the feed's state, all or nothing.

        Nothing is owed on a feed's first recording. `bulk` leaves the last commits to the
        system's care; it announces nothing. Raises NotFoundError for a feed of another scope.
        """
        feed_state = FeedState(validators, content_hash, next_check_at, interval_s)
        job = partial(
            self._record, feed_id, reading, keyed, now, scope_id, announce, feed_state, bulk
        )
        started = time.perf_counter()
        durable = not bulk or announce
        intake = await self._connections.write(job, durable=durable, bulk=not durable)
        if self._connections.tell is not None and (intake.new or intake.updated):
            taken = f"{intake.new} new, {intake.updated} changed, {intake.owed} owed"
            # A feed names its newest first; what changed may stand anywhere.
            for item in keyed if intake.updated else keyed[: intake.new]:
                told = f"{item.entry.url} {taken}"
                self._connections.tell("recorded", told, time.perf_counter() - started)
        return intake

    def _record(
        self,
        feed_id: int,
        reading: Reading,
        keyed: Sequence[Keyed],
        now: datetime,
        scope_id: int,
        announce: bool,
        feed_state: FeedState,
        bulk: bool,
        connection: sqlite3.Connection,
    ) -> Intake:
        feed = connection.execute(
            "SELECT url, title, primed FROM feeds WHERE id = :id AND scope_id = :scope",
            {"id": feed_id, "scope": scope_id},
        ).fetchone()
        if feed is None:
            raise NotFoundError("store.no_feed", id=feed_id)
        announce = announce and bool(feed["primed"])
        names = filing.Names(connection, scope_id)
        known = identity.known(connection, scope_id, keyed)
        polled = feed["url"] is not None
        work = _Work(feed_id, feed["title"], scope_id, polled, now, names, known, bulk)
        if not work.polled and all(item.entry.published_at is None for item in keyed):
            # At least as many as will become new articles.
            unknown = sum(known.keys().isdisjoint(item.keys) for item in keyed)
            work.next_id = changes.last_id(connection) + unknown
        # The first of a page is its newest: reading from the end keeps that order in sort_at.
        for item in reversed(keyed):
            self._take(connection, work, item, announce)
        names.settle()
        _keep_keys(connection, work)
        index.delete(connection, work.removed_rows)
        rows = [work.rows.get(i) or index.index_row(connection, i) for i in work.to_index]
        with index.gathering(connection) if work.bulk else nullcontext():
            index.insert(connection, rows)
        stories.gather(connection, {row.rowid: row.body for row in rows}, work.facts)
        owed = self._owe(connection, work, rows) if announce else 0
        if work.changed:
            changed_ids = [changed for changed, _ in work.changed]
            edits.owe_edits(connection, changed_ids, now, settle=self._matching.settle)
        _keep_feed_state(connection, feed_id, reading, feed_state, now)
        return Intake(
            reading.read,
            len(work.new_ids),
            len(work.changed),
            work.unchanged,
            tuple(reversed(work.new_ids)),
            owed,
            reading.problems,
        )

    def _take(
        self, connection: sqlite3.Connection, work: _Work, keyed: Keyed, announce: bool
    ) -> None:
        if not work.known.keys().isdisjoint(keyed.keys):
            # An article of this very document may be among what is read now.
            work.names.settle()
        stored = identity.find(connection, work.known, keyed, work.met, work.feed_id)
        if stored is None:
            article_id = _add(work, keyed)
        else:
            article_id = stored.id
            self._meet(connection, work, stored, keyed, announce)
        work.met.add(article_id)
        for key in keyed.keys:
            if work.known.setdefault(key, article_id) == article_id:
                work.keys.append((work.scope_id, key, article_id))

    def _meet(
        self,
        connection: sqlite3.Connection,
        work: _Work,
        stored: Stored,
        keyed: Keyed,
        announce: bool,
    ) -> None:
        """Update a stored article in place, or leave it when nothing a reader sees changed."""
        # The same article twice in one document changes it once at most.
        settled = stored.id in work.met or identity.known_unchanged(stored, keyed)
        if stored.hidden == "removed" or settled:
            work.unchanged += 1
            return
        same_feed = stored.feed_id == work.feed_id
        entry = indexing.whole(keyed).entry
        entry = identity.merged(stored, entry, same_feed=same_feed, polled=work.polled)
        filed = work.names.file(entry.authors, entry.source, entry.tags)
        if stored.hidden is None and not identity.differs(stored, entry, filed):
            work.unchanged += 1
            return
        before = frozenset[int]()
        if stored.hidden is None:
            row = index.index_row(connection, stored.id)
            work.removed_rows.append(row)
            if announce:
                before = frozenset(self._matching.matched(connection, row, work.now))
        # The hash is that of its own feed, so that two feeds do not take turns changing it.
        content_hash = keyed.content_hash if same_feed else stored.content_hash
        changes.update(work.names, stored, entry, filed, content_hash, work.now)
        work.to_index.append(stored.id)
        work.changed.append((stored.id, before))

    def _owe(
        self, connection: sqlite3.Connection, work: _Work, rows: Sequence[index.IndexRow]
    ) -> int:
        before = dict(work.changed)
        owed = 0
        for row in sorted(rows, key=lambda row: row.sort_at):
            article_id = row.rowid
            wanted = self._matching.matched(connection, row, work.now)
            newly = [i for i in wanted if i not in before.get(article_id, ())]
            owed += self._matching.owe(connection, article_id, newly, work.now)
        return owed


def _add(work: _Work, keyed: Keyed) -> int:
    """Add a new article, and make its index row while all of it is at hand."""
    article_id, sort_at, filed = changes.add_filed(
        work.names, work.feed_id, keyed, work.now, work.next_id
    )
    work.next_id = work.next_id and work.next_id - 1
    work.new_ids.append(article_id)
    work.to_index.append(article_id)
    entry, ready = keyed.entry, keyed.ready
    shown = index.shown_entry(article_id, sort_at, work.feed_id, keyed, filed, work.names)
    texts = ready.texts if ready else indexing.texts(entry.title, entry.blocks)
    work.rows[article_id] = index.made_row(shown, texts)
    work.facts[article_id] = stories.Facts(
        id=article_id,
        scope_id=work.scope_id,
        feed_id=work.feed_id,
        source_id=filed.source_id or 0,
        title=entry.title,
        url=entry.url,
        kind=entry.kind,
        published_at=shown.published_at,
        at=second(work.now) if shown.published_at is None else shown.published_at,
        feed=work.feed,
        source=shown.source[1] if shown.source else None,
        openings=ready.openings if ready else None,
        indexed=texts.title,
    )
    return article_id


def _keep_keys(connection: sqlite3.Connection, work: _Work) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO article_keys (scope_id, key, article_id) VALUES (?, ?, ?)",
        work.keys,
    )


def _keep_feed_state(
    connection: sqlite3.Connection,
    feed_id: int,
    reading: Reading,
    state: FeedState,
    now: datetime,
) -> None:
    validators = state.validators
    connection.execute(
        """
        UPDATE feeds
        SET etag = iif(:validated, :etag, etag),
            last_modified = iif(:validated, :last_modified, last_modified),
            content_hash = coalesce(:content_hash, content_hash),
            next_check_at = coalesce(:next_check_at, next_check_at),
            interval_s = coalesce(:interval_s, interval_s),
            site_url = coalesce(:site_url, site_url),
            icon_url = coalesce(:icon_url, icon_url),
            skip_hours = iif(:validated, :skip_hours, skip_hours),
            skip_days = iif(:validated, :skip_days, skip_days), primed = 1
        WHERE id = :id
        """,
        {
            "validated": validators is not None,
            "etag": validators.etag if validators else None,
            "last_modified": validators.last_modified if validators else None,
            "content_hash": state.content_hash,
            "next_check_at": seconds(state.next_check_at),
            "interval_s": state.interval_s,
            "site_url": reading.site_url,
            "icon_url": reading.icon_url,
            "skip_hours": json.dumps(sorted(reading.skip_hours)),
            "skip_days": json.dumps(sorted(reading.skip_days)),
            "id": feed_id,
        },
    )
    # What came by another way (a sync) says nothing of how the polled address fares.
    connection.execute(
        """
        UPDATE feeds
        SET last_success_at = :now, failing_since_at = NULL, failures = 0,
            error = NULL, error_params = '{}', told_at = NULL
        WHERE id = :id AND (:validated OR url IS NULL)
        """,
        {"id": feed_id, "now": second(now), "validated": validators is not None},
    )
