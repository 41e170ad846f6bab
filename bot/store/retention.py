"""What is let go: old articles' text, unused pages, the audit trail, servers left; and growth.

A pruned article keeps its row and its keys, so that a feed which still lists it brings no news, and
nothing is posted again. It is found, counted and shown no more.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.errors import NotFoundError
from bot.store import departed, filing, index, past, stories
from bot.store.connections import Connections
from bot.store.records import put_meta
from bot.store.rows import many, second

SIZES = "sizes"
SIZES_LOSABLE = 400

_BATCH = 50
_DAY_S = 86_400
# Given back to the disk in steps, each of which holds the writer for some milliseconds only.
_PAGES_A_STEP = 200
_PAGES_SPARED = 1000
_PAUSE_S = 0.02

_RULES = """
SELECT id, coalesce(keep_days, iif(url IS NULL, 0, :days)) AS days,
       coalesce(keep_articles, iif(url IS NULL, 0, :articles)) AS articles
FROM feeds
"""
# What is owed to a channel is kept until it is posted.
_LOSABLE = """
a.hidden IS NULL
AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.article_id = a.id AND d.state = 'owed')
"""
_LOST = f"""
SELECT a.id FROM articles a WHERE a.feed_id = :feed AND a.sort_at < :before AND {_LOSABLE}
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Limits:
    """What is kept, in days and in articles of a feed; 0 keeps all. A feed's own rule goes first.

    Files that were imported are kept unless they have a rule of their own.
    """

    days: int = 0
    articles: int = 0
    view_days: int = 365
    audit_days: int = 730
    post_days: int = 400
    left_days: int = 30


@dataclass(frozen=True, slots=True)
class Rule:
    """A feed and its own rule; None: the operator's setting, 0: everything."""

    feed_id: int
    title: str
    days: int | None
    articles: int | None


@dataclass(frozen=True, slots=True)
class Tidied:
    """What one round let go, and the pages of the file it gave back to the disk."""

    articles: int = 0
    views: int = 0
    audit: int = 0
    pages: int = 0
    posts: int = 0
    names: int = 0
    guilds: int = 0


@dataclass(frozen=True, slots=True)
class Size:
    """The database's size on a day."""

    day: str
    bytes: int
    articles: int


class RetentionStore:
    """Keeps the store within the operator's rules."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def tidy(self, limits: Limits, now: datetime) -> Tidied:
        """Let go of what the rules do not keep, in small steps between which all else goes on."""
        lost = await self._connections.read(partial(_candidates, limits, now))
        articles = 0
        for start in range(0, len(lost), _BATCH):
            batch = lost[start : start + _BATCH]
            articles += await self._connections.write(partial(_prune_articles, batch))
            await asyncio.sleep(_PAUSE_S)
        views = await self._all(partial(_prune_views, now - timedelta(days=limits.view_days)))
        audit = await self._all(partial(_prune_audit, now - timedelta(days=limits.audit_days)))
        names = await self._all(partial(_prune_uses, now - timedelta(days=limits.view_days)))
        posts = await self._let_posts_go(now - timedelta(days=limits.post_days))
        guilds = await self._forget_guilds(now - timedelta(days=limits.left_days))
        pages = await self._give_back()
        await self._connections.write(partial(_note_size, now))
        return Tidied(articles, views, audit, pages, posts, names, guilds)

    async def _let_posts_go(self, before: datetime) -> int:
        """Let go of posts that ended before a moment; that they were sent stays known."""
        posts = 0
        for batch in await self._connections.read(partial(past.ended, before)):
            posts += await self._connections.write(partial(past.let_posts_go, before, batch))
            await asyncio.sleep(_PAUSE_S)
        for batch in await self._connections.read(partial(past.skipped, before)):
            await self._connections.write(partial(past.let_skipped_go, before, batch))
            await asyncio.sleep(_PAUSE_S)
        return posts

    async def _forget_guilds(self, before: datetime) -> int:
        """Erase what is kept of servers that the bot has been gone from since before a moment."""
        guilds = 0
        step = partial(departed.erase_some, before)
        while (is_done := await self._connections.write(step)) is not None:
            guilds += is_done
            await asyncio.sleep(_PAUSE_S)
        return guilds

    async def rules(self) -> tuple[Rule, ...]:
        """Return every feed with its rule, by title."""
        return await self._connections.read(_rules)

    async def set_rule(self, feed_id: int, days: int | None, articles: int | None) -> None:
        """Give a feed its own rule; None: the operator's setting. Raises NotFoundError."""

        def job(connection: sqlite3.Connection) -> None:
            changed = connection.execute(
                """
                UPDATE feeds SET keep_days = :days, keep_articles = :articles WHERE id = :id
                """,
                {"id": feed_id, "days": days, "articles": articles},
            ).rowcount
            if not changed:
                raise NotFoundError("store.no_feed", id=feed_id)

        await self._connections.write(job)

    async def sizes(self) -> tuple[Size, ...]:
        """Return the size of the database on the days it was noted, oldest first."""
        return await self._connections.read(sizes)

    async def _all(self, step: partial[int]) -> int:
        total = 0
        while done := await self._connections.write(step):
            total += done
            await asyncio.sleep(_PAUSE_S)
        return total

    async def _give_back(self) -> int:
        given = 0
        while done := await self._connections.outside_transaction(_shrunk):
            given += done
            await asyncio.sleep(_PAUSE_S)
        return given


def sizes(connection: sqlite3.Connection) -> tuple[Size, ...]:
    """Return the noted sizes, oldest first."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (SIZES,)).fetchone()
    return () if row is None else tuple(Size(*noted) for noted in json.loads(row[0]))


def monthly_growth(noted: Sequence[Size]) -> int | None:
    """Return by how many bytes the database grows in thirty days; None while too little is known.

    Judged by the last ninety days, and not before a week has passed.
    """
    if not noted:
        return None
    last = datetime.fromisoformat(noted[-1].day)
    recent = [s for s in noted if last - datetime.fromisoformat(s.day) <= timedelta(days=90)]
    days = (last - datetime.fromisoformat(recent[0].day)).days
    if days < 7:
        return None
    return (noted[-1].bytes - recent[0].bytes) * 30 // days


def _rules(connection: sqlite3.Connection) -> tuple[Rule, ...]:
    found = connection.execute(
        "SELECT id, title, keep_days, keep_articles FROM feeds ORDER BY title_key, id"
    )
    return tuple(Rule(*row) for row in found)


def _candidates(limits: Limits, now: datetime, connection: sqlite3.Connection) -> list[int]:
    """Return the articles that no rule keeps, found on a reader: it may take a while."""
    found: dict[int, None] = {}
    for rule in connection.execute(_RULES, {"days": limits.days, "articles": limits.articles}):
        before = [_older_than(rule["days"], now)] if rule["days"] else []
        if rule["articles"]:
            before += _beyond(rule["id"], rule["articles"], connection)
        if before:
            rows = connection.execute(_LOST, {"feed": rule["id"], "before": max(before)})
            found.update(dict.fromkeys(row["id"] for row in rows))
    return list(found)


def _older_than(days: int, now: datetime) -> int:
    return (second(now) - days * _DAY_S) * 1000


def _beyond(feed_id: int, count: int, connection: sqlite3.Connection) -> list[int]:
    row = connection.execute(
        """
        SELECT sort_at FROM articles WHERE feed_id = :feed AND hidden IS NULL
        ORDER BY sort_at DESC LIMIT 1 OFFSET :count - 1
        """,
        {"feed": feed_id, "count": count},
    ).fetchone()
    return [] if row is None else [row["sort_at"]]


def _prune_articles(ids: Sequence[int], connection: sqlite3.Connection) -> int:
    lost = connection.execute(
        f"SELECT a.id FROM articles a WHERE a.id IN (SELECT value FROM json_each(:ids)) AND {_LOSABLE}",  # noqa: S608, E501 - a constant
        {"ids": many(ids)},
    ).fetchall()
    for row in lost:
        _let_go(row["id"], connection)
    return len(lost)


def _let_go(article_id: int, connection: sqlite3.Connection) -> None:
    index.delete(connection, [index.index_row(connection, article_id)])
    filing.count(connection, article_id, -1, 0)
    # 'removed' is what intake never brings back.
    connection.execute(
        "UPDATE articles SET hidden = 'removed', blocks = '[]' WHERE id = ?", (article_id,)
    )
    connection.execute("DELETE FROM article_versions WHERE article_id = ?", (article_id,))
    stories.leave(connection, article_id)


def _prune_views(before: datetime, connection: sqlite3.Connection) -> int:
    found = connection.execute(
        "SELECT key FROM views WHERE used_at < :before LIMIT 500", {"before": second(before)}
    ).fetchall()
    return _deleted(
        "DELETE FROM views WHERE key IN (SELECT value FROM json_each(:found))", found, connection
    )


def _prune_uses(before: datetime, connection: sqlite3.Connection) -> int:
    return connection.execute(
        """
        DELETE FROM name_uses WHERE (user_id, what, key) IN (
            SELECT user_id, what, key FROM name_uses WHERE used_at < :before LIMIT 500
        )
        """,
        {"before": second(before)},
    ).rowcount


def _prune_audit(before: datetime, connection: sqlite3.Connection) -> int:
    found = connection.execute(
        "SELECT id FROM audit WHERE at < :before LIMIT 500", {"before": second(before)}
    ).fetchall()
    return _deleted(
        "DELETE FROM audit WHERE id IN (SELECT value FROM json_each(:found))", found, connection
    )


def _deleted(sql: str, found: Sequence[sqlite3.Row], connection: sqlite3.Connection) -> int:
    if not found:
        return 0
    return connection.execute(sql, {"found": json.dumps([row[0] for row in found])}).rowcount


def _shrunk(connection: sqlite3.Connection) -> int:
    """Give some free pages back to the disk; 0 when there are few, or the file is of the old kind.

    Files made before this existed cannot shrink while in use: their free pages are filled again.
    """
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (mode,) = connection.execute("PRAGMA auto_vacuum").fetchone()
    if mode != 2 or free <= _PAGES_SPARED:
        return 0
    step = min(_PAGES_A_STEP, free - _PAGES_SPARED)
    # A page a step, and `execute` takes but one: the PRAGMA has no columns to be fetched.
    connection.executescript(f"PRAGMA incremental_vacuum({step})")
    (left,) = connection.execute("PRAGMA freelist_count").fetchone()
    return int(free - left)


def _note_size(now: datetime, connection: sqlite3.Connection) -> None:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    (articles,) = connection.execute("SELECT count(*) FROM articles").fetchone()
    day = now.date().isoformat()
    noted = [[s.day, s.bytes, s.articles] for s in sizes(connection) if s.day != day]
    noted.append([day, pages * page_bytes, articles])
    put_meta(connection, SIZES, json.dumps(noted[-SIZES_LOSABLE:]))
