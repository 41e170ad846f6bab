"""The bot killed between every two steps of a delivery, and started again: posted exactly once.

The kills are signals, set off by what the server saw or by a commit seen in the database; the bot
has no part in them.
"""

from __future__ import annotations

import asyncio

import pytest

from bot.playground import owner
from bot.playground.faults import Drop, Moment
from bot.playground.permissions import Permission
from tests.end_to_end.conftest import PATIENCE_S, Newsroom

pytestmark = pytest.mark.timeout(90)

POST = "POST /channels/*/messages"
HALF_AN_HOUR_MS = 30 * 60 * 1000


async def restart(room: Newsroom) -> None:
    await room.killed()
    await room.start()


async def exactly_once(room: Newsroom, title: str, channel: str = "newsroom") -> None:
    await room.until_posted(title, channel)
    await room.until_settled()
    assert len(room.posted(title, channel)) == 1
    assert room.rows("SELECT count(*) FROM posts WHERE state <> 'sent'") == [(0,)]
    room.check()


def nonces(room: Newsroom) -> list[str]:
    return [r.body["nonce"] for r in room.member.requests_to("POST", "/messages")]


@pytest.mark.fault("F5")
async def test_after_the_feed_answered_and_before_anything_is_recorded(newsroom: Newsroom) -> None:
    await newsroom.subscribe("newsroom")
    asked = newsroom.server.feed.requests
    title = await newsroom.publish()
    await newsroom.member.until(lambda: newsroom.server.feed.requests > asked, PATIENCE_S)
    newsroom.child.kill()
    await restart(newsroom)
    await exactly_once(newsroom, title)


async def test_after_the_article_is_recorded_and_before_it_is_sent(newsroom: Newsroom) -> None:
    await newsroom.subscribe("newsroom")
    title = await newsroom.publish()
    await newsroom.member.until(lambda: newsroom.rows("SELECT 1 FROM deliveries"), PATIENCE_S)
    newsroom.child.kill()
    await restart(newsroom)
    await exactly_once(newsroom, title)


async def test_after_sending_is_committed_and_before_the_post_arrives(newsroom: Newsroom) -> None:
    await newsroom.subscribe("newsroom")
    newsroom.kill_when(Moment.RECEIVED, "POST", "/messages")
    newsroom.server.faults.add(POST, Drop())
    title = await newsroom.publish()
    await newsroom.killed()
    assert newsroom.posted(title) == []
    assert newsroom.rows("SELECT state FROM posts") == [("sending",)]
    await restart(newsroom)
    await exactly_once(newsroom, title)


@pytest.mark.fault("F1")
async def test_after_the_message_stands_and_before_discord_says_so(newsroom: Newsroom) -> None:
    await newsroom.subscribe("newsroom")
    newsroom.kill_when(Moment.STORED, "POST", "/messages")
    title = await newsroom.publish()
    await newsroom.killed()
    assert len(newsroom.posted(title)) == 1
    await restart(newsroom)
    await exactly_once(newsroom, title)
    first, second = nonces(newsroom)
    assert first == second


async def test_after_discord_said_so_and_before_it_is_written_down(newsroom: Newsroom) -> None:
    await newsroom.subscribe("newsroom")
    newsroom.kill_when(Moment.ANSWERED, "POST", "/messages")
    title = await newsroom.publish()
    await restart(newsroom)
    await exactly_once(newsroom, title)


@pytest.mark.fault("F51")
async def test_after_sending_and_before_publishing(newsroom: Newsroom) -> None:
    await newsroom.subscribe("announcements")
    newsroom.kill_when(Moment.RECEIVED, "POST", "/crosspost")
    title = await newsroom.publish()
    await restart(newsroom)
    await exactly_once(newsroom, title, "announcements")
    (message,) = newsroom.posted(title, "announcements")
    assert message["flags"] & 1, "it is published"


@pytest.mark.fault("F2")
async def test_half_an_hour_later_the_channel_is_read_before_anything_is_sent(
    newsroom: Newsroom,
) -> None:
    await newsroom.subscribe("newsroom")
    newsroom.kill_when(Moment.STORED, "POST", "/messages")
    title = await newsroom.publish()
    await newsroom.killed()
    newsroom.change(f"UPDATE posts SET started_at = started_at - {HALF_AN_HOUR_MS}")
    newsroom.server.hub.nonces.clear()
    await newsroom.start()
    await exactly_once(newsroom, title)
    assert len(nonces(newsroom)) == 1
    assert newsroom.member.requests_to("GET", "/messages"), "the history was read"


async def test_half_an_hour_later_with_nothing_posted_it_is_posted(newsroom: Newsroom) -> None:
    await newsroom.subscribe("newsroom")
    newsroom.kill_when(Moment.RECEIVED, "POST", "/messages")
    newsroom.server.faults.add(POST, Drop())
    title = await newsroom.publish()
    await newsroom.killed()
    newsroom.change(f"UPDATE posts SET started_at = started_at - {HALF_AN_HOUR_MS}")
    await newsroom.start()
    await exactly_once(newsroom, title)


@pytest.mark.fault("F3")
async def test_half_an_hour_later_with_an_unreadable_channel_nothing_is_sent_on_a_guess(
    newsroom: Newsroom,
) -> None:
    await newsroom.subscribe("newsroom")
    newsroom.kill_when(Moment.STORED, "POST", "/messages")
    title = await newsroom.publish()
    await newsroom.killed()
    newsroom.change(f"UPDATE posts SET started_at = started_at - {HALF_AN_HOUR_MS}")
    newsroom.server.hub.nonces.clear()
    world = newsroom.server.world
    room = world.channel_named("newsroom")
    history = int(Permission.READ_MESSAGE_HISTORY)
    owner.set_permission(newsroom.server.hub, room, allowed=False, bits=history)
    await newsroom.start()
    unknown = "SELECT count(*) FROM posts WHERE state = 'unknown'"
    await newsroom.member.until(lambda: newsroom.rows(unknown) == [(1,)], PATIENCE_S)
    await asyncio.sleep(1)
    assert len(newsroom.posted(title)) == 1
    assert len(nonces(newsroom)) == 1


@pytest.mark.fault("F52")
async def test_a_forum_post_is_looked_for_because_no_nonce_protects_it(newsroom: Newsroom) -> None:
    await newsroom.subscribe("stories")
    newsroom.kill_when(Moment.STORED, "POST", "/threads")
    title = await newsroom.publish()
    await newsroom.killed()
    assert len(newsroom.posted(title, "stories")) == 1
    await newsroom.start()
    await exactly_once(newsroom, title, "stories")
    assert len(newsroom.member.requests_to("POST", "/threads")) == 1
