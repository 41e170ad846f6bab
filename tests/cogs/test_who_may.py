"""Every command and every button of moderators asks the server who pressed, each time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.chat.view_keys import controls_of, custom_id
from bot.model import TargetKind
from bot.playground.faults import Refuse
from bot.playground.world import Role
from tests.cogs.conftest import NOW, Stage
from tests.cogs.test_moderator_commands import COMMANDS, replace_next

# What any member may do; what is in neither set is a new control that nobody thought about.
OPEN = {
    *("next", "prev", "read", "open", "page", "share", "ask", "choose", "more", "tags", "tag"),
    *("narrow", "narrowed", "first", "share_page", "section", "changes"),
    *("share_stats", "share_trend"),
    *("save", "unsave", "saved", "erase", "unfollow", "refollow", "join", "cancel"),
}
MODERATORS = {
    *("subscribe", "mend", "sub_add", "sub_del", "sub_pick", "sub_import"),
    *("sub_list", "sub_explain", "set_mend"),
    *("feed_new", "feed_pull", "feed_purge", "feed_pick", "feed_del"),
    *("letter", "letter_send", "letter_drop"),
    *("set_channel", "set_tags", "set_sources", "set_form", "set_words", "set_copies", "set_done"),
}
# Takes files: tried in test_subscription_files.py.
WITH_FILES = {"subscription import"}


async def a_page(stage: Stage, who: str) -> Any:
    shown = (await stage.person(who).command("tag", name="UN")).message
    assert shown
    return shown


async def pressed(stage: Stage, who: str, verb: str, key: str = "1") -> str:
    """Press a button with the verb, which somebody made up, and return what is answered."""
    shown = await a_page(stage, who)
    replace_next(stage, shown, custom_id(verb, key))
    return (await stage.person(who).press(shown, "Next")).text


async def everything(stage: Stage) -> Any:
    """Return all that a moderator could have changed."""

    def rows(connection: Any) -> list[Any]:
        tables = ("subscriptions", "targets", "feeds", "guilds", "audit", "posts", "corrections")
        return [
            tuple(row)
            for table in tables
            for row in connection.execute(f"SELECT * FROM {table}").fetchall()
        ]

    return await stage.store._connections.read(rows)


@pytest.mark.fault("F29")
async def test_each_control_is_refused_to_a_member_and_changes_nothing(stage: Stage) -> None:
    assert stage.client
    known = {verb for cog in stage.client.cogs.values() for verb in controls_of(cog)}
    assert known == OPEN | MODERATORS
    await stage.store.subscriptions.add(TargetKind.TEXT, stage.guild_id, 77, "tag:un", 1, NOW)
    before = await everything(stage)
    for verb in sorted(MODERATORS):
        answer = await pressed(stage, "mina", verb)
        assert "Manage Server or Manage Channels" in answer, verb
    assert await everything(stage) == before


@pytest.mark.fault("F29")
async def test_each_moderators_command_is_among_those_tried(stage: Stage) -> None:
    names = set()
    for command in stage.server.world.commands.values():
        if command.get("default_member_permissions") is not None:
            subs = [o["name"] for o in command.get("options") or [] if o["type"] == 1]
            names |= {f"{command['name']} {sub}" for sub in subs} or {command["name"]}
    assert names - WITH_FILES == {name for name, _ in COMMANDS}


async def test_the_role_that_the_server_chose_is_asked_for_at_each_press(stage: Stage) -> None:
    world = stage.server.world
    role = Role("7700000000000000001", "Editors", 0, 0)
    world.roles[role.id] = role
    await stage.stop()
    await stage.start()
    await stage.person("ravi").command("server role", role="Editors")
    made = await stage.store.subscriptions.add(
        TargetKind.TEXT, stage.guild_id, 77, "tag:un", 1, NOW
    )
    user_id = stage.person().user_id
    plain = world.members[user_id]
    world.members[user_id] = replace(plain, role_ids=(role.id,))
    shown = await a_page(stage, "mina")
    replace_next(stage, shown, custom_id("sub_del", str(made.id)))
    # Taken away between the question and the press.
    world.members[user_id] = plain
    assert "Manage Server" in (await stage.person().press(shown, "Next")).text
    assert len(await stage.store.subscriptions.list(stage.guild_id)) == 1
    world.members[user_id] = replace(plain, role_ids=(role.id,))
    assert "Removed" in (await stage.person().press(shown, "Next")).text
    assert await stage.store.subscriptions.list(stage.guild_id) == ()


@pytest.mark.fault("F28")
@pytest.mark.parametrize("verb", ["next", "sub_del"])
async def test_a_button_of_a_message_that_was_deleted_gets_an_answer(
    stage: Stage, verb: str
) -> None:
    made = await stage.store.subscriptions.add(
        TargetKind.TEXT, stage.guild_id, 77, "tag:un", 1, NOW
    )
    shown = await a_page(stage, "ravi")
    if verb == "sub_del":
        replace_next(stage, shown, custom_id(verb, str(made.id)))
    stage.server.faults.add(
        "POST /interactions/*/*/callback", Refuse(404, 10008, "Unknown Message")
    )
    answer = await stage.person("ravi").press(shown, "Next")
    assert answer.is_ephemeral and answer.text
