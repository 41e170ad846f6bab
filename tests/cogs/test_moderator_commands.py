"""Moderators' commands, and who is refused them."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.chat.view_keys import custom_id
from bot.model import Fate, Outcome, TargetKind
from bot.playground.driver import labels_of
from bot.playground.people import NotPossible
from bot.playground.permissions import Permission
from bot.playground.world import Overwrite
from tests.cogs.conftest import LOCAL, NOW, Stage


def deny(stage: Stage, channel: str, permission: int) -> None:
    """Take a permission from the bot in a channel."""
    world = stage.server.world
    place = world.channel_named(channel)
    denied = Overwrite(world.bot_id, 1, deny=int(permission))
    world.channels[place.id] = replace(place, overwrites=(*place.overwrites, denied))


async def test_subscribing_checks_shows_what_it_would_have_posted_and_asks(stage: Stage) -> None:
    ravi = stage.person("ravi")
    asked = await ravi.command("subscription add", channel="newsroom", query="tag:un")
    assert asked.is_ephemeral and asked.message
    assert "Shall I post every new article" in asked.text
    assert "would have posted **12 articles**" in asked.text
    assert (
        "session 12" in asked.text and "session 8" in asked.text and "session 7" not in asked.text
    )
    assert labels_of(asked.message) == ["Confirm", "Cancel"]
    assert await stage.store.subscriptions.list(stage.guild_id) == ()
    done = await ravi.press(asked.message, "Confirm")
    assert "Done." in done.text and done.message and done.message["id"] == asked.message["id"]
    (made,) = await stage.store.subscriptions.list(stage.guild_id)
    assert made.query == "tag:un" and made.target.kind is TargetKind.TEXT
    (entry,) = await stage.store.audit.list(stage.guild_id)
    assert entry.action == "subscription.add" and '"query":"tag:un"' in (entry.after or "")


async def test_cancel_leaves_everything_as_it_is(stage: Stage) -> None:
    ravi = stage.person("ravi")
    asked = await ravi.command("subscription add", channel="newsroom", query="tag:un")
    done = await ravi.press(asked.message or {}, "Cancel")
    assert "Nothing was changed" in done.text
    assert await stage.store.subscriptions.list(stage.guild_id) == ()


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        ("announcements", TargetKind.ANNOUNCEMENT),
        ("stories", TargetKind.FORUM),
        ("story ideas", TargetKind.THREAD),
    ],
)
async def test_every_kind_of_channel_can_be_subscribed(
    stage: Stage, channel: str, kind: TargetKind
) -> None:
    ravi = stage.person("ravi")
    asked = await ravi.command("subscription add", channel=channel, query="climate")
    await ravi.press(asked.message or {}, "Confirm")
    (made,) = await stage.store.subscriptions.list(stage.guild_id)
    assert made.target.kind is kind


async def test_a_missing_permission_is_named(stage: Stage) -> None:
    deny(stage, "newsroom", Permission.SEND_MESSAGES)
    await stage.stop()
    await stage.start()
    answer = await stage.person("ravi").command(
        "subscription add", channel="newsroom", query="tag:un"
    )
    assert answer.is_ephemeral
    assert "Send Messages" in answer.text and "#newsroom" in answer.text


async def test_a_strict_query_shows_the_place_and_the_mend_can_be_used(stage: Stage) -> None:
    ravi = stage.person("ravi")
    wrong = await ravi.command("subscription add", channel="newsroom", query="tga:UN climate")
    assert wrong.message and "tga:" in wrong.text
    assert "Use this" in labels_of(wrong.message)
    used = await ravi.press(wrong.message, "Use this")
    assert used.message and "Confirm" in labels_of(used.message)


@pytest.mark.fault("F29")
async def test_a_member_sees_no_moderator_command_and_is_refused_on_the_server(
    stage: Stage,
) -> None:
    mina = stage.person()
    with pytest.raises(NotPossible):
        await mina.command("subscription list")
    # An admin's override may show the command to a member: the handler checks all the same.
    for command in stage.server.world.commands.values():
        command["default_member_permissions"] = None
    for name, options in COMMANDS:
        refused = await mina.command(name, **options)
        assert refused.is_ephemeral and "Manage Server or Manage Channels" in refused.text, name
    assert await mina.autocomplete("subscription pause", "subscription", "") == []
    assert await mina.autocomplete("feed remove", "feed", "") == []
    assert await stage.store.subscriptions.list(stage.guild_id) == ()


COMMANDS: list[tuple[str, dict[str, Any]]] = [
    ("subscription add", {"channel": "newsroom", "query": "x"}),
    ("subscription list", {}),
    ("subscription pause", {"subscription": "1"}),
    ("subscription resume", {"subscription": "1"}),
    ("subscription remove", {"subscription": "1"}),
    ("subscription test", {"subscription": "1"}),
    ("subscription edit", {"subscription": "1", "delay": 1}),
    ("subscription clone", {"subscription": "1", "channel": "general"}),
    ("subscription move", {"subscription": "1", "channel": "general"}),
    ("subscription history", {}),
    ("subscription explain", {"article": "Glacier"}),
    ("feed add", {"url": LOCAL}),
    ("feed list", {}),
    ("feed status", {}),
    ("feed refresh", {"feed": "1"}),
    ("feed remove", {"feed": "1"}),
    ("feed purge", {"feed": "World Desk", "since": "2026-01-01"}),
    ("setup", {}),
    ("status", {}),
    ("server show", {}),
    ("server role", {}),
    ("server alerts", {}),
    ("server block", {"query": "x"}),
    ("server language", {"language": "fr"}),
    ("server answers", {"who": "private"}),
    ("server zone", {"zone": "UTC"}),
    ("subscription export", {}),
]


@pytest.mark.fault("F29")
async def test_a_member_who_presses_a_moderators_button_is_refused(stage: Stage) -> None:
    ravi, mina = stage.person("ravi"), stage.person()
    shown = (await ravi.command("tag", name="UN")).message
    assert shown and "Subscribe" in labels_of(shown)
    refused = await mina.press(shown, "Subscribe")
    assert refused.is_ephemeral and "Manage Server or Manage Channels" in refused.text
    made = await stage.store.subscriptions.add(
        TargetKind.TEXT, stage.guild_id, 77, "tag:un", 1, NOW
    )
    for verb in ("sub_add", "sub_del", "feed_new", "feed_pull", "feed_del", "mend"):
        replace_next(stage, shown, custom_id(verb, str(made.id)))
        answer = await mina.press(shown, "Next")
        assert "Manage Server or Manage Channels" in answer.text, verb
    assert len(await stage.store.subscriptions.list(stage.guild_id)) == 1


def replace_next(stage: Stage, shown: Any, made: str) -> None:
    message = stage.server.world.find_message(shown["id"])
    assert message
    parts = list(message.components)
    while parts:
        part = parts.pop()
        parts += part.get("components") or []
        if part.get("label") == "Next":
            part["custom_id"] = made


async def test_subscribe_below_results_offers_the_same_query(stage: Stage) -> None:
    ravi = stage.person("ravi")
    shown = (await ravi.command("tag", name="UN")).message
    asked = await ravi.press(shown or {}, "Subscribe")
    assert asked.is_ephemeral and "tag:UN" in asked.text and "sort:" not in asked.text
    done = await ravi.press(asked.message or {}, "Confirm")
    assert "Done." in done.text
    (made,) = await stage.store.subscriptions.list(stage.guild_id)
    assert str(made.target.channel_id) == ravi.channel_id


async def test_pausing_resuming_testing_and_removing(stage: Stage) -> None:
    ravi = stage.person("ravi")
    for query in ("tag:un", "climate"):
        asked = await ravi.command("subscription add", channel="newsroom", query=query)
        await ravi.press(asked.message or {}, "Confirm")
    offered = await ravi.autocomplete("subscription pause", "subscription", "clim")
    assert [o["name"] for o in offered] == ["#2 newsroom: climate"]
    paused = await ravi.command("subscription pause", subscription=offered[0]["value"])
    assert "Paused" in paused.text
    assert "paused" in (await ravi.command("subscription list")).text
    several = await ravi.command("subscription resume", subscription="newsroom")
    assert several.message
    resumed = await ravi.select(several.message, "Choose", "#2 newsroom: climate")
    assert "posts again" in resumed.text
    tested = await ravi.command("subscription test", subscription="climate")
    assert "I can post there" in tested.text
    asked = await ravi.command("subscription remove", subscription="#2")
    assert "Shall I remove" in asked.text and "climate" in asked.text
    removed = await ravi.press(asked.message or {}, "Confirm")
    assert "Removed" in removed.text
    assert [s.query for s in await stage.store.subscriptions.list(stage.guild_id)] == ["tag:un"]


@pytest.mark.fault("F28")
async def test_another_servers_subscription_cannot_be_touched(stage: Stage) -> None:
    made = await stage.store.subscriptions.add(TargetKind.TEXT, 4242, 77, "tag:un", 1, NOW)
    ravi = stage.person("ravi")
    for action in ("pause", "resume", "remove", "test"):
        answer = await ravi.command(f"subscription {action}", subscription=f"#{made.id}")
        assert answer.is_ephemeral and "climate" not in answer.text
        assert "no subscription" in answer.text.lower() or "not" in answer.text.lower()
    shown = (await ravi.command("tag", name="UN")).message
    replace_next(stage, shown, custom_id("sub_del", str(made.id)))
    await ravi.press(shown or {}, "Next")
    assert len(await stage.store.subscriptions.list(4242)) == 1


async def test_a_channel_that_can_be_posted_to_again_is_taken_up_by_itself(stage: Stage) -> None:
    ravi = stage.person("ravi")
    asked = await ravi.command("subscription add", channel="newsroom", query="tag:un")
    await ravi.press(asked.message or {}, "Confirm")
    (made,) = await stage.store.subscriptions.list(stage.guild_id)
    lost = Outcome(Fate.ACCESS_LOST, reason="delivery.access_lost")
    await stage.store.outbox.pause_target(made.target.id, lost, NOW)
    assert "may not post there" in (await ravi.command("subscription list")).text
    await stage.stop()
    await stage.start()
    for _ in range(200):
        if not await stage.store.outbox.paused_targets(stage.guild_id):
            return
        await asyncio.sleep(0.02)
    pytest.fail("the channel still waits")
