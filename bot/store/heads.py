"""Heads and whole articles for a handful of ids, in a fixed number of statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby

from bot.model import Article, Hit, Kind, Scope, Tag
from bot.store import rows, stories
from bot.store.excerpt import Passage, extract
from bot.store.rows import many, moment, visible
from bot.store.statements import Spot


def articles(
    connection: sqlite3.Connection, ids: Sequence[int], scope: Scope
) -> dict[int, Article]:
    """Return the articles a reader may see, by id. What was taken down is gone."""
    found = connection.execute(
        """
        SELECT a.*, f.title AS feed, f.excerpts_only, s.name AS source
        FROM articles a
        JOIN feeds f ON f.id = a.feed_id
        LEFT JOIN sources s ON s.id = a.source_id
        WHERE a.id IN (SELECT value FROM json_each(:ids)) AND a.hidden IS NOT 'removed'
          AND a.scope_id IN (SELECT value FROM json_each(:scopes))
        """,
        {"ids": many(ids), "scopes": visible(scope)},
    ).fetchall()
    names = authors(connection, ids)
    linked = tags(connection, ids)
    also = stories.copies(connection, ids, scope)
    return {
        row["id"]: rows.article(
            row,
            names.get(row["id"], ()),
            linked.get(row["id"], ()),
            also.get(row["id"], ()),
        )
        for row in found
    }


def hits(
    connection: sqlite3.Connection,
    places: Sequence[Spot],
    passage: Passage,
    scope: Scope | None = None,
) -> tuple[Hit, ...]:
    """Return a page's heads with their excerpts, in the order of the places.

    For a scope they name the copies of their story that it sees.
    """
    ids = [place["id"] for place in places]
    found = {
        row["id"]: row
        for row in connection.execute(
            """
            SELECT a.id, a.title, a.published_at, a.url, a.kind, a.truncated, a.image_url,
                   a.blocks, f.title AS feed, f.excerpts_only, s.name AS source
            FROM articles a
            JOIN feeds f ON f.id = a.feed_id
            LEFT JOIN sources s ON s.id = a.source_id
            WHERE a.id IN (SELECT value FROM json_each(:ids))
            """,
            {"ids": many(ids)},
        )
    }
    names = authors(connection, ids)
    linked = tags(connection, ids)
    also = stories.copies(connection, ids, scope) if scope is not None else {}
    shown = {article_id: rows.shown_blocks(row) for article_id, row in found.items()}
    extracts = {article_id: extract(blocks, passage) for article_id, (blocks, _) in shown.items()}
    return tuple(
        Hit(
            id=place["id"],
            title=found[place["id"]]["title"],
            authors=names.get(place["id"], ()),
            source=found[place["id"]]["source"],
            feed=found[place["id"]]["feed"],
            tags=tuple(tag.name for tag in linked.get(place["id"], ())),
            published_at=moment(found[place["id"]]["published_at"]),
            url=found[place["id"]]["url"],
            kind=Kind(found[place["id"]]["kind"]),
            truncated=bool(found[place["id"]]["truncated"]) or shown[place["id"]][1],
            image_url=found[place["id"]]["image_url"],
            excerpt=extracts[place["id"]].text,
            block=extracts[place["id"]].block,
            heading=extracts[place["id"]].heading,
            sort_at=place["sort_at"],
            score=place["score"],
            also=also.get(place["id"], ()),
        )
        for place in places
    )


def authors(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the authors' names of each article in byline order."""
    found = connection.execute(
        """
        SELECT l.article_id, n.name
        FROM article_authors l JOIN authors n ON n.id = l.author_id
        WHERE l.article_id IN (SELECT value FROM json_each(:ids))
        ORDER BY l.article_id, l.position
        """,
        {"ids": many(ids)},
    )
    return {key: tuple(row["name"] for row in part) for key, part in _grouped(found)}


def tags(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[Tag, ...]]:
    """Return the tags of each article in the order they were given."""
    found = connection.execute(
        """
        SELECT l.article_id, n.id, n.name, n.key, n.article_count
        FROM article_tags l JOIN tags n ON n.id = l.tag_id
        WHERE l.article_id IN (SELECT value FROM json_each(:ids))
        ORDER BY l.article_id, l.position
        """,
        {"ids": many(ids)},
    )
    return {
        key: tuple(Tag(row["id"], row["name"], row["key"], row["article_count"]) for row in part)
        for key, part in _grouped(found)
    }


def _grouped(
    found: sqlite3.Cursor,
) -> Iterator[tuple[int, list[sqlite3.Row]]]:
    for key, part in groupby(found, key=lambda row: row["article_id"]):
        yield key, list(part)
