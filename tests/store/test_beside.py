"""The postings beside the index give the very answers of the index, after any change."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.model import PUBLIC_SCOPE, Cursor, Page, Scope
from bot.query import language
from bot.store import DATABASE, Store, searching
from bot.store.beside import Beside
from bot.store.resolve import Asked
from bot.store.searching import Window
from tests.conftest import NOW, Newsroom
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


@pytest.fixture
async def store(newsroom: Newsroom) -> Store:
    await newsroom.publish(*entries(24, 1), feed=FEEDS[0])
    await newsroom.publish(*entries(12, 3), feed=FEEDS[2], scope_id=GUILD)
    await newsroom.store.beside.refresh(least=1)
    assert newsroom.store.beside.articles == 36
    return newsroom.store


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
