"""Posts in the source's name: one message each, whatever fails, though a webhook takes no nonce."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from bot.chat.webhooks import NAME_CHARS, name_of
from bot.delivery import Courier
from bot.log import redact
from bot.metrics import Metrics
from bot.model import Block, BlockType
from bot.playground.driver import text_of
from bot.playground.faults import Drop, HalfJson, Refuse, Status
from bot.store.records import By
from tests.chat.conftest import KINDS, POST, START, Desk
from tests.chat.test_longread import HEADS, sections, text_blocks, work
from tests.conftest import Newsroom, make_entry

pytestmark = pytest.mark.virtual_time

ICON = "https://wire.example/icon.png"
EXECUTE = "POST /webhooks/*/*"


async def owe(
    desk: Desk, channel: str, *titles: str, look: dict[str, object] | None = None
) -> None:
    """Owe articles to a channel that wants them by webhook, of a feed that has a picture."""
    guild_id = int(desk.server.world.guild_id)
    await desk.store.subscriptions.add(
        KINDS[channel],
        guild_id,
        desk.channel_id(channel),
        "",
        5,
        desk.now(),
        look={"webhook": True} | (look or {}),
    )
    newsroom = Newsroom(desk.store, desk.now())
    await newsroom.publish(make_entry("Before", guid="before"))
    for title in titles:
        entry = make_entry(
            title,
            guid=title,
            source="Harbour Post",
            published_at=desk.now(),
            blocks=(Block(BlockType.PARAGRAPH, "The quay is open."), *text_blocks()),
        )
        await newsroom.publish(entry, announce=True, now=desk.now())
    await desk.store._connections.write(
        lambda connection: connection.execute("UPDATE feeds SET icon_url = ?", (ICON,)).rowcount
    )


def stands(desk: Desk, channel: str) -> list[Any]:
    """Return the messages of webhooks that stand in a channel or its posts, in order."""
    world = desk.server.world
    place = world.channel_named(channel)
    rooms = [place.id, *(thread.id for thread in world.threads_of(place.id))]
    return [
        message
        for room in rooms
        for message in world.in_channel(room).values()
        if message.webhook_id is not None
    ]


@pytest.mark.parametrize("channel", ["newsroom", "announcements", "stories", "story ideas"])
async def test_a_post_has_the_sources_name_and_the_feeds_picture(desk: Desk, channel: str) -> None:
    await owe(desk, channel, "Harbour opens", "Ferry sails")
    await work(desk)
    found = stands(desk, channel)
    assert [message.username for message in found] == ["Harbour Post"] * 2
    assert [message.avatar_url for message in found] == [ICON] * 2
    assert len(desk.server.world.webhooks) == 1
    (holder,) = {webhook.channel_id for webhook in desk.server.world.webhooks.values()}
    is_thread = channel == "story ideas"
    place = desk.server.world.channel_named(channel)
    assert holder == (place.parent_id if is_thread else place.id)
    if channel == "announcements":
        for _ in range(3):
            await desk.courier.tick(desk.now())
            await desk.courier.settle()
        found = stands(desk, channel)
        assert all(message.flags & 1 for message in found)


@pytest.mark.parametrize("channel", ["newsroom", "stories", "story ideas"])
@pytest.mark.parametrize(
    "fault",
    [Drop(after=True), Drop(), Status(502, after=True), Status(503), HalfJson()],
    ids=["cut after", "cut before", "502 after", "503 before", "half an answer"],
)
async def test_a_lost_answer_leaves_one_message(desk: Desk, fault: Any, channel: str) -> None:
    await owe(desk, channel, "Harbour opens")
    desk.server.faults.add(EXECUTE, fault)
    await work(desk)
    assert len(stands(desk, channel)) == 1
    status = await desk.store.outbox.status()
    assert (status.sent, status.unknown, status.dead) == (1, 0, 0)


@pytest.mark.parametrize("wait_s", [5, 900])
async def test_a_kill_while_posting_leaves_one_message(desk: Desk, wait_s: int) -> None:
    await owe(desk, "newsroom", "Harbour opens")
    desk.server.faults.add(EXECUTE, Drop(after=True))
    await desk.courier.tick(desk.now())
    await desk.until(lambda: stands(desk, "newsroom"))
    for task in list(desk.courier._in_flight.values()):
        task.cancel()
    await asyncio.gather(*desk.courier._in_flight.values(), return_exceptions=True)
    await asyncio.sleep(wait_s)
    after = Courier(desk.store, desk.poster, now=desk.now, metrics=Metrics(), pace=desk.pace)
    await work(desk, after)
    assert len(stands(desk, "newsroom")) == 1
    assert (await desk.store.outbox.status()).sent == 1


async def test_a_deleted_webhook_is_made_again_once(desk: Desk) -> None:
    await owe(desk, "newsroom", "First")
    await work(desk)
    desk.server.world.webhooks.clear()
    newsroom = Newsroom(desk.store, desk.now())
    await newsroom.publish(
        make_entry("Second", guid="2", published_at=desk.now()), announce=True, now=desk.now()
    )
    await work(desk)
    assert len(stands(desk, "newsroom")) == 2
    assert len(desk.server.world.webhooks) == 1
    assert not (await desk.store.outbox.status()).paused


async def test_webhooks_that_vanish_as_they_are_made_close_no_channel(desk: Desk) -> None:
    await owe(desk, "newsroom", "First")
    fault = desk.server.faults.add(EXECUTE, Refuse(404, 10015, "Unknown Webhook"), times=None)
    await desk.courier.tick(desk.now())
    await desk.courier.settle()
    status = await desk.store.outbox.status()
    assert (status.ready, status.dead, status.paused) == (1, 0, ())
    assert len([r for r in desk.posts("newsroom") if r.path.endswith("/webhooks")]) <= 1
    desk.server.faults.remove(fault)
    await work(desk)
    assert len(stands(desk, "newsroom")) == 1


async def test_without_the_permission_the_channel_waits_and_says_which(desk: Desk) -> None:
    await owe(desk, "newsroom", "First")
    desk.server.faults.add("GET /channels/*/webhooks", Refuse(403, 50013, "Missing Permissions"))
    await work(desk, rounds=3)
    (paused,) = (await desk.store.outbox.status()).paused
    assert paused.paused_reason == "delivery.no_webhooks"


async def test_a_doubtful_post_of_a_deleted_webhook_is_unknown_and_not_doubled(
    desk: Desk,
) -> None:
    await owe(desk, "newsroom", "First")
    desk.server.faults.add(EXECUTE, Drop(after=True))
    await desk.courier.tick(desk.now())
    await desk.courier.settle()
    desk.server.world.webhooks.clear()
    await work(desk)
    assert len(stands(desk, "newsroom")) == 1
    assert (await desk.store.outbox.status()).unknown == 1


async def test_the_whole_text_follows_a_webhooks_post(desk: Desk) -> None:
    await owe(desk, "newsroom", "Harbour opens", look={"form": "thread"})
    await work(desk)
    (post,) = stands(desk, "newsroom")
    texts = [text_of(message) for message in desk.member.messages(post.id)]
    assert sections(texts) == list(HEADS)


async def test_no_token_is_stored_or_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await owe(desk, "newsroom", "Harbour opens")
    await work(desk)
    (webhook,) = desk.server.world.webhooks.values()

    def everything(connection: Any) -> str:
        return "\n".join(connection.iterdump())

    assert webhook.token not in await desk.store._connections.read(everything)
    assert webhook.token in caplog.text
    assert webhook.token not in redact(caplog.text)


def test_a_name_that_discord_refuses_is_mended() -> None:
    class Stub:
        def __init__(self, *names: str) -> None:
            self.articles = [type("A", (), {"source": name, "feed": "Feed"}) for name in names]

    def named(*names: str) -> str:
        stub: Any = Stub(*names)
        return name_of(stub)

    assert named("The Discord Blog") == "The Blog"
    assert named("discord") == named("everyone") == named("A", "B") == "Tagwire"
    assert named("@everyone: #news ```") == "everyone news"
    assert len(named("x" * 200)) == NAME_CHARS


@pytest.mark.parametrize("channel", ["newsroom", "stories", "story ideas"])
@pytest.mark.parametrize("first", [True, False], ids=["webhook first", "webhook last"])
@pytest.mark.parametrize("fault", [Drop(after=True), Drop()], ids=["cut after", "cut before"])
async def test_a_way_that_is_changed_while_a_try_is_in_doubt_leaves_one_message(
    desk: Desk, fault: Any, first: bool, channel: str
) -> None:
    await owe(desk, channel, "Harbour opens", look={"webhook": first})
    desk.server.faults.add(EXECUTE if first else START if channel == "stories" else POST, fault)
    await desk.courier.tick(desk.now())
    await desk.courier.settle()
    assert (await desk.store.outbox.status()).ready == 1
    guild_id = int(desk.server.world.guild_id)
    (made,) = await desk.store.subscriptions.list(guild_id)
    await desk.store.subscriptions.edit(
        By(guild_id, 5, desk.now()), made.id, look={**made.look, "webhook": not first}
    )
    await work(desk)
    assert sum("Harbour opens" in text for text in texts(desk, channel)) == 1
    assert (await desk.store.outbox.status()).sent == 1


def texts(desk: Desk, channel: str) -> list[str]:
    """Return the texts of all messages in a channel or its posts, whoever sent them."""
    world = desk.server.world
    place = world.channel_named(channel)
    rooms = [place.id, *(thread.id for thread in world.threads_of(place.id))]
    return [text_of(message) for room in rooms for message in desk.member.messages(room)]
