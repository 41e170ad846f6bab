"""What follows a post: its thread and the article's text, page by page, each sent once."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from bot.model import Fate, Outcome
from bot.store import alerts
from bot.store.connections import Connections
from bot.store.rows import milliseconds, second

TOLD_AGAIN = timedelta(days=1)

# In each channel the first page that waits, if it is due. A channel without access waits too.
DUE = """
    SELECT f.post_id, f.target_id FROM (
        SELECT q.post_id, q.state, q.next_try_at, p.target_id,
               row_number() OVER (PARTITION BY p.target_id ORDER BY q.post_id, q.number) AS place
        FROM sequels q JOIN posts p ON p.id = q.post_id
        WHERE q.state IN ('ready', 'sending')
    ) f
    WHERE f.place = 1
      AND (f.next_try_at <= :now OR f.next_try_at > :now + 7200000 OR f.state = 'sending')
"""


class SequelStore:
    """Says what became of a page. Pages are handed out by OutboxStore.claim."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def sent(self, post_id: int, number: int, outcome: Outcome) -> None:
        """Record the message; its text need not be kept any more."""
        await self._end(
            """
            UPDATE sequels SET state = 'sent', content = NULL, message_id = :message
            WHERE post_id = :id AND number = :number
            """,
            post_id,
            number,
            outcome,
        )

    async def retry(self, post_id: int, number: int, at: datetime, outcome: Outcome) -> None:
        """Try again at a moment, with the same nonce."""
        await self._end(
            """
            UPDATE sequels
            SET state = 'ready', next_try_at = :at, doubtful = max(doubtful, :unknown),
                started_at = iif(doubtful OR :unknown, started_at, NULL),
                reason = :reason, code = :code
            WHERE post_id = :id AND number = :number
            """,
            post_id,
            number,
            outcome,
            at,
        )

    async def unknown(self, post_id: int, number: int, outcome: Outcome) -> None:
        """Leave a page be whose fate cannot be learnt; the next ones follow."""
        await self._end(
            """
            UPDATE sequels SET state = 'unknown', reason = :reason, code = :code
            WHERE post_id = :id AND number = :number
            """,
            post_id,
            number,
            outcome,
        )

    async def more(self, post_id: int, contents: Sequence[str], now: datetime) -> None:
        """Owe further pages of a post's text, after those that stand."""
        if contents:
            await self._connections.write(partial(_more, post_id, contents, now))

    async def failed(self, post_id: int, number: int, outcome: Outcome, now: datetime) -> None:
        """Give up a page and all after it; the server's moderators hear of it once a day."""
        await self._connections.write(partial(_failed, post_id, number, outcome, now))

    async def _end(
        self, sql: str, post_id: int, number: int, outcome: Outcome, at: datetime | None = None
    ) -> None:
        values = {
            "id": post_id,
            "number": number,
            "message": outcome.message_id,
            "unknown": outcome.fate is Fate.UNKNOWN,
            "reason": outcome.reason,
            "code": outcome.code,
            "at": None if at is None else milliseconds(at),
        }
        await self._connections.write(lambda connection: connection.execute(sql, values).rowcount)


def owe(
    connection: sqlite3.Connection, post_id: int, contents: Sequence[str], now: datetime
) -> None:
    """Owe the pages that follow a post, and the thread where they stand below the message."""
    if not contents:
        return
    connection.execute(
        """
        INSERT OR IGNORE INTO sequels (post_id, number, content, state, next_try_at)
        SELECT p.id, 0, '', 'ready', :now
        FROM posts p JOIN targets t ON t.id = p.target_id
        WHERE p.id = :id AND p.message_id IS NOT NULL AND t.kind IN ('text', 'announcement')
        """,
        {"id": post_id, "now": milliseconds(now)},
    )
    connection.executemany(
        """
        INSERT OR IGNORE INTO sequels (post_id, number, content, state, next_try_at)
        SELECT id, :number, :content, 'ready', :now
        FROM posts WHERE id = :id AND message_id IS NOT NULL
        """,
        [
            {"id": post_id, "number": number, "content": content, "now": milliseconds(now)}
            for number, content in enumerate(contents, 1)
        ],
    )


def next_of(connection: sqlite3.Connection, post_id: int) -> sqlite3.Row | None:
    """Return the first page of a post that waits."""
    row: sqlite3.Row | None = connection.execute(
        """
        SELECT * FROM sequels WHERE post_id = :id AND state IN ('ready', 'sending')
        ORDER BY number LIMIT 1
        """,
        {"id": post_id},
    ).fetchone()
    return row


def start(connection: sqlite3.Connection, post_id: int, number: int, now: datetime) -> None:
    """Mark a page as being sent; one that was so already may have got through."""
    connection.execute(
        """
        UPDATE sequels
        SET doubtful = iif(state = 'sending', 1, doubtful), state = 'sending',
            attempts = attempts + 1, started_at = coalesce(started_at, :now)
        WHERE post_id = :id AND number = :number
        """,
        {"id": post_id, "number": number, "now": milliseconds(now)},
    )


def messages(connection: sqlite3.Connection, post_id: int) -> tuple[int, ...]:
    """Return the ids of the messages that followed a post, in order."""
    rows = connection.execute(
        """
        SELECT message_id FROM sequels
        WHERE post_id = :id AND number > 0 AND message_id IS NOT NULL ORDER BY number
        """,
        {"id": post_id},
    )
    return tuple(row["message_id"] for row in rows)


def pages(connection: sqlite3.Connection, post_id: int) -> int:
    """Return how many pages a post's text has, sent or not."""
    (count,) = connection.execute(
        "SELECT count(*) FROM sequels WHERE post_id = ? AND number > 0", (post_id,)
    ).fetchone()
    return int(count)


def _more(
    post_id: int, contents: Sequence[str], now: datetime, connection: sqlite3.Connection
) -> None:
    connection.executemany(
        """
        INSERT INTO sequels (post_id, number, content, state, next_try_at)
        SELECT :id, coalesce(max(number), 0) + 1, :content, 'ready', :now
        FROM sequels WHERE post_id = :id
        """,
        [{"id": post_id, "content": content, "now": milliseconds(now)} for content in contents],
    )


def counts(connection: sqlite3.Connection, guild_id: int | None) -> tuple[int, int, str | None]:
    """Count the posts whose text waits and whose text failed, with the last reason, in a guild.

    A post that a moderator deleted, or whose article is gone, has not failed: its words are let go.
    """
    values = {"guild": guild_id}
    (waiting,) = connection.execute(
        """
        SELECT count(DISTINCT q.post_id)
        FROM sequels q JOIN posts p ON p.id = q.post_id JOIN targets t ON t.id = p.target_id
        WHERE q.state IN ('ready', 'sending') AND (:guild IS NULL OR t.guild_id = :guild)
        """,
        values,
    ).fetchone()
    failed = connection.execute(
        """
        SELECT q.post_id, min(q.reason) AS reason
        FROM sequels q JOIN posts p ON p.id = q.post_id JOIN targets t ON t.id = p.target_id
        WHERE q.state IN ('failed', 'unknown') AND q.content IS NOT NULL
          AND (:guild IS NULL OR t.guild_id = :guild)
        GROUP BY q.post_id ORDER BY q.post_id DESC
        """,
        values,
    ).fetchall()
    return waiting, len(failed), failed[0]["reason"] if failed else None


def letters(connection: sqlite3.Connection, guild_id: int | None, limit: int) -> list[sqlite3.Row]:
    """Return the last posts whose text failed: id, whether it is unknown, reason and code."""
    return connection.execute(
        """
        SELECT q.post_id, min(q.state) AS state, q.reason, q.code
        FROM sequels q JOIN posts p ON p.id = q.post_id JOIN targets t ON t.id = p.target_id
        WHERE q.state IN ('failed', 'unknown') AND q.content IS NOT NULL
          AND (:guild IS NULL OR t.guild_id = :guild)
        GROUP BY q.post_id ORDER BY q.post_id DESC LIMIT :limit
        """,
        {"guild": guild_id, "limit": limit},
    ).fetchall()


def resend(connection: sqlite3.Connection, post_id: int, now: datetime) -> bool:
    """Put what failed of a post's text in line again; return whether there was any.

    Its nonces stay: what Discord may still know of the last try is not made twice.
    """
    return bool(
        connection.execute(
            """
            UPDATE sequels
            SET state = 'ready', next_try_at = :now, attempts = 0, started_at = NULL, doubtful = 0,
                reason = NULL, code = NULL
            WHERE post_id = :id AND state IN ('failed', 'unknown') AND content IS NOT NULL
            """,
            {"id": post_id, "now": milliseconds(now)},
        ).rowcount
    )


def drop(connection: sqlite3.Connection, post_id: int) -> bool:
    """Let the words go that failed of a post's text; return whether there were any."""
    return bool(
        connection.execute(
            """
            UPDATE sequels SET content = NULL
            WHERE post_id = :id AND state IN ('failed', 'unknown') AND content IS NOT NULL
            """,
            {"id": post_id},
        ).rowcount
    )


def put_back(connection: sqlite3.Connection, target_id: int, now: datetime) -> None:
    """Let what was being sent to a channel wait: the channel is lost for now."""
    connection.execute(
        """
        UPDATE sequels
        SET state = 'ready', next_try_at = :now, started_at = iif(doubtful, started_at, NULL)
        WHERE state = 'sending' AND post_id IN (SELECT id FROM posts WHERE target_id = :target)
        """,
        {"target": target_id, "now": milliseconds(now)},
    )


def close(connection: sqlite3.Connection, target_id: int) -> None:
    """Give up all pages of a channel that no longer exists."""
    connection.execute(
        """
        UPDATE sequels SET state = 'failed', content = NULL, reason = 'delivery.gone'
        WHERE (state IN ('ready', 'sending')
               OR (state IN ('failed', 'unknown') AND content IS NOT NULL))
          AND post_id IN (SELECT id FROM posts WHERE target_id = :target)
        """,
        {"target": target_id},
    )


def withdraw(connection: sqlite3.Connection, post_id: int) -> None:
    """Send no more pages of an article that is gone."""
    connection.execute(
        """
        UPDATE sequels SET state = 'failed', content = NULL, reason = 'store.withdrawn'
        WHERE post_id = :id
          AND (state IN ('ready', 'sending')
               OR (state IN ('failed', 'unknown') AND content IS NOT NULL))
        """,
        {"id": post_id},
    )


def _failed(
    post_id: int, number: int, outcome: Outcome, now: datetime, connection: sqlite3.Connection
) -> None:
    values: Mapping[str, object] = {
        "id": post_id,
        "number": number,
        "reason": outcome.reason,
        "code": outcome.code,
        "is_gone": outcome.fate is Fate.GONE,
    }
    connection.execute(
        """
        UPDATE sequels
        SET state = 'failed', content = iif(:is_gone, NULL, content), reason = :reason, code = :code
        WHERE post_id = :id AND number >= :number AND state IN ('ready', 'sending')
        """,
        values,
    )
    if outcome.fate is Fate.GONE:
        return  # A moderator deleted the post or its thread, and knows.
    place = connection.execute(
        """
        SELECT t.guild_id, t.channel_id FROM posts p JOIN targets t ON t.id = p.target_id
        WHERE p.id = :id AND NOT EXISTS (
            SELECT 1 FROM alerts a
            WHERE a.guild_id = t.guild_id AND a.key = 'store.alert_no_text'
              AND a.created_at > :since AND a.params ->> '$.channel_id' = t.channel_id)
        """,
        {**values, "since": second(now - TOLD_AGAIN)},
    ).fetchone()
    if place is not None:
        params = {"channel_id": int(place["channel_id"])}
        alerts.note(connection, place["guild_id"], "store.alert_no_text", params, now)
