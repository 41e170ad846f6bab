"""The whole text in a thread: every page once and in order, whatever fails on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.chat.longread import PAGES_MOST, contents
from bot.delivery import Courier
from bot.errors import NotFoundError
from bot.messages import catalogue
from bot.metrics import Metrics
from bot.model import Block, BlockType
from bot.playground.driver import text_of
from bot.playground.faults import Drop, Refuse, Status
from tests.chat.conftest import KINDS, POST, Desk
from tests.conftest import Newsroom, make_entry

pytestmark = pytest.mark.virtual_time

THREADS = "POST /channels/*/messages/*/threads"
HEADS = ("What happened", "Who was there", "What comes next")


def text_blocks(heads: Sequence[str] = HEADS) -> tuple[Block, ...]:
    made: list[Block] = []
    for number, head in enumerate(heads):
        made.append(Block(BlockType.SUBHEADING, head))
        made.append(Block(BlockType.PARAGRAPH, f"Section {number} begins. " + "Rain fell. " * 150))
    made.insert(1, Block(BlockType.IMAGE, "The quay", "https://example.org/quay.png"))
    return tuple(made)


async def owe(desk: Desk, channel: str, *titles: str) -> None:
    """Owe articles of three long sections to a channel that wants their whole text."""
    guild_id = int(desk.server.world.guild_id)
    await desk.store.subscriptions.add(
        KINDS[channel], guild_id, desk.channel_id(channel), "", 5, desk.now(),
        look={"form": "thread"},
    )  # fmt: skip
    newsroom = Newsroom(desk.store, desk.now())
    await newsroom.publish(make_entry("Before", guid="before"))
    for title in titles:
        entry = make_entry(title, guid=title, published_at=desk.now(), blocks=text_blocks())
        await newsroom.publish(entry, announce=True, now=desk.now())


async def work(desk: Desk, courier: Courier | None = None, rounds: int = 60) -> None:
    """Let the courier work, and time pass, until nothing is left to do."""
    courier = courier or desk.courier
    for _ in range(rounds):
        await courier.tick(desk.now())
        await courier.settle()
        if await nothing_left(desk):
            return
        await asyncio.sleep(2)


async def nothing_left(desk: Desk) -> bool:
    def left(connection: Any) -> int:
        row = connection.execute(
            "SELECT count(*) FROM sequels WHERE state IN ('ready', 'sending')"
        ).fetchone()
        return int(row[0])

    return await desk.is_settled() and not await desk.store._connections.read(left)


def pages(desk: Desk, channel: str) -> list[str]:
    """Return the texts of the bot's pages in a channel or in its threads, in order."""
    world, bot_id = desk.server.world, desk.server.world.bot_id
    place = world.channel_named(channel)
    threads = [place.id] if channel == "story ideas" else [t.id for t in world.threads_of(place.id)]
    found = [
        text_of(message)
        for thread_id in threads
        for message in desk.member.messages(thread_id)
        if message["author"]["id"] == bot_id and message["id"] != thread_id
    ]
    return [text for text in found if "### " in text]


def sections(texts: Sequence[str]) -> list[str]:
    return [head for text in texts for head in HEADS if f"### {head}" in text]


@pytest.mark.parametrize("channel", ["newsroom", "announcements", "stories", "story ideas"])
async def test_the_whole_text_follows_a_post_by_sub_heading(desk: Desk, channel: str) -> None:
    await owe(desk, channel, "Harbour opens")
    await work(desk)
    found = pages(desk, channel)
    assert sections(found) == list(HEADS)
    assert [text.count("-# page ") for text in found] == [1] * len(found)
    assert "Source" in found[-1]
    names = [t.name for t in desk.server.world.threads_of(
        desk.server.world.channel_named(channel).id)]  # fmt: skip
    assert names.count("Harbour opens") == (0 if channel == "story ideas" else 1)


async def test_the_posts_of_a_thread_and_their_texts_do_not_mix(desk: Desk) -> None:
    await owe(desk, "story ideas", "First", "Second")
    await work(desk)
    shown = [text for text in desk.shown("story ideas") if "Before" not in text]
    assert sections(shown) == [*HEADS, *HEADS]
    assert "First" in shown[0] and "Second" in shown[len(shown) // 2]


@pytest.mark.parametrize("skip", range(5))
@pytest.mark.parametrize(
    "fault", [Drop(after=True), Drop(), Status(502, after=True)], ids=["late", "early", "502"]
)
async def test_a_lost_answer_at_any_step_leaves_each_page_once(
    desk: Desk, fault: Drop | Status, skip: int
) -> None:
    await owe(desk, "newsroom", "Harbour opens")
    desk.server.faults.add("POST *", fault, skip=skip)
    await work(desk)
    assert desk.count("Harbour opens") == 1
    assert sections(pages(desk, "newsroom")) == list(HEADS)


@pytest.mark.parametrize("wait_s", [20, 900], ids=["within the nonce window", "after it"])
@pytest.mark.parametrize("skip", range(5))
async def test_a_kill_at_any_step_leaves_each_page_once(desk: Desk, skip: int, wait_s: int) -> None:
    await owe(desk, "newsroom", "Harbour opens")
    desk.server.faults.add("POST *", Drop(after=True), skip=skip)
    seen = len(desk.server.hub.requests)

    def posts() -> int:
        made = desk.server.hub.requests[seen:]
        return sum(request.method == "POST" for request in made)

    while posts() <= skip:
        await desk.courier.tick(desk.now())
        await desk.until(lambda: posts() > skip or not desk.courier._in_flight)
    # The process ends here: nothing of what was answered is written down.
    for task in list(desk.courier._in_flight.values()):
        task.cancel()
    await asyncio.gather(*desk.courier._in_flight.values(), return_exceptions=True)
    await asyncio.sleep(wait_s)
    after = Courier(desk.store, desk.poster, now=desk.now, metrics=Metrics(), pace=desk.pace)
    await work(desk, after)
    assert desk.count("Harbour opens") == 1
    assert sections(pages(desk, "newsroom")) == list(HEADS)


@pytest.mark.parametrize(
    ("pattern", "code"), [(THREADS, 50013), (POST, 200000)], ids=["no thread", "a page refused"]
)
async def test_a_text_that_may_not_follow_is_told_of_and_holds_up_nothing(
    desk: Desk, pattern: str, code: int
) -> None:
    await owe(desk, "newsroom", "First", "Second")
    status = 403 if code == 50013 else 400
    desk.server.faults.add(pattern, Refuse(status, code, "No"), skip=int(pattern == POST), times=1)
    await work(desk)
    assert desk.count("First") == desk.count("Second") == 1
    assert sections(pages(desk, "newsroom")) == list(HEADS)
    told_of = await desk.store.outbox.status()
    assert not told_of.paused
    assert (told_of.texts_waiting, told_of.texts_failed) == (0, 1)
    assert told_of.text_reason in ("delivery.access_lost", "delivery.blocked_by_automod")

    def told(connection: Any) -> list[str]:
        return [row["key"] for row in connection.execute("SELECT key FROM alerts")]

    assert await desk.store._connections.read(told) == ["store.alert_no_text"]


@pytest.mark.parametrize(
    ("pattern", "code", "skip"),
    [(THREADS, 50013, 0), (POST, 200000, 1), (POST, 200000, 2)],
    ids=["no thread", "the first page", "the second page"],
)
async def test_a_text_that_failed_is_sent_again_by_hand(
    desk: Desk, pattern: str, code: int, skip: int
) -> None:
    await owe(desk, "newsroom", "First")
    status = 403 if code == 50013 else 400
    desk.server.faults.add(pattern, Refuse(status, code, "No"), skip=skip, times=1)
    await work(desk)
    outbox, guild_id = desk.store.outbox, int(desk.server.world.guild_id)
    (letter,) = (await outbox.status(guild_id)).failed
    assert (letter.state, letter.titles, letter.code) == ("text_failed", ("First",), code)
    for refused in (
        outbox.resend(letter.post_id, guild_id + 1, desk.now()),
        outbox.drop(letter.post_id, guild_id + 1),
    ):
        with pytest.raises(NotFoundError):
            await refused
    await outbox.resend(letter.post_id, guild_id, desk.now())
    await work(desk)
    assert sections(pages(desk, "newsroom")) == list(HEADS)
    assert desk.count("First") == 1
    told_of = await outbox.status(guild_id)
    assert (told_of.failed, told_of.texts_failed, told_of.texts_waiting) == ((), 0, 0)
    with pytest.raises(NotFoundError):
        await outbox.resend(letter.post_id, guild_id, desk.now())


async def test_a_text_that_failed_is_dropped_by_hand(desk: Desk) -> None:
    await owe(desk, "newsroom", "First")
    desk.server.faults.add(THREADS, Refuse(403, 50013, "No"), times=1)
    await work(desk)
    outbox = desk.store.outbox
    (letter,) = (await outbox.status()).failed
    await outbox.drop(letter.post_id, None)
    told_of = await outbox.status()
    assert (told_of.failed, told_of.texts_failed, told_of.sent) == ((), 0, 1)
    with pytest.raises(NotFoundError):
        await outbox.drop(letter.post_id, None)
    await work(desk)
    assert pages(desk, "newsroom") == []


async def test_a_page_whose_fate_stays_unknown_is_listed(desk: Desk) -> None:
    await owe(desk, "newsroom", "First")
    desk.server.faults.add(POST, Drop(after=True), skip=1, times=1)
    desk.server.faults.add("GET /channels/*/messages", Refuse(403, 50001, "Missing Access"))
    await desk.courier.tick(desk.now())
    await desk.courier.settle()
    for _ in range(3):
        await desk.courier.tick(desk.now())
        await desk.courier.settle()
        await asyncio.sleep(300)
    await work(desk)
    (letter,) = (await desk.store.outbox.status()).failed
    assert letter.state == "text_unknown"


async def test_a_digest_and_an_article_without_text_have_nothing_that_follows(desk: Desk) -> None:
    parcel = await desk.parcel("newsroom")
    say = catalogue().say
    look = {"form": "thread"}
    article = parcel.articles[0]
    assert contents(replace(parcel, look=look, articles=(article, article)), say) == ()
    assert contents(replace(parcel, look=look, articles=(replace(article, blocks=()),)), say) == ()
    assert contents(replace(parcel, articles=(replace(article, blocks=text_blocks()),)), say) == ()
    long = replace(article, blocks=text_blocks([f"Part {n}" for n in range(90)]))
    assert len(contents(replace(parcel, look=look, articles=(long,)), say)) == PAGES_MOST


async def test_what_waits_of_a_withdrawn_article_is_not_sent(desk: Desk) -> None:
    await owe(desk, "newsroom", "Harbour opens")
    await desk.courier.tick(desk.now())
    await desk.courier.settle()

    def hide(connection: Any) -> int:
        return int(connection.execute("UPDATE articles SET hidden = 'withdrawn'").rowcount)

    await desk.store._connections.write(hide)
    await work(desk)
    assert pages(desk, "newsroom") == []
