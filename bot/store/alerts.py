"""What needs a person: told once in the channel that a server chose for it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.store.connections import Connections
from bot.store.rows import many, packed_json, second

CHANNEL = "alert_channel_id"
# After this long without success a feed is a person's matter.
FAILING_FOR = timedelta(hours=24)
KEPT_FOR = timedelta(days=90)
_AT_ONCE = 10
# How many of a feed's newest articles tell whose channels it reaches.
_LATELY = 500

FEED_FAILING = "store.alert_feed_failing"
FEED_RECOVERED = "store.alert_feed_recovered"
FEED_STOPPED = "store.alert_feed_stopped"


@dataclass(frozen=True, slots=True)
class Alert:
    """What one server is told in one message: message keys with their parameters."""

    guild_id: int
    channel_id: int
    lines: tuple[tuple[str, Mapping[str, str | int]], ...]
    ids: tuple[int, ...] = ()


class AlertStore:
    """What is to be told, and to whom."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def claim(self, now: datetime, deaf: Collection[int] = ()) -> tuple[Alert, ...]:
        """Return what has not been told yet, by server, marked as told: never said twice.

        `deaf` are the channels that nothing is to be told in for now.
        """
        if not await self._connections.read(partial(_any_waiting, many(deaf))):
            return ()
        return await self._connections.write(partial(_claimed, now, many(deaf)))

    async def put_back(self, alert: Alert) -> None:
        """Let what surely did not arrive be told another time."""
        values = {"ids": many(alert.ids)}
        await self._connections.write(
            lambda connection: (
                connection.execute(
                    """
                UPDATE alerts SET told_at = NULL WHERE id IN (SELECT value FROM json_each(:ids))
                """,
                    values,
                ).rowcount
            )
        )

    async def look_at_feeds(self, now: datetime) -> None:
        """Note the feeds that fail for a day, or work again after that, for whom it concerns."""
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
      AND g.settings ->> '$.alert_channel_id' NOT IN (SELECT value FROM json_each(:deaf))
"""


def _any_waiting(deaf: str, connection: sqlite3.Connection) -> bool:
    asked = f"SELECT 1 {_WAITING} LIMIT 1"
    return connection.execute(asked, {"deaf": deaf}).fetchone() is not None


def _claimed(now: datetime, deaf: str, connection: sqlite3.Connection) -> tuple[Alert, ...]:
    found = connection.execute(
        f"""
        SELECT a.id, a.guild_id, a.key, a.params, a.created_at,
               g.settings ->> '$.alert_channel_id' AS channel
        {_WAITING} ORDER BY a.id
        """,
        {"deaf": deaf},
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
            tuple(row["id"] for row in lines),
        )
        for (guild_id, channel_id), lines in kept.items()
    )


# Those whose channels had it lately; a feed that only just came posted to nobody yet.
_HEARERS = """
    SELECT DISTINCT s.owner_id
    FROM (SELECT id FROM articles WHERE feed_id = :feed ORDER BY sort_at DESC LIMIT :lately) a
    JOIN deliveries d ON d.article_id = a.id AND d.state = 'posted'
    JOIN delivery_wants w ON w.delivery_id = d.id
    JOIN subscriptions s
        ON s.id = w.subscription_id AND s.owner = 'guild' AND s.paused IS NULL
    JOIN guilds g
        ON g.guild_id = s.owner_id AND g.left_at IS NULL
           AND g.settings ->> '$.alert_channel_id' > 0
"""
FAILING = """
    FROM feeds WHERE told_at IS NULL AND stopped IS NULL AND failing_since_at <= :since
"""
# A success takes the note of having told away from the feed; the alert itself stays to tell of it.
RECOVERED = """
    FROM alerts a JOIN feeds f ON f.id = a.params ->> '$.id'
    WHERE a.key = :failing AND f.failing_since_at IS NULL AND f.stopped IS NULL
      AND NOT EXISTS (
          SELECT 1 FROM alerts later
          WHERE later.key IN (:failing, :recovered) AND later.guild_id = a.guild_id
            AND later.params ->> '$.id' = a.params ->> '$.id' AND later.id > a.id)
"""


def note_feed(
    connection: sqlite3.Connection,
    key: str,
    feed_id: int,
    now: datetime,
    guild_ids: Sequence[int] | None = None,
) -> None:
    """Note something about a feed for the servers it concerns, within a transaction.

    That is the server whose own it is; a public feed concerns those whose channels it posted to
    lately, by a subscription that is on, and who chose a channel to hear of it.
    """
    feed = connection.execute(
        "SELECT scope_id, title FROM feeds WHERE id = :feed", {"feed": feed_id}
    ).fetchone()
    if feed is None:
        return
    if guild_ids is None and feed["scope_id"]:
        guild_ids = (feed["scope_id"],)
    elif guild_ids is None:
        values = {"feed": feed_id, "lately": _LATELY}
        guild_ids = [row[0] for row in connection.execute(_HEARERS, values)]
    for guild_id in guild_ids:
        note(connection, guild_id, key, {"id": feed_id, "title": feed["title"][:100]}, now)


def _values(now: datetime) -> dict[str, str | int]:
    return {
        "since": second(now - FAILING_FOR),
        "failing": FEED_FAILING,
        "recovered": FEED_RECOVERED,
    }


def _feeds_to_tell(now: datetime, connection: sqlite3.Connection) -> bool:
    return any(
        connection.execute(f"SELECT 1 {part} LIMIT 1", _values(now)).fetchone()
        for part in (FAILING, RECOVERED)
    )


def _feeds_told(now: datetime, connection: sqlite3.Connection) -> None:
    for row in connection.execute(f"SELECT id {FAILING}", _values(now)).fetchall():
        note_feed(connection, FEED_FAILING, row["id"], now)
        connection.execute(
            "UPDATE feeds SET told_at = :now WHERE id = :id", {"now": second(now), "id": row["id"]}
        )
    # Whoever heard that it fails hears that it works again, and nobody else.
    recovered = f"SELECT f.id, a.guild_id {RECOVERED}"
    for row in connection.execute(recovered, _values(now)).fetchall():
        note_feed(connection, FEED_RECOVERED, row["id"], now, (row["guild_id"],))
