"""What changes in a subscription's row: edited, moved, paused, removed, each with its trail."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from bot.errors import TagwireError
from bot.model import Subscription, TargetKind
from bot.store.records import By, bump_revision, note_change
from bot.store.rhythm import due_at, rhythm_of
from bot.store.rows import at, packed_json, second

EDITABLE = ("query", "look", "rhythm", "mention_role_id", "mention_query")


def described(found: Subscription) -> dict[str, object]:
    """Return what can be changed of a subscription, as the audit trail keeps it."""
    return {
        "channel_id": found.target.channel_id,
        "query": found.query,
        "look": dict(found.look),
        "rhythm": dict(found.rhythm),
        "mention_role_id": found.mention_role_id,
        "mention_query": found.mention_query,
    }


def differing(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[str, str]:
    """Return what differs, as it was and as it is, each as JSON."""
    keys = [key for key in after if before.get(key) != after[key]]
    was, is_ = ({key: side.get(key) for key in keys} for side in (before, after))
    return packed_json(was), packed_json(is_)


def edit(
    connection: sqlite3.Connection, found: Subscription, changed: Mapping[str, object], by: By
) -> bool:
    """Change some fields of a subscription; return whether anything differs.

    Raises TagwireError `store.same_subscription` when the channel has such a query already.
    """
    before = described(found)
    after = before | {key: changed[key] for key in EDITABLE if key in changed}
    if after == before:
        return False
    _refuse_same(connection, found.id, found.target.channel_id, str(after["query"]))
    connection.execute(
        """
        UPDATE subscriptions
        SET query = :query, look = :look, rhythm = :rhythm, mention_role_id = :mention_role_id,
            mention_query = :mention_query
        WHERE id = :id
        """,
        {**after, "look": _json(after["look"]), "rhythm": _json(after["rhythm"]), "id": found.id},
    )
    if after["rhythm"] != before["rhythm"]:
        due_anew(connection, found.id, _json(after["rhythm"]))
    was, is_ = differing(before, after)
    note(connection, "subscription.edit", found.id, by, was, is_)
    bump_revision(connection, found.id)
    return True


def move(
    connection: sqlite3.Connection,
    found: Subscription,
    kind: TargetKind,
    channel_id: int,
    by: By,
) -> None:
    """Let a subscription post into another channel of its guild, with what it still owes alone."""
    _refuse_same(connection, found.id, channel_id, found.query)
    values = {"id": found.id, "guild": by.guild_id, "channel": channel_id, "kind": str(kind)}
    connection.execute(
        """
        INSERT INTO targets (kind, guild_id, channel_id) VALUES (:kind, :guild, :channel)
        ON CONFLICT (channel_id) DO UPDATE
            SET kind = excluded.kind, guild_id = excluded.guild_id, paused = NULL, paused_at = NULL
        """,
        values,
    )
    connection.execute(
        """
        UPDATE subscriptions
        SET target_id = (SELECT id FROM targets WHERE channel_id = :channel),
            paused = nullif(paused, 'delivery.gone')
        WHERE id = :id
        """,
        values,
    )
    # What the other channel had already stays owed here no more: it would be there twice.
    connection.execute(
        """
        UPDATE OR IGNORE deliveries
        SET target_id = (SELECT id FROM targets WHERE channel_id = :channel)
        WHERE subscription_id = :id AND state = 'owed' AND post_id IS NULL
          AND NOT EXISTS (
              SELECT 1 FROM delivery_wants w
              WHERE w.delivery_id = deliveries.id AND w.subscription_id <> :id)
          AND NOT EXISTS (
              SELECT 1 FROM past_deliveries p JOIN targets t ON t.id = p.target_id
              WHERE t.channel_id = :channel AND p.article_id = deliveries.article_id)
        """,
        values,
    )
    connection.execute(
        """
        UPDATE deliveries SET state = 'skipped', reason = 'moved'
        WHERE subscription_id = :id AND state = 'owed' AND post_id IS NULL
          AND target_id <> (SELECT id FROM targets WHERE channel_id = :channel)
          AND NOT EXISTS (
              SELECT 1 FROM delivery_wants w
              WHERE w.delivery_id = deliveries.id AND w.subscription_id <> :id)
        """,
        values,
    )
    was, is_ = {"channel_id": found.target.channel_id}, {"channel_id": channel_id}
    note(connection, "subscription.move", found.id, by, packed_json(was), packed_json(is_))
    bump_revision(connection, found.id)


def pause(connection: sqlite3.Connection, found: Subscription, reason: str | None, by: By) -> bool:
    """Hold a subscription, or take it up again without a reason; return whether that is new.

    What is not sent yet is not sent. A channel that waits for access is taken up with it.
    """
    if found.paused == reason and (reason is not None or found.target.paused_reason is None):
        return False
    values = {"id": found.id, "reason": reason, "target": found.target.id}
    connection.execute("UPDATE subscriptions SET paused = :reason WHERE id = :id", values)
    if reason is None:
        connection.execute(
            "UPDATE targets SET paused = NULL, paused_at = NULL, told_at = NULL WHERE id = :target",
            values,
        )
    else:
        withdraw(connection, found.target.id, found.id, "paused")
    action = "subscription.resume" if reason is None else "subscription.pause"
    note(connection, action, found.id, by)
    bump_revision(connection, found.id)
    return True


def remove(connection: sqlite3.Connection, found: Subscription, by: By) -> None:
    """Delete a subscription. What only it wanted and is not sent yet is not sent."""
    withdraw(connection, found.target.id, found.id, "filter")
    connection.execute("DELETE FROM subscriptions WHERE id = :id", {"id": found.id})
    note(connection, "subscription.remove", found.id, by, before=packed_json(described(found)))
    bump_revision(connection, found.id)


def note(
    connection: sqlite3.Connection,
    action: str,
    subscription_id: int,
    by: By,
    before: str | None = None,
    after: str | None = None,
) -> None:
    """Write into the audit trail who changed a subscription and how."""
    note_change(by.change(action, subscription_id, before, after), connection)


def _json(value: object) -> str:
    return packed_json(value if isinstance(value, Mapping) else {})


def _refuse_same(
    connection: sqlite3.Connection, subscription_id: int, channel_id: int, query: str
) -> None:
    same = connection.execute(
        """
        SELECT s.id FROM subscriptions s JOIN targets t ON t.id = s.target_id
        WHERE t.channel_id = :channel AND s.query = :query AND s.id <> :id
        """,
        {"channel": channel_id, "query": query, "id": subscription_id},
    ).fetchone()
    if same is not None:
        raise TagwireError("store.same_subscription", id=same["id"])


def follow_anew(connection: sqlite3.Connection, follow_id: int, rhythm: str) -> None:
    """Give a member's follow another rhythm; nobody but the member is told of it."""
    connection.execute(
        "UPDATE subscriptions SET rhythm = :rhythm WHERE id = :id",
        {"rhythm": rhythm, "id": follow_id},
    )
    due_anew(connection, follow_id, rhythm)
    bump_revision(connection, follow_id)


def due_anew(connection: sqlite3.Connection, subscription_id: int, rhythm: str) -> None:
    """Let what is owed and not formed yet follow the new rhythm."""
    owed = connection.execute(
        """
        SELECT id, created_at FROM deliveries
        WHERE subscription_id = :id AND state = 'owed' AND post_id IS NULL
        """,
        {"id": subscription_id},
    ).fetchall()
    chosen = rhythm_of(json.loads(rhythm))
    connection.executemany(
        "UPDATE deliveries SET not_before = :due WHERE id = :id",
        [{"id": row["id"], "due": second(due_at(chosen, at(row["created_at"])))} for row in owed],
    )


def withdraw(
    connection: sqlite3.Connection, target_id: int, subscription_id: int, reason: str
) -> None:
    """Skip what only this subscription wants and no try has been made to send."""
    values = {"target": target_id, "id": subscription_id, "reason": reason}
    connection.execute(
        """
        UPDATE deliveries SET state = 'skipped', reason = :reason, post_id = NULL
        WHERE target_id = :target AND state = 'owed'
          AND (post_id IS NULL OR post_id IN (
              SELECT id FROM posts WHERE state = 'ready' AND attempts = 0))
          AND id IN (SELECT delivery_id FROM delivery_wants WHERE subscription_id = :id)
          AND NOT EXISTS (
              SELECT 1 FROM delivery_wants w JOIN subscriptions s ON s.id = w.subscription_id
              WHERE w.delivery_id = deliveries.id AND s.id <> :id AND s.paused IS NULL)
        """,
        values,
    )
    connection.execute(
        """
        DELETE FROM posts
        WHERE target_id = :target AND state = 'ready' AND attempts = 0
          AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.post_id = posts.id)
        """,
        values,
    )
