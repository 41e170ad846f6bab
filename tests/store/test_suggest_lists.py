"""Lists of many names: made off the event loop, right before and while they are, caught up with."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.model import PUBLIC_SCOPE, Scope
from bot.store import DATABASE, Store
from bot.store.suggest import Entries, Entry, Names
from tests.conftest import Newsroom, make_entry

MANY = 2_500


def add_tags(folder: Path, count: int, prefix: str) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as connection, connection:
        connection.executemany(
            "INSERT INTO tags (scope_id, key, name, article_count) VALUES (0, ?, ?, ?)",
            [(f"{prefix} {n:05}".lower(), f"{prefix} {n:05}", n + 1) for n in range(count)],
        )


async def suggested(store: Store, typed: str, scope: Scope = PUBLIC_SCOPE) -> list[str]:
    return [name.name for name in await store.names.suggest("tag", typed, scope)]


async def test_before_the_lists_are_made_names_are_found_by_their_beginning(store: Store) -> None:
    add_tags(store.folder, MANY, "Harbour")
    assert (await suggested(store, "harb"))[:2] == ["Harbour 02499", "Harbour 02498"]
    assert len(await suggested(store, "")) == 25
    assert await suggested(store, "ahrbour 00007") == []
    assert await store.names.warm() == ("tag",)
    assert (await suggested(store, "ahrbour 00007"))[0] == "Harbour 00007"
    assert (await suggested(store, "harb"))[:2] == ["Harbour 02499", "Harbour 02498"]


async def test_lists_are_made_once_and_again_when_many_names_came(store: Store) -> None:
    add_tags(store.folder, MANY, "Harbour")
    await store.names.warm()
    assert await store.names.warm() == ()
    add_tags(store.folder, 5, "Lighthouse")
    assert (await suggested(store, "lightohuse 00004"))[0] == "Lighthouse 00004"
    assert await store.names.warm() == ()
    add_tags(store.folder, MANY, "Glacier")
    assert (await suggested(store, "ahrbour 00001"))[0] == "Harbour 00001"
    assert await store.names.warm() == ("tag",)
    assert (await suggested(store, "galcier 00001"))[0] == "Glacier 00001"
    assert (await suggested(store, "lightohuse 00004"))[0] == "Lighthouse 00004"


async def test_counts_put_names_in_order_anew_when_the_archive_grew(newsroom: Newsroom) -> None:
    add_tags(newsroom.store.folder, MANY, "Harbour")
    await newsroom.store.names.warm()
    await newsroom.publish(*[make_entry(f"a{n}", tags=["Harbour 00000"]) for n in range(3_000)])
    assert await newsroom.store.names.warm() != ()
    assert (await suggested(newsroom.store, "harb"))[0] == "Harbour 00000"


@pytest.mark.parametrize("place", range(7))
def test_one_error_at_any_letter_is_forgiven(place: int) -> None:
    names = Names(Entries.of([Entry(1, "Harbour crew", 1, 0), Entry(2, "Glacier", 9, 0)]))
    word = "harbour"
    for typed in (
        word[:place] + word[place + 1 :],
        word[:place] + "x" + word[place:],
        word[:place] + "x" + word[place + 1 :],
        word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
    ):
        assert [one.id for one in names.chosen(typed, 25)] == [1], typed


def test_a_name_that_ends_as_typed_goes_before_one_that_goes_on() -> None:
    names = Names(Entries.of([Entry(1, "Portugal", 1, 0), Entry(2, "Portugal and the sea", 9, 0)]))
    assert [one.id for one in names.chosen("portgual", 25)] == [1, 2]
