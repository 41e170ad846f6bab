"""The courier over a real store: what it does with each fate that a try can have."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest

from bot.app import WIRE
from bot.chat.outcomes import outcome_of
from bot.delivery import GIVE_UP_AFTER, GIVE_UP_ATTEMPTS, Courier, back_off_s
from bot.errors import StoreError
from bot.metrics import Metrics
from bot.model import Fate, Outcome, Parcel, TargetKind
from bot.quota import Pace, Silenced
from bot.store import Store
from bot.store.records import By
from bot.store.waiting import SILENT_UNTIL
from tests.conftest import NOW, Newsroom, make_entry

Reply = Outcome | Callable[[Parcel], Outcome]
SENT = Outcome(Fate.SENT, message_id=1)


class ScriptedPoster:
    """A poster that answers from a script, then with success, and remembers what it was asked."""

    def __init__(self, *replies: Reply, found: Outcome | None = None) -> None:
        self.replies = list(replies)
        self.found = found or Outcome(Fate.ABSENT)
        self.published: list[Outcome] = []
        self.calls: list[tuple[str, int, str]] = []
        self.stuck: set[int] = set()

    def titles(self, channel_id: int) -> list[str]:
        """The titles that were posted to a channel, in order."""
        return [
            title for what, channel, title in self.calls if (what, channel) == ("post", channel_id)
        ]

    async def post(self, parcel: Parcel) -> Outcome:
        self.calls.append(("post", parcel.target.channel_id, parcel.articles[0].title))
        if parcel.target.channel_id in self.stuck:
            await asyncio.Event().wait()
        reply = self.replies.pop(0) if self.replies else SENT
        return reply if isinstance(reply, Outcome) else reply(parcel)

    async def find(self, parcel: Parcel) -> Outcome:
        self.calls.append(("find", parcel.target.channel_id, parcel.articles[0].title))
        return self.found

    async def publish(self, parcel: Parcel, message_id: int) -> Outcome:
        self.calls.append(("publish", parcel.target.channel_id, str(message_id)))
        return self.published.pop(0) if self.published else SENT


class Desk:
    """A courier with a clock that a test moves by hand."""

    def __init__(self, store: Store, poster: ScriptedPoster) -> None:
        self.now = NOW
        self.store = store
        self.poster = poster
        self.pace = Pace(clock=lambda: self.now.timestamp())
        self.courier = Courier(
            store, poster, now=lambda: self.now, metrics=Metrics(), pace=self.pace
        )

    async def work(self, rounds: int = 6) -> None:
        """Tick until nothing more is started."""
        for _ in range(rounds):
            if not await self.courier.tick(self.now):
                return
            await self.courier.settle()

    async def later(self, **span: float) -> None:
        """Move the clock on and work."""
        self.now += timedelta(**span)
        await self.work()


async def subscribe(store: Store, *channels: int, kind: TargetKind = TargetKind.TEXT) -> None:
    for channel_id in channels:
        await store.subscriptions.add(kind, 1, channel_id, "", created_by=5, now=NOW)


async def announce(newsroom: Newsroom, titles: Iterable[str]) -> None:
    await newsroom.publish(make_entry("Before", guid="before"))
    for place, title in enumerate(titles):
        at = NOW + timedelta(minutes=place)
        entry = make_entry(title, guid=title, published_at=at)
        await newsroom.publish(entry, announce=True)


async def test_articles_go_out_in_order_in_every_channel(newsroom: Newsroom) -> None:
    await subscribe(newsroom.store, 11, 12)
    await announce(newsroom, ["one", "two", "three"])
    desk = Desk(newsroom.store, ScriptedPoster())
    await desk.work()
    assert desk.poster.titles(11) == desk.poster.titles(12) == ["one", "two", "three"]


async def test_one_stuck_channel_holds_up_no_other(newsroom: Newsroom) -> None:
    await subscribe(newsroom.store, 11, 12)
    await announce(newsroom, ["one", "two"])
    desk = Desk(newsroom.store, ScriptedPoster())
    desk.poster.stuck.add(11)
    for _ in range(4):
        await desk.courier.tick(desk.now)
        await asyncio.sleep(0.05)
    await desk.courier.drain(0.1)
    assert desk.poster.titles(11) == ["one"]
    assert desk.poster.titles(12) == ["one", "two"]


async def test_a_temporary_failure_is_tried_again_with_the_same_nonce(newsroom: Newsroom) -> None:
    nonces: list[str] = []

    def note(fate: Fate) -> Callable[[Parcel], Outcome]:
        def reply(parcel: Parcel) -> Outcome:
            nonces.append(parcel.nonce)
            return Outcome(fate, message_id=7, reason="delivery.network")

        return reply

    await subscribe(newsroom.store, 11)
    await announce(newsroom, ["one"])
    poster = ScriptedPoster(note(Fate.UNKNOWN), note(Fate.RETRY), note(Fate.SENT))
    desk = Desk(newsroom.store, poster)
    await desk.work()
    assert len(nonces) == 1, "it waits before the next try"
    await desk.later(seconds=30)
    await desk.later(seconds=30)
    assert len(nonces) == 3
    assert len(set(nonces)) == 1
    assert (await newsroom.store.outbox.status()).sent == 1


async def test_doubt_older_than_the_nonce_is_looked_up_before_anything_is_sent(
    newsroom: Newsroom,
) -> None:
    await subscribe(newsroom.store, 11)
    await announce(newsroom, ["one"])
    poster = ScriptedPoster(Outcome(Fate.UNKNOWN), found=Outcome(Fate.SENT, message_id=42))
    desk = Desk(newsroom.store, poster)
    await desk.work()
    await desk.later(minutes=10)
    assert [what for what, *_ in poster.calls] == ["post", "find"]
    assert (await newsroom.store.outbox.status()).sent == 1


async def test_doubt_that_cannot_be_looked_up_is_left_for_a_person(newsroom: Newsroom) -> None:
    await subscribe(newsroom.store, 11)
    await announce(newsroom, ["one", "two"])
    poster = ScriptedPoster(
        Outcome(Fate.UNKNOWN), found=Outcome(Fate.UNREADABLE, reason="delivery.unclear")
    )
    desk = Desk(newsroom.store, poster)
    await desk.work()
    await desk.later(minutes=10)
    status = await newsroom.store.outbox.status()
    assert (status.unknown, status.sent) == (1, 1), "and the next item goes out"
    assert poster.titles(11) == ["one", "two"]


async def test_a_rejected_item_is_tried_once_as_plain_text_and_then_given_up(
    newsroom: Newsroom,
) -> None:
    plain: list[bool] = []

    def reject(parcel: Parcel) -> Outcome:
        plain.append(parcel.degraded)
        return Outcome(Fate.REJECTED, reason="delivery.rejected", code=50035)

    await subscribe(newsroom.store, 11)
    await announce(newsroom, ["poison", "good"])
    desk = Desk(newsroom.store, ScriptedPoster(reject, reject))
    await desk.work()
    status = await newsroom.store.outbox.status()
    assert plain == [False, True]
    assert (status.dead, status.sent) == (1, 1)
    assert status.failed[0].reason == "delivery.rejected"


async def test_lost_access_pauses_the_channel_and_nothing_is_asked_again(
    newsroom: Newsroom,
) -> None:
    await subscribe(newsroom.store, 11, 12)
    await announce(newsroom, ["one", "two"])
    lost = Outcome(Fate.ACCESS_LOST, reason="delivery.access_lost", code=50013)

    def answer(parcel: Parcel) -> Outcome:
        return lost if parcel.target.channel_id == 11 else SENT

    desk = Desk(newsroom.store, ScriptedPoster(*[answer] * 8))
    await desk.work()
    await desk.later(hours=5)
    assert desk.poster.titles(11) == ["one"]
    assert desk.poster.titles(12) == ["one", "two"]
    assert await newsroom.store.outbox.resume_target(11, desk.now)
    desk.poster.replies.clear()
    await desk.work()
    assert desk.poster.titles(11) == ["one", "one", "two"], "the backlog follows, in order"


async def test_a_blocked_address_silences_every_channel(newsroom: Newsroom) -> None:
    await subscribe(newsroom.store, 11, 12)
    await announce(newsroom, ["one"])
    blocked = Outcome(Fate.BLOCKED, retry_after_s=600, reason="delivery.blocked")
    desk = Desk(newsroom.store, ScriptedPoster(blocked, blocked))
    await desk.work()
    asked = len(desk.poster.calls)
    await desk.later(minutes=9)
    assert len(desk.poster.calls) == asked
    await desk.later(minutes=2)
    assert (await newsroom.store.outbox.status()).sent == 2


async def test_a_block_also_stops_the_requests_that_are_on_their_way(newsroom: Newsroom) -> None:
    await subscribe(newsroom.store, 11)
    await announce(newsroom, ["one"])
    blocked = Outcome(Fate.BLOCKED, retry_after_s=600, reason="delivery.blocked")
    desk = Desk(newsroom.store, ScriptedPoster(blocked))
    await desk.work()
    with pytest.raises(Silenced):
        await desk.pace.take()


async def test_a_refused_token_stops_everything(newsroom: Newsroom) -> None:
    await subscribe(newsroom.store, 11)
    await announce(newsroom, ["one", "two"])
    refused = Outcome(Fate.UNAUTHORISED, reason="delivery.unauthorised")
    desk = Desk(newsroom.store, ScriptedPoster(refused))
    await desk.work()
    await desk.later(days=1)
    assert desk.courier.refused.is_set()
    assert len(desk.poster.calls) == 1
    assert (await newsroom.store.outbox.status()).ready == 2, "nothing is lost"


async def test_an_announcement_is_published_once_and_never_sent_again(newsroom: Newsroom) -> None:
    await subscribe(newsroom.store, 11, kind=TargetKind.ANNOUNCEMENT)
    await announce(newsroom, ["one"])
    desk = Desk(newsroom.store, ScriptedPoster())
    desk.poster.published.append(
        Outcome(Fate.RETRY, retry_after_s=3000, reason="delivery.rate_limited")
    )
    await desk.work()
    await desk.later(minutes=10)
    assert [what for what, *_ in desk.poster.calls] == ["post", "publish"]
    await desk.later(hours=1)
    assert [what for what, *_ in desk.poster.calls] == ["post", "publish", "publish"]


async def test_after_days_of_trying_a_post_is_given_up_and_kept(newsroom: Newsroom) -> None:
    await subscribe(newsroom.store, 11)
    await announce(newsroom, ["one"])
    failing = [Outcome(Fate.RETRY, reason="delivery.network")] * (GIVE_UP_ATTEMPTS + 8)
    desk = Desk(newsroom.store, ScriptedPoster(*failing))
    await desk.work()
    for _ in range(GIVE_UP_ATTEMPTS + 4):
        await desk.later(seconds=GIVE_UP_AFTER.total_seconds() / GIVE_UP_ATTEMPTS)
    status = await newsroom.store.outbox.status()
    assert (status.dead, status.ready) == (1, 0)


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1)], ids=["on", "back"])
@pytest.mark.fault("F35")
async def test_a_clock_that_jumps_neither_doubles_nor_loses(
    newsroom: Newsroom, jump: timedelta
) -> None:
    await subscribe(newsroom.store, 11)
    await announce(newsroom, ["one", "two"])
    poster = ScriptedPoster(Outcome(Fate.UNKNOWN), found=Outcome(Fate.SENT, message_id=9))
    desk = Desk(newsroom.store, poster)
    await desk.work()
    desk.now += jump
    await desk.work()
    await desk.later(hours=2)
    assert poster.titles(11) == ["one", "two"]
    assert (await newsroom.store.outbox.status()).sent == 2


def test_waits_double_and_are_bounded() -> None:
    waits = [back_off_s(attempt) for attempt in range(1, 30)]
    assert waits[:3] == [2.0, 4.0, 8.0]
    assert waits == sorted(waits)
    assert max(waits) <= 900


async def test_no_more_requests_than_the_limit_start_within_its_window() -> None:
    pace = Pace(most=5, window_s=0.2)
    loop = asyncio.get_running_loop()
    starts: list[float] = []

    async def ask() -> None:
        await pace.take()
        starts.append(loop.time())
        pace.give_back()

    await asyncio.gather(*(ask() for _ in range(12)))
    assert all(later - earlier >= 0.2 for earlier, later in zip(starts, starts[5:], strict=False))


async def test_what_waits_for_its_place_is_not_sent_into_a_block_and_goes_on_after_it() -> None:
    pace = Pace(most=1, window_s=0.05)
    await pace.take()
    waiting = [asyncio.create_task(pace.take()) for _ in range(3)]
    await asyncio.sleep(0)
    pace.be_silent(0.2)
    pace.give_back()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(end) for end in ended] == [Silenced] * 3
    await asyncio.sleep(0.2)
    async with asyncio.timeout(1):
        await pace.take()


def test_what_was_not_sent_into_a_block_is_in_no_doubt() -> None:
    assert outcome_of(Silenced(), WIRE).fate is Fate.RETRY


@pytest.mark.fault("F17")
async def test_a_channel_that_is_gone_is_owed_nothing_more_and_nothing_is_asked_again(
    newsroom: Newsroom,
) -> None:
    await subscribe(newsroom.store, 11)
    await announce(newsroom, ["one", "two"])
    gone = Outcome(Fate.GONE, reason="delivery.gone", code=10003)
    desk = Desk(newsroom.store, ScriptedPoster(gone))
    await desk.work()
    await announce(newsroom, ["three"])
    await desk.later(days=3)
    assert len(desk.poster.calls) == 1
    status = await newsroom.store.outbox.status()
    assert (status.owed, status.ready, status.sending) == (0, 0, 0)
    assert [target.paused_reason for target in status.paused] == ["delivery.gone"]
    (subscription,) = await newsroom.store.subscriptions.list(1)
    assert subscription.paused == "delivery.gone"


@pytest.mark.fault("F17")
@pytest.mark.parametrize("way", ["it is seen again", "moved", "resumed"])
async def test_a_subscription_whose_channel_was_gone_has_a_way_back(
    newsroom: Newsroom, way: str
) -> None:
    await subscribe(newsroom.store, 11)
    await announce(newsroom, ["one"])
    gone = Outcome(Fate.GONE, reason="delivery.gone", code=10003)
    desk = Desk(newsroom.store, ScriptedPoster(gone))
    await desk.work()
    subscriptions = newsroom.store.subscriptions
    (subscription,) = await subscriptions.list(1)
    channel_id = 11
    if way == "moved":
        channel_id = 12
        await subscriptions.move(By(1, 5, desk.now), TargetKind.TEXT, channel_id, subscription.id)
    elif way == "resumed":
        await subscriptions.resume(By(1, 5, desk.now), subscription.id)
    else:
        assert await newsroom.store.outbox.resume_target(channel_id, desk.now)
    await announce(newsroom, ["two"])
    await desk.work()
    assert desk.poster.titles(channel_id)[-1:] == ["two"]
    assert (await subscriptions.get(subscription.id, 1)).paused is None


@pytest.mark.fault("F14")
async def test_a_block_outlives_a_restart_by_what_is_left_of_it(newsroom: Newsroom) -> None:
    await subscribe(newsroom.store, 11)
    await announce(newsroom, ["one"])
    blocked = Outcome(Fate.BLOCKED, retry_after_s=600, reason="delivery.blocked")
    await Desk(newsroom.store, ScriptedPoster(blocked)).work()
    second, stop = Desk(newsroom.store, ScriptedPoster()), asyncio.Event()
    second.now += timedelta(minutes=4)
    waiting = asyncio.create_task(second.courier.sit_out(second.now, stop))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    with pytest.raises(Silenced):
        await second.pace.take()
    stop.set()
    await waiting
    await second.work()
    assert second.poster.calls == []
    await second.later(minutes=7)
    assert second.poster.titles(11) == ["one"]
    third = Desk(newsroom.store, ScriptedPoster())
    await third.courier.sit_out(second.now, asyncio.Event())
    await third.pace.take()


@pytest.mark.fault("F14", "F35")
async def test_a_block_that_lies_far_ahead_is_waited_for_an_hour_at_most(
    newsroom: Newsroom,
) -> None:
    await newsroom.store.meta.set(SILENT_UNTIL, (NOW + timedelta(days=9)).isoformat())
    desk, stop = Desk(newsroom.store, ScriptedPoster()), asyncio.Event()
    stop.set()
    await desk.courier.sit_out(desk.now, stop)
    desk.now += timedelta(minutes=61)
    await desk.pace.take()


@pytest.mark.fault("F14")
async def test_a_block_that_another_request_met_silences_the_courier_too(
    newsroom: Newsroom,
) -> None:
    await subscribe(newsroom.store, 11)
    await announce(newsroom, ["one"])
    desk = Desk(newsroom.store, ScriptedPoster())
    desk.pace.be_silent(600)
    await desk.work()
    assert desk.poster.calls == []
    assert await newsroom.store.meta.get(SILENT_UNTIL)
    await desk.later(minutes=11)
    assert desk.poster.titles(11) == ["one"]


@pytest.mark.fault("F13")
async def test_a_limit_for_the_whole_bot_lets_everything_out_after_it() -> None:
    pace = Pace()
    started = asyncio.get_running_loop().time()
    pace.hold(0.1)
    await asyncio.gather(*(pace.take() for _ in range(5)))
    assert asyncio.get_running_loop().time() - started >= 0.1


@pytest.mark.fault("F2", "F54")
@pytest.mark.parametrize(("minutes", "first"), [(0.9, "post"), (1.1, "find"), (2.5, "find")])
async def test_a_try_that_may_outlast_the_nonce_is_looked_for_first(
    newsroom: Newsroom, minutes: float, first: str
) -> None:
    await subscribe(newsroom.store, 11)
    await announce(newsroom, ["one"])
    desk = Desk(newsroom.store, ScriptedPoster(Outcome(Fate.UNKNOWN)))
    await desk.work()
    await desk.later(minutes=minutes)
    assert desk.poster.calls[1][0] == first


async def fill_up(store: Store) -> None:
    """Make every change of a post need pages that the database may not have."""

    def full(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE IF NOT EXISTS filler (bytes)")
        connection.execute(
            """CREATE TRIGGER fills AFTER UPDATE ON posts
               BEGIN INSERT INTO filler VALUES (zeroblob(1000000)); END"""
        )
        connection.execute("PRAGMA max_page_count = 1").fetchone()

    await store._connections.outside_transaction(full)


async def make_room(store: Store) -> None:
    def room(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA max_page_count = 1000000").fetchone()
        connection.execute("DROP TRIGGER fills")

    await store._connections.outside_transaction(room)


@pytest.mark.fault("F32")
async def test_on_a_full_disk_nothing_is_sent_that_could_not_be_claimed(newsroom: Newsroom) -> None:
    await subscribe(newsroom.store, 11)
    await announce(newsroom, ["one"])
    desk = Desk(newsroom.store, ScriptedPoster())
    await fill_up(newsroom.store)
    with pytest.raises(StoreError) as refused:
        await desk.work()
    assert refused.value.key == "store.full"
    assert desk.poster.calls == []
    await make_room(newsroom.store)
    await desk.work()
    assert desk.poster.titles(11) == ["one"]


@pytest.mark.fault("F32")
async def test_a_post_whose_fate_a_full_disk_took_is_tried_with_its_nonce(
    newsroom: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    nonces: list[str] = []
    full = asyncio.Event()

    class FillingPoster(ScriptedPoster):
        async def post(self, parcel: Parcel) -> Outcome:
            nonces.append(parcel.nonce)
            if not full.is_set():
                await fill_up(newsroom.store)
                full.set()
            return await super().post(parcel)

    await subscribe(newsroom.store, 11)
    await announce(newsroom, ["one"])
    desk = Desk(newsroom.store, FillingPoster())
    await desk.courier.tick(desk.now)
    await full.wait()
    async with asyncio.timeout(10):
        while "delivery.crashed" not in caplog.messages:  # noqa: ASYNC110 - written to a log
            await asyncio.sleep(0.01)
    await desk.courier.drain(0)
    await make_room(newsroom.store)
    assert (await newsroom.store.outbox.status()).sent == 0
    again = Desk(newsroom.store, desk.poster)
    again.now += timedelta(minutes=1)
    await again.work()
    assert len(nonces) == 2
    assert len(set(nonces)) == 1
    assert (await newsroom.store.outbox.status()).sent == 1
