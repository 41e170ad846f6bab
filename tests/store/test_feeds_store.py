"""Feeds keep their schedule and their failures, within their scope."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import NotFoundError
from bot.model import PUBLIC_SCOPE, Scope, TargetKind, Validators
from bot.query import language
from bot.store import Store
from bot.store.feeds import Unchanged
from tests.conftest import NOW, Newsroom, make_entry, make_keyed, make_reading

URL = "https://feed.example/rss"


async def test_a_feed_is_due_at_once_and_then_when_it_was_scheduled(store: Store) -> None:
    feed = await store.feeds.add(URL, "Wire", 0, NOW)
    assert [f.id for f in await store.feeds.due(NOW)] == [feed.id]
    later = NOW + timedelta(minutes=15)
    await store.feeds.unchanged([Unchanged(feed.id, NOW, Validators("e1", None), later)])
    assert await store.feeds.due(NOW) == ()
    assert [f.etag for f in await store.feeds.due(later)] == ["e1"]


async def test_failures_add_up_and_a_success_clears_them(store: Store) -> None:
    feed = await store.feeds.add(URL, "Wire", 0, NOW)
    for hour in range(3):
        at = NOW + timedelta(hours=hour)
        await store.feeds.failed(feed.id, at, "ingest.status", {"status": 500}, at)
    failing = await store.feeds.get(feed.id, PUBLIC_SCOPE)
    assert (failing.failures, failing.failing_since_at) == (3, NOW)
    assert (failing.error, failing.error_params) == ("ingest.status", {"status": 500})
    assert await store.feeds.tell(feed.id, NOW)
    assert not await store.feeds.tell(feed.id, NOW)
    await store.feeds.unchanged([Unchanged(feed.id, NOW, Validators(), NOW)])
    healthy = await store.feeds.get(feed.id, PUBLIC_SCOPE)
    assert (healthy.failures, healthy.failing_since_at, healthy.error) == (0, None, None)


async def test_adding_an_address_twice_is_one_feed_in_each_scope(store: Store) -> None:
    one = await store.feeds.add(URL, "Wire", 0, NOW)
    assert (await store.feeds.add(URL, "Other title", 0, NOW)).id == one.id
    own = await store.feeds.add(URL, "Wire", 7, NOW)
    assert own.id != one.id
    assert [f.id for f in await store.feeds.list(Scope(8))] == [one.id]
    with pytest.raises(NotFoundError):
        await store.feeds.get(own.id, Scope(8))
    with pytest.raises(NotFoundError):
        await store.feeds.remove(own.id, 8)


async def test_imports_of_one_title_are_one_feed_that_is_never_polled(store: Store) -> None:
    one = await store.feeds.ensure_import("Tag Archives: UN", None, 0, NOW)
    assert (await store.feeds.ensure_import("tag archives: un", None, 0, NOW)).id == one.id
    assert await store.feeds.due(NOW) == ()


async def test_a_removed_feed_keeps_its_articles_and_is_primed_anew(newsroom: Newsroom) -> None:
    await newsroom.publish(make_entry("kept"))
    feed = await newsroom.feed()
    await newsroom.store.feeds.remove(feed.id, 0)
    assert await newsroom.store.feeds.due(NOW + timedelta(days=9)) == ()
    page = await newsroom.store.articles.search(language.parse("kept"), PUBLIC_SCOPE, now=NOW)
    assert page.total == 1
    again = await newsroom.feed()
    assert (again.id, again.stopped, again.primed) == (feed.id, None, False)


async def test_a_move_is_believed_when_seen_three_times_in_a_row(store: Store) -> None:
    feed = await store.feeds.add(URL, "Wire", 0, NOW)
    new = "https://new.example/rss"
    assert [await store.feeds.moved(feed.id, new) for _ in range(2)] == [False, False]
    await store.feeds.stay(feed.id)
    assert [await store.feeds.moved(feed.id, new) for _ in range(3)] == [False, False, True]
    assert (await store.feeds.get(feed.id, PUBLIC_SCOPE)).url == new


async def test_a_retitled_feed_is_found_by_its_new_title(newsroom: Newsroom) -> None:
    await newsroom.publish(make_entry("a"))
    feed = await newsroom.feed()
    await newsroom.store.feeds.titled(feed.id, "Morning Post")
    search = newsroom.store.articles.search
    for query, total in (("source:morning", 1), ('feed:"morning post"', 1), ("source:wire", 0)):
        assert (await search(language.parse(query), PUBLIC_SCOPE, now=NOW)).total == total


async def test_a_feeds_picture_goes_along_with_its_posts(newsroom: Newsroom) -> None:
    store = newsroom.store
    await store.subscriptions.add(TargetKind.TEXT, 1, 11, "", 5, NOW)
    feed = await newsroom.feed("Wire")
    icon = "https://wire.example/icon.png"
    for count in range(2):
        entries = [make_entry("Harbour opens", guid="1")] * count
        reading = replace(make_reading(*entries), icon_url=icon if count == 0 else None)
        keyed = [make_keyed(entry) for entry in entries]
        await store.intake.record(feed.id, reading, keyed, now=NOW, scope_id=0, announce=True)
    await store.outbox.form(NOW)
    (parcel,) = await store.outbox.claim(NOW)
    assert parcel.icon_url == icon


async def test_one_host_of_many_feeds_keeps_no_other_from_its_turn(newsroom: Newsroom) -> None:
    feeds = newsroom.store.feeds
    for n in range(6):
        await feeds.add(f"https://Many.example:8443/{n}", "Many", 0, NOW - timedelta(hours=2))
    await feeds.add("https://one.example", "One", 0, NOW - timedelta(hours=1))
    await feeds.add("https://one.example/later", "Later", 0, NOW)
    hosts = "https://Many.example:8443/0", "https://one.example"
    due = await feeds.due(NOW, 3, one_each=True)
    assert tuple(feed.url for feed in due) == hosts
    open_ones = await feeds.due(NOW, 3, {"many.example:8443"}, one_each=True)
    assert [feed.title for feed in open_ones] == ["One"]
    assert [feed.title for feed in await feeds.due(NOW, 3)] == ["Many"] * 3
    assert await feeds.due(NOW, 3, {"many.example:8443", "one.example"}) == ()
