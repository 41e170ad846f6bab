"""Changes to stored articles: add, update with the old version kept, hide, list versions."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from bot.errors import NotFoundError
from bot.model import Article, Entry, Keyed, Kind, Scope, Tag
from bot.query.packing import packed
from bot.query.tags import tag_key
from bot.store import edits, filing, heads, index, once, rows, stories
from bot.store.identity import Stored
from bot.store.rows import second, seconds

_SECOND_MS = 1000

Hidden = Literal["withdrawn", "removed"]


def _free_sort_at(connection: sqlite3.Connection, base_s: int) -> int:
    """Return the next free place in order at or after a second.

    Looks at most a day ahead: a date filter counts on that.
    """
    base = base_s * _SECOND_MS
    while True:
        (last,) = connection.execute(
            "SELECT max(sort_at) FROM articles WHERE sort_at >= :low AND sort_at < :high",
            {"low": base, "high": base + _SECOND_MS},
        ).fetchone()
        if last is None:
            return base
        if last + 1 < base + _SECOND_MS:
            return int(last) + 1
        base += _SECOND_MS


def _values(
    entry: Entry, filed: filing.Filed, content_hash: bytes, blocks: str
) -> dict[str, object]:
    return {
        "source_id": filed.source_id,
        "title": entry.title,
        "poster": entry.poster,
        "url": entry.url,
        "image_url": entry.image_url,
        "kind": str(entry.kind),
        "truncated": int(entry.truncated),
        "updated_at": seconds(entry.updated_at),
        "blocks": blocks,
        "byline_raw": entry.byline_raw,
        "source_raw": entry.source_raw,
        "content_hash": content_hash,
    }


def last_id(connection: sqlite3.Connection) -> int:
    """Return the highest id that an article ever had; 0 before the first."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'articles'").fetchone()
    return int(row["seq"]) if row else 0


def add(
    connection: sqlite3.Connection,
    feed_id: int,
    scope_id: int,
    keyed: Keyed,
    now: datetime,
    new_id: int | None = None,
) -> int:
    """Add one new article with its names and return its id; its index row is the caller's.

    The id is the next free one where none is given.
    """
    names = filing.Names(connection, scope_id)
    article_id, _, _ = add_filed(names, feed_id, keyed, now, new_id)
    names.settle()
    return article_id


def add_filed(
    names: filing.Names, feed_id: int, keyed: Keyed, now: datetime, new_id: int | None = None
) -> tuple[int, int, filing.Filed]:
    """Add one of many articles; return its id, its place in order and what it is filed under.

    Its links and counts are written when the names settle.
    """
    entry, connection = keyed.entry, names.connection
    filed = names.file(entry.authors, entry.source, entry.tags)
    blocks = keyed.ready.blocks if keyed.ready else packed(entry.blocks)
    published_at = seconds(entry.published_at)
    found_at = second(now)
    dated_s = found_at if published_at is None else published_at
    sort_at = _free_sort_at(connection, dated_s)
    article_id = connection.execute(
        """
        INSERT INTO articles
            (id, scope_id, feed_id, source_id, sort_at, title, poster, url, image_url, kind,
             truncated, published_at, updated_at, found_at, blocks, byline_raw, source_raw,
             content_hash)
        VALUES
            (:id, :scope_id, :feed_id, :source_id, :sort_at, :title, :poster, :url, :image_url,
             :kind, :truncated, :published_at, :updated_at, :found_at, :blocks, :byline_raw,
             :source_raw, :content_hash)
        """,
        {
            **_values(entry, filed, keyed.content_hash, blocks),
            "id": new_id,
            "scope_id": names.scope_id,
            "feed_id": feed_id,
            "sort_at": sort_at,
            "published_at": published_at,
            "found_at": found_at,
        },
    ).lastrowid
    assert article_id is not None  # noqa: S101 - an INSERT that did not raise has a rowid
    names.link(article_id, filed, dated_s)
    return article_id, sort_at, filed


def update(
    names: filing.Names,
    stored: Stored,
    entry: Entry,
    filed: filing.Filed,
    content_hash: bytes,
    now: datetime,
) -> None:
    """Change an article in place and keep how it was; its index row is the caller's."""
    connection = names.connection
    names.settle()
    _keep_version(connection, stored.id, now)
    filing.unlink(connection, stored.id, counted=stored.hidden is None)
    published_at = stored.published_at
    sort_at = stored.sort_at
    if published_at is None and entry.published_at is not None:
        # Only a date learned late moves an article; a feed that re-dates its items does not.
        published_at = second(entry.published_at)
        sort_at = _free_sort_at(connection, published_at)
    connection.execute(
        """
        UPDATE articles
        SET source_id = :source_id, title = :title, poster = :poster, url = :url,
            image_url = :image_url, kind = :kind, truncated = :truncated,
            updated_at = coalesce(:updated_at, updated_at), blocks = :blocks,
            byline_raw = :byline_raw, source_raw = :source_raw, content_hash = :content_hash,
            published_at = :published_at, sort_at = :sort_at, revision = revision + 1,
            hidden = NULL
        WHERE id = :id
        """,
        {
            **_values(entry, filed, content_hash, packed(entry.blocks)),
            "published_at": published_at,
            "sort_at": sort_at,
            "id": stored.id,
        },
    )
    names.link(stored.id, filed, published_at or stored.found_at)
    names.settle()


def _keep_version(connection: sqlite3.Connection, article_id: int, now: datetime) -> None:
    connection.execute(
        """
        INSERT INTO article_versions (article_id, revision, replaced_at, content)
        SELECT a.id, a.revision, :now, json_object(
            'title', a.title, 'source', s.name, 'url', a.url, 'kind', a.kind,
            'truncated', a.truncated, 'published_at', a.published_at,
            'updated_at', a.updated_at, 'blocks', json(a.blocks),
            'authors', (SELECT json_group_array(name) FROM (
                SELECT n.name FROM article_authors l JOIN authors n ON n.id = l.author_id
                WHERE l.article_id = a.id ORDER BY l.position)),
            'tags', (SELECT json_group_array(name) FROM (
                SELECT n.name FROM article_tags l JOIN tags n ON n.id = l.tag_id
                WHERE l.article_id = a.id ORDER BY l.position)))
        FROM articles a LEFT JOIN sources s ON s.id = a.source_id WHERE a.id = :id
        """,
        {"id": article_id, "now": second(now)},
    )


def versions(article_id: int, scope: Scope, connection: sqlite3.Connection) -> tuple[Article, ...]:
    """Return how an article was before each change, oldest first. Raises NotFoundError."""
    article = heads.articles(connection, [article_id], scope).get(article_id)
    if article is None:
        raise NotFoundError("store.no_article", id=article_id)
    found = connection.execute(
        """
        SELECT v.revision, v.content ->> '$.blocks' AS blocks, v.content, f.excerpts_only
        FROM article_versions v
        JOIN articles a ON a.id = v.article_id JOIN feeds f ON f.id = a.feed_id
        WHERE v.article_id = ? ORDER BY v.revision
        """,
        (article_id,),
    )
    return tuple(
        replace(
            _as_it_was(article, row["revision"], json.loads(row["content"])),
            blocks=rows.shown_blocks(row)[0],
        )
        for row in found
    )


def _as_it_was(article: Article, revision: int, content: dict[str, Any]) -> Article:
    known = {tag.name: tag for tag in article.tags}
    return replace(
        article,
        title=content["title"],
        authors=tuple(content["authors"]),
        source=content["source"],
        tags=tuple(known.get(name) or Tag(0, name, tag_key(name)) for name in content["tags"]),
        published_at=rows.moment(content["published_at"]),
        updated_at=rows.moment(content["updated_at"]),
        url=content["url"],
        kind=Kind(content["kind"]),
        truncated=bool(content["truncated"]),
        revision=revision,
    )


def hide(article_id: int, how: Hidden, connection: sqlite3.Connection) -> None:
    """Take an article out of every list. What is `removed` never comes back; see identity.py.

    What is owed of it is skipped. Raises NotFoundError.
    """
    row = connection.execute("SELECT hidden FROM articles WHERE id = ?", (article_id,)).fetchone()
    if row is None:
        raise NotFoundError("store.no_article", id=article_id)
    if row["hidden"] is None:
        index.delete(connection, [index.index_row(connection, article_id)])
        filing.count(connection, article_id, -1, 0)
    values = {"id": article_id, "how": how}
    connection.execute("UPDATE articles SET hidden = :how WHERE id = :id", values)
    connection.execute(
        """
        UPDATE deliveries SET state = 'skipped', reason = 'withdrawn'
        WHERE article_id = :id AND state = 'owed' AND post_id IS NULL
        """,
        values,
    )
    edits.owe_edits(connection, [article_id], None, last=True)
    once.release(connection, article_id)
    stories.leave(connection, article_id)


def erase(article_id: int, connection: sqlite3.Connection) -> None:
    """Hide an article for good and delete its text and versions; its keys keep it from returning.

    Raises NotFoundError.
    """
    hide(article_id, "removed", connection)
    values = {"id": article_id}
    connection.execute("DELETE FROM article_versions WHERE article_id = :id", values)
    connection.execute(
        """
        UPDATE articles
        SET blocks = '[]', image_url = NULL, byline_raw = NULL, source_raw = NULL, poster = NULL
        WHERE id = :id
        """,
        values,
    )
