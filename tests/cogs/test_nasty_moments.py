"""What happens between a moderator's preview and the press, and what was there before is lost."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.model import TargetKind
from bot.playground import owner
from bot.playground.permissions import Permission
from bot.playground.world import Role
from bot.store.records import By
from tests.cogs.conftest import NOW, Stage
from tests.cogs.test_posted_cards import parcel, post
from tests.cogs.test_server_matters import restart
from tests.cogs.test_trail import subscribed


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (Permission.SEND_MESSAGES, "Send Messages"),
        (Permission.READ_MESSAGE_HISTORY, "Read Message History"),
        (Permission.VIEW_CHANNEL, "View Channel"),
    ],
)
async def test_a_permission_lost_between_preview_and_confirm_is_named_and_where_to_grant_it(
    stage: Stage, lost: Permission, said: str
) -> None:
    ravi, world = stage.person("ravi"), stage.server.world
    asked = await ravi.command("subscription add", channel="newsroom", query="tag:un")
    place = world.channel_named("newsroom")
    owner.set_permission(stage.server.hub, place, allowed=False, bits=int(lost))
    await asyncio.sleep(0.05)
    refused = await ravi.press(asked.message or {}, "Confirm")
    assert said in refused.text and "#newsroom" in refused.text and "Permissions" in refused.text
    assert await stage.store.subscriptions.list(stage.guild_id) == ()
    owner.set_permission(stage.server.hub, place, allowed=True, bits=int(lost))
    await asyncio.sleep(0.05)
    assert "Done." in (await ravi.press(asked.message or {}, "Confirm")).text


@pytest.mark.parametrize(
    ("channel", "lost", "said"),
    [
        ("announcements", Permission.SEND_MESSAGES, "Send Messages"),
        ("stories", Permission.SEND_MESSAGES, "Send Messages"),
        ("story ideas", Permission.SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
    ],
)
async def test_each_kind_of_channel_names_what_it_lacks(
    stage: Stage, channel: str, lost: Permission, said: str
) -> None:
    place = stage.server.world.channel_named(channel)
    owner.set_permission(stage.server.hub, place, allowed=False, bits=int(lost))
    await asyncio.sleep(0.05)
    for act in ("subscription add", "subscription clone", "subscription move"):
        given = {"query": "tag:un"} if act.endswith("add") else {"subscription": "#1"}
        if act.endswith("clone"):
            await subscribed(stage, "general", "tag:un")
        refused = await stage.person("ravi").command(act, channel=channel, **given)
        assert said in refused.text, act
    assert len(await stage.store.subscriptions.list(stage.guild_id)) == 1


async def test_confirming_twice_is_done_once_and_said(stage: Stage) -> None:
    ravi = stage.person("ravi")
    asked = await ravi.command("subscription add", channel="newsroom", query="tag:un")
    # As after a kill between the change and its answer: the buttons are still there.
    await ravi.press(asked.message or {}, "Confirm")
    again = await ravi.command("subscription add", channel="newsroom", query="tag:un")
    said = await ravi.press(again.message or {}, "Confirm")
    (made,) = await stage.store.subscriptions.list(stage.guild_id)
    assert f"number {made.id}" in said.text
    assert len(await stage.store.audit.list(stage.guild_id)) == 1


async def test_a_subscription_of_a_deleted_channel_is_listed_edited_and_moved(stage: Stage) -> None:
    ravi, world = stage.person("ravi"), stage.server.world
    made = await subscribed(stage, "newsroom", "tag:un")
    owner.remove_channel(stage.server.hub, world.channel_named("newsroom"))
    await stage.store.outbox.close_target(made.target.id, NOW)
    await asyncio.sleep(0.05)
    assert "paused" in (await ravi.command("subscription list")).text
    tested = await ravi.command("subscription test", subscription="#1")
    assert "no longer exists" in tested.text
    moved = await ravi.command("subscription move", subscription="#1", channel="general")
    assert "Moved 1" in moved.text
    (found,) = await stage.store.subscriptions.list(stage.guild_id)
    assert found.paused is None
    assert "I can post there" in (await ravi.command("subscription test", subscription="#1")).text


async def test_a_deleted_role_pings_nobody_and_can_be_taken_off(stage: Stage) -> None:
    world, ravi = stage.server.world, stage.person("ravi")
    role = Role("7700000000000000003", "Breaking", 0, 0)
    world.roles[role.id] = role
    await restart(stage)
    sent = await parcel(stage, 1)
    done = await ravi.command("subscription edit", subscription="#1", role="Breaking")
    assert "Changed." in done.text
    del world.roles[role.id]
    stage.server.hub.emit("GUILD_ROLE_DELETE", {"guild_id": world.guild_id, "role_id": role.id})
    await asyncio.sleep(0.05)
    shown = await post(stage, replace(sent, mention_role_ids=(int(role.id),)))
    assert shown["mention_roles"] == []
    # Nothing that names the lost role stands in the way of other changes.
    assert "Changed." in (await ravi.command("subscription edit", subscription="#1", delay=2)).text
    off = await ravi.command("subscription edit", subscription="#1", ping="none")
    assert "Changed." in off.text
    (found,) = await stage.store.subscriptions.list(stage.guild_id)
    assert found.mention_role_id is None
    assert f"<@&{role.id}> → —" in (await ravi.command("subscription history")).text


async def test_a_removed_subscription_is_not_changed_by_who_still_sees_it(stage: Stage) -> None:
    made = await subscribed(stage, "newsroom", "tag:un")
    ravi, olga = stage.person("ravi"), stage.person("olga")
    asked = await ravi.command("subscription remove", subscription="#1")
    await stage.store.subscriptions.remove(By(stage.guild_id, int(olga.user_id), NOW), made.id)
    gone = await ravi.press(asked.message or {}, "Confirm")
    assert "went wrong" not in gone.text and gone.is_ephemeral
    for name in ("pause", "resume", "edit", "test"):
        given: dict[str, Any] = {"delay": 3} if name == "edit" else {}
        told = await ravi.command(f"subscription {name}", subscription="#1", **given)
        assert "went wrong" not in told.text and told.is_ephemeral, name
    kept = await stage.store.audit.list(stage.guild_id)
    assert [entry.action for entry in kept] == ["subscription.remove", "subscription.add"]


async def test_two_additions_at_once_do_not_pass_the_limit(stage: Stage) -> None:
    limit = 2
    await subscribed(stage, "newsroom", "first")

    async def add(query: str) -> object:
        return await stage.store.subscriptions.add(
            TargetKind.TEXT, stage.guild_id, 77, query, 1, NOW, most=limit
        )

    made = await asyncio.gather(add("a"), add("b"), add("c"), return_exceptions=True)
    assert sum(isinstance(each, Exception) for each in made) == 2
    assert len(await stage.store.subscriptions.list(stage.guild_id)) == limit
