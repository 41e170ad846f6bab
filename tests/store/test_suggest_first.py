"""What is suggested first: names a member asked for lately, and names on the rise."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.model import PUBLIC_SCOPE, Entry, Scope
from bot.store.retention import Limits
from bot.store.uses import KEPT
from tests.conftest import NOW, Newsroom, make_entry

MINA, RAVI = 11, 12
DAY = timedelta(days=1)


async def suggested(
    room: Newsroom, typed: str, user_id: int | None = MINA, scope: Scope = PUBLIC_SCOPE
) -> list[str]:
    found = await room.store.names.suggest("tag", typed, scope, user_id=user_id)
    return [name.name for name in found]


@pytest.fixture
async def tagged(newsroom: Newsroom) -> Newsroom:
    uses = {"Harbour": 9, "Harvest": 7, "Hard rain": 5, "Glacier": 3, "Har": 1}
    await newsroom.publish(
        *[make_entry(f"{tag} {n}", tags=[tag]) for tag, count in uses.items() for n in range(count)]
    )
    return newsroom


async def test_names_the_member_asked_for_go_before_more_used_ones(tagged: Newsroom) -> None:
    members = tagged.store.members
    await members.used(MINA, "tag", "Hard rain", NOW)
    assert (await suggested(tagged, "harb"))[:1] == ["Harbour"]
    assert (await suggested(tagged, "ha"))[:3] == ["Hard rain", "Harbour", "Harvest"]
    assert (await suggested(tagged, "rai"))[:1] == ["Hard rain"]
    assert (await suggested(tagged, "ha", RAVI))[:2] == ["Harbour", "Harvest"]
    assert (await suggested(tagged, "ha", None))[:2] == ["Harbour", "Harvest"]
    await members.used(MINA, "tag", "Glacier", NOW + DAY)
    assert (await suggested(tagged, ""))[:3] == ["Glacier", "Hard rain", "Harbour"]
    assert len(await suggested(tagged, "")) == 5


async def test_an_exact_hit_stays_before_what_the_member_asked_for(tagged: Newsroom) -> None:
    await tagged.store.members.used(MINA, "tag", "Harvest", NOW)
    assert (await suggested(tagged, "har"))[:3] == ["Har", "Harvest", "Harbour"]


async def test_a_name_asked_for_as_one_kind_is_not_suggested_as_another(tagged: Newsroom) -> None:
    await tagged.store.members.used(MINA, "source", "Hard rain", NOW)
    assert (await suggested(tagged, "ha"))[:1] == ["Harbour"]


async def test_what_a_member_asked_for_in_one_server_is_not_suggested_in_another(
    newsroom: Newsroom,
) -> None:
    await newsroom.publish(make_entry("g", tags=["Secret plan"]), feed="Own", scope_id=7)
    await newsroom.store.members.used(MINA, "tag", "Secret plan", NOW)
    assert await suggested(newsroom, "sec", scope=Scope(7)) == ["Secret plan"]
    assert await suggested(newsroom, "", scope=Scope(8)) == []
    assert await suggested(newsroom, "sec") == []


async def test_the_last_twenty_names_are_kept_shown_and_erased(newsroom: Newsroom) -> None:
    members = newsroom.store.members
    for n in range(KEPT + 3):
        await members.used(MINA, "tag", f"Name {n}", NOW + n * DAY)
    await members.used(MINA, "tag", "NAME 5", NOW + 90 * DAY)
    await members.used(RAVI, "author", "Ana Berg", NOW)
    kept = (await members.kept(MINA)).names
    assert len(kept) == KEPT
    assert kept[:2] == ("NAME 5", f"Name {KEPT + 2}")
    assert "Name 0" not in kept
    await members.erase(MINA)
    assert (await members.kept(MINA)).names == ()
    assert (await members.kept(RAVI)).names == ("Ana Berg",)


async def test_a_name_just_asked_for_is_kept_when_twenty_others_are_as_new(
    newsroom: Newsroom,
) -> None:
    for n in range(KEPT + 5):
        await newsroom.store.members.used(MINA, "tag", f"Name {n:02}", NOW)
    assert f"Name {KEPT + 4}" in (await newsroom.store.members.kept(MINA)).names


async def test_names_long_unused_are_let_go(newsroom: Newsroom) -> None:
    members = newsroom.store.members
    await members.used(MINA, "tag", "Old", NOW - 400 * DAY)
    await members.used(MINA, "tag", "New", NOW)
    tidied = await newsroom.store.retention.tidy(Limits(view_days=365), NOW)
    assert tidied.names == 1
    assert (await members.kept(MINA)).names == ("New",)


def steady(tag: str, days: int, a_day: int) -> list[Entry]:
    return [
        make_entry(f"{tag} {day} {n}", tags=[tag], published_at=NOW - day * DAY)
        for day in range(days)
        for n in range(a_day)
    ]


async def test_nothing_typed_suggests_what_rises_against_its_usual_first(
    newsroom: Newsroom,
) -> None:
    await newsroom.publish(*steady("Budget", 25, 4), *steady("Glacier", 2, 3))
    assert await suggested(newsroom, "") == ["Glacier", "Budget"]
    # More of what there is always is no news.
    await newsroom.publish(make_entry("b", tags=["Budget"], published_at=NOW))
    await newsroom.store.names.warm()
    assert await suggested(newsroom, "") == ["Glacier", "Budget"]


async def test_what_rises_later_is_seen_in_the_background(newsroom: Newsroom) -> None:
    await newsroom.publish(*steady("Budget", 25, 2), *steady("Trade", 25, 1))
    assert await suggested(newsroom, "") == ["Budget", "Trade"]
    burst = [make_entry(f"t{n}", tags=["Trade"], published_at=NOW) for n in range(9)]
    await newsroom.publish(*burst)
    await newsroom.store.names.warm()
    assert await suggested(newsroom, "") == ["Trade", "Budget"]


async def test_a_young_archive_knows_no_usual_and_suggests_the_most_used(
    newsroom: Newsroom,
) -> None:
    await newsroom.publish(*steady("Budget", 3, 4), *steady("Glacier", 1, 5))
    assert await suggested(newsroom, "") == ["Budget", "Glacier"]


async def test_what_rises_in_one_server_rises_nowhere_else(newsroom: Newsroom) -> None:
    await newsroom.publish(*steady("Budget", 25, 2))
    own = [make_entry(f"g{n}", tags=["Secret"], published_at=NOW) for n in range(9)]
    await newsroom.publish(*own, feed="Own", scope_id=7)
    assert await suggested(newsroom, "", scope=Scope(7)) == ["Secret", "Budget"]
    assert await suggested(newsroom, "", scope=Scope(8)) == ["Budget"]
