"""Feeds: where articles come from, when each is asked next, and how it fares."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.errors import NotFoundError
from bot.model import Feed, Scope, Validators
from bot.store import feed_changes
from bot.store.connections import Connections
from bot.store.records import By
from bot.store.rows import packed_json, second, visible


@dataclass(frozen=True, slots=True)
class Unchanged:
    """An answer of a feed that held nothing new: when, and what it changes in the schedule."""

    feed_id: int
    at: datetime
    validators: Validators
    next_check_at: datetime


class FeedStore:
    """Feeds of the public archive (scope 0) and of each guild."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def add(
        self, url: str, title: str, scope_id: int, now: datetime, added_by: int | None = None
    ) -> Feed:
        """Add a feed to be polled at once, or return the one that has this address already."""
        return await self._connections.write(
            partial(feed_changes.added, url, title, None, scope_id, now, added_by)
        )

    async def ensure_import(
        self, title: str, site_url: str | None, scope_id: int, now: datetime
    ) -> Feed:
        """Return the feed that stands for imported files of this title; it is never polled."""
        return await self._connections.write(
            partial(feed_changes.added, None, title, site_url, scope_id, now, None)
        )

    async def get(self, feed_id: int, scope: Scope) -> Feed:
        """Return one feed. Raises NotFoundError outside the scope."""
        for feed in await self.list(scope):
            if feed.id == feed_id:
                return feed
        raise NotFoundError("store.no_feed", id=feed_id)

    async def anywhere(self, feed_id: int) -> Feed:
        """Return one feed of whatever scope (the poller's). Raises NotFoundError."""
        found = await self._connections.read(
            lambda connection: feed_changes.selected(connection, "WHERE id = :id", {"id": feed_id})
        )
        if not found:
            raise NotFoundError("store.no_feed", id=feed_id)
        return found[0]

    async def list(self, scope: Scope) -> tuple[Feed, ...]:
        """Return the feeds a reader may see, by title."""
        return await self._connections.read(
            lambda connection: feed_changes.selected(
                connection,
                """
                WHERE scope_id IN (SELECT value FROM json_each(:scopes))
                ORDER BY title_key, id
                """,
                {"scopes": visible(scope)},
            )
        )

    async def due(
        self,
        now: datetime,
        limit: int = 100,
        closed: Collection[str] = (),
        *,
        one_each: bool = False,
    ) -> tuple[Feed, ...]:
        """Return feeds whose time has come, longest due first, of every scope (the poller's).

        Those of `closed` hosts are left out; `one_each`: one a host, so that a host of many feeds
        keeps no other from its turn. Their articles are not counted.
        """
        values = {"now": second(now), "limit": limit, "closed": json.dumps(sorted(closed))}
        return await self._connections.read(
            lambda connection: feed_changes.due(connection, values, one_each=one_each)
        )

    async def content_hash(self, feed_id: int) -> bytes | None:
        """Return the hash of the last body read, to tell an equal one without parsing."""

        def job(connection: sqlite3.Connection) -> bytes | None:
            row = connection.execute(
                "SELECT content_hash FROM feeds WHERE id = :id", {"id": feed_id}
            ).fetchone()
            return None if row is None else row["content_hash"]

        return await self._connections.read(job)

    async def claim(self, feed_id: int, until: datetime) -> None:
        """Put a feed's next check off while it is being fetched."""
        await self._set(
            "UPDATE feeds SET next_check_at = :until WHERE id = :id",
            {"id": feed_id, "until": second(until)},
        )

    async def set_back(self, span: timedelta) -> None:
        """Bring every next check forward by a span: the clock was set back by as much."""
        await self._set(
            "UPDATE feeds SET next_check_at = next_check_at - :span",
            {"span": round(span.total_seconds())},
        )

    async def unchanged(self, answers: Sequence[Unchanged]) -> None:
        """Note answers that held nothing new, successes as good as any, in one transaction."""
        values = [
            {
                "id": answer.feed_id,
                "etag": answer.validators.etag,
                "last_modified": answer.validators.last_modified,
                "now": second(answer.at),
                "next": second(answer.next_check_at),
            }
            for answer in answers
        ]
        await self._connections.write(
            lambda connection: (
                connection.executemany(
                    """
                UPDATE feeds
                SET etag = :etag, last_modified = :last_modified, last_success_at = :now,
                    next_check_at = :next, failing_since_at = NULL, failures = 0, error = NULL,
                    error_params = '{}', told_at = NULL
                WHERE id = :id
                """,
                    values,
                ).rowcount
            )
        )

    async def failed(
        self,
        feed_id: int,
        now: datetime,
        error: str,
        params: Mapping[str, str | int],
        next_check_at: datetime,
    ) -> None:
        """Note a failure as a message key, and when to try again."""
        await self._set(
            """
            UPDATE feeds
            SET error = :error, error_params = :params, failures = failures + 1,
                failing_since_at = coalesce(failing_since_at, :now), next_check_at = :next
            WHERE id = :id
            """,
            {
                "id": feed_id,
                "now": second(now),
                "error": error,
                "params": packed_json(params),
                "next": second(next_check_at),
            },
        )

    async def moved(self, feed_id: int, url: str, times: int = 3) -> bool:
        """Note a permanent redirect; take the new address once it was seen `times` in a row.

        Return whether it was taken. An address that another feed of the scope has is not.
        """
        return await self._connections.write(partial(feed_changes.moved, feed_id, url, times))

    async def stay(self, feed_id: int) -> None:
        """Note that the feed answered at its own address: an earlier redirect was passing."""
        await self._set(
            """
            UPDATE feeds SET moved_url = NULL, moved_count = 0
            WHERE id = :id AND moved_url IS NOT NULL
            """,
            {"id": feed_id},
        )

    async def stop(self, feed_id: int, reason: str, now: datetime) -> None:
        """Poll a feed no more (410 Gone), say why, and let whom it concerns hear of it once."""
        await self._connections.write(partial(feed_changes.stopped, feed_id, reason, now))

    async def failing(self) -> tuple[Feed, ...]:
        """Return the feeds of every scope that fail or were stopped by their site, by title."""
        return await self._connections.read(
            lambda connection: feed_changes.selected(
                connection,
                """
                WHERE failing_since_at IS NOT NULL OR stopped IS NOT NULL
                ORDER BY title_key, id
                """,
                {},
            )
        )

    async def titled(self, feed_id: int, title: str) -> None:
        """Give a feed another title, by which `feed:` and `source:` find its articles."""
        await self._connections.write(partial(feed_changes.titled, feed_id, title))

    async def quote(self, feed_id: int, *, only: bool) -> None:
        """Show only the beginning of a feed's articles, or all of them again; nothing is lost.

        Raises NotFoundError.
        """

        def job(connection: sqlite3.Connection) -> None:
            changed = connection.execute(
                "UPDATE feeds SET excerpts_only = :only WHERE id = :id",
                {"only": only, "id": feed_id},
            ).rowcount
            if not changed:
                raise NotFoundError("store.no_feed", id=feed_id)

        await self._connections.write(job)

    async def tell(self, feed_id: int, now: datetime) -> bool:
        """Note that people hear of a failing feed; return False when they did already."""

        def job(connection: sqlite3.Connection) -> bool:
            return bool(
                connection.execute(
                    "UPDATE feeds SET told_at = :now WHERE id = :id AND told_at IS NULL",
                    {"id": feed_id, "now": second(now)},
                ).rowcount
            )

        return await self._connections.write(job)

    async def remove(self, feed_id: int, scope_id: int, by: By | None = None) -> Feed:
        """Poll a feed no more. Its articles stay; adding its address again takes it up again.

        Raises NotFoundError for a feed of another scope.
        """
        return await self._connections.write(partial(feed_changes.removed, feed_id, scope_id, by))

    async def _set(self, sql: str, values: Mapping[str, object]) -> None:
        await self._connections.write(lambda connection: connection.execute(sql, values).rowcount)
