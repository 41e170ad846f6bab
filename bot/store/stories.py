"""Wire copies: articles of several feeds that tell one story within three days are one group.

    articles stored or corrected → keys (an index) → candidates → likeness (exact) → links → groups

A link is a fact about two articles alone, and groups are made from all links that hang together,
so that the order of arrival changes nothing. The public's groups are made from public articles
only; a guild's own articles join them for that guild and never bring two of them together.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.model import PUBLIC_SCOPE_ID, BlockType, Copy, Scope
from bot.query import indexing, text
from bot.query.indexing import OPENING
from bot.store import likeness
from bot.store.grouping import Member, grouped, may_join
from bot.store.likeness import WITHIN_S, Told
from bot.store.records import put_meta
from bot.store.rows import many, visible

_VERSION = f"{text.TEXT_VERSION}.1"
_VERSION_KEY = "stories_version"
# What is looked at closely for one article, and how far links are followed.
_CANDIDATES = 40
_COMPONENT = 400
_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an article that was stored: its row and the names of source and feed.

    `openings` are the keys of its text, and `indexed` what the index holds of its title, where
    they were made already.
    """

    id: int
    scope_id: int
    feed_id: int
    source_id: int
    title: str
    url: str | None
    kind: str
    published_at: int | None
    at: int
    feed: str
    source: str | None
    openings: tuple[int, ...] | None = None
    indexed: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """An article that may have company. `opening` holds at least the tokens its text begins with;
    they are parted, and the title read closely, only where another article has come near.
    """

    member: Member
    facts: Facts
    opening: str

    @property
    def names(self) -> list[str]:
        """The names that titles often end in."""
        return [self.facts.feed, *([self.facts.source] if self.facts.source else [])]

    def keys(self) -> list[int]:
        """Return what it is looked up by."""
        facts = self.facts
        openings = facts.openings
        if openings is None:
            openings = indexing.openings(_tokens(self.opening))
        title = likeness.telling(facts.title, self.names, facts.indexed)
        return sorted(likeness.keys(title, openings))

    def told(self) -> Told:
        """Return what is compared of it."""
        facts = self.facts
        return likeness.told(
            facts.title,
            _tokens(self.opening),
            self.names,
            kind=facts.kind,
            at=facts.at,
            is_dated=facts.published_at is not None,
        )


def gather(
    connection: sqlite3.Connection,
    bodies: Mapping[int, str | None],
    known: Mapping[int, Facts] | None = None,
) -> None:
    """Find the stories of articles that were stored or corrected just now.

    `bodies` holds what the index has of each one's text, or None where it is to be read; `known`
    the facts of those that are at hand.
    """
    if not bodies:
        return
    known = known or {}
    found = _read(connection, {i: body for i, body in bodies.items() if i not in known})
    for article_id, facts in known.items():
        found[article_id] = _found(facts, bodies[article_id] or "")
    touched = _unlink(connection, bodies.keys())
    pairs = _candidates(connection, list(found.values()))
    found.update(_read(connection, dict.fromkeys({other for _, other in pairs} - found.keys())))
    told = {i: found[i].told() for pair in pairs for i in pair if i in found}
    links = {
        (one, other): alike
        for one, other in pairs
        if one in told and other in told and _may_join(found[one].member, found[other].member)
        if (alike := likeness.likeness(told[one], told[other]))
    }
    connection.executemany(
        "INSERT OR REPLACE INTO story_links (one_id, other_id, likeness) VALUES (?, ?, ?)",
        [link for (a, b), alike in links.items() for link in ((a, b, alike), (b, a, alike))],
    )
    touched.update(one for one, _ in links)
    _group(connection, touched)


def leave(connection: sqlite3.Connection, article_id: int) -> None:
    """Take an article that is hidden out of its story; the others stay together or part."""
    _group(connection, _unlink(connection, [article_id]))


def prepare(connection: sqlite3.Connection) -> None:
    """Group the whole archive anew when the way of telling stories has changed."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_VERSION_KEY,)).fetchone()
    if row is None or row["value"] != _VERSION:
        rebuild(connection)


def rebuild(connection: sqlite3.Connection) -> None:
    """Group the whole archive anew in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for table in ("story_keys", "story_links", "story_members"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - three constants
        ids = connection.execute("SELECT id FROM articles WHERE hidden IS NULL ORDER BY id")
        shown = [row["id"] for row in ids]
        for start in range(0, len(shown), _CHUNK):
            gather(connection, dict.fromkeys(shown[start : start + _CHUNK]))
        put_meta(connection, _VERSION_KEY, _VERSION)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def copies(
    connection: sqlite3.Connection, ids: Collection[int], scope: Scope
) -> dict[int, tuple[Copy, ...]]:
    """Return the other articles of each one's story that a reader may see, oldest first."""
    found = connection.execute(
        """
        SELECT m.article_id, o.article_id AS id, a.url, f.title AS feed, s.name AS source,
               t.name AS own_source
        FROM story_members m
        JOIN articles mine ON mine.id = m.article_id
        LEFT JOIN sources t ON t.id = mine.source_id
        JOIN story_members o ON o.story_id = m.story_id AND o.article_id <> m.article_id
        JOIN articles a ON a.id = o.article_id
        JOIN feeds f ON f.id = a.feed_id
        LEFT JOIN sources s ON s.id = a.source_id
        WHERE m.article_id IN (SELECT value FROM json_each(:ids)) AND a.hidden IS NULL
          AND o.scope_id IN (SELECT value FROM json_each(:scopes))
        ORDER BY m.article_id, a.sort_at
        """,
        {"ids": many(ids), "scopes": visible(scope)},
    ).fetchall()
    return {
        article_id: tuple(Copy(row["id"], _name(row), row["url"]) for row in part)
        for article_id, part in groupby(found, key=lambda row: row["article_id"])
    }


def _name(row: sqlite3.Row) -> str:
    # The same agency in two feeds: the feed's name is what tells the copies apart.
    source: str = row["source"] or row["feed"]
    return source if source != row["own_source"] else str(row["feed"])


def members(connection: sqlite3.Connection, ids: Collection[int]) -> dict[int, int]:
    """Return the story of each article that shares one with others."""
    rows = connection.execute(
        """
        SELECT article_id, story_id FROM story_members
        WHERE article_id IN (SELECT value FROM json_each(:ids))
        """,
        {"ids": many(ids)},
    )
    return {row["article_id"]: row["story_id"] for row in rows}


def _read(connection: sqlite3.Connection, bodies: Mapping[int, str | None]) -> dict[int, _Found]:
    if not bodies:
        return {}
    rows = connection.execute(
        """
        SELECT a.id, a.scope_id, a.feed_id, coalesce(a.source_id, 0) AS source_id, a.title, a.url,
               a.kind, a.published_at, coalesce(a.published_at, a.found_at) AS at,
               f.title AS feed, s.name AS source, iif(j.value, a.blocks, NULL) AS blocks
        FROM json_each(:unread) j
        CROSS JOIN articles a ON a.id = CAST(j.key AS INTEGER)
        JOIN feeds f ON f.id = a.feed_id
        LEFT JOIN sources s ON s.id = a.source_id
        WHERE a.hidden IS NULL
        """,
        {"unread": json.dumps({key: body is None for key, body in bodies.items()})},
    )
    found = {}
    for row in rows:
        *facts, blocks = row
        indexed = bodies[row["id"]]
        body = _opening_of(blocks) if indexed is None else indexed
        found[row["id"]] = _found(Facts(*facts), body)
    return found


def _tokens(opening: str) -> list[str]:
    return opening.split(" ", OPENING)[:OPENING] if opening else []


def _opening_of(blocks: str) -> str:
    found = likeness.opening(b[1] for b in json.loads(blocks) if b[0] != BlockType.SUBHEADING)
    return " ".join(found)


def _found(facts: Facts, opening: str) -> _Found:
    rank = (facts.at, facts.title, facts.url or "")
    member = Member(facts.id, facts.scope_id, facts.feed_id, facts.source_id, facts.at, rank)
    return _Found(member, facts, opening)


def _member(row: sqlite3.Row) -> Member:
    rank = (row["at"], row["title"], row["url"] or "")
    return Member(row["id"], row["scope_id"], row["feed_id"], row["source_id"], row["at"], rank)


def _unlink(connection: sqlite3.Connection, ids: Collection[int]) -> set[int]:
    """Forget what these articles were alike with; return all whose group may change by that."""
    linked = connection.execute(
        """
        SELECT one_id, other_id FROM story_links
        WHERE one_id IN (SELECT value FROM json_each(:ids))
        """,
        {"ids": many(ids)},
    ).fetchall()
    connection.executemany(
        "DELETE FROM story_links WHERE one_id = ? AND other_id = ?",
        [pair for row in linked for pair in (tuple(row), tuple(row)[::-1])],
    )
    return {article_id for row in linked for article_id in row}


def _candidates(connection: sqlite3.Connection, found: Sequence[_Found]) -> set[tuple[int, int]]:
    """Write the keys of articles and return the pairs that share some, the most shared first."""
    asked, written = [], []
    for each in found:
        own, wanted = each.member, each.keys()
        written += [(key, own.at, own.id, own.feed_id, own.source_id) for key in wanted]
        asked.append([own.id, own.at, own.feed_id, own.source_id, wanted])
    connection.executemany(
        """
        INSERT OR REPLACE INTO story_keys (key, at, article_id, feed_id, source_id)
        VALUES (?, ?, ?, ?, ?)
        """,
        sorted(written),
    )
    rows = connection.execute(
        """
        WITH asked (id, at, feed_id, source_id, keys) AS MATERIALIZED (
            SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value -> 4
            FROM json_each(:asked))
        SELECT asked.id AS one, k.article_id AS other
        FROM asked
        CROSS JOIN json_each(asked.keys) j
        CROSS JOIN story_keys k
            ON k.key = j.value AND k.at BETWEEN asked.at - :within AND asked.at + :within
        WHERE k.article_id <> asked.id
          AND (k.feed_id <> asked.feed_id
               OR (k.source_id <> asked.source_id AND k.source_id > 0 AND asked.source_id > 0))
        GROUP BY one, other ORDER BY one, count(*) DESC, other
        """,
        {"asked": json.dumps(asked), "within": WITHIN_S},
    ).fetchall()
    return {
        (row["one"], row["other"])
        for _, part in groupby(rows, key=lambda row: row["one"])
        for row in list(part)[:_CANDIDATES]
    }


def _may_join(one: Member, other: Member) -> bool:
    scopes = {one.scope_id, other.scope_id} - {PUBLIC_SCOPE_ID}
    return len(scopes) < 2 and may_join(one, other)


def _group(connection: sqlite3.Connection, touched: Collection[int]) -> None:
    """Make the groups of these articles, and of all that hangs together with them, anew."""
    if not touched:
        return
    rows = connection.execute(
        """
        WITH RECURSIVE component (id) AS (
            SELECT value FROM json_each(:ids)
            UNION
            SELECT l.other_id FROM component c JOIN story_links l ON l.one_id = c.id
            LIMIT :most)
        SELECT c.id, a.scope_id, a.feed_id, coalesce(a.source_id, 0) AS source_id, a.title, a.url,
               coalesce(a.published_at, a.found_at) AS at, a.hidden
        FROM component c JOIN articles a ON a.id = c.id
        """,
        {"ids": many(touched), "most": len(touched) + _COMPONENT},
    ).fetchall()
    ids = many(row["id"] for row in rows)
    links = connection.execute(
        """
        SELECT one_id, other_id, likeness FROM story_links
        WHERE one_id IN (SELECT value FROM json_each(:ids)) AND one_id < other_id
        """,
        {"ids": ids},
    ).fetchall()
    members = {row["id"]: _member(row) for row in rows if row["hidden"] is None}
    connection.execute(
        "DELETE FROM story_members WHERE article_id IN (SELECT value FROM json_each(:ids))",
        {"ids": ids},
    )
    connection.executemany(
        "INSERT INTO story_members (article_id, story_id, scope_id) VALUES (?, ?, ?)",
        [
            (article_id, story_id, members[article_id].scope_id)
            for article_id, story_id in grouped(members, [tuple(row) for row in links]).items()
        ],
    )
