"""Word vectors: what is near in meaning, and nothing at all where they are not installed."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing

import pytest

from bot.model import PUBLIC_SCOPE
from bot.query import language
from bot.store import DATABASE
from bot.store.vectors import Vectors
from tests.conftest import NOW, Newsroom, make_entry


async def test_without_the_package_there_is_nothing_to_tell(newsroom: Newsroom) -> None:
    await newsroom.publish(make_entry("Ships"))
    with closing(sqlite3.connect(newsroom.store.folder / DATABASE)) as connection:
        assert Vectors("no_such_package_here").near(connection, "ships", [1]) is None


async def test_what_means_the_same_is_nearer_than_what_does_not(newsroom: Newsroom) -> None:
    pytest.importorskip("wordllama")
    await newsroom.publish(
        make_entry("Physicians treated her patients", guid="a"),
        make_entry("Strikers scored two goals", guid="b"),
        make_entry("", guid="c"),
    )
    with closing(sqlite3.connect(newsroom.store.folder / DATABASE)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("SELECT title, id FROM articles").fetchall()
        ids = {row["title"][:1]: row["id"] for row in rows}
        vectors = Vectors()
        assert vectors.load()
        near = vectors.near(connection, "doctors in a hospital", [ids["P"], ids["S"], ids[""], 99])
        assert near is not None
        assert near[0] > near[1] + 0.1
        assert near[2] == near[3] == pytest.approx(0, abs=0.2)
        assert vectors.near(connection, " ", [1]) is None
        assert vectors.near(connection, "doctors", []) is None


async def test_meaning_decides_among_the_nearest(newsroom: Newsroom) -> None:
    pytest.importorskip("wordllama")
    await newsroom.publish(
        make_entry("Report one", body="The bank keeps money and gold in its vault."),
        make_entry("Report two", body="The bank keeps reeds and frogs in its water."),
    )
    assert newsroom.store.vectors.load()
    page = await newsroom.store.articles.find(
        language.parse("finance bank savings xylophone"), PUBLIC_SCOPE, now=NOW
    )
    assert [hit.title for hit in page.hits] == ["Report one", "Report two"]


async def test_nobody_waits_for_vectors_to_be_loaded(newsroom: Newsroom) -> None:
    pytest.importorskip("wordllama")
    await newsroom.publish(make_entry("Ships"))
    vectors = Vectors()
    with closing(sqlite3.connect(newsroom.store.folder / DATABASE)) as connection:
        connection.row_factory = sqlite3.Row
        assert vectors.near(connection, "ships", [1]) is None
        assert vectors._loading is not None
        vectors._loading.join()
        assert vectors.near(connection, "ships", [1]) is not None


async def test_a_package_that_cannot_be_used_is_done_without(
    newsroom: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    await newsroom.publish(make_entry("Ships"))
    vectors = Vectors("rapidfuzz")  # there, and without any vectors beside it
    with caplog.at_level(logging.WARNING):
        assert not vectors.load()
    assert [record.message for record in caplog.records] == ["vectors.failed"]
    with closing(sqlite3.connect(newsroom.store.folder / DATABASE)) as connection:
        assert vectors.near(connection, "ships", [1]) is None


async def test_pages_do_not_shift_when_vectors_come_in_between(newsroom: Newsroom) -> None:
    pytest.importorskip("wordllama")
    await newsroom.publish(
        *[make_entry(f"Bank {i}", body=f"The bank {'money ' * i} and a reed") for i in range(9)]
    )
    store, query = newsroom.store, language.parse("finance bank savings xylophone")
    for _ in range(2):  # begun without them, then with them
        seen: list[int] = []
        cursor = None
        while not seen or cursor is not None:
            page = await store.articles.find(query, PUBLIC_SCOPE, now=NOW, limit=3, cursor=cursor)
            seen += [hit.id for hit in page.hits]
            cursor = page.next
            assert store.vectors.load()
        assert len(seen) == len(set(seen)) == 9
