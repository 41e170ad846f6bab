"""The poster over a real client and the loopback Discord: what each answer ends in, and how often
the message stands in the channel afterwards.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.messages import catalogue
from bot.model import Block, BlockType, Fate, Tag, TargetKind
from bot.playground import owner, people
from bot.playground.driver import Driver, text_of
from bot.playground.faults import Drop, HalfJson, Refuse, Silence, Status, TooMany
from bot.playground.permissions import Permission
from bot.playground.world import REQUIRE_TAG
from tests.chat.conftest import POST, Desk

pytestmark = pytest.mark.virtual_time

TITLE = "Harbour opens"


@pytest.mark.fault("F1")
async def test_the_same_nonce_is_the_same_message(desk: Desk) -> None:
    parcel = await desk.parcel("newsroom")
    first, second = await desk.poster.post(parcel), await desk.poster.post(parcel)
    assert first.fate is second.fate is Fate.SENT
    assert first.message_id == second.message_id
    assert desk.count(TITLE) == 1
    bodies = [request.body for request in desk.posts()]
    assert [body["enforce_nonce"] for body in bodies] == [True, True]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 524, 529])
@pytest.mark.fault("F6", "F7")
async def test_a_server_error_leaves_doubt_and_the_next_try_makes_one_message(
    desk: Desk, status: int, after: bool
) -> None:
    parcel = await desk.parcel("newsroom")
    fault = desk.server.faults.add(POST, Status(status, after=after), times=None)
    started = desk.now()
    outcome = await desk.poster.post(parcel)
    assert outcome.fate is Fate.UNKNOWN
    assert outcome.params == {"status": status}
    assert len(desk.posts()) <= 5
    assert (desk.now() - started).total_seconds() <= 61
    assert desk.count(TITLE) == int(after)
    desk.server.faults.remove(fault)
    assert (await desk.poster.post(parcel)).fate is Fate.SENT
    assert desk.count(TITLE) == 1


@pytest.mark.parametrize(
    "fault",
    [Drop(), Drop(after=True), HalfJson(), Silence(), Silence(after=True)],
    ids=["cut before", "cut after", "half an answer", "silence before", "silence after"],
)
@pytest.mark.fault("F8", "F9", "F10")
async def test_a_lost_answer_leaves_doubt_and_the_next_try_makes_one_message(
    desk: Desk, fault: Drop | HalfJson | Silence
) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, fault)
    started = desk.now()
    assert (await desk.poster.post(parcel)).fate is Fate.UNKNOWN
    assert (desk.now() - started).total_seconds() <= 61
    assert (await desk.poster.post(parcel)).fate is Fate.SENT
    assert desk.count(TITLE) == 1


@pytest.mark.parametrize(
    "fault",
    [
        TooMany(2.25),
        TooMany(2.25, scope="shared"),
        TooMany(2.25, everywhere=True),
    ],
    ids=["route", "shared", "global"],
)
@pytest.mark.fault("F11", "F13")
async def test_a_429_is_waited_out_to_its_fraction_of_a_second(desk: Desk, fault: TooMany) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, fault)
    assert (await desk.poster.post(parcel)).fate is Fate.SENT
    refused, made = desk.posts()
    assert (refused.status, made.status) == (429, 200)
    assert 2.25 <= made.seconds - refused.seconds < 4
    assert desk.count(TITLE) == 1


@pytest.mark.fault("F12")
async def test_a_long_429_is_handed_back_with_its_wait(desk: Desk) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, TooMany(3600.5))
    outcome = await desk.poster.post(parcel)
    assert (outcome.fate, outcome.retry_after_s) == (Fate.RETRY, 3600.5)
    assert len(desk.posts()) == 1
    assert desk.count(TITLE) == 0


async def test_a_429_that_does_not_end_is_handed_back_with_a_fraction(desk: Desk) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, TooMany(1.5), times=5)
    outcome = await desk.poster.post(parcel)
    assert outcome.fate is Fate.RETRY
    assert outcome.retry_after_s is not None and outcome.retry_after_s >= 1.5
    assert len(desk.posts()) == 5


@pytest.mark.fault("F14")
async def test_the_page_of_cloudflare_is_a_block_after_one_request(desk: Desk) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, TooMany(30, cloudflare=True))
    outcome = await desk.poster.post(parcel)
    assert outcome.fate is Fate.BLOCKED
    assert outcome.retry_after_s is not None and outcome.retry_after_s >= 600
    assert len(desk.posts()) == 1
    assert desk.count(TITLE) == 0


@pytest.mark.parametrize(
    ("status", "code", "fate"),
    [
        (403, 50001, Fate.ACCESS_LOST),
        (403, 50013, Fate.ACCESS_LOST),
        (404, 10003, Fate.GONE),
        (404, 10008, Fate.SENT),
        (400, 50035, Fate.REJECTED),
        (400, 200000, Fate.REJECTED),
        (401, 0, Fate.UNAUTHORISED),
        (403, 40333, Fate.BLOCKED),
        (400, 160005, Fate.ACCESS_LOST),
    ],
)
@pytest.mark.fault("F15", "F17", "F18", "F19", "F21", "F22")
async def test_a_refusal_has_its_fate_and_is_asked_once(
    desk: Desk, status: int, code: int, fate: Fate
) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, Refuse(status, code))
    outcome = await desk.poster.post(parcel)
    assert (outcome.fate, outcome.code) == (fate, code)
    assert len(desk.posts()) == 1
    assert desk.count(TITLE) == 0


@pytest.mark.fault("F18")
async def test_a_message_deleted_before_the_second_try_is_not_made_again(desk: Desk) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, Drop(after=True))
    await desk.poster.post(parcel)
    (message,) = [m for m in desk.member.messages("newsroom") if TITLE in str(m)]
    Driver(desk.server, "ravi", "newsroom").remove(message)
    outcome = await desk.poster.post(parcel)
    assert (outcome.fate, outcome.code) == (Fate.SENT, 10008)
    assert desk.count(TITLE) == 0


@pytest.mark.fault("F13")
async def test_a_global_wait_that_is_cut_short_holds_nothing_up_for_ever(desk: Desk) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, TooMany(40, everywhere=True), times=2)
    assert (await desk.poster.post(parcel)).fate is Fate.UNKNOWN
    assert (await desk.poster.post(parcel)).fate is Fate.SENT
    assert desk.count(TITLE) == 1


@pytest.mark.fault("F51")
async def test_publishing_twice_and_publishing_what_is_published_are_success(desk: Desk) -> None:
    parcel = await desk.parcel("announcements")
    sent = await desk.poster.post(parcel)
    assert sent.message_id is not None
    first = await desk.poster.publish(parcel, sent.message_id)
    second = await desk.poster.publish(parcel, sent.message_id)
    assert (first.fate, first.published) == (Fate.SENT, True)
    assert (second.fate, second.published, second.code) == (Fate.SENT, True, 40033)
    (message,) = desk.member.messages("announcements")
    assert message["flags"] & 1


@pytest.mark.fault("F51")
async def test_a_message_deleted_before_it_was_published_is_not_called_published(
    desk: Desk,
) -> None:
    parcel = await desk.parcel("announcements")
    sent = await desk.poster.post(parcel)
    assert sent.message_id is not None
    (message,) = desk.member.messages("announcements")
    Driver(desk.server, "ravi", "announcements").remove(message)
    outcome = await desk.poster.publish(parcel, sent.message_id)
    assert (outcome.fate, outcome.code) == (Fate.REJECTED, 10008)
    assert not outcome.published


@pytest.mark.fault("F12", "F51")
async def test_the_eleventh_publish_of_an_hour_is_handed_back_with_its_wait(desk: Desk) -> None:
    parcel = await desk.parcel("announcements")
    outcomes = []
    for n in range(11):
        sent = await desk.poster.post(replace(parcel, nonce=f"number {n}"))
        assert sent.message_id is not None
        outcomes.append(await desk.poster.publish(parcel, sent.message_id))
    *ten, last = outcomes
    assert {outcome.fate for outcome in ten} == {Fate.SENT}
    assert last.fate is Fate.RETRY
    assert last.retry_after_s is not None and 3000 < last.retry_after_s <= 3600
    assert len(desk.member.requests_to("POST", "/crosspost")) == 11, "it is not asked again"


@pytest.mark.fault("F52")
async def test_a_forum_post_gets_the_tags_it_has_and_a_required_one_when_none_fits(
    desk: Desk,
) -> None:
    parcel = await desk.parcel("stories")
    science = replace(parcel.articles[0], tags=(Tag(1, "science", "science"),))
    assert (await desk.poster.post(replace(parcel, articles=(science,)))).fate is Fate.SENT
    await require_tag(desk)
    assert (await desk.poster.post(parcel)).fate is Fate.SENT
    names = {tag.id: tag.name for tag in desk.server.world.channel_named("stories").tags}
    shown = [[names[i] for i in post.applied_tag_ids] for post in desk.member.posts("stories")]
    assert shown == [["Science"], ["News"]]


@pytest.mark.fault("F52")
async def test_a_forum_that_requires_a_tag_and_has_none_says_so(desk: Desk) -> None:
    parcel = await desk.parcel("stories")
    await require_tag(desk, tags=())
    outcome = await desk.poster.post(parcel)
    assert (outcome.fate, outcome.code) == (Fate.ACCESS_LOST, 40067)
    assert outcome.reason == "delivery.tag_required"
    assert "tag" in catalogue().say("delivery.tag_required")
    assert desk.shown("stories") == []


@pytest.mark.fault("F52")
async def test_a_tag_that_was_deleted_unseen_is_left_out_at_the_second_try(desk: Desk) -> None:
    parcel = await desk.parcel("stories")
    news = replace(parcel.articles[0], tags=(Tag(1, "News", "news"),))
    forum = desk.server.world.channel_named("stories")
    # Changed behind the bot's back: the event that tells of it is still on its way.
    desk.server.hub.put_channel(replace(forum, tags=forum.tags[1:]))
    outcome = await desk.poster.post(replace(parcel, articles=(news,)))
    assert outcome.fate is Fate.SENT
    assert desk.shown("stories") == [TITLE]


@pytest.mark.fault("F2")
@pytest.mark.parametrize("degraded", [False, True], ids=["card", "plain"])
async def test_what_stands_is_found_by_its_marker_long_after_the_nonce(
    desk: Desk, degraded: bool
) -> None:
    parcel = replace(await desk.parcel("newsroom"), degraded=degraded)
    sent = await desk.poster.post(parcel)
    desk.server.hub.nonces.clear()
    for n in range(150):
        people.say(desk.server.hub, desk.member.user_id, str(desk.channel_id("newsroom")), f"{n}")
    found = await desk.poster.find(replace(parcel, started_at=desk.now() - timedelta(minutes=30)))
    assert (found.fate, found.message_id) == (Fate.SENT, sent.message_id)


@pytest.mark.fault("F2")
async def test_what_does_not_stand_is_absent(desk: Desk) -> None:
    parcel = await desk.parcel("newsroom")
    await desk.poster.post(replace(parcel, nonce="another", marker="another"))
    assert (await desk.poster.find(parcel)).fate is Fate.ABSENT


@pytest.mark.fault("F3")
async def test_a_history_that_may_not_be_read_is_unreadable(desk: Desk) -> None:
    parcel = await desk.parcel("newsroom")
    await desk.poster.post(parcel)
    newsroom = desk.server.world.channel_named("newsroom")
    bits = int(Permission.READ_MESSAGE_HISTORY)
    owner.set_permission(desk.server.hub, newsroom, allowed=False, bits=bits)
    me: Any = desk.client.get_channel(desk.channel_id("newsroom"))
    await desk.until(lambda: not me.permissions_for(me.guild.me).read_message_history)
    assert (await desk.poster.find(parcel)).fate is Fate.UNREADABLE


@pytest.mark.parametrize(
    ("fault", "times"),
    # The HTTP library itself asks once more where a reading was cut off.
    [(Status(503), 1), (Drop(), 2), (HalfJson(), 1), (TooMany(3600), 1)],
    ids=["error", "cut", "half an answer", "limit"],
)
async def test_a_search_that_failed_is_made_again_before_anything_is_sent(
    desk: Desk, fault: Any, times: int
) -> None:
    parcel = await desk.parcel("newsroom")
    sent = await desk.poster.post(parcel)
    desk.server.faults.add("GET /channels/*/messages", fault, times=times)
    assert (await desk.poster.find(parcel)).fate is Fate.RETRY
    found = await desk.poster.find(parcel)
    assert (found.fate, found.message_id) == (Fate.SENT, sent.message_id)


@pytest.mark.fault("F52")
async def test_a_forum_post_is_found_again_also_once_it_is_archived(desk: Desk) -> None:
    parcel = await desk.parcel("stories")
    sent = await desk.poster.post(parcel)
    assert (await desk.poster.find(parcel)).message_id == sent.message_id
    (post,) = desk.member.posts("stories")
    owner.change_channel(desk.server.hub, replace(post, archived=True))
    assert (await desk.poster.find(parcel)).message_id == sent.message_id
    assert (await desk.poster.find(replace(parcel, marker="another"))).fate is Fate.ABSENT


async def test_a_post_wakes_an_archived_thread(desk: Desk) -> None:
    parcel = await desk.parcel("story ideas")
    thread = desk.server.world.channel_named("story ideas")
    owner.change_channel(desk.server.hub, replace(thread, archived=True))
    assert (await desk.poster.post(parcel)).fate is Fate.SENT
    assert desk.count(TITLE, "story ideas") == 1
    assert not desk.server.world.channel_named("story ideas").archived


async def test_a_locked_thread_is_lost_access_unless_the_bot_may_manage_threads(
    desk: Desk,
) -> None:
    parcel = await desk.parcel("story ideas")
    thread = desk.server.world.channel_named("story ideas")
    owner.change_channel(desk.server.hub, replace(thread, locked=True))
    parent = desk.server.world.channel_named("newsroom")
    bits = int(Permission.MANAGE_THREADS)
    owner.set_permission(desk.server.hub, parent, allowed=False, bits=bits)
    outcome = await desk.poster.post(parcel)
    assert (outcome.fate, outcome.code) == (Fate.ACCESS_LOST, 160005)
    owner.set_permission(desk.server.hub, parent, allowed=True, bits=bits)
    assert (await desk.poster.post(parcel)).fate is Fate.SENT
    assert desk.count(TITLE, "story ideas") == 1


@pytest.mark.fault("F20")
async def test_four_thousand_wide_characters_are_kept_below_the_limit_of_bytes(
    desk: Desk,
) -> None:
    parcel = await desk.parcel("newsroom")
    wide = Block(BlockType.PARAGRAPH, "新聞の記事" * 800)
    article = replace(parcel.articles[0], title="潮位" * 300, blocks=(wide,) * 5)
    for form in ("card", "compact", "image"):
        look = {"form": form, "parts": ["tags", "excerpt", "authors"]}
        shown = replace(parcel, articles=(article,), look=look, nonce=form)
        assert (await desk.poster.post(shown)).fate is Fate.SENT
    assert [request.status for request in desk.posts()] == [200] * 3


@pytest.mark.fault("F41")
@pytest.mark.parametrize(
    "title",
    [
        "@everyone @here",
        "<@&1> <@2> <#3>",
        "[gift](https://evil.example)",
        "```\ncode",
        "# heading",
        "discord.gg/abc",
        "left \u202e right",
        "wide\u200bless\ufeff",
        "x" * 5000,
        "   ",
        "](http://b.example)",
    ],
)
async def test_a_hostile_title_pings_nobody_and_is_taken(desk: Desk, title: str) -> None:
    parcel = await desk.parcel("newsroom")
    article = replace(parcel.articles[0], title=title)
    for degraded in (False, True):
        tried = replace(parcel, articles=(article,), degraded=degraded, nonce=str(degraded))
        assert (await desk.poster.post(tried)).fate is Fate.SENT
    assert [r.body["allowed_mentions"]["parse"] for r in desk.posts()] == [[], []]
    for message in desk.member.messages("newsroom")[-2:]:
        assert not message["mention_everyone"]
        assert not message["mention_roles"] and not message["mentions"]
        shown = text_of(message)
        assert "](https://evil" not in shown and "](http://b" not in shown
        assert "\u202e" not in shown and "\u200b" not in shown
        assert "```" not in shown


@pytest.mark.parametrize(
    "then",
    [TooMany(60, cloudflare=True), TooMany(3600), Refuse(403, 50013), Drop()],
    ids=["block", "long limit", "refusal", "cut"],
)
@pytest.mark.fault("F6", "F14", "F54")
async def test_what_the_library_met_before_the_last_answer_leaves_doubt(
    desk: Desk, then: Any
) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, Status(500, after=True))
    desk.server.faults.add(POST, then, skip=1)
    assert (await desk.poster.post(parcel)).fate is Fate.UNKNOWN
    assert desk.count(TITLE) == 1


async def require_tag(desk: Desk, **changes: Any) -> None:
    """Make the forum require a tag, and wait until the bot has heard of it."""
    forum = desk.server.world.channel_named("stories")
    owner.change_channel(
        desk.server.hub, replace(forum, flags=forum.flags | REQUIRE_TAG, **changes)
    )
    known: Any = desk.client.get_channel(int(forum.id))
    await desk.until(lambda: known.flags.require_tag)


async def test_a_digest_in_a_forum_is_one_post_named_by_what_it_gathers(desk: Desk) -> None:
    guild_id = int(desk.server.world.guild_id)
    await desk.store.subscriptions.add(
        TargetKind.FORUM, guild_id, desk.channel_id("stories"), "harbour OR ferry", 5, desk.now(),
        rhythm={"mode": "hourly"},
    )  # fmt: skip
    before = len(desk.shown("stories"))
    await desk.owe(["Harbour opens", "Ferry sails", "Harbour shuts"])
    await desk.later(3700)
    await desk.courier.tick(desk.now())
    await desk.courier.settle()
    made = desk.shown("stories")[before:]
    assert made == [f"harbour OR ferry · 3 articles, {desk.now().date().isoformat()}"]
    (thread,) = desk.member.posts("stories")[before:]
    (first,) = desk.member.messages(thread.id)
    assert all(title in text_of(first) for title in ("Harbour opens", "Ferry sails"))
