"""The index row of an article: the one function that makes it, used to write and to delete."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from bot.model import Block, BlockType, Keyed, Texts
from bot.query import indexing, text
from bot.query.packing import unpacked
from bot.store import filing
from bot.store.filing import Filed, Names
from bot.store.rows import many, seconds

TEXT_COLUMNS = ("title", "tags", "byline", "subheadings", "body")
# The index's columns in order: body, title, tags, byline, subheadings, words, keys.
# Title over tags and byline over sub-headings over body; `words` and `keys` only find.
RANK = "bm25(1.0, 8.0, 4.0, 4.0, 2.0, 0.0, 0.0)"

ALL = "z"
_AT_ONCE = 100
# What FTS5 gathers before it writes a segment, and when it merges segments: its own defaults.
_HASH_BYTES, _AUTOMERGE = 1024 * 1024, 4
_MANY_ROWS_BYTES = 16 * 1024 * 1024
IMAGE = "himage"

_Named = Sequence[tuple[int, str]]
"""Names with their ids, in order."""


@dataclass(frozen=True, slots=True)
class IndexRow:
    """What article_index holds for one article, under its id.

    `published_at` is what date filters compare, `sort_at` the article's place in order.
    """

    rowid: int
    title: str
    tags: str
    byline: str
    subheadings: str
    body: str
    words: str
    keys: str
    published_at: int | None
    scope_id: int
    sort_at: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the values in the index's order."""
        return (
            self.body,
            self.title,
            self.tags,
            self.byline,
            self.subheadings,
            self.words,
            self.keys,
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """The facts of an article that its index row holds beside its own text; names as stored."""

    id: int
    scope_id: int
    feed_id: int
    sort_at: int
    published_at: int | None
    kind: str
    has_image: bool
    authors: _Named
    source: tuple[int, str] | None
    tags: _Named


def index_row(connection: sqlite3.Connection, article_id: int) -> IndexRow:
    """Make the index row of a stored article."""
    (row,) = index_rows(connection, [article_id])
    return row


def index_rows(connection: sqlite3.Connection, article_ids: Sequence[int]) -> list[IndexRow]:
    """Make the index rows of stored articles."""
    ids = many(article_ids)
    authors = _linked(
        connection,
        """
        SELECT l.article_id, n.id, n.name
        FROM json_each(:ids) j CROSS JOIN article_authors l ON l.article_id = j.value
        JOIN authors n ON n.id = l.author_id ORDER BY l.article_id, l.position
        """,
        ids,
    )
    tags = _linked(
        connection,
        """
        SELECT l.article_id, n.id, n.name
        FROM json_each(:ids) j CROSS JOIN article_tags l ON l.article_id = j.value
        JOIN tags n ON n.id = l.tag_id ORDER BY l.article_id, l.position
        """,
        ids,
    )
    articles = connection.execute(
        """
        SELECT a.id, a.sort_at, a.scope_id, a.title, a.blocks, a.kind, a.image_url, a.feed_id,
               a.source_id, s.name AS source, a.published_at
        FROM json_each(:ids) j CROSS JOIN articles a ON a.id = j.value
        LEFT JOIN sources s ON s.id = a.source_id
        """,
        {"ids": ids},
    )
    return [
        _stored_row(row, authors.get(row["id"], ()), tags.get(row["id"], ())) for row in articles
    ]


def _stored_row(row: sqlite3.Row, authors: _Named, tags: _Named) -> IndexRow:
    blocks = unpacked(row["blocks"])
    shown = Shown(
        id=row["id"],
        scope_id=row["scope_id"],
        feed_id=row["feed_id"],
        sort_at=row["sort_at"],
        published_at=row["published_at"],
        kind=row["kind"],
        has_image=bool(row["image_url"]) or _has_image(blocks),
        authors=authors,
        source=(row["source_id"], row["source"]) if row["source_id"] else None,
        tags=tags,
    )
    return made_row(shown, indexing.texts(row["title"], blocks))


def made_row(shown: Shown, texts: Texts) -> IndexRow:
    """Make the index row of an article from its facts, its names as stored, and its own text."""
    tags = [_name(name) for _, name in shown.tags]
    byline = [_name(name) for _, name in shown.authors]
    byline += [_name(shown.source[1])] if shown.source else []
    keys = [
        ALL,
        f"f{shown.feed_id}",
        f"k{shown.kind}",
        *([IMAGE] if shown.has_image else []),
        # An article without a source answers to its feed's name: n stands for "no source".
        f"s{shown.source[0]}" if shown.source else f"n{shown.feed_id}",
        *(f"a{author_id}" for author_id, _ in shown.authors),
        *(f"t{tag_id}" for tag_id, _ in shown.tags),
    ]
    named = (words for _, words in (*tags, *byline))
    words = (texts.title_words, *named, texts.text_words)
    return IndexRow(
        rowid=shown.id,
        title=texts.title,
        tags=_joined(tags),
        byline=_joined(byline),
        subheadings=texts.subheadings,
        body=texts.body,
        words=indexing.joined(words),
        keys=" ".join(keys),
        published_at=shown.published_at,
        scope_id=shown.scope_id,
        sort_at=shown.sort_at,
    )


@lru_cache(maxsize=4096)
def _name(name: str) -> tuple[str, str]:
    """Return a name's tokens and its unstemmed words: few names are on most articles."""
    return text.indexed([name])


def _joined(names: Iterable[tuple[str, str]]) -> str:
    return " ".join(tokens for tokens, _ in names if tokens)


def _has_image(blocks: Iterable[Block]) -> bool:
    return any(block.type is BlockType.IMAGE for block in blocks)


def shown_entry(
    article_id: int, sort_at: int, feed_id: int, keyed: Keyed, filed: Filed, names: Names
) -> Shown:
    """Return the facts of an article that was just added."""
    entry, ready = keyed.entry, keyed.ready
    shows_image = _has_image(entry.blocks) if ready is None else ready.has_image
    source_id = filed.source_id
    return Shown(
        id=article_id,
        scope_id=names.scope_id,
        feed_id=feed_id,
        sort_at=sort_at,
        published_at=seconds(entry.published_at),
        kind=entry.kind,
        has_image=bool(entry.image_url) or shows_image,
        authors=[(i, names.spelt["authors", i]) for i in filed.author_ids],
        source=None if source_id is None else (source_id, names.spelt["sources", source_id]),
        tags=[(i, names.spelt["tags", i]) for i, _ in filed.tags],
    )


def _linked(connection: sqlite3.Connection, sql: str, ids: str) -> dict[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = {}
    for article_id, name_id, name in connection.execute(sql, {"ids": ids}):
        found.setdefault(article_id, []).append((name_id, name))
    return found


def insert(connection: sqlite3.Connection, rows: Iterable[IndexRow]) -> None:
    """Add rows. Ascending order keeps them in one segment of the index."""
    found = sorted(rows, key=lambda row: row.rowid)
    connection.executemany(
        """
        INSERT INTO article_index
            (rowid, body, title, tags, byline, subheadings, words, keys)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        ((row.rowid, *row.columns) for row in found),
    )
    _note(connection, found)


@contextmanager
def gathering(connection: sqlite3.Connection) -> Iterator[None]:
    """Let the index write many rows at once, as one segment, and merge none of the earlier ones.

    Set and taken back within the caller's transaction, so that a kill in between leaves nothing:
    the merges that are put off are made as later recordings go on.
    """
    _configure(connection, hashsize=_MANY_ROWS_BYTES, automerge=0)
    yield
    # A savepoint makes the index write what it has gathered (fts5SavepointMethod).
    connection.execute("SAVEPOINT gathered")
    connection.execute("RELEASE gathered")
    _configure(connection, hashsize=_HASH_BYTES, automerge=_AUTOMERGE)


def _configure(connection: sqlite3.Connection, *, hashsize: int, automerge: int) -> None:
    connection.executemany(
        "INSERT INTO article_index (article_index, rank) VALUES (?, ?)",
        [("hashsize", hashsize), ("automerge", automerge)],
    )


def delete(connection: sqlite3.Connection, rows: Iterable[IndexRow]) -> None:
    """Take rows out; each must be what was written."""
    found = sorted(rows, key=lambda row: row.rowid)
    connection.executemany(
        """
        INSERT INTO article_index
            (article_index, rowid, body, title, tags, byline, subheadings, words, keys)
        VALUES ('delete', ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        ((row.rowid, *row.columns) for row in found),
    )
    _note(connection, found)


def _note(connection: sqlite3.Connection, rows: Iterable[IndexRow]) -> None:
    """Note whose rows changed: what is kept beside the index (postings.py) is behind by those."""
    connection.executemany(
        "INSERT INTO index_changes (article_id) VALUES (?)", ((row.rowid,) for row in rows)
    )


def prepare(connection: sqlite3.Connection) -> None:
    """Rebuild the index when the text function has changed since it was written."""
    stored = connection.execute("SELECT value FROM meta WHERE key = 'text_version'").fetchone()
    if stored is None or stored["value"] != str(text.TEXT_VERSION):
        rebuild(connection)


def rebuild(connection: sqlite3.Connection) -> None:
    """Make the whole index anew in one transaction: a kill in between leaves the old one."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("INSERT INTO article_index (article_index) VALUES ('delete-all')")
        connection.execute(
            "INSERT INTO article_index (article_index, rank) VALUES ('rank', :rank)",
            {"rank": RANK},
        )
        filing.rebuild_words(connection)
        with gathering(connection):
            insert_each(connection, _shown(connection))
        connection.execute(
            """
            INSERT INTO meta (key, value) VALUES ('text_version', :version)
            ON CONFLICT (key) DO UPDATE SET value = excluded.value
            """,
            {"version": str(text.TEXT_VERSION)},
        )
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def insert_each(connection: sqlite3.Connection, article_ids: Iterable[int]) -> None:
    """Index articles some at a time, so that memory stays flat."""
    ids = iter(article_ids)
    while chosen := list(islice(ids, _AT_ONCE)):
        insert(connection, index_rows(connection, chosen))


def _shown(connection: sqlite3.Connection) -> Iterator[int]:
    # By id: a row before the last one begins a new segment of the index.
    ids = connection.execute("SELECT id FROM articles WHERE hidden IS NULL ORDER BY id")
    return iter([row["id"] for row in ids])
