"""Files an article under its names: tags, authors, source, their words and their counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.model import Term
from bot.query import tags, text

Table = Literal["authors", "sources"]

_FIND = {
    "authors": "SELECT id FROM authors WHERE scope_id = :scope AND key = :key",
    "sources": "SELECT id FROM sources WHERE scope_id = :scope AND key = :key",
    "tags": "SELECT id FROM tags WHERE scope_id = :scope AND key = :key",
}
_ADD = {
    "authors": "INSERT INTO authors (scope_id, key, name) VALUES (:scope, :key, :name)",
    "sources": "INSERT INTO sources (scope_id, key, name) VALUES (:scope, :key, :name)",
    "tags": "INSERT INTO tags (scope_id, key, name) VALUES (:scope, :key, :name)",
}


@dataclass(frozen=True, slots=True)
class Filed:
    """The ids an article is filed under."""

    author_ids: tuple[int, ...]
    source_id: int | None
    tags: tuple[tuple[int, str], ...]


def file(
    connection: sqlite3.Connection,
    scope_id: int,
    authors: Sequence[str],
    source: str | None,
    terms: Sequence[Term],
) -> Filed:
    """Return the ids for names as spelt, adding the ones not known yet in the scope."""
    author_ids = [_named(connection, "authors", scope_id, name) for name in authors]
    found: dict[int, str] = {}
    for term in terms:
        tag_id = _tag(connection, scope_id, term)
        if tag_id is not None:
            found.setdefault(tag_id, term.kind)
    return Filed(
        tuple(dict.fromkeys(i for i in author_ids if i is not None)),
        _named(connection, "sources", scope_id, source) if source else None,
        tuple(found.items()),
    )


def _named(connection: sqlite3.Connection, table: Table, scope_id: int, name: str) -> int | None:
    key = tags.tag_key(name)
    if not key:
        return None
    name_id, new = _found_or_added(connection, table, scope_id, key, name)
    if new:
        add_words(connection, table.removesuffix("s"), scope_id, name_id, name)
    return name_id


def _found_or_added(
    connection: sqlite3.Connection, table: str, scope_id: int, key: str, name: str
) -> tuple[int, bool]:
    values = {"scope": scope_id, "key": key, "name": name}
    row = connection.execute(_FIND[table], values).fetchone()
    if row is not None:
        return row["id"], False
    added = connection.execute(_ADD[table], values).lastrowid
    assert added is not None  # noqa: S101 - an INSERT that did not raise has a rowid
    return added, True


def add_words(
    connection: sqlite3.Connection, what: str, scope_id: int, name_id: int, name: str
) -> None:
    """Record the words a name is found by."""
    connection.executemany(
        """
        INSERT OR IGNORE INTO name_words (word, what, scope_id, name_id)
        VALUES (?, ?, ?, ?)
        """,
        [(word, what, scope_id, name_id) for word in sorted(set(text.tokens(name)))],
    )


def _tag(connection: sqlite3.Connection, scope_id: int, term: Term) -> int | None:
    key = tags.tag_key(term.name)
    if not key or tags.is_default_category(term.name, term.slug):
        return None
    merged = connection.execute(
        """
        SELECT target_key FROM tag_aliases
        WHERE key = :key AND scope_id IN (0, :scope) AND merge = 1
        ORDER BY scope_id DESC LIMIT 1
        """,
        {"key": key, "scope": scope_id},
    ).fetchone()
    filed_key = merged["target_key"] if merged else key
    tag_id, _ = _found_or_added(
        connection, "tags", scope_id, filed_key, tags.tag_display(term.name)
    )
    _keep_slug(connection, scope_id, filed_key, term.slug)
    return tag_id


def _keep_slug(connection: sqlite3.Connection, scope_id: int, key: str, slug: str | None) -> None:
    slug_key = tags.tag_key(slug) if slug else ""
    if slug_key and slug_key != key:
        connection.execute(
            """
            INSERT OR IGNORE INTO tag_aliases (scope_id, key, target_key, kind)
            VALUES (:scope, :slug, :key, 'slug')
            """,
            {"scope": scope_id, "slug": slug_key, "key": key},
        )


def link(connection: sqlite3.Connection, article_id: int, filed: Filed, at: int) -> None:
    """Link an article to its names and count it there; `at` is its second, for recency."""
    connection.executemany(
        "INSERT INTO article_authors (article_id, author_id, position) VALUES (?, ?, ?)",
        [(article_id, author_id, i) for i, author_id in enumerate(filed.author_ids)],
    )
    connection.executemany(
        "INSERT INTO article_tags (article_id, tag_id, kind, position) VALUES (?, ?, ?, ?)",
        [(article_id, tag_id, kind, i) for i, (tag_id, kind) in enumerate(filed.tags)],
    )
    count(connection, article_id, 1, at)


def unlink(connection: sqlite3.Connection, article_id: int, *, counted: bool) -> None:
    """Take an article's links away again; `counted` says whether it counts there now."""
    if counted:
        count(connection, article_id, -1, 0)
    connection.execute("DELETE FROM article_authors WHERE article_id = ?", (article_id,))
    connection.execute("DELETE FROM article_tags WHERE article_id = ?", (article_id,))


def count(connection: sqlite3.Connection, article_id: int, step: int, at: int) -> None:
    """Add `step` to the counts of everything an article is linked to."""
    values = {"id": article_id, "step": step, "at": at}
    connection.execute(
        """
        UPDATE tags
        SET article_count = article_count + :step, last_at = max(last_at, :at)
        WHERE id IN (SELECT tag_id FROM article_tags WHERE article_id = :id)
        """,
        values,
    )
    connection.execute(
        """
        UPDATE authors
        SET article_count = article_count + :step, last_at = max(last_at, :at)
        WHERE id IN (SELECT author_id FROM article_authors WHERE article_id = :id)
        """,
        values,
    )
    connection.execute(
        """
        UPDATE sources
        SET article_count = article_count + :step, last_at = max(last_at, :at)
        WHERE id = (SELECT source_id FROM articles WHERE id = :id)
        """,
        values,
    )


def rebuild_words(connection: sqlite3.Connection) -> None:
    """Make the words of all names anew, when the text function has changed."""
    connection.execute("DELETE FROM name_words")
    for what, sql in (
        ("author", "SELECT scope_id, id, name FROM authors"),
        ("source", "SELECT scope_id, id, name FROM sources"),
        ("feed", "SELECT scope_id, id, title AS name FROM feeds"),
    ):
        names: Iterable[sqlite3.Row] = connection.execute(sql).fetchall()
        for row in names:
            add_words(connection, what, row["scope_id"], row["id"], row["name"])
