"""What a filter's value means to one article: told from the article's own few names.

Search asks which names a value means in the whole archive; matching asks thousands of queries
about one article, so it goes the other way round. Both must come to the same answer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

from bot.model import Scope
from bot.query import tags, text
from bot.query.text import QueryTokens
from bot.store import lookup
from bot.store.check import Facts
from bot.store.rows import many

_REMEMBERED = 65_536


class _Name(NamedTuple):
    id: str  # as an index key: a3, s2, n1
    field: str
    words: frozenset[str]


class _Alias(NamedTuple):
    scope_id: int
    key: str
    target: str
    is_slug: bool


@dataclass
class Meaning:
    """The names of one article, as values of filters mean them to readers of a scope.

    Good for as long as no name changes: for one article within one transaction.
    """

    connection: sqlite3.Connection
    facts: Facts
    _tags: dict[int | None, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    def ids(
        self, connection: sqlite3.Connection, field: str, value: str, scope: Scope
    ) -> tuple[str, ...]:
        """Return the article's index keys (t7, a3, …) that the value means, as lookup.ids would."""
        if self.facts.row.scope_id not in scope.visible:
            return ()
        if field == "tag":
            return self._tagged(connection, _key(value), value, scope)
        if field == "feed":
            return self._feeds.get(_key(value), ())
        wanted = _tokens(value)
        return tuple(
            name.id for name in self._worded if name.field == field and _holds(name.words, wanted)
        )

    @property
    def offered(self) -> Iterator[str]:
        """What names of the article a saved query can require; wider than any scope's view."""
        keys = {key for key, _ in self._own_tags}
        for alias in self._aliases:
            keys.update((alias.key, alias.target))
        yield from (f"tag:{key}" for key in keys)
        yield from (f"feed:{key}" for key in self._feeds)
        yield from (f"{name.field}:{part}" for name in self._worded for part in parts(name.words))

    def _tagged(
        self, connection: sqlite3.Connection, key: str, value: str, scope: Scope
    ) -> tuple[str, ...]:
        # Most servers have no aliases of their own: they share what all see.
        own = scope.guild_id if scope.guild_id in self._aliasing else None
        if own not in self._tags:
            self._tags[own] = self._meant({0} if own is None else {0, own})
        found = self._tags[own].get(key, ())
        if found or not any(
            alias.is_slug and alias.key == key and alias.scope_id in scope.visible
            for alias in self._aliases
        ):
            return found
        # A feed's slug counts only where no tag has the name: the whole archive decides that.
        meant = (f"t{tag_id}" for tag_id in lookup.tag_ids(connection, value, scope))
        return tuple(key for key in meant if key in self.facts.keys)

    def _meant(self, scope_ids: set[int]) -> dict[str, tuple[str, ...]]:
        """Return the article's tags by every key that means them, aliases followed both ways."""
        beside: dict[str, set[str]] = {}
        for alias in self._aliases:
            if alias.scope_id in scope_ids and not alias.is_slug:
                beside.setdefault(alias.key, set()).add(alias.target)
                beside.setdefault(alias.target, set()).add(alias.key)
        found: dict[str, list[str]] = {}
        for key, tag in self._own_tags:
            reached, ahead = {key}, [key]
            while ahead:
                for other in beside.get(ahead.pop(), set()) - reached:
                    reached.add(other)
                    ahead.append(other)
            for each in reached:
                found.setdefault(each, []).append(tag)
        return {key: tuple(ids) for key, ids in found.items()}

    @cached_property
    def _own_tags(self) -> list[tuple[str, str]]:
        rows = self.connection.execute(
            "SELECT id, key FROM tags WHERE id IN (SELECT value FROM json_each(:ids))",
            {"ids": self._numbers("t")},
        )
        return [(row["key"], f"t{row['id']}") for row in rows]

    @cached_property
    def _aliases(self) -> list[_Alias]:
        """Every alias, of any scope, that is joined to one of the article's tags."""
        rows = self.connection.execute(
            """
            WITH RECURSIVE meant (key) AS (
                SELECT value FROM json_each(:keys)
                UNION
                SELECT a.key FROM meant JOIN tag_aliases a ON a.target_key = meant.key
                UNION
                SELECT a.target_key FROM meant JOIN tag_aliases a ON a.key = meant.key
            )
            SELECT a.scope_id, a.key, a.target_key, a.kind = 'slug'
            FROM meant JOIN tag_aliases a ON a.key = meant.key
            """,
            {"keys": many(key for key, _ in self._own_tags)},
        )
        return [_Alias(*row) for row in rows]

    @cached_property
    def _aliasing(self) -> frozenset[int]:
        return frozenset(alias.scope_id for alias in self._aliases)

    @cached_property
    def _feeds(self) -> dict[str, tuple[str, ...]]:
        rows = self.connection.execute(
            "SELECT id, title_key FROM feeds WHERE id IN (SELECT value FROM json_each(:ids))",
            {"ids": self._numbers("f")},
        )
        return {row["title_key"]: (f"f{row['id']}",) for row in rows}

    @cached_property
    def _worded(self) -> list[_Name]:
        rows = self.connection.execute(
            """
            SELECT 'a' || id AS id, 'author' AS field, name FROM authors
            WHERE id IN (SELECT value FROM json_each(:authors))
            UNION ALL
            SELECT 's' || id, 'source', name FROM sources
            WHERE id IN (SELECT value FROM json_each(:sources))
            UNION ALL
            SELECT 'n' || id, 'source', title FROM feeds
            WHERE id IN (SELECT value FROM json_each(:sourceless))
            """,
            {
                "authors": self._numbers("a"),
                "sources": self._numbers("s"),
                "sourceless": self._numbers("n"),
            },
        )
        return [_Name(row["id"], row["field"], frozenset(text.tokens(row["name"]))) for row in rows]

    def _numbers(self, kind: str) -> str:
        return many(int(key[1:]) for key in self.facts.keys if key[0] == kind and key[1:].isdigit())


def parts(tokens: Iterable[str]) -> Iterator[str]:
    """Yield words and their first characters, for values of one character in CJK."""
    for token in tokens:
        yield token
        yield token[:1]


def _holds(words: frozenset[str], wanted: QueryTokens) -> bool:
    if not wanted.tokens:
        return False
    if not wanted.open_end:
        return words.issuperset(wanted.tokens)
    return words.issuperset(wanted.tokens[:-1]) and any(
        word.startswith(wanted.tokens[-1]) for word in words
    )


@lru_cache(maxsize=_REMEMBERED)
def _key(value: str) -> str:
    return tags.tag_key(value)


@lru_cache(maxsize=_REMEMBERED)
def _tokens(value: str) -> QueryTokens:
    return text.query_tokens(value)
