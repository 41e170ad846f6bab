"""The courier at work on the loopback Discord while it misbehaves: each article stands once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.playground import owner
from bot.playground.faults import Action, Drop, HalfJson, Refuse, Silence, Status, TooMany
from bot.playground.permissions import Permission
from bot.quota import Silenced
from tests.chat.conftest import POST, PUBLISH, START, Desk

pytestmark = pytest.mark.virtual_time

SENDING = int(Permission.SEND_MESSAGES | Permission.SEND_MESSAGES_IN_THREADS)
THREE = ("Harbour opens", "Lighthouse lit", "Ferry delayed")


async def delivered(
    desk: Desk, *channels: str, titles: tuple[str, ...] = THREE, skip_s: float = 0.0
) -> None:
    """Wait until all is settled; each title must stand once in each channel, in order."""
    await desk.until(desk.is_settled, skip_s)
    for channel in channels:
        shown = desk.shown(channel)
        assert [t for text in shown for t in titles if t in text] == list(titles), channel


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        pytest.param(Status(500, after=True), 3, marks=pytest.mark.fault("F6")),
        pytest.param(Status(500, after=True), 12, marks=pytest.mark.fault("F6")),
        pytest.param(Status(503), 3, marks=pytest.mark.fault("F7")),
        pytest.param(Status(520, after=True), 3, marks=pytest.mark.fault("F7")),
        pytest.param(Status(529, body="<html>overloaded</html>"), 3, marks=pytest.mark.fault("F7")),
        pytest.param(Drop(after=True), 2, marks=pytest.mark.fault("F8")),
        pytest.param(Silence(after=True), 2, marks=pytest.mark.fault("F9")),
        pytest.param(HalfJson(), 2, marks=pytest.mark.fault("F10")),
        pytest.param(TooMany(2.0), 3, marks=pytest.mark.fault("F11")),
        pytest.param(TooMany(7.5, everywhere=True), 3, marks=pytest.mark.fault("F13")),
        pytest.param(TooMany(700, cloudflare=True), 2, marks=pytest.mark.fault("F14")),
        pytest.param(Refuse(400, 130000, "Overloaded"), 3, marks=pytest.mark.fault("F7")),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, int) else str(value),
)
async def test_whatever_an_answer_is_each_article_stands_once_and_in_order(
    desk: Desk, fault: Action, times: int
) -> None:
    await desk.subscribe("newsroom", "general")
    await desk.owe(THREE)
    desk.server.faults.add(POST, fault, times=times)
    desk.begin()
    await delivered(desk, "newsroom", "general", skip_s=getattr(fault, "cloudflare", 0) * 10.0)
    # A request without an answer is in nobody's log.
    assert len({request.body["nonce"] for request in desk.posts()}) <= 6


@pytest.mark.parametrize("fault", [Status(500, after=True), Drop(after=True), Silence(after=True)])
@pytest.mark.fault("F52")
async def test_a_forum_that_answers_in_doubt_has_one_post_an_article(
    desk: Desk, fault: Action
) -> None:
    # Its creation takes no nonce, and discord.py by itself would ask again after a 500.
    await desk.subscribe("stories")
    await desk.owe(THREE)
    desk.server.faults.add(START, fault, times=1)
    desk.begin()
    await delivered(desk, "stories")


@pytest.mark.fault("F9")
async def test_a_channel_that_gets_no_answer_delays_no_other(desk: Desk) -> None:
    await desk.subscribe("newsroom", "general")
    await desk.owe(THREE)
    stuck = f"POST /channels/{desk.channel_id('newsroom')}/messages"
    desk.server.faults.add(stuck, Silence())
    desk.begin()
    started = desk.now()
    await desk.until(lambda: len(desk.shown("general")) == 3)
    assert desk.now() - started < timedelta(seconds=30)
    assert desk.shown("newsroom") == []
    await delivered(desk, "newsroom")


@pytest.mark.fault("F11", "F47")
async def test_a_429_on_one_channel_delays_no_other(desk: Desk) -> None:
    await desk.subscribe("newsroom", "general")
    await desk.owe(THREE)
    limited = f"POST /channels/{desk.channel_id('newsroom')}/messages"
    desk.server.faults.add(limited, TooMany(50.0))
    desk.begin()
    started = desk.now()
    await desk.until(lambda: len(desk.shown("general")) == 3)
    assert desk.now() - started < timedelta(seconds=30)
    assert desk.shown("newsroom") == []
    await delivered(desk, "newsroom")


@pytest.mark.fault("F12", "F51")
async def test_a_publishing_that_has_to_wait_an_hour_holds_up_no_post(desk: Desk) -> None:
    await desk.subscribe("announcements", "general")
    titles = tuple(f"Bulletin {n:02}" for n in range(12))
    await desk.owe(titles)
    desk.begin()
    started = desk.now()
    await desk.until(lambda: len(desk.shown("announcements")) == 12)
    assert desk.now() - started < timedelta(minutes=5)
    await delivered(desk, "announcements", "general", titles=titles)
    await desk.until(published(desk, 12), skip_s=60)
    assert desk.now() - started > timedelta(minutes=55)
    assert len(desk.posts("announcements")) == 12, "nothing is posted again"


@pytest.mark.parametrize(
    "fault",
    [
        Status(500, after=True),
        Drop(after=True),
        HalfJson(),
        Refuse(403, 40033),
        Status(503),
        TooMany(3),
    ],
    ids=["500", "cut", "half", "published already", "503", "429"],
)
@pytest.mark.fault("F51")
async def test_publishing_in_doubt_is_asked_again_and_the_message_is_not(
    desk: Desk, fault: Action
) -> None:
    await desk.subscribe("announcements")
    await desk.owe(THREE)
    desk.server.faults.add(PUBLISH, fault)
    desk.begin()
    await delivered(desk, "announcements")
    # The fake did not publish what the fault says is published.
    await desk.until(published(desk, 2 if isinstance(fault, Refuse) else 3))
    await desk.later(600)
    assert len(desk.posts("announcements")) == 3
    if isinstance(fault, Refuse):
        assert len(desk.member.requests_to("POST", "/crosspost")) == 3


def published(desk: Desk, count: int) -> Callable[[], bool]:
    """Return the condition that so many announcements are published."""
    return lambda: sum(m["flags"] & 1 for m in desk.member.messages("announcements")) == count


@pytest.mark.fault("F13")
async def test_a_global_limit_makes_the_whole_process_silent_for_its_time(desk: Desk) -> None:
    await desk.subscribe("newsroom", "general", "announcements")
    await desk.owe(THREE)
    desk.server.faults.add(POST, TooMany(20.0, everywhere=True))
    desk.begin()
    await delivered(desk, "newsroom", "general", "announcements")
    (refused,) = [r for r in desk.server.hub.requests if r.status == 429]
    # What was on its way already cannot be called back.
    after = [r.seconds - refused.seconds for r in desk.server.hub.requests]
    assert not [s for s in after if 0.5 < s < 20]


@pytest.mark.fault("F14")
async def test_a_block_is_ten_minutes_without_one_request(desk: Desk) -> None:
    await desk.subscribe("newsroom", "general")
    await desk.owe(THREE)
    desk.server.faults.add(POST, TooMany(30.0, cloudflare=True), times=2)
    desk.begin()
    await desk.until(lambda: [r for r in desk.server.hub.requests if r.status == 429])
    await asyncio.sleep(5)
    with pytest.raises(Silenced):
        await desk.client.fetch_channel(desk.channel_id("general"))
    await delivered(desk, "newsroom", "general", skip_s=10)
    blocked = [r.seconds for r in desk.server.hub.requests if r.status == 429]
    after = [r.seconds - blocked[-1] for r in desk.server.hub.requests]
    assert len(blocked) <= 2
    assert not [s for s in after if 0 < s < 600]


@pytest.mark.fault("F15")
async def test_one_lost_channel_of_fifty_is_asked_once_and_told_once(desk: Desk) -> None:
    hub = desk.server.hub
    names = [f"desk-{n}" for n in range(50)]
    channels = [owner.add_channel(hub, name) for name in names]
    await desk.subscribe(*names)
    guild_id = int(desk.server.world.guild_id)
    await desk.store.guilds.set(guild_id, alert_channel_id=desk.channel_id("general"))
    # Without its event, as when it was lost while the bot was not looking.
    desk.server.faults.add(f"POST /channels/{channels[7].id}/messages", Refuse(403, 50013), times=9)
    await desk.owe(THREE)
    desk.begin()
    await desk.until(lambda: all(len(desk.shown(n)) == 3 for n in names if n != "desk-7"))
    await desk.later(1800)
    assert len(desk.posts("desk-7")) == 1
    refusals = [r for r in hub.requests if r.status in (401, 403, 429)]
    assert len(refusals) == 1
    (alert,) = await desk.store.alerts.claim(desk.now())
    assert [key for key, _ in alert.lines] == ["store.alert_paused"]
    (paused,) = (await desk.store.outbox.status()).paused
    assert paused.channel_id == int(channels[7].id)


@pytest.mark.fault("F16")
async def test_a_channel_given_back_gets_its_backlog_in_order_and_no_flood(desk: Desk) -> None:
    hub, world = desk.server.hub, desk.server.world
    await desk.subscribe("newsroom")
    await desk.subscribe("general", cap=3)
    for name in ("newsroom", "general"):
        owner.set_permission(hub, world.channel_named(name), allowed=False, bits=SENDING)
    titles = tuple(f"Bulletin {n:02}" for n in range(20))
    await desk.owe(titles)
    desk.begin()
    await desk.until(lambda: desk.posts("newsroom") and desk.posts("general"))
    await desk.later(3600)
    assert len(desk.posts("newsroom")) == len(desk.posts("general")) == 1
    for name in ("newsroom", "general"):
        owner.set_permission(hub, world.channel_named(name), allowed=True, bits=SENDING)
    await asyncio.sleep(2)
    await delivered(desk, "newsroom", titles=titles)
    await delivered(desk, "general", titles=titles[-3:])
    assert len(desk.shown("general")) == 3 and "and 17 more" in desk.shown("general")[-1]
    assert [r.status for r in hub.requests if r.status == 429] == []


@pytest.mark.fault("F17")
async def test_a_deleted_channel_is_asked_once_and_never_again(desk: Desk) -> None:
    await desk.subscribe("newsroom", "general")
    newsroom = desk.server.world.channel_named("newsroom")
    where = desk.channel_id("newsroom")
    await desk.owe(THREE)
    owner.remove_channel(desk.server.hub, newsroom)
    desk.begin()
    await delivered(desk, "general")
    await desk.owe(["Tide turns"])
    await delivered(desk, "general", titles=(*THREE, "Tide turns"))
    await desk.later(86_400)
    asked = [r for r in desk.server.hub.requests if str(where) in r.path]
    assert len(asked) == 1


@pytest.mark.parametrize("channel", ["newsroom", "stories"])
@pytest.mark.fault("F19")
async def test_a_poisonous_article_is_tried_once_more_as_plain_text_and_the_next_goes_out(
    desk: Desk, channel: str
) -> None:
    way = START if channel == "stories" else POST
    await desk.subscribe(channel)
    await desk.owe(THREE)
    desk.server.faults.add(way, Refuse(400, 50035, "Invalid Form Body"), times=2)
    desk.begin()
    await delivered(desk, channel, titles=THREE[1:])
    status = await desk.store.outbox.status()
    (letter,) = status.failed
    assert (letter.titles, letter.state, letter.code) == ((THREE[0],), "dead", 50035)


@pytest.mark.fault("F19", "F20")
async def test_a_refused_card_goes_out_as_plain_text(desk: Desk) -> None:
    await desk.subscribe("newsroom", "stories")
    await desk.owe(THREE)
    for way in (POST, START):
        desk.server.faults.add(way, Refuse(400, 50035, "Invalid Form Body"))
    desk.begin()
    await delivered(desk, "newsroom", "stories")


@pytest.mark.fault("F21")
async def test_automod_stops_one_article_and_not_the_subscription(desk: Desk) -> None:
    await desk.subscribe("newsroom")
    await desk.owe(THREE)
    desk.server.faults.add(POST, Refuse(400, 200000, "Blocked by AutoMod"), times=2)
    desk.begin()
    await delivered(desk, "newsroom", titles=THREE[1:])
    (letter,) = (await desk.store.outbox.status()).failed
    assert letter.reason == "delivery.blocked_by_automod"
    (subscription,) = await desk.store.subscriptions.list(int(desk.server.world.guild_id))
    assert subscription.paused is None and subscription.target.paused_reason is None


@pytest.mark.fault("F22")
async def test_a_refused_token_is_the_last_request(desk: Desk) -> None:
    await desk.subscribe("newsroom")
    await desk.owe(THREE)
    desk.server.faults.add(POST, Refuse(401, 0, "401: Unauthorized"), times=None)
    desk.begin()
    async with asyncio.timeout(600):
        await desk.courier.refused.wait()
    await desk.later(3600)
    assert len(desk.posts()) == 1


@pytest.mark.fault("F23")
async def test_deliveries_go_on_over_rest_while_the_gateway_breaks_twenty_times(
    desk: Desk,
) -> None:
    await desk.subscribe("newsroom")
    gateway, before = desk.server.gateway, desk.server.gateway.identifies
    desk.begin()
    for n in range(20):
        await desk.owe([f"Bulletin {n:02}"])
        await gateway.cut((4000, 4009)[n % 2])
        await asyncio.sleep(30)
    await delivered(desk, "newsroom", titles=tuple(f"Bulletin {n:02}" for n in range(20)))
    # Closed in the middle of a resumption, discord.py would leave its heart beating.
    await desk.until(lambda: not any(s.is_closed() for s in desk.client.shards.values()))
    await desk.later(5)
    assert gateway.identifies - before < 20
    assert gateway.resumes > 0


@pytest.mark.fault("F24")
async def test_an_outage_removes_nothing_and_the_backlog_goes_out_once(desk: Desk) -> None:
    hub = desk.server.hub
    await desk.subscribe("newsroom")
    guild_id = int(desk.server.world.guild_id)
    desk.begin()
    owner.begin_outage(hub)
    desk.server.faults.add(POST, Status(503), times=4)
    await desk.owe(THREE)
    await asyncio.sleep(120)
    assert len(await desk.store.subscriptions.list(guild_id)) == 1
    owner.end_outage(hub)
    await delivered(desk, "newsroom")
