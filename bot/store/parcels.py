"""Posts as parcels: which is next in each channel, and all that the poster has to know of it."""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from bot.model import Article, Parcel, Scope, Sequel
from bot.query import language
from bot.store import heads, rows, sequels
from bot.store.check import Facts, passes
from bot.store.index import index_row
from bot.store.records import instance_id
from bot.store.resolve import Asked, resolve
from bot.store.rows import at, many, milliseconds

_NONCE_CHARS = 22
# Ten digits, so that it is part of no smaller number.
_MARK_LEAST = 10**9

# Head of line: the oldest waiting post of a channel goes first or all of them wait. What only has
# to be published waits by itself, and so does what follows a post; in a thread of many posts the
# next one waits for it. A channel without access or a guild that was left waits too.
# No wait is longer than an hour: one of more than two is that of a clock which was set back.
NEXT = f"""
    WITH page (id) AS (SELECT post_id FROM ({sequels.DUE})),
    followed (target_id) AS (
        SELECT o.target_id FROM sequels q JOIN posts o ON o.id = q.post_id
        WHERE q.state IN ('ready', 'sending')
    ),
    head (id) AS (
        SELECT min(id) FROM posts WHERE state IN ('ready', 'sending') GROUP BY target_id
        UNION ALL
        SELECT min(id) FROM posts
        WHERE follow_up = 'publish'
          AND (next_try_at <= :now OR next_try_at > :now + 7200000) GROUP BY +target_id
        UNION ALL
        SELECT id FROM page
    )
    SELECT min(p.id) AS id
    FROM head JOIN posts p ON p.id = head.id JOIN targets t ON t.id = p.target_id
    WHERE (p.next_try_at <= :now OR p.next_try_at > :now + 7200000 OR p.state = 'sending'
           OR p.id IN (SELECT id FROM page))
      AND t.paused IS NULL
      AND NOT (t.kind = 'thread' AND p.state <> 'sent'
               AND t.id IN (SELECT target_id FROM followed))
      AND t.id NOT IN (SELECT value FROM json_each(:busy))
      AND NOT EXISTS (
          SELECT 1 FROM guilds g WHERE g.guild_id = t.guild_id AND g.left_at IS NOT NULL)
    GROUP BY p.target_id ORDER BY 1 LIMIT :limit
"""  # noqa: S608 - a constant
_POST = """
    SELECT p.*, t.kind AS target_kind, t.channel_id, t.guild_id, t.user_id,
           t.paused AS target_paused, t.language
    FROM posts p JOIN targets t ON t.id = p.target_id
"""


def claimed(
    now: datetime, busy: Collection[int], limit: int, connection: sqlite3.Connection
) -> tuple[Parcel, ...]:
    """Mark the next post of each idle channel as being sent and return them as parcels."""
    values = {"now": milliseconds(now), "busy": many(busy), "limit": limit}
    kept: list[int] = []
    while not kept:
        ids = [row["id"] for row in connection.execute(NEXT, values).fetchall()]
        if not ids:
            return ()
        kept = [post_id for post_id in ids if not _withdrawn(connection, post_id)]
    instance = instance_id(connection)
    return tuple(_started(connection, instance, post_id, now) for post_id in kept)


def _started(connection: sqlite3.Connection, instance: str, post_id: int, now: datetime) -> Parcel:
    """Mark a post, or a page that follows it, as being sent and return it."""
    values = {"id": post_id, "now": milliseconds(now)}
    started = connection.execute(
        """
        UPDATE posts
        SET doubtful = iif(state = 'sending', 1, doubtful),
            state = iif(follow_up = 'publish', state, 'sending'), attempts = attempts + 1,
            started_at = coalesce(started_at, :now)
        WHERE id = :id AND (state <> 'sent' OR (
            follow_up = 'publish' AND (next_try_at <= :now OR next_try_at > :now + 7200000)))
        """,
        values,
    ).rowcount
    page = None if started else sequels.next_of(connection, post_id)
    if page is not None:
        sequels.start(connection, post_id, page["number"], now)
        page = sequels.next_of(connection, post_id)
    parcel = _parcel(connection, instance, post_id, now, page)
    if page is None:
        _note_way(connection, parcel)
    return parcel


def _note_way(connection: sqlite3.Connection, parcel: Parcel) -> None:
    """Keep by which way a post is tried: its look may change before the fate of this is known."""
    by_webhook = parcel.by_webhook or parcel.tried_by_webhook
    connection.execute(
        "UPDATE posts SET by_webhook = :by WHERE id = :id AND by_webhook <> :by",
        {"id": parcel.post_id, "by": int(by_webhook)},
    )


def _withdrawn(connection: sqlite3.Connection, post_id: int) -> bool:
    """Leave out a post whose articles are all gone; one that may have got through is unknown."""
    values = {"id": post_id}
    post = connection.execute(
        """
        SELECT state, doubtful OR state = 'sending' AS doubtful FROM posts
        WHERE id = :id AND follow_up IS NOT 'publish' AND NOT EXISTS (
            SELECT 1 FROM deliveries d JOIN articles a ON a.id = d.article_id
            WHERE d.post_id = posts.id AND a.hidden IS NULL)
        """,
        values,
    ).fetchone()
    if post is None:
        return False
    if post["state"] == "sent":
        sequels.withdraw(connection, post_id)
        return True
    if post["doubtful"]:
        connection.execute(
            "UPDATE posts SET state = 'unknown', reason = :reason WHERE id = :id",
            {**values, "reason": "store.withdrawn"},
        )
        return True
    connection.execute(
        """
        UPDATE deliveries SET state = 'skipped', reason = 'withdrawn', post_id = NULL
        WHERE post_id = :id
        """,
        values,
    )
    connection.execute("DELETE FROM posts WHERE id = :id", values)
    return True


def sending(connection: sqlite3.Connection) -> tuple[Parcel, ...]:
    """Return all posts that are marked as being sent."""
    ids = connection.execute("SELECT id FROM posts WHERE state = 'sending' ORDER BY id").fetchall()
    instance = instance_id(connection) if ids else ""
    return tuple(_parcel(connection, instance, row["id"], None) for row in ids)


def _parcel(
    connection: sqlite3.Connection,
    instance: str,
    post_id: int,
    now: datetime | None,
    page: sqlite3.Row | None = None,
) -> Parcel:
    post = connection.execute(_POST + "WHERE p.id = :id", {"id": post_id}).fetchone()
    wants = connection.execute(
        """
        SELECT d.article_id, d.subscription_id, s.id, s.look, s.mention_role_id, s.mention_query,
               s.scope_guild_id
        FROM deliveries d
        LEFT JOIN delivery_wants w ON w.delivery_id = d.id
        LEFT JOIN subscriptions s ON s.id = w.subscription_id
        WHERE d.post_id = :id ORDER BY s.id
        """,
        {"id": post_id},
    ).fetchall()
    articles = _articles(connection, wants, post["guild_id"])
    tried = post if page is None else page
    started_at = _moment(tried["started_at"])
    number = None if page is None else page["number"]
    nonce = nonce_of(instance, post_id, post["generation"], number)
    return Parcel(
        post_id=post_id,
        nonce=nonce,
        marker=nonce if page is None else mark_of(nonce),
        target=rows.target(post),
        articles=articles,
        overflow=post["overflow"],
        query=post["query"],
        mention_role_ids=_roles(connection, wants, now or started_at),
        look=_look(wants),
        attempt=tried["attempts"],
        started_at=started_at,
        created_at=at(post["created_at"]),
        message_id=post["message_id"],
        degraded=bool(post["degraded"]),
        doubtful=bool(tried["doubtful"]),
        sequel=None if page is None else Sequel(page["number"], page["content"]),
        followed_by=sequels.messages(connection, post_id),
        pages=sequels.pages(connection, post_id),
        icon_url=_icon_url(connection, articles),
        webhook_id=post["webhook_id"],
        tried_by_webhook=bool(post["doubtful"] and post["by_webhook"]),
    )


def standing(connection: sqlite3.Connection, post_id: int, now: datetime) -> Parcel:
    """Return a post that was sent as a parcel of what it shows now."""
    return _parcel(connection, instance_id(connection), post_id, now)


def nonce_of(instance: str, post_id: int, generation: int, number: int | None = None) -> str:
    """Return the nonce of a post, or of what follows it: the same for each try, and no other's."""
    named = f"{instance}:{post_id}:{generation}" + ("" if number is None else f":{number}")
    digest = hashlib.sha256(named.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:_NONCE_CHARS]


def mark_of(nonce: str) -> str:
    """Return the number by which a page is found again: the id of a component, of 31 bits."""
    digest = hashlib.sha256(nonce.encode()).digest()
    return str(_MARK_LEAST + int.from_bytes(digest[:4]) % (2**31 - _MARK_LEAST))


def _articles(
    connection: sqlite3.Connection, wants: Sequence[sqlite3.Row], guild_id: int | None
) -> tuple[Article, ...]:
    ids = list(dict.fromkeys(row["article_id"] for row in wants))
    guilds = {guild_id, *(row["scope_guild_id"] for row in wants)} - {None}
    found = heads.articles(connection, ids, Scope(next(iter(guilds), None)))
    return tuple(sorted(found.values(), key=lambda article: article.sort_at))


def _icon_url(connection: sqlite3.Connection, articles: Sequence[Article]) -> str | None:
    """Return the picture of the articles' feed, if all are of one."""
    feeds = {article.feed_id for article in articles}
    if len(feeds) != 1:
        return None
    row = connection.execute("SELECT icon_url FROM feeds WHERE id = ?", tuple(feeds)).fetchone()
    return None if row is None else row["icon_url"]


def _look(wants: Sequence[sqlite3.Row]) -> dict[str, object]:
    """Return the look of the oldest subscription that wants the article."""
    for row in wants:
        if row["look"] is not None:
            look: dict[str, object] = json.loads(row["look"])
            return look
    return {}


def _roles(
    connection: sqlite3.Connection, wants: Sequence[sqlite3.Row], now: datetime
) -> tuple[int, ...]:
    """Return the roles to ping: of every subscription that wants it, if its ping query does."""
    roles: dict[int, None] = {}
    for row in wants:
        role_id = row["mention_role_id"]
        if role_id is not None and _pings(connection, row, now):
            roles[role_id] = None
    return tuple(roles)


def _pings(connection: sqlite3.Connection, want: sqlite3.Row, now: datetime) -> bool:
    if not want["mention_query"]:
        return True
    asked = Asked(Scope(want["scope_guild_id"]), now)
    test = resolve(connection, language.parse(want["mention_query"]), asked)
    return passes(test, Facts(index_row(connection, want["article_id"])))


def _moment(stored: int | None) -> datetime:
    # Whole milliseconds, so that a moment read back is the moment that was claimed.
    return datetime.fromtimestamp(0, UTC) if stored is None else _at_ms(stored)


def _at_ms(stored: int) -> datetime:
    return at(stored // 1000).replace(microsecond=stored % 1000 * 1000)
