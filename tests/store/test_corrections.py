"""Messages that stand follow their articles: edited, marked, deleted, a bounded number of times."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import NotFoundError
from bot.model import Fate, Outcome, Scope, TargetKind
from bot.store import Store
from bot.store.corrections import Amendment
from bot.store.edits import EDITS_MOST
from tests.conftest import NOW, Newsroom, make_entry

GUILD = 7
LATER = NOW + timedelta(hours=1)
SENT = Outcome(Fate.SENT, message_id=900)


@pytest.fixture
async def posted(newsroom: Newsroom) -> AsyncIterator[Newsroom]:
    """A newsroom with one article posted to one channel."""
    await newsroom.publish(make_entry("primer", published_at=datetime(2020, 1, 1, tzinfo=UTC)))
    await newsroom.store.subscriptions.add(TargetKind.TEXT, GUILD, 1, "", 1, NOW)
    await publish(newsroom, "First", NOW)
    await send(newsroom.store, NOW)
    yield newsroom


async def publish(room: Newsroom, title: str, now: datetime, address: str = "1") -> None:
    entry = make_entry(title, url=f"https://e.org/{address}", published_at=NOW)
    await room.publish(entry, announce=True, now=now)


async def send(store: Store, now: datetime) -> None:
    await store.outbox.form(now)
    for parcel in await store.outbox.claim(now, busy=set(), limit=50):
        await store.outbox.sent(parcel.post_id, SENT, now)


async def due(store: Store, now: datetime) -> list[Amendment]:
    return list(await store.corrections.claim(now))


async def test_a_changed_article_edits_its_message_once_it_has_settled(posted: Newsroom) -> None:
    assert await due(posted.store, LATER) == []
    await publish(posted, "Second", LATER)
    await publish(posted, "Third", LATER + timedelta(seconds=10))
    assert await due(posted.store, LATER + timedelta(seconds=29)) == []
    (owed,) = await due(posted.store, LATER + timedelta(seconds=30))
    assert (owed.what, owed.parcel.message_id) == ("edit", 900)
    assert [a.title for a in owed.parcel.articles] == ["Third"]
    assert list(owed.changed.values()) == [LATER + timedelta(seconds=10)]
    await posted.store.corrections.done(owed)
    assert await due(posted.store, LATER + timedelta(days=9)) == []


async def test_how_long_a_change_settles_is_a_setting(posted: Newsroom) -> None:
    posted.store.settle(2.5)
    await publish(posted, "Second", LATER)
    assert await due(posted.store, LATER + timedelta(seconds=2)) == []
    assert len(await due(posted.store, LATER + timedelta(seconds=2.5))) == 1


@pytest.mark.fault("F53")
async def test_an_article_that_keeps_changing_is_edited_so_often_and_no_more(
    posted: Newsroom,
) -> None:
    for number in range(EDITS_MOST + 3):
        at = LATER + timedelta(hours=number)
        await publish(posted, f"Version {number}", at)
        for owed in await due(posted.store, at + timedelta(minutes=1)):
            await posted.store.corrections.done(owed)
            last = owed.parcel.articles[0].title
    assert last == f"Version {EDITS_MOST - 1}"
    (article,) = owed.parcel.articles
    await posted.store.articles.hide(article.id, "withdrawn")
    (withdrawn,) = await due(posted.store, LATER + timedelta(days=1))
    assert withdrawn.changed == {article.id: None}


async def test_a_change_while_an_edit_is_under_way_is_not_lost(posted: Newsroom) -> None:
    await publish(posted, "Second", LATER)
    at = LATER + timedelta(minutes=1)
    (owed,) = await due(posted.store, at)
    await publish(posted, "Third", at)
    await posted.store.corrections.done(owed)
    (again,) = await due(posted.store, at + timedelta(minutes=1))
    assert [a.title for a in again.parcel.articles] == ["Third"]


async def test_what_changes_while_it_is_being_sent_is_edited_after(posted: Newsroom) -> None:
    await publish(posted, "Other", LATER, "2")
    await posted.store.outbox.form(LATER)
    (parcel,) = await posted.store.outbox.claim(LATER, busy=set(), limit=5)
    await publish(posted, "Other, corrected", LATER, "2")
    assert await due(posted.store, LATER + timedelta(minutes=1)) == []
    await posted.store.outbox.sent(parcel.post_id, SENT, LATER)
    (owed,) = await due(posted.store, LATER + timedelta(minutes=1))
    assert [a.title for a in owed.parcel.articles] == ["Other, corrected"]


async def test_a_message_that_a_moderator_deleted_is_let_go(posted: Newsroom) -> None:
    await publish(posted, "Second", LATER)
    (owed,) = await due(posted.store, LATER + timedelta(minutes=1))
    await posted.store.corrections.ended(owed, Outcome(Fate.GONE, code=10008))
    await publish(posted, "Third", LATER + timedelta(hours=1))
    assert await due(posted.store, LATER + timedelta(days=1)) == []
    await send(posted.store, LATER + timedelta(days=1))
    assert (await posted.store.outbox.status(GUILD)).sent == 1


async def test_a_failed_try_waits(posted: Newsroom) -> None:
    await publish(posted, "Second", LATER)
    at = LATER + timedelta(minutes=1)
    (owed,) = await due(posted.store, at)
    await posted.store.corrections.retry(owed, at + timedelta(minutes=5))
    assert await due(posted.store, at + timedelta(minutes=4)) == []
    (again,) = await due(posted.store, at + timedelta(minutes=5))
    assert (owed.attempt, again.attempt) == (1, 2)


async def test_nothing_is_edited_where_the_bot_is_not_let_in(posted: Newsroom) -> None:
    await publish(posted, "Second", LATER)
    at = LATER + timedelta(minutes=1)
    await posted.store.guilds.left(GUILD, at)
    assert await due(posted.store, at) == []
    await posted.store.guilds.joined(GUILD)
    assert len(await due(posted.store, at)) == 1


async def test_a_purge_deletes_what_a_feed_posted_between_two_times(posted: Newsroom) -> None:
    (feed,) = [f for f in await posted.store.feeds.list(Scope()) if f.title == "Example Wire"]
    await publish(posted, "Second", LATER, "2")
    await send(posted.store, LATER)
    await publish(posted, "Third", LATER, "3")
    purge = posted.store.corrections.purge
    span = (feed.id, GUILD, LATER - timedelta(minutes=1), LATER + timedelta(minutes=1))
    counted = await purge(*span, actor_id=5, now=LATER, dry=True)
    assert (counted.deleted, counted.edited, counted.skipped) == (1, 0, 1)
    assert await due(posted.store, LATER) == []
    assert await purge(*span, actor_id=5, now=LATER) == counted
    (owed,) = await due(posted.store, LATER)
    assert owed.what == "delete" and [a.title for a in owed.parcel.articles] == ["Second"]
    await posted.store.corrections.done(owed)
    await send(posted.store, LATER)
    assert (await posted.store.outbox.status(GUILD)).sent == 2
    (entry,) = await posted.store.audit.list(GUILD, action="feed.")
    assert (entry.action, entry.actor_id) == ("feed.purge", 5)


async def test_a_post_that_carries_others_too_loses_only_the_feeds_own(newsroom: Newsroom) -> None:
    for feed in ("Example Wire", "Other Wire"):
        old = make_entry(f"primer {feed}", published_at=datetime(2020, 1, 1, tzinfo=UTC))
        await newsroom.publish(old, feed=feed)
    await newsroom.store.subscriptions.add(
        TargetKind.TEXT, GUILD, 1, "", 1, NOW, rhythm={"mode": "hourly"}
    )
    for feed in ("Example Wire", "Other Wire"):
        entry = make_entry(f"of {feed}", url=f"https://e.org/{feed}", published_at=NOW)
        await newsroom.publish(entry, feed=feed, announce=True)
    await send(newsroom.store, NOW)
    bad = await newsroom.feed("Other Wire")
    done = await newsroom.store.corrections.purge(bad.id, GUILD, NOW, LATER, actor_id=5, now=LATER)
    assert (done.deleted, done.edited) == (0, 1)
    (owed,) = await due(newsroom.store, LATER)
    assert owed.what == "edit"
    assert [a.title for a in owed.parcel.articles] == ["of Example Wire"]


async def test_a_purge_is_refused_for_another_servers_feed(posted: Newsroom) -> None:
    own = await posted.feed("Local", scope_id=99)
    with pytest.raises(NotFoundError):
        await posted.store.corrections.purge(
            own.id, GUILD, NOW, LATER, actor_id=5, now=LATER, dry=True
        )


async def test_what_needs_a_person_is_told_once_and_so_is_the_recovery(posted: Newsroom) -> None:
    store = posted.store
    (target,) = {s.target.id for s in await store.subscriptions.list(GUILD)}
    lost = Outcome(Fate.ACCESS_LOST, reason="delivery.access_lost")
    await store.outbox.pause_target(target, lost, NOW)
    await store.outbox.pause_target(target, lost, NOW)
    assert await store.alerts.claim(NOW) == ()
    await store.guilds.set(GUILD, alert_channel_id=44)
    (alert,) = await store.alerts.claim(NOW)
    assert (alert.channel_id, alert.lines) == (44, (("store.alert_paused", {"channel_id": 1}),))
    assert await store.alerts.claim(NOW) == ()
    await store.outbox.resume_target(1, NOW)
    (alert,) = await store.alerts.claim(NOW)
    assert alert.lines[0][0] == "store.alert_resumed"


async def test_a_dead_letter_is_told(posted: Newsroom) -> None:
    await posted.store.guilds.set(GUILD, alert_channel_id=44)
    await publish(posted, "Poison", LATER, "2")
    await posted.store.outbox.form(LATER)
    (parcel,) = await posted.store.outbox.claim(LATER, busy=set(), limit=5)
    await posted.store.outbox.dead(parcel.post_id, Outcome(Fate.REJECTED, reason="x"), LATER)
    (alert,) = await posted.store.alerts.claim(LATER)
    assert alert.lines == (("store.alert_dead", {"id": parcel.post_id, "channel_id": 1}),)
