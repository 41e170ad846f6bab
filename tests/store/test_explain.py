"""Why an article was or was not posted: each reason there is, from what really leads to it."""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.model import Fate, Outcome, Scope, Subscription, TargetKind
from bot.store import Store
from bot.store.backup import backup, restore
from bot.store.explain import Explanation
from bot.store.records import By
from bot.store.retention import Limits
from tests.conftest import NOW, Newsroom, make_entry

GUILD = 7
BY = By(GUILD, 1, NOW)
HOUR = timedelta(hours=1)
CATALOGUE = Path(__file__).parents[2] / "bot" / "messages" / "en" / "cogs.toml"
REFUSED = Outcome(Fate.REJECTED, reason="delivery.rejected", params={"detail": "x"})
# Copies of a story: test_once.py.
ELSEWHERE = {"same_story", "skipped_story"}


class Room:
    """A channel's subscription and a feed whose articles are explained to it."""

    def __init__(self, newsroom: Newsroom) -> None:
        self.newsroom, self.store = newsroom, newsroom.store
        self.made: Subscription | None = None

    async def subscribe(self, query: str = "tag:sea", **rhythm: Any) -> Subscription:
        await self.newsroom.publish(make_entry("primer"))
        self.made = await self.store.subscriptions.add(
            TargetKind.TEXT, GUILD, 1, query, 1, NOW - HOUR, rhythm=rhythm
        )
        return self.made

    async def announce(self, *titles: str) -> None:
        entries = [
            make_entry(title, tags=["Sea"], url=f"https://e.org/{title}", published_at=NOW)
            for title in titles
        ]
        await self.newsroom.publish(*entries, announce=True)

    async def settle(self, outcome: Outcome) -> int:
        outbox = self.store.outbox
        await outbox.form(NOW)
        (parcel,) = await outbox.claim(NOW)
        match outcome.fate:
            case Fate.SENT:
                await outbox.sent(parcel.post_id, outcome, NOW)
            case Fate.UNREADABLE:
                await outbox.unknown(parcel.post_id, outcome, NOW)
            case Fate.RETRY:
                await outbox.retry(parcel.post_id, NOW + HOUR, outcome)
            case Fate.GONE:
                await outbox.close_target(parcel.target.id, NOW)
            case _:
                await outbox.dead(parcel.post_id, outcome, NOW)
        return parcel.post_id

    async def told(self, title: str = "Tide", now: Any = NOW) -> Explanation:
        (hit,) = await self.store.articles.named(title, Scope(GUILD))
        found = await self.store.explain.article(hit.id, GUILD, now)
        return found[0]


@pytest.fixture
def room(newsroom: Newsroom) -> Room:
    return Room(newsroom)


@pytest.mark.parametrize(
    ("outcome", "key"),
    [
        (Outcome(Fate.SENT, message_id=9), "posted"),
        (REFUSED, "failed"),
        (Outcome(Fate.UNREADABLE, reason="delivery.unclear"), "unknown"),
        (Outcome(Fate.RETRY, reason="delivery.timeout"), "retry"),
        (Outcome(Fate.GONE), "skipped_gone"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_became_of_a_post_is_told(room: Room, outcome: Outcome, key: str) -> None:
    await room.subscribe("tag:sea OR tag:un")
    await room.announce("Tide")
    await room.settle(outcome)
    told = await room.told()
    assert told.key == f"cogs.explain_{key}"
    assert told.params["part"] == "tag:sea"
    assert told.cause == (outcome.reason if key not in ("posted", "skipped_gone") else None)
    assert told.message_id == outcome.message_id


async def test_a_condition_that_does_not_hold_is_named(room: Room) -> None:
    await room.subscribe("tag:sea -tide")
    await room.announce("Tide")
    told = await room.told()
    assert (told.key, told.params["part"]) == ("cogs.explain_filter", "-tide")


async def test_what_the_server_blocks_is_named(room: Room) -> None:
    await room.subscribe()
    await room.store.guilds.set(GUILD, blocked="storm OR tide")
    await room.announce("Tide")
    told = await room.told()
    assert (told.key, told.params["part"]) == ("cogs.explain_blocked", "tide")


async def test_a_paused_subscription_and_what_it_was_owed_are_told(room: Room) -> None:
    made = await room.subscribe()
    await room.announce("Tide")
    await room.store.subscriptions.pause(BY, "cogs.paused_by_moderator", made.id)
    assert (await room.told()).key == "cogs.explain_skipped_paused"
    await room.announce("Ebb")
    assert (await room.told("Ebb")).key == "cogs.explain_paused"


async def test_the_cap_is_told(room: Room) -> None:
    await room.subscribe(cap=1)
    await room.announce("Tide", "Ebb")
    await room.store.outbox.form(NOW)
    keys = {(await room.told(title)).key for title in ("Tide", "Ebb")}
    assert keys == {"cogs.explain_skipped_cap", "cogs.explain_next"}


@pytest.mark.parametrize(
    ("rhythm", "key"),
    [
        ({}, "next"),
        ({"delay_s": 600}, "later"),
        ({"mode": "daily", "at": "18:00"}, "later"),
        ({"quiet": "11:00-14:00"}, "quiet"),
        ({"quiet": "11:00-14:00", "delay_s": 600}, "quiet"),
    ],
)
async def test_what_waits_says_for_what(room: Room, rhythm: dict[str, Any], key: str) -> None:
    await room.subscribe(**rhythm)
    await room.announce("Tide")
    told = await room.told()
    assert told.key == f"cogs.explain_{key}"
    assert told.at is not None
    assert (told.at > NOW) is (key != "next")


async def test_a_channel_without_access_and_its_reason_are_told(room: Room) -> None:
    made = await room.subscribe()
    await room.announce("Tide")
    lost = Outcome(Fate.ACCESS_LOST, reason="delivery.access_lost")
    await room.store.outbox.pause_target(made.target.id, lost, NOW)
    told = await room.told()
    assert (told.key, told.cause) == ("cogs.explain_no_access", "delivery.access_lost")


async def test_what_came_too_early_is_told(room: Room) -> None:
    await room.newsroom.publish(make_entry("Tide", tags=["Sea"]), now=NOW - 2 * HOUR)
    await room.subscribe()
    assert (await room.told()).key == "cogs.explain_older"
    await room.newsroom.publish(make_entry("Ebb", tags=["Sea"]))
    assert (await room.told("Ebb")).key == "cogs.explain_unannounced"


async def test_a_dropped_letter_is_told(room: Room) -> None:
    await room.subscribe()
    await room.announce("Tide")
    await room.store.outbox.drop(await room.settle(REFUSED), GUILD)
    assert (await room.told()).key == "cogs.explain_skipped_dropped"


async def test_what_a_removed_subscription_of_the_channel_wanted_is_told(room: Room) -> None:
    made = await room.subscribe()
    await room.announce("Tide")
    await room.store.subscriptions.remove(BY, made.id)
    await room.store.subscriptions.add(TargetKind.TEXT, GUILD, 1, "tide", 1, NOW)
    assert (await room.told()).key == "cogs.explain_skipped_filter"


async def test_a_withdrawn_article_is_told(room: Room) -> None:
    await room.subscribe()
    await room.announce("Tide")
    (hit,) = await room.store.articles.named("Tide", Scope(GUILD))
    await room.store.articles.hide(hit.id, "withdrawn")
    await room.store.outbox.form(NOW)
    (told,) = await room.store.explain.article(hit.id, GUILD, NOW)
    assert told.key == "cogs.explain_skipped_withdrawn"


async def test_what_was_left_behind_by_a_move_is_told(room: Room) -> None:
    made = await room.subscribe("tide")
    add, move = room.store.subscriptions.add, room.store.subscriptions.move
    await add(TargetKind.TEXT, GUILD, 2, "tag:sea", 1, NOW - HOUR)
    await room.announce("Tide")
    # The other channel has it: nothing goes along, and who comes later reads why.
    await move(BY, TargetKind.TEXT, 2, made.id)
    await add(TargetKind.TEXT, GUILD, 1, "tag:sea", 1, NOW)
    (hit,) = await room.store.articles.named("Tide", Scope(GUILD))
    told = await room.store.explain.article(hit.id, GUILD, NOW)
    assert told[-1].key == "cogs.explain_skipped_moved"


async def test_a_purged_delivery_is_told(room: Room) -> None:
    await room.subscribe()
    await room.announce("Tide")
    feed = await room.newsroom.feed()
    await room.store.corrections.purge(feed.id, GUILD, NOW - HOUR, NOW + HOUR, actor_id=1, now=NOW)
    assert (await room.told()).key == "cogs.explain_skipped_purged"


async def test_what_is_long_past_is_told(room: Room) -> None:
    await room.subscribe()
    await room.announce("Tide")
    await room.settle(Outcome(Fate.SENT, message_id=9))
    later = NOW + timedelta(days=401)
    await room.store.retention.tidy(Limits(), later)
    assert (await room.told(now=later)).key == "cogs.explain_past"


async def test_what_waited_in_a_restored_backup_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with Store.open(folder) as store:
        room = Room(Newsroom(store))
        await room.subscribe()
        await room.announce("Tide")
    restore(folder, backup(folder, tmp_path / "copy.db").file, NOW)
    async with Store.open(folder) as store:
        assert (await Room(Newsroom(store)).told()).key == "cogs.explain_skipped_restored"


def test_each_reason_is_tried_here_or_named_as_tried_elsewhere() -> None:
    keys = tomllib.loads(CATALOGUE.read_text("utf-8"))
    reasons = {key.removeprefix("explain_") for key in keys if key.startswith("explain_")}
    text = Path(__file__).read_text("utf-8")
    tried = set(re.findall(r'"(?:cogs\.explain_)?([a-z_]+)"', text))
    assert reasons - {"heading"} - ELSEWHERE - tried == set()
