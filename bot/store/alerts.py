"""What needs a person: told once in the channel that a server chose for it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.store.connections import Connections
from bot.store.rows import packed_json, second

CHANNEL = "alert_channel_id"
# After this long without success a feed is a person's matter (peers.md, recommendation 7).
FAILING_FOR = timedelta(hours=24)
KEPT_FOR = timedelta(days=90)
_AT_ONCE = 10

FEED_FAILING = "store.alert_feed_failing"
FEED_RECOVERED = "store.alert_feed_recovered"


@dataclass(frozen=True, slots=True)
class Alert:
    """What one server is told in one message: message keys with their parameters."""

    guild_id: int
    channel_id: int
    lines: tuple[tuple[str, Mapping[str, str | int]], ...]


class AlertStore:
    """What is to be told, and to whom."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def claim(self, now: datetime) -> tuple[Alert, ...]:
        """Return what has not been told yet, by server, marked as told: never said twice."""
        if not await self._connections.read(_any_waiting):
            return ()
        return await self._connections.write(partial(_claimed, now))

    async def look_at_feeds(self, now: datetime) -> None:
        """Note the servers' own feeds that fail for a day, or work again after that."""
        if await self._connections.read(partial(_feeds_to_tell, now)):
            await self._connections.write(partial(_feeds_told, now))


def note(
    connection: sqlite3.Connection,
    guild_id: int | None,
    key: str,
    params: Mapping[str, str | int],
    now: datetime,
) -> None:
    """Note what a server's moderators have to hear, within a transaction."""
    if guild_id is not None:
        connection.execute(
            """
            INSERT INTO alerts (guild_id, key, params, created_at)
            VALUES (:guild, :key, :params, :now)
            """,
            {"guild": guild_id, "key": key, "params": packed_json(params), "now": second(now)},
        )


_WAITING = """
    FROM alerts a JOIN guilds g ON g.guild_id = a.guild_id
    WHERE a.told_at IS NULL AND g.left_at IS NULL AND g.settings ->> '$.alert_channel_id' > 0
"""


def _any_waiting(connection: sqlite3.Connection) -> bool:
    return connection.execute(f"SELECT 1 {_WAITING} LIMIT 1").fetchone() is not None


def _claimed(now: datetime, connection: sqlite3.Connection) -> tuple[Alert, ...]:
    found = connection.execute(
        f"""
        SELECT a.id, a.guild_id, a.key, a.params, a.created_at,
               g.settings ->> '$.alert_channel_id' AS channel
        {_WAITING} ORDER BY a.id
        """
    ).fetchall()
    grouped: dict[tuple[int, int], list[sqlite3.Row]] = {}
    for row in found:
        grouped.setdefault((row["guild_id"], int(row["channel"])), []).append(row)
    kept = {place: lines[:_AT_ONCE] for place, lines in grouped.items()}
    connection.executemany(
        "UPDATE alerts SET told_at = :now WHERE id = :id",
        [{"id": row["id"], "now": second(now)} for lines in kept.values() for row in lines],
    )
    connection.execute(
        "DELETE FROM alerts WHERE created_at < :old", {"old": second(now - KEPT_FOR)}
    )
    return tuple(
        Alert(
            guild_id,
            channel_id,
            tuple((row["key"], json.loads(row["params"])) for row in lines),
        )
        for (guild_id, channel_id), lines in kept.items()
    )


_FAILING = """
    FROM feeds WHERE scope_id <> 0 AND told_at IS NULL AND stopped IS NULL
      AND failing_since_at <= :since
"""
# A success takes the note of having told away from the feed; the alert itself stays to tell of it.
_RECOVERED = """
    FROM feeds f
    WHERE f.scope_id <> 0 AND f.failing_since_at IS NULL AND f.stopped IS NULL
      AND :failing = (
          SELECT a.key FROM alerts a
          WHERE a.guild_id = f.scope_id AND a.key IN (:failing, :recovered)
            AND a.params ->> '$.id' = f.id
          ORDER BY a.id DESC LIMIT 1)
"""


def _values(now: datetime) -> dict[str, str | int]:
    return {
        "since": second(now - FAILING_FOR),
        "failing": FEED_FAILING,
        "recovered": FEED_RECOVERED,
    }


def _feeds_to_tell(now: datetime, connection: sqlite3.Connection) -> bool:
    return any(
        connection.execute(f"SELECT 1 {part} LIMIT 1", _values(now)).fetchone()
        for part in (_FAILING, _RECOVERED)
    )


def _feeds_told(now: datetime, connection: sqlite3.Connection) -> None:
    for key, part in ((FEED_FAILING, _FAILING), (FEED_RECOVERED, _RECOVERED)):
        for feed in connection.execute(
            f"SELECT id, scope_id, title {part}",
            _values(now),
        ).fetchall():
            note(
                connection,
                feed["scope_id"],
                key,
                {"id": feed["id"], "title": feed["title"][:100]},
                now,
            )
            connection.execute(
                "UPDATE feeds SET told_at = :now WHERE id = :id AND failing_since_at IS NOT NULL",
                {"now": second(now), "id": feed["id"]},
            )
