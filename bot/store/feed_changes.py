"""What changes in a feed's row, and the words its articles are found by with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from bot.errors import NotFoundError
from bot.model import Feed
from bot.query import tags
from bot.store import alerts, filing, rows
from bot.store.records import By, note_change
from bot.store.rows import second

_SELECT = """
    SELECT f.*, (SELECT count(*) FROM articles a WHERE a.feed_id = f.id) AS article_count
    FROM feeds f
"""


def selected(
    connection: sqlite3.Connection, where: str, values: Mapping[str, object]
) -> tuple[Feed, ...]:
    """Return the feeds a condition selects, with their articles counted."""
    return tuple(rows.feed(row) for row in connection.execute(_SELECT + where, values))


# A host is what stands between "//" and the next "/", the port with it.
_OPEN = """
    WITH places AS MATERIALIZED (
        SELECT id, next_check_at, substr(url, instr(url, '//') + 2) || '/' AS place
        FROM feeds WHERE next_check_at <= :now AND stopped IS NULL
    ), hosted AS MATERIALIZED (
        SELECT id, next_check_at, lower(substr(place, 1, instr(place, '/') - 1)) AS host
        FROM places
    ), open AS (
        SELECT id, next_check_at, host FROM hosted
        WHERE host NOT IN (SELECT value FROM json_each(:closed))
    )
"""


def due(
    connection: sqlite3.Connection, values: Mapping[str, object], *, one_each: bool
) -> tuple[Feed, ...]:
    """Return the feeds to ask now, one of each host or all of them, the longest due first."""
    # Beside min() a bare column is of the row that has the least.
    chosen = (
        "SELECT id, min(next_check_at) AS at FROM open GROUP BY host"
        if one_each
        else "SELECT id, next_check_at AS at FROM open"
    )
    found = connection.execute(
        f"""
        {_OPEN}
        SELECT f.*, 0 AS article_count
        FROM ({chosen} ORDER BY at, id LIMIT :limit) AS chosen
        JOIN feeds f ON f.id = chosen.id ORDER BY chosen.at, f.id
        """,  # noqa: S608 - constants
        values,
    )
    return tuple(rows.feed(row) for row in found)


def added(
    url: str | None,
    title: str,
    site_url: str | None,
    scope_id: int,
    now: datetime,
    added_by: int | None,
    connection: sqlite3.Connection,
) -> Feed:
    """Add a feed with the words of its title, or take up the one that is there."""
    values = {
        "scope": scope_id,
        "url": url,
        "title": title,
        "key": tags.tag_key(title),
        "site": site_url,
        "now": second(now),
        "next": None if url is None else second(now),
        "by": added_by,
    }
    same = "url = :url" if url is not None else "url IS NULL AND title_key = :key"
    row = connection.execute(
        f"SELECT id FROM feeds WHERE scope_id = :scope AND {same}",  # noqa: S608 - two constants
        values,
    ).fetchone()
    if row is not None:
        connection.execute(
            """
            UPDATE feeds
            SET stopped = NULL, next_check_at = coalesce(next_check_at, :next),
                primed = iif(stopped IS NULL, primed, 0)
            WHERE id = :id
            """,
            {"id": row["id"], "next": values["next"]},
        )
        _note_added(connection, row["id"], url, scope_id, now, added_by)
        return selected(connection, "WHERE id = :id", {"id": row["id"]})[0]
    added = connection.execute(
        """
        INSERT INTO feeds
            (scope_id, url, title, title_key, site_url, next_check_at, added_by, added_at)
        VALUES (:scope, :url, :title, :key, :site, :next, :by, :now)
        """,
        values,
    ).lastrowid
    assert added is not None  # noqa: S101 - an INSERT that did not raise has a rowid
    filing.add_words(connection, "feed", scope_id, added, title)
    _note_added(connection, added, url, scope_id, now, added_by)
    return selected(connection, "WHERE id = :id", {"id": added})[0]


def _note_added(
    connection: sqlite3.Connection,
    feed_id: int,
    url: str | None,
    scope_id: int,
    now: datetime,
    added_by: int | None,
) -> None:
    if added_by is not None:
        note_change(By(scope_id, added_by, now).change("feed.add", feed_id, after=url), connection)


def moved(feed_id: int, url: str, times: int, connection: sqlite3.Connection) -> bool:
    """Count a redirect; take its address when it was seen often enough."""
    values = {"id": feed_id, "url": url}
    (seen,) = connection.execute(
        """
        UPDATE feeds
        SET moved_count = iif(moved_url = :url, moved_count + 1, 1), moved_url = :url
        WHERE id = :id RETURNING moved_count
        """,
        values,
    ).fetchall()[0]
    if seen < times:
        return False
    taken = connection.execute(
        """
        UPDATE OR IGNORE feeds SET url = :url, moved_url = NULL, moved_count = 0 WHERE id = :id
        """,
        values,
    ).rowcount
    return bool(taken)


def titled(feed_id: int, title: str, connection: sqlite3.Connection) -> None:
    """Give a feed another title and the words it is found by."""
    row = connection.execute("SELECT scope_id FROM feeds WHERE id = :id", {"id": feed_id})
    found = row.fetchone()
    if found is None:
        return
    values = {"id": feed_id, "title": title, "key": tags.tag_key(title)}
    connection.execute("UPDATE feeds SET title = :title, title_key = :key WHERE id = :id", values)
    connection.execute("DELETE FROM name_words WHERE what = 'feed' AND name_id = :id", values)
    filing.add_words(connection, "feed", found["scope_id"], feed_id, title)


def stopped(feed_id: int, reason: str, now: datetime, connection: sqlite3.Connection) -> None:
    """Poll a feed no more, and note it for the servers it concerns; its articles stay."""
    changed = connection.execute(
        """
        UPDATE feeds SET stopped = :reason, next_check_at = NULL
        WHERE id = :id AND stopped IS NULL
        """,
        {"id": feed_id, "reason": reason},
    ).rowcount
    if changed:
        alerts.note_feed(connection, alerts.FEED_STOPPED, feed_id, now)


def removed(feed_id: int, scope_id: int, by: By | None, connection: sqlite3.Connection) -> Feed:
    """Stop a feed; its articles stay. Noted where it is known who asked for it."""
    values = {"id": feed_id, "scope": scope_id}
    found = selected(connection, "WHERE id = :id AND scope_id = :scope", values)
    if not found:
        raise NotFoundError("store.no_feed", id=feed_id)
    connection.execute(
        "UPDATE feeds SET stopped = 'store.feed_removed', next_check_at = NULL WHERE id = :id",
        values,
    )
    if by is not None:
        note_change(by.change("feed.remove", feed_id, before=found[0].url), connection)
    return found[0]
