"""Files an article under its names: tags, authors, source, their words and their counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.model import Term
from bot.query import tags, text

Table = Literal["authors", "sources"]

_FIND = {
    "authors": "SELECT id, name FROM authors WHERE scope_id = :scope AND key = :key",
    "sources": "SELECT id, name FROM sources WHERE scope_id = :scope AND key = :key",
    "tags": "SELECT id, name FROM tags WHERE scope_id = :scope AND key = :key",
}
_ADD = {
    "authors": "INSERT INTO authors (scope_id, key, name) VALUES (:scope, :key, :name)",
    "sources": "INSERT INTO sources (scope_id, key, name) VALUES (:scope, :key, :name)",
    "tags": "INSERT INTO tags (scope_id, key, name) VALUES (:scope, :key, :name)",
}
_COUNT = {
    "authors": """
        UPDATE authors
        SET article_count = article_count + ?, last_at = max(last_at, ?) WHERE id = ?
        """,
    "sources": """
        UPDATE sources
        SET article_count = article_count + ?, last_at = max(last_at, ?) WHERE id = ?
        """,
    "tags": """
        UPDATE tags
        SET article_count = article_count + ?, last_at = max(last_at, ?) WHERE id = ?
        """,
}


@dataclass(frozen=True, slots=True)
class Filed:
    """The ids an article is filed under."""

    author_ids: tuple[int, ...]
    source_id: int | None
    tags: tuple[tuple[int, str], ...]


@dataclass(slots=True)
class Names:
    """What one recording has found of the names of its scope, and what it has to write to them.

    A name is looked up once and counted once, however many articles of a batch are filed under it;
    `settle` writes what was put off.
    """

    connection: sqlite3.Connection
    scope_id: int
    spelt: dict[tuple[str, int], str] = field(default_factory=dict)
    _ids: dict[tuple[str, str], int | None] = field(default_factory=dict)
    _terms: dict[tuple[str, str | None], int | None] = field(default_factory=dict)
    _authors: list[tuple[int, int, int]] = field(default_factory=list)
    _tags: list[tuple[int, int, str, int]] = field(default_factory=list)
    _counts: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)

    def file(self, authors: Sequence[str], source: str | None, terms: Sequence[Term]) -> Filed:
        """Return the ids for names as spelt, adding the ones not known yet in the scope."""
        author_ids = [self._named("authors", name) for name in authors]
        found: dict[int, str] = {}
        for term in terms:
            known = (term.name, term.slug)
            if known not in self._terms:
                self._terms[known] = _tag(self, term)
            tag_id = self._terms[known]
            if tag_id is not None:
                found.setdefault(tag_id, term.kind)
        return Filed(
            tuple(dict.fromkeys(i for i in author_ids if i is not None)),
            self._named("sources", source) if source else None,
            tuple(found.items()),
        )

    def link(self, article_id: int, filed: Filed, at: int) -> None:
        """Link an article to its names and count it there; `at` is its second, for recency."""
        for place, author_id in enumerate(filed.author_ids):
            self._authors.append((article_id, author_id, place))
            self._count("authors", author_id, at)
        for place, (tag_id, kind) in enumerate(filed.tags):
            self._tags.append((article_id, tag_id, kind, place))
            self._count("tags", tag_id, at)
        if filed.source_id is not None:
            self._count("sources", filed.source_id, at)

    def settle(self) -> None:
        """Write the links and counts put off so far."""
        self.connection.executemany(
            "INSERT INTO article_authors (article_id, author_id, position) VALUES (?, ?, ?)",
            self._authors,
        )
        self.connection.executemany(
            "INSERT INTO article_tags (article_id, tag_id, kind, position) VALUES (?, ?, ?, ?)",
            self._tags,
        )
        for table, sql in _COUNT.items():
            self.connection.executemany(
                sql,
                [(n, at, i) for (name, i), (n, at) in self._counts.items() if name == table],
            )
        self._authors.clear()
        self._tags.clear()
        self._counts.clear()

    def found_or_added(self, table: str, key: str, name: str) -> tuple[int, bool]:
        """Return the id of a name by its normal form, and whether it is new."""
        values = {"scope": self.scope_id, "key": key, "name": name}
        row = self.connection.execute(_FIND[table], values).fetchone()
        if row is not None:
            self.spelt[table, row["id"]] = row["name"]
            return row["id"], False
        added = self.connection.execute(_ADD[table], values).lastrowid
        assert added is not None  # noqa: S101 - an INSERT that did not raise has a rowid
        self.spelt[table, added] = name
        return added, True

    def _named(self, table: Table, name: str) -> int | None:
        known = (table, name)
        if known in self._ids:
            return self._ids[known]
        key = tags.tag_key(name)
        name_id = None
        if key:
            name_id, new = self.found_or_added(table, key, name)
            if new:
                what = table.removesuffix("s")
                add_words(self.connection, what, self.scope_id, name_id, name)
        self._ids[known] = name_id
        return name_id

    def _count(self, table: str, name_id: int, at: int) -> None:
        count, last_at = self._counts.get((table, name_id), (0, 0))
        self._counts[table, name_id] = (count + 1, max(last_at, at))


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


def _tag(names: Names, term: Term) -> int | None:
    key = tags.tag_key(term.name)
    if not key or tags.is_default_category(term.name, term.slug):
        return None
    merged = names.connection.execute(
        """
        SELECT target_key FROM tag_aliases
        WHERE key = :key AND scope_id IN (0, :scope) AND merge = 1
        ORDER BY scope_id DESC LIMIT 1
        """,
        {"key": key, "scope": names.scope_id},
    ).fetchone()
    filed_key = merged["target_key"] if merged else key
    tag_id, _ = names.found_or_added("tags", filed_key, tags.tag_display(term.name))
    _keep_slug(names.connection, names.scope_id, filed_key, term.slug)
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
