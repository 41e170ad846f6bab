"""/setup, the walk in one message: forwards, back, with bad words and through what is lost."""

import asyncio
from typing import Any

import pytest

from bot.model import Entry, Term
from bot.playground import owner
from bot.playground.driver import Answer, labels_of
from bot.playground.permissions import Permission
from tests.cogs.conftest import Stage, record
from tests.cogs.test_server_matters import restart


async def test_setup_walks_from_nothing_to_a_subscription_in_one_message(stage: Stage) -> None:
    ravi = stage.person("ravi")
    first = (await ravi.command("setup")).message
    assert first and first["flags"] & 64
    done = next(c for c in parts_of(first) if c.get("label") == "Done")
    assert done["disabled"]
    newsroom = stage.server.world.channel_named("newsroom").id
    chosen = await ravi.select(first, "Choose the channel", newsroom)
    assert chosen.message and chosen.message["id"] == first["id"]
    assert f"Channel: <#{newsroom}>" in chosen.text
    tagged = await ravi.select(chosen.message, "Choose tags", "UN", "Diplomacy")
    assert "tag:UN,Diplomacy" in tagged.text
    assert "about **3 articles a week**" in tagged.text and "session 12" in tagged.text
    sourced = await ravi.select(tagged.message or {}, "Choose sources", "Reuters")
    form = await ravi.press(sourced.message or {}, "Words…")
    worded = await ravi.submit(form, Words_an_article_must_have="council -war")
    assert "council -war tag:UN,Diplomacy source:Reuters" in worded.text.replace("\\", "")
    await ravi.select(worded.message or {}, "The form of a post", "Compact line")
    await restart(stage)
    finished = await ravi.press(first, "Done")
    assert "Done." in finished.text
    (made,) = await stage.store.subscriptions.list(stage.guild_id)
    assert made.query == "council -war tag:UN,Diplomacy source:Reuters"
    assert dict(made.look) == {"form": "compact"}
    assert str(made.target.channel_id) == newsroom
    (entry,) = await stage.store.audit.list(stage.guild_id)
    assert entry.action == "subscription.add"


def parts_of(message: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    waiting = list(message["components"])
    while waiting:
        part = waiting.pop()
        found.append(part)
        waiting += part.get("components") or []
    return found


async def test_setup_lets_a_channel_have_every_wire_copy_of_a_story(stage: Stage) -> None:
    ravi = stage.person("ravi")
    newsroom = stage.server.world.channel_named("newsroom").id
    shown = (await ravi.command("setup")).message
    shown = (await ravi.select(shown or {}, "Choose the channel", newsroom)).message
    shown = (await ravi.select(shown or {}, "Choose tags", "UN")).message
    assert "Wire copies of a story: once" in labels_of(shown or {})
    for after in ("all", "once", "all"):
        before = "once" if after == "all" else "all"
        pressed = await ravi.press(shown or {}, f"Wire copies of a story: {before}")
        shown = pressed.message
        assert f"Wire copies of a story: {after}" in labels_of(shown or {})
    assert "Done." in (await ravi.press(shown or {}, "Done")).text
    (made,) = await stage.store.subscriptions.list(stage.guild_id)
    assert dict(made.rhythm) == {"copies": True}


async def test_words_that_cannot_be_read_are_said_and_change_nothing(stage: Stage) -> None:
    ravi = stage.person("ravi")
    first = (await ravi.command("setup")).message or {}
    form = await ravi.press(first, "Words…")
    wrong = await ravi.submit(form, Words_an_article_must_have="hall tga:UN")
    assert wrong.message and wrong.message["id"] == first["id"], "it stays one message"
    assert "trouble is at the bold part: hall **tga:UN**" in wrong.text
    done = next(part for part in parts_of(wrong.message) if part.get("label") == "Done")
    assert done["disabled"]
    again = await ravi.press(first, "Words…")
    assert field_of(again)["value"] == "hall tga:UN", "what was typed is not lost"
    used = await ravi.press(first, "Use this")
    assert (
        "hall **tga" not in used.text and "hall tag:UN" in used.text and "trouble" not in used.text
    )
    again = await ravi.press(first, "Words…")
    assert field_of(again)["value"] == "hall tag:UN"


def field_of(form: Answer) -> dict[str, Any]:
    """Return the only field of a form."""
    assert form.modal is not None
    field: dict[str, Any] = form.modal["components"][0]["component"]
    return field


async def test_what_is_chosen_stays_in_its_menu_whatever_is_asked_for_meanwhile(
    stage: Stage,
) -> None:
    made = [
        Entry(title=f"Note {n}", guid=f"note{n}", tags=(Term(f"Subject {n:02}"),), blocks=())
        for n in range(40)
    ]
    await record(stage.store, made, title="Notes", scope_id=0)
    ravi = stage.person("ravi")
    shown = (await ravi.command("setup")).message or {}
    shown = (await ravi.select(shown, "Choose the channel", "newsroom")).message or {}
    assert default_of(shown, 8) == [stage.server.world.channel_named("newsroom").id]
    shown = (await ravi.select(shown, "Choose tags", "Subject 20")).message or {}
    more = [
        Entry(title=f"Wave {n}", guid=f"wave{n}", tags=(Term(f"Fresh {n % 30}"),), blocks=())
        for n in range(90)
    ]
    await record(stage.store, more, title="Waves", scope_id=0)
    shown = (await ravi.press(shown, "Wire copies of a story: once")).message or {}
    tags = next(part for part in parts_of(shown) if part.get("placeholder") == "Choose tags…")
    assert [o["label"] for o in tags["options"] if o.get("default")] == ["Subject 20"]
    assert len(tags["options"]) == 25


def default_of(message: Any, kind: int) -> list[str]:
    """Return what a menu of channels, roles or users has chosen."""
    chosen = next(part for part in parts_of(message) if part["type"] == kind)
    return [str(each["id"]) for each in chosen.get("default_values", ())]


@pytest.mark.parametrize(
    ("happens", "said"),
    [("deleted", "no longer exists"), ("closed", "Send Messages"), ("hidden", "View Channel")],
)
async def test_a_channel_that_is_lost_during_the_setup_is_said_and_nothing_is_saved(
    stage: Stage, happens: str, said: str
) -> None:
    ravi, world = stage.person("ravi"), stage.server.world
    shown = (await ravi.command("setup")).message or {}
    shown = (await ravi.select(shown, "Choose the channel", "newsroom")).message or {}
    shown = (await ravi.select(shown, "Choose tags", "UN")).message or {}
    place = world.channel_named("newsroom")
    if happens == "deleted":
        owner.remove_channel(stage.server.hub, place)
    else:
        lost = Permission.SEND_MESSAGES if happens == "closed" else Permission.VIEW_CHANNEL
        owner.set_permission(stage.server.hub, place, allowed=False, bits=int(lost))
    await asyncio.sleep(0.05)
    refused = await ravi.press(shown, "Done")
    assert said in refused.text
    assert await stage.store.subscriptions.list(stage.guild_id) == ()
    # The walk goes on with another channel where it was.
    shown = (await ravi.select(shown, "Choose the channel", "general")).message or {}
    assert "Done." in (await ravi.press(shown, "Done")).text
