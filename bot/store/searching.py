"""Strict search: resolve, compile, ask for one page of places, then draw the heads of those."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.model import Cursor, Page
from bot.query.nodes import Query
from bot.store import compile, folding, heads, nearest, statements
from bot.store.excerpt import Passage
from bot.store.resolve import Asked, Test, resolve
from bot.store.statements import Order

_ALL = -1  # no LIMIT
# Weighing costs about 20 us a match. What more than this matches is ranked by the index alone.
_WEIGHED = 10_000


@dataclass(frozen=True, slots=True)
class Window:
    """Which page of the results: how many, from where, and up to which article.

    `fold` shows articles that tell one story as one.
    """

    limit: int
    cursor: Cursor | None = None
    until: int | None = None
    fold: bool = False


def search(connection: sqlite3.Connection, query: Query, asked: Asked, window: Window) -> Page:
    """Return one page of exactly the articles the query matches."""
    return of_test(connection, resolve(connection, query, asked), query.sort, asked, window)


def of_test(
    connection: sqlite3.Connection, test: Test, sort: Order | None, asked: Asked, window: Window
) -> Page:
    """Return one page of exactly the articles a resolved query admits."""
    branches = compile.branches(test)
    until = newest(connection) if window.until is None else window.until
    order: Order = sort or "new"
    fold = window.fold and folding.any_story(connection)
    counted = statements.total(branches, asked.scope, until, fold=fold)
    (total,) = connection.execute(counted.sql, counted.values).fetchone()
    if not total:
        return Page((), 0, until=until)
    cursor, limit = window.cursor, window.limit
    places: list[sqlite3.Row] = []
    for rows in _pages(connection, branches, order, asked, window, until):
        places += folding.folded(connection, rows, test, asked.scope, until) if fold else rows
        if len(places) > limit:
            break
    more = len(places) > limit
    places = places[:limit]
    if cursor is not None and cursor.back:
        places.reverse()
    hits = heads.hits(connection, places, Passage.of(test), asked.scope if fold else None)
    if not hits:
        return Page((), total, until=until)
    back = cursor is not None and cursor.back
    has_previous = more if back else cursor is not None
    has_next = more or back
    first = _place(places[0], back=True)
    before = 0
    if has_previous:
        count = statements.total(branches, asked.scope, until, order, first, fold=fold)
        (before,) = connection.execute(count.sql, count.values).fetchone()
    return Page(
        hits,
        total,
        next=_place(places[-1], back=False) if has_next else None,
        previous=first if before else None,
        first=before + 1,
        until=until,
    )


def _pages(
    connection: sqlite3.Connection,
    branches: Sequence[compile.Branch],
    order: Order,
    asked: Asked,
    window: Window,
    until: int,
) -> Iterator[list[sqlite3.Row]]:
    """Yield places a page and one at a time, from the window's cursor on, as they are read."""
    cursor, count = window.cursor, window.limit + 1
    back = cursor is not None and cursor.back
    while True:
        wanted = statements.page(branches, asked.scope, order, cursor, until, count)
        rows = connection.execute(wanted.sql, wanted.values).fetchall()
        yield rows
        if len(rows) < count:
            return
        cursor = _place(rows[-1], back=back)


def weighed(
    connection: sqlite3.Connection,
    query: Query,
    asked: Asked,
    window: Window,
    weights: Mapping[str, float],
) -> Page:
    """Return one page of exactly what the query matches, in the order of weighed words.

    Very many matches are ordered by the index's own rank instead.
    """
    test = resolve(connection, query, asked)
    branches = compile.branches(test)
    until = newest(connection) if window.until is None else window.until
    if not branches:
        return Page((), 0, until=until)
    counted = statements.total(branches, asked.scope, until)
    (total,) = connection.execute(counted.sql, counted.values).fetchone()
    if total > _WEIGHED:
        return of_test(connection, test, "best", asked, window)
    wanted = statements.page(branches, asked.scope, "new", None, until, _ALL)
    allowed = {row["id"]: row["sort_at"] for row in connection.execute(wanted.sql, wanted.values)}
    if window.fold:
        allowed = folding.told_once(connection, allowed)
    places = nearest.ordered(connection, allowed, weights)
    shown, before = nearest.window(places, window.cursor, window.limit)
    if not shown:
        return Page((), len(places), until=until)
    rows = [{"id": at.id, "sort_at": at.sort_at, "score": at.score} for at in shown]
    return Page(
        heads.hits(connection, rows, Passage.of(test), asked.scope if window.fold else None),
        len(places),
        next=Cursor(shown[-1].sort_at, shown[-1].score)
        if before + len(shown) < len(places)
        else None,
        previous=Cursor(shown[0].sort_at, shown[0].score, True) if before else None,
        first=before + 1,
        until=until,
    )


def found(
    connection: sqlite3.Connection, query: Query, asked: Asked, until: int | None = None
) -> bool:
    """Return whether the query matches anything, at the price of the first match."""
    branches = compile.branches(resolve(connection, query, asked))
    last = newest(connection) if until is None else until
    if not branches:
        return False
    wanted = statements.page(branches, asked.scope, "new", None, last, 1)
    return connection.execute(wanted.sql, wanted.values).fetchone() is not None


def newest(connection: sqlite3.Connection) -> int:
    """Return the id of the article that arrived last, 0 in an empty archive."""
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM articles").fetchone()
    return int(last)


def _place(row: sqlite3.Row, *, back: bool) -> Cursor:
    return Cursor(row["sort_at"], row["score"], back)
