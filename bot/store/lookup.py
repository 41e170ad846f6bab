"""Looks names up within what a reader may see: ids for queries, by key, alias or words."""

from __future__ import annotations

import sqlite3

from bot.model import Scope
from bot.query import tags, text
from bot.store.rows import many, visible


def ids(connection: sqlite3.Connection, field: str, value: str, scope: Scope) -> tuple[str, ...]:
    """Return the index keys (t7, a3, s2, n1, f1) of every name a filter's value means."""
    if field == "tag":
        return tuple(f"t{tag_id}" for tag_id in tag_ids(connection, value, scope))
    if field == "feed":
        return tuple(f"f{feed_id}" for feed_id in feed_ids(connection, value, scope))
    if field == "author":
        return tuple(f"a{i}" for i in worded_ids(connection, "author", value, scope))
    # An article without a source answers to its feed's name: n stands for "no source".
    sources = worded_ids(connection, "source", value, scope)
    feeds = worded_ids(connection, "feed", value, scope)
    return (*(f"s{i}" for i in sources), *(f"n{i}" for i in feeds))


def tag_keys(connection: sqlite3.Connection, value: str, scope: Scope) -> tuple[str, ...]:
    """Return every key that a tag's name means in the scope, aliases followed both ways."""
    key = tags.tag_key(value)
    if not key:
        return ()
    rows = connection.execute(
        """
        WITH RECURSIVE alias AS (
            SELECT key, target_key FROM tag_aliases
            WHERE kind = 'alias' AND scope_id IN (SELECT value FROM json_each(:scopes))
        ),
        meant (key) AS (
            SELECT :key
            UNION
            SELECT alias.target_key FROM meant JOIN alias ON alias.key = meant.key
            UNION
            SELECT alias.key FROM meant JOIN alias ON alias.target_key = meant.key
        )
        SELECT key FROM meant
        """,
        {"key": key, "scopes": visible(scope)},
    )
    return tuple(row["key"] for row in rows)


def has_alias(connection: sqlite3.Connection, name: str, scope: Scope) -> bool:
    """Return whether a name is another name of a tag in the scope, or a tag has other names."""
    row = connection.execute(
        """
        SELECT 1 FROM tag_aliases
        WHERE (key = :key OR target_key = :key) AND kind = 'alias'
          AND scope_id IN (SELECT value FROM json_each(:scopes))
        LIMIT 1
        """,
        {"key": tags.tag_key(name), "scopes": visible(scope)},
    ).fetchone()
    return row is not None


def tag_ids(connection: sqlite3.Connection, value: str, scope: Scope) -> tuple[int, ...]:
    """Return the ids of the tags a name means: by key and aliases, else by a feed's slug."""
    keys = tag_keys(connection, value, scope)
    found = _tags_of_keys(connection, keys, scope)
    if found or not keys:
        return found
    slugs = connection.execute(
        """
        SELECT target_key FROM tag_aliases
        WHERE kind = 'slug' AND key = :key
          AND scope_id IN (SELECT value FROM json_each(:scopes))
        """,
        {"key": keys[0], "scopes": visible(scope)},
    )
    return _tags_of_keys(connection, tuple(row["target_key"] for row in slugs), scope)


def _tags_of_keys(
    connection: sqlite3.Connection, keys: tuple[str, ...], scope: Scope
) -> tuple[int, ...]:
    rows = connection.execute(
        """
        SELECT id FROM tags
        WHERE key IN (SELECT value FROM json_each(:keys))
          AND scope_id IN (SELECT value FROM json_each(:scopes))
        ORDER BY scope_id, article_count DESC, id
        """,
        {"keys": many(keys), "scopes": visible(scope)},
    )
    return tuple(row["id"] for row in rows)


def feed_ids(connection: sqlite3.Connection, value: str, scope: Scope) -> tuple[int, ...]:
    """Return the ids of the feeds whose whole title it is."""
    rows = connection.execute(
        """
        SELECT id FROM feeds
        WHERE title_key = :key AND scope_id IN (SELECT value FROM json_each(:scopes)) ORDER BY id
        """,
        {"key": tags.tag_key(value), "scopes": visible(scope)},
    )
    return tuple(row["id"] for row in rows)


def worded_ids(
    connection: sqlite3.Connection, what: str, value: str, scope: Scope
) -> tuple[int, ...]:
    """Return the ids of the names that hold all of the value's words."""
    found = text.query_tokens(value)
    if not found.tokens:
        return ()
    # An open last token, one character of a script without spaces, stands for all it begins.
    ends = [token + ("\U0010ffff" if found.open_end else "") for token in found.tokens[-1:]]
    rows = connection.execute(
        """
        WITH wanted (word, last) AS (
            SELECT value, value FROM json_each(:words)
            UNION
            SELECT :start, :end
        )
        SELECT name_id FROM wanted CROSS JOIN name_words n
            ON n.word >= wanted.word AND n.word <= wanted.last
        WHERE n.what = :what AND n.scope_id IN (SELECT value FROM json_each(:scopes))
        GROUP BY name_id
        HAVING count(DISTINCT wanted.last) = (SELECT count(*) FROM wanted)
        ORDER BY name_id
        """,
        {
            "words": many(found.tokens[:-1]),
            "start": found.tokens[-1],
            "end": ends[0],
            "what": what,
            "scopes": visible(scope),
        },
    )
    return tuple(row["name_id"] for row in rows)
