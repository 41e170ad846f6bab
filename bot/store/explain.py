"""Why an article was or was not posted: one answer for each subscription of a server."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from bot.errors import NotFoundError
from bot.model import Scope, Subscription
from bot.query import language
from bot.query.nodes import And, Node, Or, Query
from bot.store import heads, once, past
from bot.store.check import Facts, passes
from bot.store.connections import Connections
from bot.store.index import index_row
from bot.store.resolve import Asked, resolve
from bot.store.rhythm import is_held, rhythm_of
from bot.store.rows import at, moment
from bot.store.subscriptions import subscriptions_of


@dataclass(frozen=True, slots=True)
class Explanation:
    """What became of an article in one subscription: a message key with its parameters.

    `at` is when it was posted, skipped or will be due. `cause` is a further message key with
    `cause_params`: why a post failed. `message_id` is the message, in `place_id`.
    """

    subscription: Subscription
    key: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    at: datetime | None = None
    cause: str | None = None
    cause_params: Mapping[str, str | int] = field(default_factory=dict)
    place_id: int | None = None
    message_id: int | None = None


class ExplainStore:
    """Answers "why was this (not) posted?"."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def article(
        self, article_id: int, guild_id: int, now: datetime
    ) -> tuple[Explanation, ...]:
        """Explain an article to each subscription of a guild. Raises NotFoundError."""
        return await self._connections.read(partial(_explained, article_id, guild_id, now))


@dataclass(frozen=True, slots=True)
class _Read:
    """An article as queries see it, and with what they are read."""

    facts: Facts
    found_at: datetime
    is_hidden: bool
    asked: Asked
    blocked: Query | None


def _explained(
    article_id: int, guild_id: int, now: datetime, connection: sqlite3.Connection
) -> tuple[Explanation, ...]:
    scope = Scope(guild_id)
    if article_id not in heads.articles(connection, [article_id], scope):
        raise NotFoundError("store.no_article", id=article_id)
    row = connection.execute(
        """
        SELECT a.found_at, a.hidden, g.settings ->> '$.zone' AS zone,
               g.settings ->> '$.blocked' AS blocked
        FROM articles a LEFT JOIN guilds g ON g.guild_id = :guild WHERE a.id = :id
        """,
        {"id": article_id, "guild": guild_id},
    ).fetchone()
    zone: tzinfo = ZoneInfo(row["zone"] or "UTC")
    read = _Read(
        Facts(index_row(connection, article_id)),
        at(row["found_at"]),
        row["hidden"] is not None,
        Asked(scope, now, zone),
        language.parse(row["blocked"]) if row["blocked"] else None,
    )
    return tuple(
        _of(connection, article_id, subscription, read)
        for subscription in subscriptions_of(guild_id, connection)
    )


def _of(
    connection: sqlite3.Connection, article_id: int, subscription: Subscription, read: _Read
) -> Explanation:
    delivery = connection.execute(
        """
        SELECT d.state, d.reason, d.not_before, d.created_at, d.subscription_id,
               p.state AS post_state, p.sent_at, p.message_id, p.thread_id, p.attempts,
               p.reason AS post_reason, p.reason_params, p.next_try_at, s.rhythm,
               EXISTS (SELECT 1 FROM delivery_wants w WHERE w.delivery_id = d.id
                       AND w.subscription_id = :subscription) AS wanted
        FROM deliveries d LEFT JOIN posts p ON p.id = d.post_id
        LEFT JOIN subscriptions s ON s.id = d.subscription_id
        WHERE d.target_id = :target AND d.article_id = :article
        """,
        {
            "target": subscription.target.id,
            "article": article_id,
            "subscription": subscription.id,
        },
    ).fetchone()
    query = language.parse(subscription.query)
    matches = _holds(connection, query.root, read)
    if delivery is not None and (delivery["wanted"] or matches):
        part = _matched_part(connection, query, read)
        return _delivered(connection, article_id, subscription, delivery, part, read)
    if past.was_delivered(connection, subscription.target.id, article_id):
        return Explanation(subscription, "cogs.explain_past")
    if not matches:
        part = _failing_part(connection, query, read)
        return Explanation(subscription, "cogs.explain_filter", {"part": part})
    return _never_owed(connection, subscription, read)


def _never_owed(
    connection: sqlite3.Connection, subscription: Subscription, read: _Read
) -> Explanation:
    if read.blocked is not None and _holds(connection, read.blocked.root, read):
        part = _matched_part(connection, read.blocked, read)
        return Explanation(subscription, "cogs.explain_blocked", {"part": part})
    if subscription.paused is not None:
        return Explanation(subscription, "cogs.explain_paused")
    if read.is_hidden:
        return Explanation(subscription, "cogs.explain_skipped_withdrawn")
    if read.found_at < subscription.created_at:
        return Explanation(subscription, "cogs.explain_older", at=read.found_at)
    return Explanation(subscription, "cogs.explain_unannounced", at=read.found_at)


def _delivered(
    connection: sqlite3.Connection,
    article_id: int,
    subscription: Subscription,
    delivery: sqlite3.Row,
    part: str,
    read: _Read,
) -> Explanation:
    params = {"part": part}
    if delivery["state"] == "posted":
        place = delivery["thread_id"] or subscription.target.channel_id
        return Explanation(
            subscription,
            "cogs.explain_posted",
            params,
            moment(delivery["sent_at"]),
            place_id=place,
            message_id=delivery["message_id"],
        )
    if delivery["state"] == "skipped" and delivery["reason"] == once.STORY:
        return _same_story(connection, article_id, subscription, delivery)
    if delivery["state"] == "skipped":
        key = f"cogs.explain_skipped_{delivery['reason']}"
        return Explanation(subscription, key, params, at(delivery["created_at"]))
    if subscription.target.paused_reason is not None:
        cause = subscription.target.paused_reason
        return Explanation(subscription, "cogs.explain_no_access", params, cause=cause)
    if delivery["post_state"] is None:
        due = at(delivery["not_before"])
        return Explanation(subscription, _waiting_key(delivery, read.asked.now), params, due)
    return _in_post(subscription, delivery, params)


def _waiting_key(delivery: sqlite3.Row, now: datetime) -> str:
    if at(delivery["not_before"]) <= now:
        return "cogs.explain_next"
    rhythm = rhythm_of(json.loads(delivery["rhythm"] or "{}"))
    is_quiet = is_held(rhythm, at(delivery["created_at"]))
    return "cogs.explain_quiet" if is_quiet else "cogs.explain_later"


def _same_story(
    connection: sqlite3.Connection,
    article_id: int,
    subscription: Subscription,
    delivery: sqlite3.Row,
) -> Explanation:
    """Name the article of the story that the channel has, and its message if there is one."""
    left_out_at = at(delivery["created_at"])
    other = once.other_of(connection, article_id, subscription.target.id)
    if other is None:
        return Explanation(subscription, "cogs.explain_skipped_story", at=left_out_at)
    return Explanation(
        subscription,
        "cogs.explain_same_story",
        {"title": other["title"]},
        left_out_at,
        place_id=other["thread_id"] or subscription.target.channel_id,
        message_id=other["message_id"],
    )


def _in_post(
    subscription: Subscription, delivery: sqlite3.Row, params: Mapping[str, str | int]
) -> Explanation:
    keys = {"dead": "cogs.explain_failed", "unknown": "cogs.explain_unknown"}
    key = keys.get(delivery["post_state"], "cogs.explain_next")
    if key == "cogs.explain_next" and delivery["post_reason"]:
        key = "cogs.explain_retry"
    return Explanation(
        subscription,
        key,
        params,
        at(delivery["next_try_at"] // 1000),
        cause=delivery["post_reason"],
        cause_params=json.loads(delivery["reason_params"]),
    )


def _holds(connection: sqlite3.Connection, node: Node | None, read: _Read) -> bool:
    return passes(resolve(connection, Query(node), read.asked), read.facts)


def _failing_part(connection: sqlite3.Connection, query: Query, read: _Read) -> str:
    """Return the first condition that does not hold, as it would be written."""
    parts = query.root.children if isinstance(query.root, And) else (query.root,)
    failing = next((part for part in parts if not _holds(connection, part, read)), query.root)
    return str(Query(failing))


def _matched_part(connection: sqlite3.Connection, query: Query, read: _Read) -> str:
    """Return what made it match: of alternatives the first that holds, else the whole query."""
    if isinstance(query.root, Or):
        for part in query.root.children:
            if _holds(connection, part, read):
                return str(Query(part))
    return str(Query(query.root))
