"""What waits in the outbox: whether anything is due, paused channels, dead letters, the status."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from datetime import datetime

from bot.model import DeadLetter, OutboxStatus, Outcome, Target
from bot.store import alerts, forming, rows, sequels
from bot.store.parcels import NEXT
from bot.store.records import By, bump_revision, note_change
from bot.store.rows import at, many, milliseconds, moment, packed_json, second

# Why a target and its subscriptions are paused whose channel no longer exists.
GONE = "delivery.gone"
# Where the end of a block by Discord's wall is kept: a start within it would prolong it.
SILENT_UNTIL = "silent_until"
_SHOWN = 25

_OF_GUILD = "(:guild IS NULL OR t.guild_id = :guild)"


def any_due(now: datetime, busy: Collection[int], connection: sqlite3.Connection) -> bool:
    """Return whether a claim would hand anything out."""
    values = {"now": milliseconds(now), "busy": many(busy), "limit": 1}
    return connection.execute(NEXT, values).fetchone() is not None


def pause_target(
    target_id: int, reason: str, now: datetime, connection: sqlite3.Connection
) -> bool:
    """Hold a channel; what was being sent goes back in line."""
    values = {"id": target_id, "reason": reason, "now": second(now), "now_ms": milliseconds(now)}
    connection.execute(
        """
        UPDATE posts
        SET state = 'ready', next_try_at = :now_ms, started_at = iif(doubtful, started_at, NULL)
        WHERE target_id = :id AND state = 'sending'
        """,
        values,
    )
    sequels.put_back(connection, target_id, now)
    return _paused(target_id, reason, "store.alert_paused", now, connection)


def close_target(target_id: int, now: datetime, connection: sqlite3.Connection) -> bool:
    """End what a channel that no longer exists is owed, and switch its subscriptions off.

    They stay, to be moved; a channel that comes into view again takes them up by itself.
    """
    values = {"id": target_id, "reason": GONE, "now": second(now)}
    found = connection.execute(
        "SELECT id FROM deliveries WHERE target_id = :id AND state = 'owed'", values
    )
    owed = [row["id"] for row in found.fetchall()]
    forming.skip(connection, owed, "gone")
    connection.execute(
        "DELETE FROM posts WHERE target_id = :id AND state IN ('ready', 'sending')", values
    )
    connection.execute(
        "UPDATE posts SET follow_up = 'failed' WHERE target_id = :id AND follow_up = 'publish'",
        values,
    )
    sequels.close(connection, target_id)
    connection.execute(
        "UPDATE subscriptions SET paused = :reason WHERE target_id = :id AND paused IS NULL",
        values,
    )
    bump_revision(connection)
    return _paused(target_id, GONE, "store.alert_gone", now, connection)


def _paused(
    target_id: int, reason: str, alert: str, now: datetime, connection: sqlite3.Connection
) -> bool:
    """Mark a channel as paused; return whether that is news, which its server hears once."""
    values = {"id": target_id, "reason": reason, "now": second(now)}
    row = connection.execute(
        """
        UPDATE targets SET paused = :reason, paused_at = :now
        WHERE id = :id AND paused IS NOT :reason RETURNING channel_id, guild_id
        """,
        values,
    ).fetchone()
    if row is None:
        return False
    alerts.note(connection, row["guild_id"], alert, {"channel_id": row["channel_id"]}, now)
    return True


def resume_target(channel_id: int, now: datetime, connection: sqlite3.Connection) -> bool:
    """Take a channel up again. Posts that no try was made to send are formed anew, by the cap."""
    row = connection.execute(
        """
        UPDATE targets SET paused = NULL, paused_at = NULL, told_at = NULL
        WHERE channel_id = :channel AND paused IS NOT NULL RETURNING id, guild_id
        """,
        {"channel": channel_id},
    ).fetchone()
    if row is None:
        return False
    params = {"channel_id": channel_id}
    alerts.note(connection, row["guild_id"], "store.alert_resumed", params, now)
    values = {"target": row["id"], "now": milliseconds(now), "gone": GONE}
    if connection.execute(
        "UPDATE subscriptions SET paused = NULL WHERE target_id = :target AND paused = :gone",
        values,
    ).rowcount:
        bump_revision(connection)
    connection.execute(
        "UPDATE posts SET next_try_at = :now WHERE target_id = :target AND state = 'ready'", values
    )
    forming.form_anew(connection, row["id"], now)
    return True


def give_up(post_id: int, outcome: Outcome, now: datetime, connection: sqlite3.Connection) -> None:
    """Make a post a dead letter, and let the server's moderators hear of it."""
    dead = connection.execute(
        """
        UPDATE posts
        SET state = 'dead', reason = :reason, reason_params = :params, code = :code
        WHERE id = :id AND state = 'sending'
        """,
        {
            "id": post_id,
            "reason": outcome.reason,
            "params": packed_json(outcome.params),
            "code": outcome.code,
        },
    ).rowcount
    if dead:
        target = connection.execute(
            """
            SELECT t.channel_id, t.guild_id FROM posts p JOIN targets t ON t.id = p.target_id
            WHERE p.id = :id
            """,
            {"id": post_id},
        ).fetchone()
        params = {"id": post_id, "channel_id": int(target["channel_id"])}
        alerts.note(connection, target["guild_id"], "store.alert_dead", params, now)


def paused_targets(guild_id: int | None, connection: sqlite3.Connection) -> tuple[Target, ...]:
    """Return the channels that wait for access."""
    found = connection.execute(
        f"""
        SELECT t.id AS target_id, t.kind AS target_kind, t.channel_id, t.guild_id, t.user_id,
               t.paused AS target_paused, t.language
        FROM targets t WHERE t.paused IS NOT NULL AND {_OF_GUILD} ORDER BY t.id
        """,  # noqa: S608 - a constant
        {"guild": guild_id},
    )
    return tuple(rows.target(row) for row in found)


def resend(
    post_id: int,
    guild_id: int | None,
    now: datetime,
    by: By | None,
    connection: sqlite3.Connection,
) -> bool:
    """Put a failed post in line again under a new generation, which is a new nonce.

    Of a post that stands it is the text that failed. Noted where it is known who asked for it.
    """
    done = _in_line(post_id, guild_id, now, connection)
    if done and by is not None:
        note_change(by.change("post.resend", post_id), connection)
    return done


def _in_line(
    post_id: int, guild_id: int | None, now: datetime, connection: sqlite3.Connection
) -> bool:
    state = _state_of(post_id, guild_id, connection)
    if state == "sent":
        return sequels.resend(connection, post_id, now)
    return bool(
        connection.execute(
            """
            UPDATE posts
            SET state = 'ready', generation = generation + 1, attempts = 0, started_at = NULL,
                doubtful = 0, degraded = 0, next_try_at = :now_ms, created_at = :now
            WHERE id = :id AND :state IN ('dead', 'unknown')
            """,
            {"id": post_id, "state": state, "now_ms": milliseconds(now), "now": second(now)},
        ).rowcount
    )


def drop(post_id: int, guild_id: int | None, by: By | None, connection: sqlite3.Connection) -> bool:
    """Delete a failed post; its deliveries are skipped for good. Text that failed is let go."""
    done = _dropped(post_id, guild_id, connection)
    if done and by is not None:
        note_change(by.change("post.drop", post_id), connection)
    return done


def _dropped(post_id: int, guild_id: int | None, connection: sqlite3.Connection) -> bool:
    state = _state_of(post_id, guild_id, connection)
    if state == "sent":
        return sequels.drop(connection, post_id)
    if state not in ("dead", "unknown"):
        return False
    deliveries = connection.execute("SELECT id FROM deliveries WHERE post_id = ?", (post_id,))
    forming.skip(connection, [row["id"] for row in deliveries.fetchall()], "dropped")
    connection.execute("DELETE FROM posts WHERE id = ?", (post_id,))
    return True


def _state_of(post_id: int, guild_id: int | None, connection: sqlite3.Connection) -> str | None:
    row = connection.execute(
        f"""
        SELECT p.state FROM posts p JOIN targets t ON t.id = p.target_id
        WHERE p.id = :id AND {_OF_GUILD}
        """,  # noqa: S608 - a constant
        {"id": post_id, "guild": guild_id},
    ).fetchone()
    return None if row is None else row["state"]


def query_of(post_id: int, guild_id: int | None, connection: sqlite3.Connection) -> str | None:
    """Return a post's query, for members of the guild it was posted in."""
    row = connection.execute(
        """
        SELECT p.query FROM posts p JOIN targets t ON t.id = p.target_id
        WHERE p.id = :id AND t.guild_id IS :guild
        """,
        {"id": post_id, "guild": guild_id},
    ).fetchone()
    return None if row is None else row["query"]


def backlog(now: datetime, connection: sqlite3.Connection) -> tuple[int, datetime | None]:
    """Count what is due and could go out, and tell since when the oldest of it waits."""
    row = connection.execute(
        """
        SELECT count(*) AS count, min(max(d.created_at, d.not_before)) AS oldest
        FROM deliveries d JOIN targets t ON t.id = d.target_id
        LEFT JOIN posts p ON p.id = d.post_id
        WHERE d.state = 'owed' AND d.not_before <= :now AND t.paused IS NULL
          AND coalesce(p.state, 'ready') IN ('ready', 'sending')
        """,
        {"now": second(now)},
    ).fetchone()
    return row["count"], moment(row["oldest"])


def status(guild_id: int | None, connection: sqlite3.Connection) -> OutboxStatus:
    """Count what is in each state, and list what a person has to look at."""
    values = {"guild": guild_id, "limit": _SHOWN}
    states = {
        row["state"]: row["count"]
        for row in connection.execute(
            f"""
            SELECT p.state, count(*) AS count FROM posts p JOIN targets t ON t.id = p.target_id
            WHERE {_OF_GUILD} GROUP BY p.state
            """,  # noqa: S608 - a constant
            values,
        )
    }
    owed, oldest = connection.execute(
        f"""
        SELECT count(*) FILTER (WHERE d.post_id IS NULL), min(d.created_at)
        FROM deliveries d JOIN targets t ON t.id = d.target_id
        LEFT JOIN posts p ON p.id = d.post_id
        WHERE d.state = 'owed' AND coalesce(p.state, 'ready') IN ('ready', 'sending')
          AND {_OF_GUILD}
        """,  # noqa: S608 - a constant
        values,
    ).fetchone()
    texts = sequels.counts(connection, guild_id)
    return OutboxStatus(
        owed=owed,
        ready=states.get("ready", 0),
        sending=states.get("sending", 0),
        sent=states.get("sent", 0),
        unknown=states.get("unknown", 0),
        dead=states.get("dead", 0),
        oldest_at=moment(oldest),
        paused=paused_targets(guild_id, connection),
        failed=_failed(connection, values),
        texts_waiting=texts[0],
        texts_failed=texts[1],
        text_reason=texts[2],
        blocked_until=_blocked_until(connection),
    )


def _blocked_until(connection: sqlite3.Connection) -> datetime | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (SILENT_UNTIL,)).fetchone()
    return None if row is None else datetime.fromisoformat(row["value"])


def _failed(
    connection: sqlite3.Connection, values: dict[str, int | None]
) -> tuple[DeadLetter, ...]:
    texts = {row["post_id"]: row for row in sequels.letters(connection, values["guild"], _SHOWN)}
    found = connection.execute(
        f"""
        SELECT p.*, t.kind AS target_kind, t.channel_id, t.guild_id, t.user_id,
               t.paused AS target_paused, t.language,
               (SELECT json_group_array(a.title) FROM deliveries d
                JOIN articles a ON a.id = d.article_id WHERE d.post_id = p.id) AS titles
        FROM posts p JOIN targets t ON t.id = p.target_id
        WHERE (p.state IN ('dead', 'unknown') OR p.id IN (SELECT value FROM json_each(:texts)))
          AND {_OF_GUILD}
        ORDER BY p.id DESC LIMIT :limit
        """,  # noqa: S608 - a constant
        {**values, "texts": many(texts)},
    )
    return tuple(_letter(row, texts.get(row["id"])) for row in found)


def _letter(post: sqlite3.Row, text: sqlite3.Row | None) -> DeadLetter:
    failed = post if text is None else text
    return DeadLetter(
        post["id"],
        rows.target(post),
        tuple(json.loads(post["titles"])),
        post["state"] if text is None else f"text_{text['state']}",
        failed["reason"],
        {} if text is not None else json.loads(post["reason_params"]),
        failed["code"],
        at(post["created_at"]),
    )
