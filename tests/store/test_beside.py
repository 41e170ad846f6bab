"""The postings beside the index give the very answers of the index, after any change."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model import PUBLIC_SCOPE, Cursor, Page, Scope
from bot.query import language
from bot.query.nodes import Query
from bot.store import DATABASE, Store, facets, searching
from bot.store.beside import Beside
from bot.store.resolve import Asked
from bot.store.searching import Window
from tests.conftest import NOW, Newsroom
from tests.query.query_strategies import leaves, trees
from tests.store.test_matching_property import FEEDS, GUILD, entries

QUERIES = (
    "",
    "water",
    "-water",
    "water OR van",
    "(van -water) OR 東京",
    "un",
    "van der",
    '"van der"',
    'van OR "covid 19"',
    "cov*",
    "e*",
    "title:van",
    "title:東",
    "東",
    "東京",
    "tag:un",
    "tag:un,water -van",
    "author:van",
    "source:ap van",
    "is:chart",
    "has:image van",
    "on:2022",
    "-on:2022",
    "van after:2022-03 before:2022-10",
    "newer:30d OR tag:un",
    "nothing-of-the-kind",
    "van nothing-of-the-kind",
)
ORDERS = ("new", "old", "best")
FEW = ("", "van", "-water", "van OR tag:un")


def answer(
    connection: sqlite3.Connection,
    text: str,
    order: str,
    scope: Scope,
    beside: Beside | None,
    cursor: Cursor | None = None,
) -> Page:
    query = language.parse(f"{text} sort:{order}")
    window = Window(3, cursor, fold=True)
    page = searching.search(connection, query, Asked(scope, NOW), window, beside)
    return replace(page, hits=tuple(replace(hit, score=round(hit.score, 9)) for hit in page.hits))


def ways(page: Page) -> list[Cursor]:
    return [cursor for cursor in (page.next, page.previous) if cursor is not None]


def agree(store: Store, queries: Sequence[str] = QUERIES) -> int:
    """Ask everything of both; return how many answers had hits."""
    found = 0
    connection = sqlite3.connect(store.folder / DATABASE, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        for text in queries:
            for order in ORDERS:
                for scope in (PUBLIC_SCOPE, Scope(GUILD)):
                    found += agreed(connection, store.beside, text, order, scope)
    finally:
        connection.close()
    return found


def agreed(
    connection: sqlite3.Connection, beside: Beside, text: str, order: str, scope: Scope
) -> int:
    """Turn the pages to the end and back in both ways, and compare each."""
    cursor: Cursor | None = None
    turned = 0
    while True:
        index = answer(connection, text, order, scope, None, cursor)
        quick = answer(connection, text, order, scope, beside, cursor)
        same = [h.id for h in quick.hits] == [h.id for h in index.hits]
        assert same, (text, order, cursor, quick, index)
        assert (quick.total, quick.first) == (index.total, index.first), (text, order, cursor)
        assert [h.score for h in quick.hits] == pytest.approx([h.score for h in index.hits])
        assert (quick.next is None) == (index.next is None)
        assert (quick.previous is None) == (index.previous is None)
        turned += bool(index.hits)
        if index.previous is not None:
            back = answer(connection, text, order, scope, None, index.previous)
            quick_back = answer(connection, text, order, scope, beside, index.previous)
            assert [h.id for h in quick_back.hits] == [h.id for h in back.hits]
            assert quick_back.first == back.first
        cursor = index.next
        if cursor is None:
            return turned


pytestmark = pytest.mark.usefixtures("filled")


@pytest.fixture
async def filled(newsroom: Newsroom) -> None:
    await newsroom.publish(*entries(24, 1), feed=FEEDS[0])
    await newsroom.publish(*entries(12, 3), feed=FEEDS[2], scope_id=GUILD)
    await newsroom.store.beside.refresh(least=1)
    assert newsroom.store.beside.articles == 36


async def test_the_postings_answer_as_the_index_does(store: Store) -> None:
    assert agree(store) > 100


async def test_what_came_and_changed_since_is_seen_at_once(
    store: Store, newsroom: Newsroom
) -> None:
    await newsroom.publish(*entries(8, 2), feed=FEEDS[1])
    await newsroom.publish(*entries(5, 5), feed=FEEDS[2], scope_id=GUILD)
    await store.articles.hide(3, "removed")
    await store.articles.hide(38, "withdrawn")
    assert agree(store) > 100
    assert store.beside.late == 14


QUESTIONS = st.builds(
    Query, st.one_of(st.none(), trees(leaves(feeds=FEEDS))), st.sampled_from(ORDERS)
)


async def test_any_query_is_answered_alike_by_both(store: Store, newsroom: Newsroom) -> None:
    await newsroom.publish(*entries(6, 2), feed=FEEDS[1])
    connection = sqlite3.connect(store.folder / DATABASE, isolation_level=None)
    connection.row_factory = sqlite3.Row

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(QUESTIONS, st.sampled_from((PUBLIC_SCOPE, Scope(GUILD), Scope(8))))
    def alike(query: Query, scope: Scope) -> None:
        asked, window = Asked(scope, NOW), Window(50)
        index = searching.search(connection, query, asked, window)
        quick = searching.search(connection, query, asked, window, store.beside)
        assert quick.total == index.total
        assert sorted(h.id for h in quick.hits) == sorted(h.id for h in index.hits)
        if query.sort != "best":
            assert [h.id for h in quick.hits] == [h.id for h in index.hits]

    try:
        alike()
    finally:
        connection.close()


async def test_a_planted_wrong_weight_would_be_seen(store: Store) -> None:
    view = store.beside._view
    assert view is not None
    object.__setattr__(view, "norms", view.norms * 3)
    object.__setattr__(view, "average", view.average / 3)
    with pytest.raises(AssertionError):
        agree(store)


async def test_the_file_is_made_anew_and_the_old_one_removed(store: Store) -> None:
    (before,) = store.folder.glob("postings-*")
    (store.folder / "postings-killed.idx.work").mkdir()
    (store.folder / "postings-killed.idx.work" / "ords0").touch()
    (store.folder / "postings-killed.idx.part").touch()
    assert not await store.beside.refresh(least=1)
    assert await store.beside.refresh(rebuild=True)
    (after,) = store.folder.glob("postings-*")
    assert after != before
    assert agree(store, FEW) > 20


@pytest.mark.parametrize("place", [20, 5_000, -40])
async def test_a_damaged_file_is_not_believed_and_made_anew(store: Store, place: int) -> None:
    (file,) = store.folder.glob("postings-*")
    whole = bytearray(file.read_bytes())
    whole[place] ^= 0x55
    file.unlink()
    file.write_bytes(whole)
    async with again(store) as other:
        assert await other.beside.refresh(least=1)
        assert agree(other, FEW) > 20


async def test_a_missing_file_is_made_anew_and_search_is_right_meanwhile(store: Store) -> None:
    (file,) = store.folder.glob("postings-*")
    file.unlink()
    async with again(store) as other:
        assert other.beside.articles == 0
        assert agree(other, FEW) > 20
        assert await other.beside.refresh(least=1)
        assert other.beside.articles == 36


async def test_a_file_of_another_time_is_not_believed(store: Store, newsroom: Newsroom) -> None:
    with closing(sqlite3.connect(store.folder / DATABASE)) as database:
        (token,) = database.execute("SELECT value FROM meta WHERE key = 'postings'").fetchone()
        database.execute("UPDATE meta SET value = 'another' WHERE key = 'postings'")
        database.commit()
        assert agree(store, FEW) > 20
        (file,) = store.folder.glob("postings-*")
        file.rename(store.folder / "postings-another.idx")
        assert await store.beside.refresh(least=1)
    assert token
    assert agree(store, FEW) > 20


async def test_a_reader_of_an_older_moment_asks_the_index(store: Store, newsroom: Newsroom) -> None:
    connection = sqlite3.connect(store.folder / DATABASE, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("BEGIN")
        before = answer(connection, "", "new", PUBLIC_SCOPE, None)
        await newsroom.publish(*entries(8, 2), feed=FEEDS[1])
        fresh = await store.articles.search(language.parse(""), PUBLIC_SCOPE, now=NOW)
        assert fresh.total == before.total + 8
        assert answer(connection, "", "new", PUBLIC_SCOPE, store.beside) == before
    finally:
        connection.close()


async def test_a_rebuilt_index_leaves_no_old_postings_in_use(store: Store) -> None:
    await store.rebuild()
    assert agree(store, FEW) > 20
    await store.beside.refresh(least=1)
    assert agree(store, FEW) > 20


async def test_facets_are_the_same_with_and_without_the_postings(
    store: Store, newsroom: Newsroom
) -> None:
    await newsroom.publish(*entries(8, 2), feed=FEEDS[1])
    for text in ("", "van", "water OR van", "tag:un"):
        for scope in (PUBLIC_SCOPE, Scope(GUILD)):
            query = language.parse(text)
            quick = await store.articles.facets(query, scope, now=NOW)
            with closing(sqlite3.connect(store.folder / DATABASE)) as connection:
                connection.row_factory = sqlite3.Row
                index = facets.facets(connection, query, Asked(scope, NOW))
            assert quick == index
    assert quick.of("tag") or quick.of("source")


@asynccontextmanager
async def again(store: Store) -> AsyncIterator[Store]:
    """Open a copy of the store's folder, as the next start would find it."""
    folder = store.folder.with_name("again")
    folder.mkdir()
    with closing(sqlite3.connect(store.folder / DATABASE)) as database:
        database.execute("VACUUM INTO ?", (str(folder / DATABASE),))
    for file in store.folder.glob("postings-*"):
        shutil.copy(file, folder)
    async with Store.open(folder) as other:
        yield other


async def test_they_are_loaded_when_somebody_searches_and_let_go_when_nobody_does(
    store: Store, newsroom: Newsroom
) -> None:
    async with again(store) as other:
        assert not await other.beside.refresh(least=1, asked_since=NOW)
        assert other.beside.articles == 0 and not other.beside.is_missed
        assert agree(other, FEW) > 20
        assert other.beside.is_missed
        assert not await other.beside.refresh(least=1, asked_since=NOW)
        assert other.beside.articles == 36 and not other.beside.is_missed
        assert agree(other, FEW) > 20
        assert not await other.beside.refresh(least=1, asked_since=NOW + timedelta(seconds=1))
        assert other.beside.articles == 0
        assert agree(other, FEW) > 20


async def test_the_file_is_made_anew_without_being_loaded(store: Store, newsroom: Newsroom) -> None:
    later = NOW + timedelta(seconds=1)
    async with again(store) as other:
        (before,) = other.folder.glob("postings-*")
        before.unlink()
        assert await other.beside.refresh(least=1, asked_since=later)
        (after,) = other.folder.glob("postings-*")
        assert after != before and other.beside.articles == 0
        assert not await other.beside.refresh(least=1, asked_since=later)
        await Newsroom(other).publish(*entries(8, 2), feed=FEEDS[1])
        assert not await other.beside.refresh(least=1, asked_since=later)
        assert agree(other, FEW) > 20
