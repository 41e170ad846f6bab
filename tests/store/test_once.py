"""A channel gets a story once: copies are left out, named in its message, and explained."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.model import Fate, Outcome, Parcel, TargetKind
from bot.store import Store
from tests.conftest import NOW, Newsroom, make_entry

GUILD = 7
TITLE = "Lantern fleet returns to Port Veld after storm"
TEXT = "The lantern fleet of Port Veld came home on Sunday with torn sails and all hands, by night."
SOON = NOW + timedelta(minutes=10)


@pytest.fixture
async def room(newsroom: Newsroom) -> Newsroom:
    """A newsroom whose feeds have been read once, so that they announce."""
    for name in "ABC":
        primer = make_entry(f"primer {name}", url=f"https://{name}.example/0")
        await newsroom.publish(primer, feed=name)
    return newsroom


async def publish(room: Newsroom, name: str, title: str = TITLE, now: datetime = NOW) -> int:
    entry = make_entry(
        title, body=TEXT, url=f"https://{name}.example/1", published_at=NOW, source=f"Wire {name}"
    )
    return (await room.publish(entry, feed=name, announce=True, now=now)).owed


async def subscribe(room: Newsroom, channel: int, query: str = "", **rhythm: Any) -> int:
    kind = TargetKind.FORUM if channel > 90 else TargetKind.TEXT
    made = await room.store.subscriptions.add(
        kind, GUILD, channel, query, 1, NOW - timedelta(hours=1), rhythm=rhythm
    )
    return made.id


async def send(store: Store, now: datetime) -> list[Parcel]:
    await store.outbox.form(now)
    sent: list[Parcel] = []
    while parcels := await store.outbox.claim(now, busy=set(), limit=50):
        for parcel in parcels:
            outcome = Outcome(Fate.SENT, message_id=900 + parcel.post_id)
            await store.outbox.sent(parcel.post_id, outcome, now)
            sent.append(parcel)
    return sent


def shown(parcels: list[Parcel]) -> list[tuple[int, str | None, tuple[str, ...]]]:
    return [
        (parcel.target.channel_id, article.source, tuple(c.name for c in article.also))
        for parcel in parcels
        for article in parcel.articles
    ]


async def explained(store: Store, source: str) -> list[tuple[str, str]]:
    found = [a async for a in store.articles.each() if a.source == source]
    told = await store.explain.article(found[0].id, GUILD, SOON)
    return [(each.key, str(each.params.get("title", ""))) for each in told]


@pytest.mark.parametrize("channel", [1, 91])
async def test_a_second_copy_is_not_posted_and_named_in_the_message(
    room: Newsroom, channel: int
) -> None:
    await subscribe(room, channel)
    assert await publish(room, "A") == 1
    assert shown(await send(room.store, NOW)) == [(channel, "Wire A", ())]
    assert await publish(room, "B", now=SOON) == 0
    assert await send(room.store, SOON) == []
    (owed,) = await room.store.corrections.claim(SOON + timedelta(minutes=1))
    assert shown([owed.parcel]) == [(channel, "Wire A", ("Wire B",))]
    # Nothing of the article itself changed: the message bears no mark.
    assert (owed.what, owed.changed) == ("edit", {})
    assert await explained(room.store, "Wire B") == [("cogs.explain_same_story", TITLE)]


async def test_a_copy_that_comes_before_the_post_is_sent_is_named_at_once(room: Newsroom) -> None:
    await subscribe(room, 1)
    assert [await publish(room, name) for name in "ABC"] == [1, 0, 0]
    assert shown(await send(room.store, NOW)) == [(1, "Wire A", ("Wire B", "Wire C"))]
    assert await room.store.corrections.claim(SOON) == ()


async def test_a_subscription_may_want_every_copy(room: Newsroom) -> None:
    await subscribe(room, 1, copies=True)
    await subscribe(room, 2)
    assert [await publish(room, name) for name in "AB"] == [2, 1]
    told = [(channel, source) for channel, source, _ in shown(await send(room.store, NOW))]
    assert sorted(told) == [(1, "Wire A"), (1, "Wire B"), (2, "Wire A")]


async def test_in_one_channel_the_wish_for_every_copy_wins(room: Newsroom) -> None:
    await subscribe(room, 1)
    await subscribe(room, 1, "lantern", copies=True)
    assert [await publish(room, name) for name in "AB"] == [1, 1]
    assert len(await send(room.store, NOW)) == 2


async def test_a_copy_is_posted_where_the_first_was_not_wanted(room: Newsroom) -> None:
    await subscribe(room, 1, 'source:"Wire B"')
    assert [await publish(room, name) for name in "ABC"] == [0, 1, 0]
    assert shown(await send(room.store, NOW)) == [(1, "Wire B", ("Wire A", "Wire C"))]


async def test_a_digest_lists_a_story_once(room: Newsroom) -> None:
    await subscribe(room, 1, mode="daily")
    for name in "ABC":
        await publish(room, name)
    (parcel,) = await send(room.store, NOW + timedelta(days=1))
    assert shown([parcel]) == [(1, "Wire A", ("Wire B", "Wire C"))]
    assert parcel.overflow == 0


async def test_what_turns_out_to_be_a_copy_is_left_out_when_posts_are_formed(
    room: Newsroom,
) -> None:
    await subscribe(room, 1, delay_s=300)
    await publish(room, "A")
    await room.publish(
        make_entry("Bakers on strike", url="https://C.example/1", source="Wire C"),
        feed="C",
        announce=True,
    )
    await publish(room, "C")  # corrected: it is a copy of what waits
    assert shown(await send(room.store, SOON)) == [(1, "Wire A", ("Wire C",))]
    assert ("cogs.explain_same_story", TITLE) in await explained(room.store, "Wire C")


async def test_a_copy_takes_the_place_of_what_was_withdrawn_before_it_was_sent(
    room: Newsroom,
) -> None:
    await subscribe(room, 1)
    for name in "ABC":
        await publish(room, name)
    (first,) = [a async for a in room.store.articles.each() if a.source == "Wire A"]
    await room.store.articles.hide(first.id, "withdrawn")
    assert shown(await send(room.store, NOW)) == [(1, "Wire B", ("Wire C",))]


async def test_what_was_posted_and_then_withdrawn_is_not_posted_again(room: Newsroom) -> None:
    await subscribe(room, 1)
    for name in "AB":
        await publish(room, name)
    await send(room.store, NOW)
    (first,) = [a async for a in room.store.articles.each() if a.source == "Wire A"]
    await room.store.articles.hide(first.id, "withdrawn")
    assert await send(room.store, SOON) == []


async def test_why_a_copy_was_left_out_is_told_also_when_the_other_became_another_story(
    room: Newsroom,
) -> None:
    await subscribe(room, 1)
    for name in "AB":
        await publish(room, name)
    await send(room.store, NOW)
    other = make_entry(
        "Bakers on strike",
        body="Ovens stay cold in the old town until the flour tax is lowered.",
        url="https://A.example/1",
        published_at=NOW,
        source="Wire A",
    )
    await room.publish(other, feed="A", announce=True, now=SOON)
    assert await explained(room.store, "Wire B") == [("cogs.explain_skipped_story", "")]


async def test_edits_that_name_copies_are_bounded(room: Newsroom) -> None:
    await subscribe(room, 1)
    await publish(room, "A")
    await send(room.store, NOW)
    edits = 0
    for number in range(9):
        at = SOON + timedelta(hours=number)
        name = f"D{number}"
        await room.publish(make_entry("p", url=f"https://{name}.example/0"), feed=name, now=at)
        await publish(room, name, now=at)
        for owed in await room.store.corrections.claim(at + timedelta(minutes=1)):
            await room.store.corrections.done(owed)
            edits += 1
    assert edits == 5
