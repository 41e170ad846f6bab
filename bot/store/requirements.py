"""What an article must offer for a saved query to be worth checking against it.

Wider than the query, never narrower: an alias of any scope is offered to all, and the exact check
decides.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from bot.query import tags, text
from bot.query.nodes import (
    And,
    Dated,
    Has,
    Is,
    Named,
    Newer,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Word,
)
from bot.store.check import Facts
from bot.store.rows import many

ANY = "*"
_PREFIX_LENGTH = 3


def required(query: Query) -> frozenset[str]:
    """Return requirements of which a matching article offers at least one."""
    found = None if query.root is None else _of(query.root)
    return frozenset((ANY,)) if found is None else found


def _of(node: Node) -> frozenset[str] | None:
    """Return the node's requirements, or None when it can match with nothing offered."""
    match node:
        case Word(text=typed) | Phrase(text=typed):
            return _token(typed)
        case Prefix(text=typed):
            starts = text.prefix(typed).split()
            return frozenset((_start(starts[0]),)) if len(starts) == 1 else _token(typed)
        case Named(field=field, values=values):
            return frozenset(_name(field, value) for value in values)
        case Has(what=what):
            return frozenset((f"k:h{what}",))
        case Is(kind=kind):
            return frozenset((f"k:k{kind}",))
        case Not() | Dated() | Newer():
            return None
        case And(children=children):
            choices = [found for child in children if (found := _of(child)) is not None]
            return min(choices, key=_width) if choices else None
        case Or(children=children):
            alternatives = [_of(child) for child in children]
            if any(found is None for found in alternatives):
                return None
            return frozenset().union(*(found for found in alternatives if found is not None))


def _token(typed: str) -> frozenset[str] | None:
    found = text.query_tokens(typed)
    whole = found.tokens[:-1] if found.open_end else found.tokens
    if whole:
        return frozenset((f"w:{max(whole, key=len)}",))
    return frozenset((_start(found.tokens[0]),)) if found.tokens else None


def _start(start: str) -> str:
    return f"p:{start[:_PREFIX_LENGTH]}"


def _name(field: str, value: str) -> str:
    if field in ("tag", "feed"):
        return f"{field}:{tags.tag_key(value)}"
    return f"{field}:{max(text.query_tokens(value).tokens, key=len, default='')}"


def _width(requirements: frozenset[str]) -> tuple[int, int]:
    """Return how much of an archive is likely to offer one of these, as a sort key."""
    widest = max((_COMMON.get(item.partition(":")[0], 1) for item in requirements), default=0)
    shortest = min((len(item) for item in requirements), default=0)
    return widest, len(requirements) * 100 - shortest


# Whether it is an article or has an image tells little; a beginning tells less than a word.
_COMMON = {"tag": 0, "feed": 1, "author": 0, "source": 1, "title": 0, "w": 1, "p": 2, "k": 3}


def offered(connection: sqlite3.Connection, facts: Facts) -> set[str]:
    """Return everything an article offers to saved queries."""
    words = facts.tokens | facts.words
    found = {f"w:{token}" for token in facts.tokens}
    found.update(f"p:{word[:length]}" for word in words for length in range(1, _PREFIX_LENGTH + 1))
    found.update(f"k:{key}" for key in facts.keys)
    found.update(f"title:{part}" for part in _parts(facts.columns["title"]))
    found.update(f"tag:{key}" for key in _tag_keys(connection, facts))
    found.update(_names(connection, facts))
    return found


def _parts(tokens: Iterable[str]) -> set[str]:
    """Return words and their first characters, for values of one character in CJK."""
    return {part for token in tokens for part in (token, token[:1])}


def _ids(facts: Facts, kind: str) -> str:
    return many(int(key[1:]) for key in facts.keys if key[0] == kind and key[1:].isdigit())


def _tag_keys(connection: sqlite3.Connection, facts: Facts) -> list[str]:
    rows = connection.execute(
        """
        WITH RECURSIVE meant (key) AS (
            SELECT key FROM tags WHERE id IN (SELECT value FROM json_each(:ids))
            UNION
            SELECT a.key FROM meant JOIN tag_aliases a ON a.target_key = meant.key
            UNION
            SELECT a.target_key FROM meant JOIN tag_aliases a ON a.key = meant.key
        )
        SELECT key FROM meant
        """,
        {"ids": _ids(facts, "t")},
    )
    return [row["key"] for row in rows]


def _names(connection: sqlite3.Connection, facts: Facts) -> set[str]:
    rows = connection.execute(
        """
        SELECT 'author' AS field, name FROM authors
        WHERE id IN (SELECT value FROM json_each(:authors))
        UNION ALL
        SELECT 'source', name FROM sources WHERE id IN (SELECT value FROM json_each(:sources))
        UNION ALL
        SELECT 'source', title FROM feeds WHERE id IN (SELECT value FROM json_each(:sourceless))
        UNION ALL
        SELECT 'feed', title_key FROM feeds WHERE id IN (SELECT value FROM json_each(:feeds))
        """,
        {
            "authors": _ids(facts, "a"),
            "sources": _ids(facts, "s"),
            "sourceless": _ids(facts, "n"),
            "feeds": _ids(facts, "f"),
        },
    )
    found: set[str] = set()
    for row in rows:
        parts = [row["name"]] if row["field"] == "feed" else _parts(text.tokens(row["name"]))
        found.update(f"{row['field']}:{part}" for part in parts)
    return found
