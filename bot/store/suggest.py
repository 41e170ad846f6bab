"""Names for what is being typed, from sorted lists in memory: what begins so, then near misses.

The lists of many names are made off the event loop, by `warm`. Until they are there the names that
begin as typed are read from the database.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from bot.model import Scope
from bot.query import text
from bot.query.tags import tag_key
from bot.store.rising import rising
from bot.store.rows import visible
from bot.store.starts import Starts

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np

What = Literal["tag", "author", "source"]
WHATS: tuple[What, ...] = ("tag", "author", "source")
SHORTEST_TYPO = 4
LONG = 8
RISING = 10
"""So many names on the rise are suggested before the most used."""

# So many names are sorted in at a question; more are left to `warm`.
_AT_ONCE = 2_000
# So many new names are worth new lists.
_WAITING = 256
_READ = 1_000
# Counts only order names that fit alike: they are read anew when the archive grew by this much.
_GROWTH = 0.01
_LATELY_S = 30 * 86_400

_NEW = {
    "tag": """
        SELECT id, scope_id, name, article_count, last_at FROM tags
        WHERE id > :last ORDER BY id LIMIT :most
        """,
    "author": """
        SELECT id, scope_id, name, article_count, last_at FROM authors
        WHERE id > :last ORDER BY id LIMIT :most
        """,
    "source": """
        SELECT id, scope_id, name, article_count, last_at FROM sources
        WHERE id > :last ORDER BY id LIMIT :most
        """,
}
_NEWEST = {
    "tag": """
        SELECT coalesce((SELECT max(id) FROM tags), 0) AS name,
               coalesce((SELECT max(id) FROM articles), 0) AS article
        """,
    "author": """
        SELECT coalesce((SELECT max(id) FROM authors), 0) AS name,
               coalesce((SELECT max(id) FROM articles), 0) AS article
        """,
    "source": """
        SELECT coalesce((SELECT max(id) FROM sources), 0) AS name,
               coalesce((SELECT max(id) FROM articles), 0) AS article
        """,
}
_BEGINNING = {
    "tag": """
        SELECT id FROM tags
        WHERE scope_id IN (SELECT value FROM json_each(:scopes)) AND key >= :typed AND key < :end
        ORDER BY article_count DESC, last_at DESC LIMIT :most
        """,
    "author": """
        SELECT id FROM authors
        WHERE scope_id IN (SELECT value FROM json_each(:scopes)) AND key >= :typed AND key < :end
        ORDER BY article_count DESC, last_at DESC LIMIT :most
        """,
    "source": """
        SELECT id FROM sources
        WHERE scope_id IN (SELECT value FROM json_each(:scopes)) AND key >= :typed AND key < :end
        ORDER BY article_count DESC, last_at DESC LIMIT :most
        """,
}


class Entry(NamedTuple):
    """A name with how much it is used, and when last."""

    id: int
    name: str
    articles: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries by column: 100,000 objects more would make each garbage collection a long one."""

    ids: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    articles: list[int] = field(default_factory=list)
    last_at: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Entries:
        """Return entries as columns."""
        columns = cls()
        for entry in entries:
            columns.add(*entry)
        return columns

    def add(self, name_id: int, name: str, articles: int, last_at: int) -> None:
        """Add an entry."""
        self.ids.append(name_id)
        self.names.append(name)
        self.articles.append(articles)
        self.last_at.append(last_at)


class Names:
    """Some names of one kind in one scope, ready to be asked. Made once, never changed."""

    def __init__(self, entries: Entries) -> None:
        folded = [text.fold(tag_key(name)) for name in entries.names]
        self._whole = Starts((name, place) for place, name in enumerate(folded))
        self._words = Starts(
            (start, place) for place, name in enumerate(folded) for start in word_starts(name)
        )
        articles = np.array(entries.articles, np.int64)
        last_at = np.array(entries.last_at, np.int64)
        order = np.lexsort((-last_at, -articles))
        ranks = np.empty(len(order), np.int32)
        ranks[order] = np.arange(len(order), dtype=np.int32)
        self._ids = np.array(entries.ids, np.int64)[order]
        self._articles, self._last_at = articles[order], last_at[order]
        self._whole.rank(ranks)
        self._words.rank(ranks)

    def __len__(self) -> int:
        return len(self._ids)

    def chosen(self, typed: str, most: int) -> list[_Chosen]:
        """Return the names that fit what is typed, the likeliest first."""
        found: dict[int, tuple[int, int]] = {}
        exact = self._whole.exactly(typed)
        for rank in exact:
            found[rank] = (0, 0)
        for nearness, starts in ((1, self._whole), (2, self._words)):
            for rank in starts.beginning(typed, most):
                found.setdefault(rank, (nearness, 0))
        if not exact and len(found) < most:
            # What begins so explains it: two errors are looked for where nothing does.
            allowed = min(_allowed(typed), 1 if found else 2)
            for rank, far in self._near(typed, allowed).items():
                found.setdefault(rank, (3, far))
        best = sorted((fit, rank) for rank, fit in found.items())[:most]
        return [self._at(rank, fit) for fit, rank in best]

    def most_used(self, most: int) -> list[_Chosen]:
        """Return the most used names of the last month before the newest article, then others."""
        late = self._last_at >= self._last_at.max(initial=0) - _LATELY_S
        lately, before = np.flatnonzero(late)[:most], np.flatnonzero(~late)[:most]
        fits = [(rank, (0, 0)) for rank in lately.tolist()]
        fits += [(rank, (1, 0)) for rank in before.tolist()]
        return [self._at(rank, fit) for rank, fit in fits[:most]]

    def _at(self, rank: int, fit: tuple[int, int]) -> _Chosen:
        weight = (-int(self._articles[rank]), -int(self._last_at[rank]))
        return _Chosen(fit, weight, int(self._ids[rank]))

    def _near(self, typed: str, allowed: int) -> Mapping[int, int]:
        found: dict[int, int] = {}
        for errors in range(1, allowed + 1):
            for starts in (self._whole, self._words):
                for rank, far in starts.near(typed, errors).items():
                    found[rank] = min(far, found.get(rank, far))
            if found:
                # With two errors much resembles much: only where one explains nothing.
                break
        return found


class _Chosen(NamedTuple):
    fit: tuple[int, int]
    weight: tuple[int, int]
    id: int


def _allowed(typed: str) -> int:
    return 0 if len(typed) < SHORTEST_TYPO else 1 if len(typed) < LONG else 2


def word_starts(folded: str) -> Iterator[str]:
    """Yield what begins with each word of a folded name but the first."""
    for place, character in enumerate(folded[:-1]):
        if not character.isalnum() and folded[place + 1].isalnum():
            yield folded[place + 1 :]


@dataclass(slots=True)
class _Lists:
    """The lists of one kind by scope: those of nearly all names, and those of what came since."""

    most: Mapping[int, Names] = field(default_factory=dict)
    last: int = 0
    articles: int = 0
    since: Mapping[int, Names] = field(default_factory=dict)
    seen: tuple[int, int] = (0, 0)
    rising: Mapping[int, list[int]] = field(default_factory=dict)
    risen_at: int = -1  # the newest article when that was looked at
    too_many: bool = False

    def of(self, scope: Scope) -> list[Names]:
        """Return the lists of what a reader may see."""
        both = (self.most, self.since)
        return [lists[one] for lists in both for one in scope.visible if one in lists]


class Suggestions:
    """Keeps the lists and takes over what is new at each question; several may ask at once."""

    def __init__(self) -> None:
        self._lists = {what: _Lists() for what in WHATS}
        self._lock = threading.Lock()
        # Whether the database had to answer since the lists were looked at.
        self.is_missed = False

    def ids(
        self, connection: sqlite3.Connection, what: What, typed: str, scope: Scope, limit: int
    ) -> list[int]:
        """Return ids of names for what is typed, the likeliest first, from visible scopes alone."""
        key = tag_key(typed)
        folded = text.fold(key)
        with self._lock:
            kept = self._lists[what]
            _catch_up(connection, what, kept)
            names, too_many = kept.of(scope), kept.too_many
        if too_many and not kept.most:
            self.is_missed = True
            values = {"scopes": visible(scope), "typed": key, "end": key + "\U0010ffff"}
            rows = connection.execute(_BEGINNING[what], {**values, "most": limit})
            return [row["id"] for row in rows]
        chosen = [
            one
            for part in names
            for one in (part.chosen(folded, limit) if folded else part.most_used(limit))
        ]
        found = [one.id for one in sorted(chosen)[:limit]]
        return found if folded else [*self._rising(connection, what, scope), *found]

    def _rising(self, connection: sqlite3.Connection, what: What, scope: Scope) -> list[int]:
        with self._lock:
            kept = self._lists[what]
            if kept.risen_at < 0:
                _see_what_rises(connection, what, kept)
            return [name_id for one in scope.visible for name_id in kept.rising.get(one, ())]

    def look_for_rising(self, connection: sqlite3.Connection) -> None:
        """See what is on the rise, where articles came since that was seen last."""
        for what in WHATS:
            with self._lock:
                if self._lists[what].risen_at != _newest(connection, what)[1]:
                    _see_what_rises(connection, what, self._lists[what])

    def stale(self, connection: sqlite3.Connection) -> list[What]:
        """Return the kinds whose lists are to be made anew, off the event loop."""
        self.is_missed = False
        with self._lock:
            return [what for what in WHATS if _is_stale(connection, what, self._lists[what])]

    def make(self, what: What, entries: Mapping[int, Entries], articles: int) -> None:
        """Make the lists of all names, by scope, as read when there were so many articles."""
        made = {scope_id: Names(some) for scope_id, some in entries.items()}
        last = max((max(some.ids) for some in entries.values()), default=0)
        with self._lock:
            # What came since is read anew at the next question.
            before = self._lists[what]
            self._lists[what] = _Lists(
                made, last, articles, rising=before.rising, risen_at=before.risen_at
            )


def read_all(what: What, connection: sqlite3.Connection) -> tuple[dict[int, Entries], int]:
    """Return all names of a kind by scope, and the number of the newest article."""
    rows = connection.execute(_NEW[what], {"last": 0, "most": -1})
    entries: dict[int, Entries] = {}
    while part := rows.fetchmany(_READ):
        _sort_in(part, entries)
    return entries, _newest(connection, what)[1]


def _catch_up(connection: sqlite3.Connection, what: What, kept: _Lists) -> None:
    newest = _newest(connection, what)
    if newest == kept.seen:
        return
    values = {"last": kept.last, "most": _AT_ONCE + 1}
    rows = connection.execute(_NEW[what], values).fetchall()
    entries: dict[int, Entries] = {}
    kept.too_many = len(rows) > _AT_ONCE
    if not kept.too_many:
        _sort_in(rows, entries)
        kept.since = {scope_id: Names(some) for scope_id, some in entries.items()}
    kept.seen = newest


def _see_what_rises(connection: sqlite3.Connection, what: What, kept: _Lists) -> None:
    kept.rising = rising(connection, what, RISING)
    kept.risen_at = _newest(connection, what)[1]


def _is_stale(connection: sqlite3.Connection, what: What, kept: _Lists) -> bool:
    _catch_up(connection, what, kept)
    waiting = sum(map(len, kept.since.values()))
    grown = kept.seen[1] > kept.articles * (1 + _GROWTH)
    return kept.too_many or waiting > _WAITING or (bool(kept.most) and grown)


def _sort_in(rows: Iterable[sqlite3.Row], entries: dict[int, Entries]) -> None:
    for row in rows:
        some = entries.setdefault(row["scope_id"], Entries())
        some.add(row["id"], row["name"], row["article_count"], row["last_at"])


def _newest(connection: sqlite3.Connection, what: What) -> tuple[int, int]:
    row = connection.execute(_NEWEST[what]).fetchone()
    return row["name"], row["article"]
