"""Each article once in each channel: owed, formed, claimed, and what became of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import NotFoundError
from bot.model import Fate, Outcome, Parcel, Subscription, TargetKind
from bot.store import Store
from bot.store.records import By
from tests.conftest import NOW, Newsroom, make_entry

GUILD = 7
SENT = Outcome(Fate.SENT, message_id=900)
RETRY = Outcome(Fate.RETRY, reason="delivery.busy")
UNKNOWN = Outcome(Fate.UNKNOWN, reason="delivery.timeout")


async def subscribe(store: Store, channel_id: int, query: str = "", **more: int) -> Subscription:
    return await store.subscriptions.add(
        TargetKind.TEXT, GUILD, channel_id, query, 1, NOW, rhythm=more
    )


@pytest.fixture
async def live(newsroom: Newsroom) -> AsyncIterator[Newsroom]:
    """A newsroom whose feed has had its first fetch, so that what comes next is announced."""
    await newsroom.publish(make_entry("primer", published_at=datetime(2020, 1, 1, tzinfo=UTC)))
    yield newsroom


async def announce(live: Newsroom, *titles: str) -> int:
    """Publish one a day from NOW, the first title being the oldest, and form the posts."""
    entries = [
        make_entry(title, published_at=NOW + timedelta(days=day), url=f"https://e.org/{title}")
        for day, title in enumerate(titles)
    ]
    await live.publish(*reversed(entries), announce=True)
    return await live.store.outbox.form(NOW)


async def claim(store: Store, now: datetime = NOW, busy: set[int] | None = None) -> list[Parcel]:
    return list(await store.outbox.claim(now, busy=busy or set(), limit=50))


async def drained(store: Store, now: datetime = NOW) -> list[tuple[int, str]]:
    """Send everything due, and return (channel, title) in the order it was sent."""
    shown = []
    while parcels := await claim(store, now):
        for parcel in parcels:
            shown += [(parcel.target.channel_id, article.title) for article in parcel.articles]
            await store.outbox.sent(parcel.post_id, SENT, now)
    return shown


@pytest.mark.fault("F42")
async def test_a_first_fetch_announces_nothing(newsroom: Newsroom) -> None:
    await subscribe(newsroom.store, 1)
    intake = await newsroom.publish(make_entry("old news"), announce=True)
    assert (intake.new, intake.owed) == (1, 0)
    assert await newsroom.store.outbox.form(NOW) == 0


async def test_each_channel_gets_each_article_once_and_in_order(live: Newsroom) -> None:
    await subscribe(live.store, 1)
    await subscribe(live.store, 2, "title:b")
    assert await announce(live, "a", "b", "c") == 4
    shown = await drained(live.store)
    assert [title for channel, title in shown if channel == 1] == ["a", "b", "c"]
    assert [title for channel, title in shown if channel == 2] == ["b"]
    assert await announce(live, "a", "b", "c") == 0
    assert await drained(live.store) == []


async def test_two_subscriptions_of_a_channel_are_one_delivery_with_both_pings(
    live: Newsroom,
) -> None:
    add = live.store.subscriptions.add
    older = await add(
        TargetKind.TEXT, GUILD, 1, "title:a", 1, NOW, look={"accent": 1}, mention_role_id=11
    )
    await add(TargetKind.TEXT, GUILD, 1, "", 1, NOW, look={"accent": 2}, mention_role_id=12)
    await add(
        TargetKind.TEXT, GUILD, 1, "-b", 1, NOW, mention_role_id=13, mention_query="title:zzz"
    )
    assert await announce(live, "a") == 1
    (parcel,) = await claim(live.store)
    assert parcel.look == {"accent": 1}
    assert parcel.query == older.query
    assert parcel.mention_role_ids == (11, 12)


@pytest.mark.fault("F47")
async def test_one_is_in_flight_per_channel_and_a_stuck_one_holds_up_no_other(
    live: Newsroom,
) -> None:
    await subscribe(live.store, 1)
    await subscribe(live.store, 2)
    await announce(live, "a", "b")
    first = await claim(live.store)
    assert [(p.target.channel_id, p.articles[0].title) for p in first] == [(1, "a"), (2, "a")]
    stuck, other = first
    await live.store.outbox.retry(stuck.post_id, NOW + timedelta(hours=1), RETRY)
    await live.store.outbox.sent(other.post_id, SENT, NOW)
    assert [(p.target.channel_id, p.articles[0].title) for p in await claim(live.store)] == [
        (2, "b")
    ]
    later = await claim(live.store, NOW + timedelta(hours=1), busy={other.target.id})
    assert [(p.post_id, p.nonce, p.attempt) for p in later] == [(stuck.post_id, stuck.nonce, 2)]


async def test_a_channel_in_flight_is_not_claimed_again(live: Newsroom) -> None:
    await subscribe(live.store, 1)
    await announce(live, "a", "b")
    (first,) = await claim(live.store)
    assert await claim(live.store, busy={first.target.id}) == []


async def test_what_a_crash_left_as_sending_is_the_same_message_and_doubtful(
    tmp_path: Path,
) -> None:
    async with Store.open(tmp_path) as store:
        live = Newsroom(store)
        await live.publish(make_entry("primer"))
        await subscribe(store, 1)
        await announce(live, "a", "b")
        (before,) = await claim(store)
    later = NOW + timedelta(minutes=10)
    async with Store.open(tmp_path) as store:
        assert [p.post_id for p in await store.outbox.sending()] == [before.post_id]
        (after,) = await claim(store, later)
        assert (after.post_id, after.nonce, after.marker) == (
            before.post_id,
            before.nonce,
            before.marker,
        )
        assert (after.started_at, after.attempt) == (NOW, 2)
        # A known refusal now does not make the first try known.
        await store.outbox.retry(after.post_id, later, RETRY)
        (again,) = await claim(store, later)
        assert again.started_at == NOW


async def test_a_refused_try_starts_the_nonce_window_anew(live: Newsroom) -> None:
    await subscribe(live.store, 1)
    await announce(live, "a")
    (first,) = await claim(live.store)
    later = NOW + timedelta(minutes=5)
    await live.store.outbox.retry(first.post_id, later, RETRY)
    (second,) = await claim(live.store, later)
    assert second.started_at == later
    await live.store.outbox.retry(second.post_id, later, UNKNOWN)
    (third,) = await claim(live.store, later + timedelta(minutes=1))
    assert third.started_at == later


async def test_nonces_differ_between_posts_and_stores_and_fit(
    live: Newsroom, tmp_path: Path
) -> None:
    await subscribe(live.store, 1)
    await subscribe(live.store, 2)
    await announce(live, "a")
    nonces = {parcel.nonce for parcel in await claim(live.store)}
    async with Store.open(tmp_path / "other") as store:
        other = Newsroom(store)
        await other.publish(make_entry("primer"))
        await subscribe(store, 1)
        await announce(other, "a")
        nonces |= {parcel.nonce for parcel in await claim(store)}
    assert len(nonces) == 3
    assert all(len(nonce) == 22 for nonce in nonces)


@pytest.mark.fault("F42")
async def test_after_an_absence_a_channel_gets_its_cap_and_a_line(live: Newsroom) -> None:
    await subscribe(live.store, 1, "", cap=3)
    assert await announce(live, *"abcdefgh") == 3
    seen = []
    for _ in range(3):
        (parcel,) = await claim(live.store)
        seen.append((parcel.articles[0].title, parcel.overflow))
        await live.store.outbox.sent(parcel.post_id, SENT, NOW)
    assert seen == [("f", 0), ("g", 0), ("h", 5)]
    assert await announce(live, *"abcdefgh") == 0


async def test_lost_access_pauses_keeps_and_resumes(live: Newsroom) -> None:
    subscription = await subscribe(live.store, 1, "", cap=2)
    await subscribe(live.store, 2)
    await announce(live, "a")
    mine, other = await claim(live.store)
    await live.store.outbox.sent(other.post_id, SENT, NOW)
    lost = Outcome(Fate.ACCESS_LOST, reason="delivery.no_access")
    assert await live.store.outbox.pause_target(mine.target.id, lost, NOW)
    assert not await live.store.outbox.pause_target(mine.target.id, lost, NOW)
    await announce(live, "a", "b", "c", "d")
    assert {channel for channel, _ in await drained(live.store)} == {2}
    kept = await live.store.subscriptions.get(subscription.id, GUILD)
    assert (kept.paused, kept.target.paused_reason) == (None, "delivery.no_access")
    assert [t.channel_id for t in await live.store.outbox.paused_targets(GUILD)] == [1]
    assert await live.store.outbox.resume_target(1, NOW)
    assert not await live.store.outbox.resume_target(1, NOW)
    await live.store.outbox.form(NOW)
    assert await drained(live.store) == [(1, "c"), (1, "d")]


async def test_a_doubtful_post_outlives_a_pause(live: Newsroom) -> None:
    await subscribe(live.store, 1)
    await announce(live, "a")
    (parcel,) = await claim(live.store)
    await live.store.outbox.retry(parcel.post_id, NOW, UNKNOWN)
    (parcel,) = await claim(live.store)
    await live.store.outbox.pause_target(parcel.target.id, Outcome(Fate.ACCESS_LOST), NOW)
    await live.store.outbox.resume_target(1, NOW)
    await live.store.outbox.form(NOW)
    (again,) = await claim(live.store)
    assert (again.post_id, again.nonce, again.started_at) == (parcel.post_id, parcel.nonce, NOW)


async def test_a_dead_item_does_not_block_the_next_and_can_be_sent_again(live: Newsroom) -> None:
    await subscribe(live.store, 1)
    await announce(live, "a", "b")
    (poison,) = await claim(live.store)
    rejected = Outcome(Fate.REJECTED, reason="delivery.rejected", code=50035)
    await live.store.outbox.degrade(poison.post_id, rejected, NOW)
    (plain,) = await claim(live.store)
    assert (plain.post_id, plain.degraded, plain.nonce) == (poison.post_id, True, poison.nonce)
    await live.store.outbox.dead(plain.post_id, rejected, NOW)
    assert await drained(live.store) == [(1, "b")]
    status = await live.store.outbox.status(GUILD)
    assert (status.dead, status.sent, status.ready, status.owed) == (1, 1, 0, 0)
    (letter,) = status.failed
    assert (letter.titles, letter.reason, letter.code) == (("a",), "delivery.rejected", 50035)
    with pytest.raises(NotFoundError):
        await live.store.outbox.resend(poison.post_id, GUILD + 1, NOW)
    await live.store.outbox.resend(poison.post_id, GUILD, NOW)
    (again,) = await claim(live.store)
    assert again.nonce != poison.nonce
    assert (again.attempt, again.degraded) == (1, False)


async def test_an_unknown_post_is_left_and_can_be_dropped(live: Newsroom) -> None:
    await subscribe(live.store, 1)
    await announce(live, "a")
    (parcel,) = await claim(live.store)
    await live.store.outbox.unknown(parcel.post_id, Outcome(Fate.UNREADABLE), NOW)
    assert await claim(live.store) == []
    assert (await live.store.outbox.status()).unknown == 1
    await live.store.outbox.drop(parcel.post_id, GUILD)
    assert (await live.store.outbox.status()).unknown == 0
    assert await announce(live, "a") == 0


async def test_publishing_is_a_step_of_its_own_that_blocks_nothing(live: Newsroom) -> None:
    await live.store.subscriptions.add(TargetKind.ANNOUNCEMENT, GUILD, 1, "", 1, NOW)
    await announce(live, "a", "b")
    (first,) = await claim(live.store)
    await live.store.outbox.sent(first.post_id, SENT, NOW, publish=True)
    (publishing,) = await claim(live.store)
    assert (publishing.post_id, publishing.message_id) == (first.post_id, 900)
    await live.store.outbox.retry(first.post_id, NOW + timedelta(hours=1), RETRY)
    (second,) = await claim(live.store)
    assert (second.articles[0].title, second.message_id) == ("b", None)
    await live.store.outbox.sent(second.post_id, SENT, NOW)
    (publishing,) = await claim(live.store, NOW + timedelta(hours=1))
    await live.store.outbox.followed_up(publishing.post_id, SENT, NOW)
    assert await claim(live.store, NOW + timedelta(hours=2)) == []
    assert (await live.store.outbox.status()).sent == 2


async def test_a_late_answer_does_not_undo_a_settled_post(live: Newsroom) -> None:
    await subscribe(live.store, 1)
    await announce(live, "a")
    (parcel,) = await claim(live.store)
    await live.store.outbox.sent(parcel.post_id, SENT, NOW)
    await live.store.outbox.retry(parcel.post_id, NOW, UNKNOWN)
    await live.store.outbox.dead(parcel.post_id, RETRY, NOW)
    assert await claim(live.store) == []
    assert (await live.store.outbox.status()).sent == 1


async def test_pausing_and_removing_hold_back_what_is_not_sent(live: Newsroom) -> None:
    storms = await subscribe(live.store, 1, "title:storm")
    floods = await subscribe(live.store, 1, "title:flood")
    await announce(live, "storm", "flood")
    await live.store.subscriptions.pause(By(GUILD, 1, NOW), "cogs.paused", storms.id)
    assert await drained(live.store) == [(1, "flood")]
    assert await announce(live, "storm two", "flood two") == 1
    await live.store.subscriptions.remove(By(GUILD, 1, NOW), floods.id)
    assert await drained(live.store) == []
    await live.store.subscriptions.resume(By(GUILD, 1, NOW), storms.id)
    assert await announce(live, "storm three", "flood three") == 1
    assert await drained(live.store) == [(1, "storm three")]
    with pytest.raises(NotFoundError):
        await live.store.subscriptions.get(floods.id, GUILD)


async def test_a_correction_that_newly_matches_is_delivered_once(live: Newsroom) -> None:
    await subscribe(live.store, 1, "flood")
    first = make_entry("Rain", body="Rain fell.", url="https://e.org/r", published_at=NOW)
    assert (await live.publish(first, announce=True)).owed == 0
    mended = make_entry("Flood", body="Rain fell.", url="https://e.org/r", published_at=NOW)
    assert (await live.publish(mended, announce=True)).owed == 1
    again = make_entry("Flood!", body="Much rain.", url="https://e.org/r", published_at=NOW)
    assert (await live.publish(again, announce=True)).owed == 0
    await live.store.outbox.form(NOW)
    assert await drained(live.store) == [(1, "Flood!")]


async def test_an_old_article_that_changes_but_matched_before_is_not_announced(
    newsroom: Newsroom,
) -> None:
    await newsroom.publish(make_entry("Flood", url="https://e.org/r"))
    await subscribe(newsroom.store, 1, "flood")
    await newsroom.publish(make_entry("Flood again", url="https://e.org/r"), announce=True)
    assert await newsroom.store.outbox.form(NOW) == 0


@pytest.mark.fault("F25")
async def test_a_guild_that_was_left_waits(live: Newsroom) -> None:
    await subscribe(live.store, 1)
    await live.store.guilds.left(GUILD, NOW)
    assert await announce(live, "a") == 0
    await live.store.guilds.joined(GUILD)
    assert await live.store.outbox.form(NOW) == 1


async def test_a_guilds_own_article_reaches_no_other_guild(live: Newsroom) -> None:
    await subscribe(live.store, 1)
    await live.store.subscriptions.add(TargetKind.TEXT, 8, 2, "", 1, NOW)
    await live.publish(make_entry("primer 2"), feed="Own", scope_id=8)
    await live.publish(make_entry("inside"), feed="Own", scope_id=8, announce=True)
    await live.store.outbox.form(NOW)
    assert await drained(live.store) == [(2, "inside")]


async def test_only_the_posts_guild_opens_its_query(live: Newsroom) -> None:
    await subscribe(live.store, 1, "title:a")
    await announce(live, "a")
    (parcel,) = await claim(live.store)
    assert await live.store.outbox.query_of(parcel.post_id, GUILD) == "title:a"
    assert await live.store.outbox.query_of(parcel.post_id, 8) is None


async def test_what_was_taken_down_before_it_was_sent_is_not_sent(live: Newsroom) -> None:
    await subscribe(live.store, 1)
    await announce(live, "a", "b", "c")
    shown = [a async for a in live.store.articles.each()]
    (first,) = await claim(live.store)
    await live.store.outbox.retry(first.post_id, NOW, UNKNOWN)
    for article in shown:
        if article.title in ("a", "b"):
            await live.store.articles.hide(article.id, "removed")
    assert await drained(live.store) == [(1, "c")]
    status = await live.store.outbox.status()
    assert (status.unknown, status.sent, status.ready) == (1, 1, 0)
    assert await live.store.check() == ()


async def test_backlog_is_what_is_due_and_could_go_out(live: Newsroom) -> None:
    store = live.store
    assert await store.outbox.backlog(NOW) == (0, None)
    await subscribe(store, 1)
    await subscribe(store, 2, "title:a")
    await announce(live, "a", "b")
    assert await store.outbox.backlog(NOW) == (3, NOW)
    [lost] = [p for p in await claim(store) if p.target.channel_id == 2]
    await store.outbox.pause_target(lost.target.id, RETRY, NOW)
    assert await store.outbox.backlog(NOW) == (2, NOW)
    await drained(store)
