"""Feeds that fail for a day, work again or are gone: heard once, by those it concerns alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from bot.model import Fate, Feed, Outcome, TargetKind
from bot.store import Store, alerts
from bot.store.migrate import migrate
from bot.store.records import By
from tests.conftest import NOW, Newsroom, make_entry

OWN, READER, STRANGER = 7, 8, 9
BY = By(READER, 1, NOW)
FAILING, RECOVERED, STOPPED = (
    f"store.alert_feed_{what}" for what in ("failing", "recovered", "stopped")
)
HOUR = timedelta(hours=1)


async def subscribe(store: Store, guild_id: int, query: str = "") -> int:
    """Let a server have an alert channel and a subscription to what comes."""
    await store.guilds.set(guild_id, alert_channel_id=guild_id + 1000)
    return (await store.subscriptions.add(TargetKind.TEXT, guild_id, guild_id, query, 1, NOW)).id


async def post(room: Newsroom, title: str, now: datetime = NOW, **where: object) -> None:
    """Publish an article and post it wherever it is owed."""
    await room.publish(make_entry("primer"), now=now, **where)  # type: ignore[arg-type]
    await room.publish(make_entry(title), announce=True, now=now, **where)  # type: ignore[arg-type]
    await room.store.outbox.form(now)
    for parcel in await room.store.outbox.claim(now, busy=set(), limit=50):
        await room.store.outbox.sent(parcel.post_id, Outcome(Fate.SENT, message_id=1), now)


async def fail(room: Newsroom, feed: Feed, now: datetime = NOW) -> None:
    await room.store.feeds.failed(feed.id, now, "ingest.fetch_connect", {"host": "x"}, now)


async def told(store: Store, now: datetime) -> list[tuple[int, str, str | int]]:
    """Look, and return what each server was told of which feed."""
    await store.alerts.look_at_feeds(now)
    return sorted(
        (alert.guild_id, key, params["title"])
        for alert in await store.alerts.claim(now)
        for key, params in alert.lines
    )


async def test_an_own_feed_is_told_once_to_its_server_and_so_is_the_recovery(
    newsroom: Newsroom,
) -> None:
    store = newsroom.store
    for guild_id in (OWN, STRANGER):
        await subscribe(store, guild_id)
    feed = await newsroom.feed("Local", scope_id=OWN)
    await fail(newsroom, feed)
    assert await told(store, NOW + 23 * HOUR) == []
    assert await told(store, NOW + 24 * HOUR) == [(OWN, FAILING, "Local")]
    await fail(newsroom, feed, NOW + 30 * HOUR)
    assert await told(store, NOW + 48 * HOUR) == []
    await newsroom.publish(make_entry("back"), feed="Local", scope_id=OWN)
    assert await told(store, NOW + 49 * HOUR) == [(OWN, RECOVERED, "Local")]
    assert await told(store, NOW + 50 * HOUR) == []
    await fail(newsroom, feed, NOW + 60 * HOUR)
    assert await told(store, NOW + 84 * HOUR) == [(OWN, FAILING, "Local")], "a second time anew"


async def test_a_public_feed_is_told_to_those_whose_channels_it_reaches(newsroom: Newsroom) -> None:
    store = newsroom.store
    await subscribe(store, READER)
    await subscribe(store, OWN, "nothing-of-it")
    await subscribe(store, STRANGER, "tag:Other")
    await post(newsroom, "Council meets")
    feed = await newsroom.feed()
    await fail(newsroom, feed)
    heard = (READER, FAILING, "Example Wire")
    assert await told(store, NOW + 24 * HOUR) == [heard]
    # Whoever subscribes while it fails never heard that it does.
    await subscribe(store, STRANGER, "")
    await post(newsroom, "It is back", NOW + 30 * HOUR)
    assert await told(store, NOW + 30 * HOUR) == [(READER, RECOVERED, "Example Wire")]
    assert await told(store, NOW + 31 * HOUR) == []


@pytest.mark.parametrize("how", ["paused", "removed", "left", "no alert channel"])
async def test_who_no_longer_gets_a_public_feed_hears_nothing_of_it(
    newsroom: Newsroom, how: str
) -> None:
    store = newsroom.store
    subscription_id = await subscribe(store, READER)
    await post(newsroom, "Council meets")
    match how:
        case "paused":
            await store.subscriptions.pause(BY, "cogs.paused_by_moderator", subscription_id)
        case "removed":
            await store.subscriptions.remove(BY, subscription_id)
        case "left":
            await store.guilds.left(READER, NOW)
        case _:
            await store.guilds.set(READER, alert_channel_id=None)
    await fail(newsroom, await newsroom.feed())
    assert await told(store, NOW + 24 * HOUR) == []
    await store.guilds.set(READER, alert_channel_id=5)
    assert await told(store, NOW + 25 * HOUR) == [], "nor later"


async def test_a_feed_that_is_gone_is_told_once_and_what_a_person_removed_is_not(
    newsroom: Newsroom,
) -> None:
    store = newsroom.store
    await subscribe(store, READER)
    await subscribe(store, OWN, "nothing-of-it")
    await post(newsroom, "Council meets")
    public, own = await newsroom.feed(), await newsroom.feed("Local", scope_id=OWN)
    for feed in (public, own, public):
        await store.feeds.stop(feed.id, "ingest.fetch_gone", NOW)
    heard = [(OWN, STOPPED, "Local"), (READER, STOPPED, "Example Wire")]
    assert await told(store, NOW + HOUR) == heard
    other = await newsroom.feed("Other", scope_id=OWN)
    await store.feeds.remove(other.id, OWN)
    assert await told(store, NOW + 2 * HOUR) == []


def test_a_look_reads_what_fails_and_not_every_feed_or_alert() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        values = {"since": 1, "failing": FAILING, "recovered": RECOVERED}
        plans = [
            " ".join(
                row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN SELECT 1 {part}", values)
            )
            for part in (alerts.FAILING, alerts.RECOVERED)
        ]
    assert "SCAN" not in "".join(plans), plans
    assert "feeds_failing" in plans[0] and plans[1].count("alerts_by_feed") == 2, plans
