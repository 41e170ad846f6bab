"""What a moderator meets in a large server: many subscriptions, many matches, many wishes."""

from typing import Any

import pytest

from bot.model import Entry, Term
from bot.playground.driver import Answer, text_of
from bot.store.records import By
from tests.cogs.conftest import NOW, Stage, record
from tests.cogs.test_setup_walk import parts_of
from tests.cogs.test_trail import subscribed


async def shown(stage: Stage, answers: int) -> str:
    """Return the last of the messages in the channel once there are so many."""
    ravi = stage.person("ravi")
    await ravi.until(lambda: len(ravi.messages()) >= answers)
    return text_of(ravi.messages()[-1])


async def turned(stage: Stage, answer: Answer) -> str:
    """Return the text of all pages of a list, turned to the end and back to the first."""
    ravi, message = stage.person("ravi"), answer.message or {}
    met = [answer.text]
    while can(message, "Next"):
        answer = await ravi.press(message, "Next")
        message = answer.message or {}
        met.append(answer.text)
    pages = len(met)
    while can(message, "Previous"):
        message = (await ravi.press(message, "Previous")).message or {}
        pages -= 1
    assert text_of(message) == met[0] and pages == 1
    return "\n".join(met)


def can(message: Any, label: str) -> bool:
    return any(
        part.get("label") == label and not part.get("disabled") for part in parts_of(message)
    )


async def test_a_hundred_subscriptions_of_one_channel_can_be_listed_found_and_moved(
    stage: Stage,
) -> None:
    for n in range(100):
        await subscribed(stage, "newsroom", f"title:subject{n:03}")
    ravi = stage.person("ravi")
    listed = await ravi.command("subscription list")
    met = await turned(stage, listed)
    assert all(f"title:subject{n:03}" in met for n in range(100))
    explained = await turned(stage, await ravi.command("subscription explain", article="Glacier"))
    assert explained.count("does not match") == 100
    offered = await ravi.autocomplete("subscription pause", "subscription", "subject09")
    assert len(offered) == 10
    paused = await ravi.command("subscription pause", subscription="title:subject098")
    assert "Paused" in paused.text
    moved = await ravi.command("subscription move", subscription="newsroom", channel="general")
    assert "Moved 100 subscriptions" in moved.text
    found = await stage.store.subscriptions.list(stage.guild_id)
    general = int(stage.server.world.channel_named("general").id)
    assert {each.target.channel_id for each in found} == {general}
    again = await ravi.command("subscription pause", subscription="all")
    assert "Paused 100" in again.text


async def test_the_list_says_when_each_posts(stage: Stage) -> None:
    by = By(stage.guild_id, 1, NOW)
    for query, rhythm in (
        ("weekly", {"mode": "weekly", "at": "18:30", "weekday": 4, "zone": "Europe/Berlin"}),
        ("quiet", {"quiet": "22:00-07:00"}),
        ("once", {}),
    ):
        made = await subscribed(stage, "newsroom", query)
        await stage.store.subscriptions.edit(by, made.id, rhythm=rhythm)
    lines = (await stage.person("ravi").command("subscription list")).text.splitlines()
    assert lines[1].endswith("weekly · Every week Friday 18:30 (Europe/Berlin)")
    assert lines[2].endswith("quiet · quiet 22:00-07:00 (UTC)")
    assert lines[3].endswith("· once")


async def test_a_first_local_time_is_in_the_servers_zone(stage: Stage) -> None:
    ravi = stage.person("ravi")
    assert (
        "Europe/Berlin, where it is 14:00"
        in (await ravi.command("server zone", zone="europe/berlin")).text
    )
    assert "Time zone: Europe/Berlin" in (await ravi.command("server show")).text
    assert "Mars" in (await ravi.command("server zone", zone="Mars")).text
    for query, wishes, zone in (
        ("daily", {"when": "daily", "at": "18:30"}, "Europe/Berlin"),
        ("own", {"quiet": "22-7", "zone": "Asia/Tokyo"}, "Asia/Tokyo"),
        ("delayed", {"delay": 3}, None),
    ):
        made = await subscribed(stage, "newsroom", query)
        await ravi.command("subscription edit", subscription=f"#{made.id}", **wishes)
        found = await stage.store.subscriptions.get(made.id, stage.guild_id)
        assert found.rhythm.get("zone") == zone, query
    await ravi.command("server zone", zone="UTC")
    assert "zone" not in await stage.store.guilds.settings(stage.guild_id)


async def test_a_test_shows_a_post_in_the_subscriptions_own_look(stage: Stage) -> None:
    made = await subscribed(stage, "newsroom", "tag:un")
    look = {"template": "Read **{title}** now"}
    await stage.store.subscriptions.edit(By(stage.guild_id, 1, NOW), made.id, look=look)
    await stage.person("ravi").command("subscription test", subscription="#1")
    assert "Read **Council meets for session 12** now" in await shown(stage, 2)


@pytest.mark.parametrize("option", ["query", "ping"])
async def test_an_edit_shows_the_place_of_what_cannot_be_read(stage: Stage, option: str) -> None:
    await subscribed(stage, "newsroom", "tag:un")
    wrong = await stage.person("ravi").command(
        "subscription edit", subscription="#1", **{option: "vote taag:UN"}
    )
    assert "vote **taag:UN**" in wrong.text and "Did you mean: vote tag:UN" in wrong.text


async def test_a_query_that_matches_thousands_is_counted_and_its_newest_are_shown(
    stage: Stage,
) -> None:
    made = [
        Entry(
            title=f"Bulletin {n:04}",
            guid=f"b{n}",
            tags=(Term("Wire"),),
            published_at=NOW.replace(second=n % 60, minute=n // 60 % 60, hour=n // 3600),
        )
        for n in range(3000)
    ]
    await record(stage.store, made, title="Wires", scope_id=0)
    ravi = stage.person("ravi")
    asked = await ravi.command("subscription add", channel="newsroom", query="tag:wire")
    assert "**3,000 articles**" in asked.text or "**3000 articles**" in asked.text
    assert "Bulletin 2999" in asked.text and "Bulletin 2994" not in asked.text
    # Nothing of what is there already is owed once it is confirmed.
    await ravi.press(asked.message or {}, "Confirm")
    assert await stage.store.outbox.form(stage.now) == 0
