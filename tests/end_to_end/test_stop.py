"""Stopping, a refused token, and a second bot on one database."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime

import pytest

from bot.model import TargetKind
from bot.playground import owner
from bot.playground.child import Child
from bot.playground.faults import Refuse, Silence, Slow, TooMany
from bot.store import Store
from tests.end_to_end.conftest import PATIENCE_S, Newsroom

pytestmark = pytest.mark.timeout(90)

POST = "POST /channels/*/messages"
MOST_S = 10.0


@pytest.mark.fault("F36")
async def test_sigterm_ends_within_ten_seconds_and_doubles_nothing(newsroom: Newsroom) -> None:
    await newsroom.subscribe("newsroom")
    await newsroom.subscribe("general")
    stuck = newsroom.server.faults.add(POST, Silence(after=True))
    title = await newsroom.publish()
    await newsroom.member.until(lambda: newsroom.posted(title), PATIENCE_S)
    await newsroom.until_posted(title, "general")
    process = newsroom.child.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    code = await newsroom.child.wait()
    assert time.monotonic() - started < MOST_S
    assert code == 0
    newsroom.server.faults.remove(stuck)
    await newsroom.start()
    await newsroom.until_settled()
    assert len(newsroom.posted(title)) == len(newsroom.posted(title, "general")) == 1
    newsroom.check()


async def test_an_idle_bot_ends_at_once(newsroom: Newsroom) -> None:
    process = newsroom.child.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    assert await newsroom.child.wait() == 0
    assert time.monotonic() - started < 4


@pytest.mark.fault("F22")
async def test_a_refused_token_stops_all_sending_and_says_what_to_do(newsroom: Newsroom) -> None:
    await newsroom.subscribe("newsroom")
    newsroom.server.faults.add(POST, Refuse(401, 0, "401: Unauthorized"), times=None)
    await newsroom.publish()
    code = await newsroom.child.wait()
    assert code not in (0, None)
    assert any("TAGWIRE_TOKEN" in line for line in newsroom.child.lines)
    assert len(newsroom.member.requests_to("POST", "/messages")) == 1
    assert newsroom.rows("SELECT state FROM deliveries") == [("owed",)]


@pytest.mark.fault("F30")
async def test_a_second_bot_on_one_database_refuses_to_start(newsroom: Newsroom) -> None:
    environment = newsroom.child.environment
    second = Child(environment, folder=newsroom.folder)
    code, printed = await second.run_once("run")
    assert code != 0
    assert "Another Tagwire is running" in printed
    assert "Traceback" not in printed
    assert newsroom.child.is_running


@pytest.mark.fault("F36")
async def test_sigterm_with_twenty_posts_in_flight_leaves_nothing_unknown(
    newsroom: Newsroom,
) -> None:
    names = [f"desk-{n}" for n in range(20)]
    guild_id, now = int(newsroom.server.world.guild_id), datetime.now(UTC)
    await newsroom.child.stop()
    async with Store.open(newsroom.folder) as store:
        for name in names:
            place = int(owner.add_channel(newsroom.server.hub, name).id)
            await store.subscriptions.add(TargetKind.TEXT, guild_id, place, "tag:Tides", 5, now)
    limited = newsroom.server.world.channel_named(names[0]).id
    # One waits out a rate limit, the others for an answer that is made and comes late.
    newsroom.server.faults.add(f"POST /channels/{limited}/messages", TooMany(50.0))
    newsroom.server.faults.add(POST, Silence(after=True), times=10)
    newsroom.server.faults.add(POST, Slow(1.0), times=None)
    await newsroom.start()
    title = await newsroom.publish()
    sending = "SELECT count(*) FROM posts WHERE state = 'sending'"
    await newsroom.member.until(lambda: newsroom.rows(sending) == [(20,)], PATIENCE_S)
    process = newsroom.child.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    assert await newsroom.child.wait() == 0
    assert time.monotonic() - started < MOST_S
    assert newsroom.rows("SELECT count(*) FROM posts WHERE state = 'unknown'") == [(0,)]
    newsroom.server.faults.clear()
    await newsroom.start()
    await newsroom.until_settled()
    assert [len(newsroom.posted(title, name)) for name in names] == [1] * 20
    assert newsroom.rows("SELECT DISTINCT state FROM posts") == [("sent",)]
