"""What changes in the subscriptions reaches the matcher, which reads only those anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from bot.model import Scope, TargetKind
from bot.store import DATABASE, Store
from bot.store.index import index_row
from bot.store.matching import Matching
from bot.store.records import _CHANGES_KEPT, By
from tests.conftest import NOW, Newsroom, make_entry

GUILD = 7
BY = By(GUILD, 5, NOW)


class Counting(Matching):
    """A matcher that counts how many saved queries it read."""

    taken = 0

    def _take(self, connection: sqlite3.Connection, saved_id: int, written: Any) -> None:
        self.taken += 1
        super()._take(connection, saved_id, written)


@contextmanager
def opened(store: Store) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(store.folder / DATABASE, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def matched(store: Store, matching: Matching) -> list[int]:
    with opened(store) as connection:
        (article,) = connection.execute("SELECT id FROM articles").fetchall()
        row = index_row(connection, article["id"])
        return list(matching.matched(connection, row, NOW))


async def added(store: Store, query: str, channel: int = 11) -> int:
    made = await store.subscriptions.add(TargetKind.TEXT, GUILD, channel, query, 5, NOW)
    return made.id


@pytest.fixture
async def filled(newsroom: Newsroom) -> Store:
    await newsroom.publish(make_entry("Harbour opens", body="The quay is open."))
    for number in range(20):
        await added(newsroom.store, f"harbour -word{number}", 100 + number)
    return newsroom.store


async def test_each_change_is_seen_and_only_it_is_read(filled: Store) -> None:
    store, matching = filled, Counting()
    assert len(matched(store, matching)) == matching.taken == 20
    subscriptions = store.subscriptions
    one = await added(store, "quay")

    async def follow() -> object:
        return await store.subscriptions.follow(3, 900, "quay", NOW, scope=Scope(GUILD))

    changes: list[tuple[Callable[[], Awaitable[object]], int, int]] = [
        (lambda: store.meta.set("any", "thing"), 21, 1),
        (lambda: subscriptions.edit(BY, one, query="ferry"), 20, 1),
        (lambda: subscriptions.edit(BY, one, query="open*"), 21, 1),
        (lambda: subscriptions.pause(BY, "cogs.paused_by_moderator", one), 20, 0),
        (lambda: subscriptions.resume(BY, one), 21, 1),
        (lambda: store.guilds.set(GUILD, alert_channel_id=4), 21, 0),
        (lambda: store.guilds.set(GUILD, blocked="title:harbour"), 0, 21),
        (lambda: store.guilds.set(GUILD, blocked=None), 21, 21),
        (follow, 22, 1),
        (lambda: subscriptions.remove(BY, one), 21, 0),
    ]
    for place, (change, found, read) in enumerate(changes):
        await change()
        before = matching.taken
        ids = matched(store, matching)
        assert ids == matched(store, Matching()), place
        assert (len(ids), matching.taken - before) == (found, read), place


async def test_more_changes_than_are_kept_are_all_seen(filled: Store) -> None:
    matching = Counting()
    matched(filled, matching)
    one = await added(filled, "quay")
    for number in range(_CHANGES_KEPT + 5):
        await filled.subscriptions.edit(BY, one, query=f"quay OR word{number}")
    ids = matched(filled, matching)
    assert one in ids and ids == matched(filled, Matching())


async def test_a_warm_matcher_reads_nothing_more(filled: Store) -> None:
    matching = Counting()
    with opened(filled) as connection:
        matching.warm(connection)
    assert matching.taken == 20
    assert len(matched(filled, matching)) == matching.taken == 20
