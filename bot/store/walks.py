"""How far long readings have come, and whether a feed's items passed unseen between two polls."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.store.connections import Connections
from bot.store.rows import many, moment, packed_json, second

# So many of a feed's newest articles may be deleted at their source without looking like a gap.
_NEWEST = 10


@dataclass(frozen=True, slots=True)
class Walk:
    """A long reading: where it goes on (empty: at the start) and how much of it was read.

    `completed_at` is when the last whole reading began, None before the first.
    """

    place: Mapping[str, Any]
    done: int
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Overlap:
    """How a feed's document meets what is known of the feed.

    `gap`: none of its newest articles is in it any more. `known`: some older article is, as one
    that is pinned. `newest_at` is the date of the feed's newest article, or None.
    """

    gap: bool
    known: bool
    newest_at: datetime | None


class WalkStore:
    """Readings that are resumed, by name."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def get(self, name: str) -> Walk | None:
        """Return a reading that was begun once, None where there is none."""

        def job(connection: sqlite3.Connection) -> Walk | None:
            row = connection.execute(
                "SELECT place, done, completed_at FROM walks WHERE name = :name", {"name": name}
            ).fetchone()
            if row is None:
                return None
            return Walk(json.loads(row["place"]), row["done"], moment(row["completed_at"]))

        return await self._connections.read(job)

    async def keep(
        self,
        name: str,
        place: Mapping[str, Any],
        done: int,
        now: datetime,
        *,
        durable: bool = True,
    ) -> None:
        """Note how far a reading has come; not `durable`, a power cut may take the note back."""
        await self._write(
            """
            INSERT INTO walks (name, place, done, updated_at) VALUES (:name, :place, :done, :now)
            ON CONFLICT (name) DO UPDATE
            SET place = excluded.place, done = excluded.done, updated_at = excluded.updated_at
            """,
            {"name": name, "place": packed_json(place), "done": done, "now": second(now)},
            durable=durable,
        )

    async def finish(self, name: str, began_at: datetime, now: datetime) -> None:
        """Note that everything was read, as it stood when the reading began."""
        await self._write(
            """
            INSERT INTO walks (name, place, done, updated_at, completed_at)
            VALUES (:name, '{}', 0, :now, :began)
            ON CONFLICT (name) DO UPDATE
            SET place = '{}', done = 0, updated_at = excluded.updated_at,
                completed_at = excluded.completed_at
            """,
            {"name": name, "began": second(began_at), "now": second(now)},
        )

    async def forget(self, name: str) -> None:
        """Begin a reading anew when it is asked for again."""
        await self._write("DELETE FROM walks WHERE name = :name", {"name": name})

    async def overlap(self, feed_id: int, scope_id: int, keys: Iterable[str]) -> Overlap:
        """Return how a document with these keys meets what the feed brought before."""

        def job(connection: sqlite3.Connection) -> Overlap:
            floor, newest_at = _newest(connection, feed_id)
            values = {"scope": scope_id, "keys": many(keys)}
            (met,) = connection.execute(
                """
                SELECT max(a.sort_at)
                FROM json_each(:keys) j
                JOIN article_keys k ON k.scope_id = :scope AND k.key = j.value
                JOIN articles a ON a.id = k.article_id
                """,
                values,
            ).fetchone()
            gap = floor is not None and (met is None or met < floor)
            return Overlap(gap, met is not None, newest_at)

        return await self._connections.read(job)

    async def newest_at(self, feed_id: int) -> datetime | None:
        """Return the date of the newest article a feed brought, None where none has one."""
        return await self._connections.read(lambda connection: _newest(connection, feed_id)[1])

    async def unknown(self, scope_id: int, keys: Iterable[str]) -> frozenset[str]:
        """Return those keys that no article of the scope is known by."""

        def job(connection: sqlite3.Connection) -> frozenset[str]:
            found = connection.execute(
                """
                SELECT j.value FROM json_each(:keys) j
                WHERE NOT EXISTS (
                    SELECT 1 FROM article_keys k WHERE k.scope_id = :scope AND k.key = j.value)
                """,
                {"scope": scope_id, "keys": many(keys)},
            )
            return frozenset(row[0] for row in found)

        return await self._connections.read(job)

    async def unlisted(self, feed_id: int, keys: Iterable[str]) -> tuple[tuple[int, ...], int]:
        """Return the feed's visible posts of a WordPress site that none of the keys names.

        And how many of its posts there are.
        """

        def job(connection: sqlite3.Connection) -> tuple[tuple[int, ...], int]:
            rows = connection.execute(
                """
                SELECT a.id, max(k.key IN (SELECT value FROM json_each(:keys))) AS listed
                FROM articles a
                JOIN article_keys k ON k.article_id = a.id AND k.key LIKE 'post:%'
                WHERE a.feed_id = :feed AND a.hidden IS NULL GROUP BY a.id
                """,
                {"feed": feed_id, "keys": many(keys)},
            ).fetchall()
            return tuple(row["id"] for row in rows if not row["listed"]), len(rows)

        return await self._connections.read(job)

    async def notice(
        self, feed_id: int, key: str | None, params: Mapping[str, str | int], now: datetime
    ) -> None:
        """Note what a person who looks at the feed has to know; None takes it back."""
        await self._write(
            """
            UPDATE feeds SET notice = :key, notice_params = :params, notice_at = :now
            WHERE id = :id
            """,
            {"id": feed_id, "key": key, "params": packed_json(params), "now": second(now)},
        )

    async def _write(self, sql: str, values: Mapping[str, object], *, durable: bool = True) -> None:
        await self._connections.write(
            lambda connection: connection.execute(sql, values).rowcount, durable=durable
        )


def _newest(connection: sqlite3.Connection, feed_id: int) -> tuple[int | None, datetime | None]:
    """Return the lowest place among a feed's newest articles, and the newest one's date."""
    rows = connection.execute(
        """
        SELECT sort_at, published_at FROM articles WHERE feed_id = :feed
        ORDER BY sort_at DESC LIMIT :limit
        """,
        {"feed": feed_id, "limit": _NEWEST},
    ).fetchall()
    if not rows:
        return None, None
    dates = [row["published_at"] for row in rows if row["published_at"] is not None]
    return rows[-1]["sort_at"], moment(max(dates, default=None))
