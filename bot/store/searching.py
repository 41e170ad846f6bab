"""Strict search: resolve, compile, ask for one page of places, then draw the heads of those."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from bot.model import Cursor, Page, Scope
from bot.query.nodes import Query
from bot.store import compile, folding, heads, nearest, statements
from bot.store.beside import Beside
from bot.store.excerpt import Passage
from bot.store.freshness import Freshness
from bot.store.nearest import Hits
from bot.store.resolve import Asked, Test, resolve
from bot.store.sources import Meaning, Sources
from bot.store.statements import Order, Spot
from bot.store.vectors import Vectors

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np

# Without postings the index weighs a match in about 1 us a word: of more than these, nothing is.
_WEIGHED = 20_000
_FOLDED = 3


@dataclass(frozen=True, slots=True)
class Window:
    """Which page of the results: how many, from where, and up to which article.

    `fold` shows articles that tell one story as one.
    """

    limit: int
    cursor: Cursor | None = None
    until: int | None = None
    fold: bool = False


class Source(Protocol):
    """What tells the places of one question: the index, or the postings beside it."""

    @property
    def total(self) -> int:
        """How many articles there are in all."""
        ...

    def rows(self, order: Order, cursor: Cursor | None, count: int) -> Sequence[Spot]:
        """Return at most `count` places after a cursor, or before it the nearest first."""
        ...

    def before(self, order: Order, cursor: Cursor) -> int:
        """Return how many come before a place."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """A page's places, how many there are in all, and what lies before and after."""

    places: Sequence[Spot]
    total: int
    before: int = 0
    has_next: bool = False


def search(
    connection: sqlite3.Connection,
    query: Query,
    asked: Asked,
    window: Window,
    beside: Beside | None = None,
) -> Page:
    """Return one page of exactly the articles the query matches."""
    test = resolve(connection, query, asked)
    return of_test(connection, test, query.sort, asked, window, beside)


def of_test(
    connection: sqlite3.Connection,
    test: Test,
    sort: Order | None,
    asked: Asked,
    window: Window,
    beside: Beside | None = None,
) -> Page:
    """Return one page of exactly the articles a resolved query admits."""
    until = newest(connection) if window.until is None else window.until
    fold = window.fold and folding.any_story(connection)
    found = places(connection, test, sort or "new", asked, window, until, beside, fold=fold)
    scope = asked.scope if fold else None
    hits = heads.hits(connection, found.places, Passage.of(test), scope)
    if not hits:
        return Page((), found.total, until=until)
    return Page(
        hits,
        found.total,
        next=_place(found.places[-1], back=False) if found.has_next else None,
        previous=_place(found.places[0], back=True) if found.before else None,
        first=found.before + 1,
        until=until,
    )


def places(
    connection: sqlite3.Connection,
    test: Test,
    order: Order,
    asked: Asked,
    window: Window,
    until: int,
    beside: Beside | None = None,
    *,
    fold: bool = False,
) -> Found:
    """Return where the articles of a page are, from the postings beside the index if they can."""
    if beside is not None:
        with beside.asked(connection, test, asked, until, order, fold=fold) as search:
            if search is not None:
                return _found(connection, search, test, order, asked, window, until, fold=fold)
    index = _Index(connection, compile.branches(test), asked, until, fold)
    return _found(connection, index, test, order, asked, window, until, fold=fold)


def _found(
    connection: sqlite3.Connection,
    source: Source,
    test: Test,
    order: Order,
    asked: Asked,
    window: Window,
    until: int,
    *,
    fold: bool,
) -> Found:
    total = source.total
    if not total:
        return Found((), 0)
    cursor, limit = window.cursor, window.limit
    back = cursor is not None and cursor.back
    places: list[Spot] = []
    for rows in _pages(source, order, window, fold=fold):
        places += folding.folded(connection, rows, test, asked.scope, until) if fold else rows
        if len(places) > limit:
            break
    more = len(places) > limit
    places = places[:limit]
    if back:
        places.reverse()
    if not places:
        return Found((), total)
    has_previous = more if back else cursor is not None
    before = source.before(order, _place(places[0], back=True)) if has_previous else 0
    return Found(places, total, before, more or back)


def _pages(source: Source, order: Order, window: Window, *, fold: bool) -> Iterator[Sequence[Spot]]:
    """Yield places a page and one at a time, from the window's cursor on, as they are read."""
    # Folding takes some out, and ranking all again for a few more would cost as much as at first.
    cursor, count = window.cursor, (window.limit + 1) * (_FOLDED if fold else 1)
    back = cursor is not None and cursor.back
    while True:
        rows = source.rows(order, cursor, count)
        yield rows
        if len(rows) < count:
            return
        cursor = _place(rows[-1], back=back)


@dataclass(frozen=True, slots=True)
class _Index:
    """The index as a source: a statement for each question."""

    connection: sqlite3.Connection
    branches: Sequence[compile.Branch]
    asked: Asked
    until: int
    fold: bool

    @property
    def total(self) -> int:
        return self._count(statements.total(self.branches, *self._seen, fold=self.fold))

    def rows(self, order: Order, cursor: Cursor | None, count: int) -> Sequence[Spot]:
        wanted = statements.page(
            self.branches, self.asked.scope, order, cursor, self.until, count, self._freshness
        )
        return self.connection.execute(wanted.sql, wanted.values).fetchall()

    def before(self, order: Order, cursor: Cursor) -> int:
        return self._count(
            statements.total(
                self.branches,
                *self._seen,
                order,
                cursor,
                fold=self.fold,
                freshness=self._freshness,
            )
        )

    @property
    def _seen(self) -> tuple[Scope, int]:
        return self.asked.scope, self.until

    @property
    def _freshness(self) -> Freshness:
        return Freshness.at(self.asked.now, self.asked.freshness)

    def _count(self, counted: statements.Statement) -> int:
        (count,) = self.connection.execute(counted.sql, counted.values).fetchone()
        return int(count)


@dataclass(frozen=True, slots=True)
class Weighing:
    """How the nearest are ordered: weights by token, what was typed, and ids that go first."""

    weights: Mapping[str, float]
    typed: str = ""
    first: Sequence[int] = ()


def weighed(
    connection: sqlite3.Connection,
    query: Query,
    asked: Asked,
    window: Window,
    weighing: Weighing,
    vectors: Vectors,
    beside: Beside | None = None,
) -> Page | None:
    """Return one page of exactly what the query matches, in the order of weighed words.

    None where that would take too long: very many matches, and nothing beside the index.
    """
    test = resolve(connection, query, asked)
    until = newest(connection) if window.until is None else window.until
    hits = _everyone(connection, test, asked, until, beside)
    if hits is None:
        return None
    if window.fold and folding.any_story(connection):
        hits = folding.told_once(connection, hits)
    meaning: Meaning = partial(vectors.near, connection, weighing.typed)
    if window.cursor is not None and not vectors.agree(nearest.is_meant(window.cursor)):
        meaning = _untold
    sources = Sources.of(connection, beside, meaning)
    ranking = nearest.ordered(hits, weighing.weights, sources, weighing.first)
    start, end = ranking.window(window.cursor, window.limit)
    shown = ranking.places(start, end)
    total = len(ranking.ids)
    if not shown:
        return Page((), total, until=until)
    return Page(
        heads.hits(connection, shown, Passage.of(test), asked.scope if window.fold else None),
        total,
        next=_place(shown[-1], back=False) if start + len(shown) < total else None,
        previous=_place(shown[0], back=True) if start else None,
        first=start + 1,
        until=until,
    )


def _untold(ids: Sequence[int]) -> None:
    """Tell nothing of meaning: the order of a page before was made without."""


def _everyone(
    connection: sqlite3.Connection, test: Test, asked: Asked, until: int, beside: Beside | None
) -> Hits | None:
    found = None if beside is None else beside.everyone(connection, test, asked, until)
    if found is not None:
        return Hits(*found)
    branches = compile.branches(test)
    wanted = statements.page(branches, asked.scope, "new", None, until, _WEIGHED + 1)
    rows = connection.execute(wanted.sql, wanted.values).fetchall() if branches else []
    if len(rows) > _WEIGHED:
        return None
    ids = np.array([row["id"] for row in rows], np.int64)
    return Hits(ids, np.array([row["sort_at"] for row in rows], np.int64))


def found(
    connection: sqlite3.Connection, query: Query, asked: Asked, until: int | None = None
) -> bool:
    """Return whether the query matches anything, at the price of the first match."""
    branches = compile.branches(resolve(connection, query, asked))
    last = newest(connection) if until is None else until
    if not branches:
        return False
    wanted = statements.some(branches, asked.scope, last)
    return connection.execute(wanted.sql, wanted.values).fetchone() is not None


def newest(connection: sqlite3.Connection) -> int:
    """Return the id of the article that arrived last, 0 in an empty archive."""
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM articles").fetchone()
    return int(last)


def _place(row: Spot, *, back: bool) -> Cursor:
    return Cursor(row["sort_at"], row["score"], back)
