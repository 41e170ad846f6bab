"""/server, /status and /feed purge, and the button that gives a role."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model import Fate, Outcome, TargetKind
from bot.playground.driver import labels_of
from bot.playground.permissions import Permission
from bot.playground.world import Role
from bot.store.waiting import SILENT_UNTIL
from tests.cogs.conftest import NOW, Stage
from tests.cogs.test_posted_cards import parcel, post


async def restart(stage: Stage) -> None:
    await stage.stop()
    await stage.start()


async def test_a_role_that_the_server_chose_may_moderate(stage: Stage) -> None:
    world = stage.server.world
    for command in world.commands.values():
        command["default_member_permissions"] = None
    role = Role("7700000000000000001", "Editors", 0, 0)
    world.roles[role.id] = role
    await restart(stage)
    mina, ravi = stage.person(), stage.person("ravi")
    assert "Manage Server" in (await mina.command("subscription list")).text
    done = await ravi.command("server role", role="Editors")
    assert f"<@&{role.id}>" in done.text
    member = world.members[mina.user_id]
    world.members[mina.user_id] = replace(member, role_ids=(role.id,))
    assert "Nothing is posted" in (await mina.command("subscription list")).text
    await restart(stage)
    assert "Nothing is posted" in (await mina.command("subscription list")).text
    assert "Manage Server" in (await mina.command("server role")).text
    shown = (await ravi.command("server show")).text
    assert f"<@&{role.id}>" in shown
    await ravi.command("server role")
    assert "Manage Server" in (await mina.command("subscription list")).text


async def test_what_is_blocked_is_read_strictly_counted_and_noted(stage: Stage) -> None:
    ravi = stage.person("ravi")
    assert "tga:" in (await ravi.command("server block", query="tga:UN")).text
    done = await ravi.command("server block", query="tag:un")
    assert "12 articles matched" in done.text
    assert (await stage.store.guilds.settings(stage.guild_id))["blocked"] == "tag:un"
    await ravi.command("server block", query="none")
    assert "blocked" not in await stage.store.guilds.settings(stage.guild_id)
    assert [e.after for e in await stage.store.audit.list(stage.guild_id)] == [None, "tag:un"]


async def test_the_alert_channel_must_be_one_that_can_be_posted_to(stage: Stage) -> None:
    ravi = stage.person("ravi")
    done = await ravi.command("server alerts", channel="newsroom")
    assert "I say in <#" in done.text
    settings = await stage.store.guilds.settings(stage.guild_id)
    assert str(settings["alert_channel_id"]) == stage.server.world.channel_named("newsroom").id
    assert "nowhere" in (await ravi.command("server alerts")).text


async def test_a_forum_is_no_alert_channel(stage: Stage) -> None:
    refused = await stage.person("ravi").command("server alerts", channel="stories")
    assert "plain messages" in refused.text
    assert "alert_channel_id" not in await stage.store.guilds.settings(stage.guild_id)


async def dead_letter(stage: Stage) -> int:
    sent = await parcel(stage, 1)
    refused = Outcome(Fate.REJECTED, reason="delivery.rejected", code=50035, params={"detail": "x"})
    await stage.store.outbox.dead(sent.post_id, refused, NOW)
    return sent.post_id


@pytest.mark.parametrize(("button", "state"), [("Send again", "ready"), ("Drop", None)])
async def test_status_tells_what_failed_and_lets_it_be_sent_again_or_dropped(
    stage: Stage, button: str, state: str | None
) -> None:
    post_id = await dead_letter(stage)
    ravi = stage.person("ravi")
    shown = await ravi.command("status")
    assert "failed: 1" in shown.text and "Discord refused this message" in shown.text
    assert "(50035)" in shown.text
    letter = await ravi.select(shown.message or {}, "Look at a failed post", str(post_id))
    assert labels_of(letter.message or {}) == ["Send again", "Drop"]
    assert "Ship 0 docks" in letter.text
    await ravi.press(letter.message or {}, button)
    found = await stage.store.outbox.status(stage.guild_id)
    assert (found.ready, found.dead) == ((1, 0) if state else (0, 0))


async def test_status_lists_a_text_that_failed_and_sends_it_again(stage: Stage) -> None:
    sent = await parcel(stage, 1)
    outcome = Outcome(Fate.SENT, message_id=1, sequels=('["The whole text"]',))
    await stage.store.outbox.sent(sent.post_id, outcome, NOW)
    refused = Outcome(Fate.REJECTED, reason="delivery.rejected", code=50035)
    await stage.store.sequels.failed(sent.post_id, 0, refused, NOW)
    ravi = stage.person("ravi")
    shown = await ravi.command("status")
    assert "its whole text failed: Discord refused this message" in shown.text
    letter = await ravi.select(shown.message or {}, "Look at a failed post", str(sent.post_id))
    await ravi.press(letter.message or {}, "Send again")
    found = await stage.store.outbox.status(stage.guild_id)
    assert (found.texts_waiting, found.texts_failed, found.sent) == (1, 0, 1)
    (entry,) = await stage.store.audit.list(stage.guild_id, action="post.")
    assert (entry.action, entry.subject) == ("post.resend", str(sent.post_id))


async def test_status_tells_of_a_block_until_a_day_after_it(stage: Stage) -> None:
    until = NOW + timedelta(minutes=10)
    await stage.store.meta.set(SILENT_UNTIL, until.isoformat())
    ravi = stage.person("ravi")
    assert f"until <t:{int(until.timestamp())}:f>" in (await ravi.command("status")).text
    stage.now = until + timedelta(days=1, minutes=1)
    assert "blocked" not in (await ravi.command("status")).text


async def test_status_names_channels_that_cannot_be_posted_to(stage: Stage) -> None:
    made = await stage.store.subscriptions.add(
        TargetKind.TEXT, stage.guild_id, 77, "tag:un", 1, NOW
    )
    lost = Outcome(Fate.ACCESS_LOST, reason="delivery.access_lost")
    await stage.store.outbox.pause_target(made.target.id, lost, NOW)
    assert "<#77>: I may no longer post" in (await stage.person("ravi").command("status")).text


async def test_a_purge_counts_asks_and_then_owes_the_deletions(stage: Stage) -> None:
    sent = await parcel(stage, 1)
    await stage.store.outbox.sent(sent.post_id, Outcome(Fate.SENT, message_id=1), NOW)
    ravi = stage.person("ravi")
    stage.now = NOW + timedelta(hours=1)
    wrong = await ravi.command("feed purge", feed="Harbour", since="yesterday")
    assert "2026-06-01 14:00" in wrong.text
    asked = await ravi.command("feed purge", feed="Harbour", since="2026-06-01")
    assert "Messages deleted: 1" in asked.text
    assert await stage.store.corrections.claim(stage.now) == ()
    done = await ravi.press(asked.message or {}, "Confirm")
    assert "1 message" in done.text
    (owed,) = await stage.store.corrections.claim(stage.now)
    assert (owed.what, owed.parcel.post_id) == ("delete", sent.post_id)


async def test_members_take_and_leave_the_role_below_a_post(stage: Stage) -> None:
    world = stage.server.world
    role = Role("7700000000000000002", "Breaking", 0, 0)
    world.roles[role.id] = role
    own = next(r for r in world.roles.values() if r.name == "Tagwire")
    await restart(stage)
    await parcel(stage, 1)
    ravi, mina = stage.person("ravi"), stage.person(channel="newsroom")
    lacking = await ravi.command("subscription edit", subscription="#1", role="Breaking", join=True)
    assert "Manage Roles" in lacking.text
    bits = own.permissions | Permission.MANAGE_ROLES
    world.roles[own.id] = replace(own, permissions=int(bits))
    await restart(stage)
    too_high = await ravi.command(
        "subscription edit", subscription="#1", role="Moderator", join=True
    )
    assert "above mine" in too_high.text
    done = await ravi.command("subscription edit", subscription="#1", role="Breaking", join=True)
    assert "Changed." in done.text
    await stage.store.outbox.retry(1, NOW, Outcome(Fate.RETRY))
    (sent,) = await stage.store.outbox.claim(NOW, set(), 1)
    shown = await post(stage, sent)
    assert "Notify me" in labels_of(shown)
    joined = await mina.press(shown, "Notify me")
    assert joined.is_ephemeral and role.id in world.members[mina.user_id].role_ids
    left = await mina.press(shown, "Notify me")
    assert "You left" in left.text and role.id not in world.members[mina.user_id].role_ids
    off = await ravi.command("subscription edit", subscription="#1", ping="none")
    assert "Changed." in off.text
    gone = await mina.press(shown, "Notify me")
    assert role.id not in world.members[mina.user_id].role_ids and "too old" in gone.text
