"""Permissions from roles and overwrites, compared with what discord.py computes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.playground import shapes
from bot.playground.clock import HandClock, Snowflakes
from bot.playground.owner import set_permission
from bot.playground.permissions import ALL, Permission, in_channel, in_guild
from bot.playground.seed import first_world
from bot.playground.server import Server
from bot.playground.world import Overwrite, World

P = Permission
CLOCK = HandClock()


@pytest.fixture
def world() -> World:
    return first_world(Snowflakes(CLOCK), CLOCK)


def bits(world: World, who: str, where: str) -> int:
    user, channel = world.user_named(who), world.channel_named(where)
    return in_channel(world, user.id, channel, CLOCK.now())


def test_members_moderators_and_the_owner_differ(world: World) -> None:
    assert not in_guild(world, world.user_named("mina").id) & P.MANAGE_GUILD
    assert in_guild(world, world.user_named("ravi").id) & P.MANAGE_GUILD
    assert in_guild(world, world.owner_id) == ALL


def test_an_announcement_channel_is_for_the_bot(world: World) -> None:
    assert not bits(world, "mina", "announcements") & P.SEND_MESSAGES
    assert bits(world, "Tagwire", "announcements") & P.SEND_MESSAGES


def test_who_cannot_see_can_do_nothing_and_threads_follow_their_parent(world: World) -> None:
    newsroom = world.channel_named("newsroom")
    hidden = replace(newsroom, overwrites=(Overwrite(world.guild_id, 0, 0, int(P.VIEW_CHANNEL)),))
    world.channels[newsroom.id] = hidden
    assert bits(world, "mina", "newsroom") == 0
    assert bits(world, "mina", "story ideas") == 0
    assert bits(world, "olga", "newsroom") == ALL


def test_who_cannot_send_cannot_embed_attach_or_ping(world: World) -> None:
    general = world.channel_named("general")
    deny = Overwrite(world.guild_id, 0, 0, int(P.SEND_MESSAGES))
    world.channels[general.id] = replace(general, overwrites=(deny,))
    left = bits(world, "mina", "general")
    assert not left & (P.EMBED_LINKS | P.ATTACH_FILES | P.MENTION_EVERYONE)
    assert left & P.SEND_MESSAGES_IN_THREADS


def test_a_time_out_leaves_reading(world: World) -> None:
    bot = world.members[world.bot_id]
    world.members[bot.user_id] = replace(bot, timed_out_until=CLOCK.now() + timedelta(hours=1))
    assert bits(world, "Tagwire", "general") == P.VIEW_CHANNEL | P.READ_MESSAGE_HISTORY


LOOKED_AT = [
    P.VIEW_CHANNEL,
    P.SEND_MESSAGES,
    P.EMBED_LINKS,
    P.READ_MESSAGE_HISTORY,
    P.MANAGE_MESSAGES,
]
SOME = st.sets(st.sampled_from(LOOKED_AT)).map(lambda found: sum(int(p) for p in found))


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.integers(0, 2), SOME, SOME), max_size=4))
async def test_discord_py_agrees_on_overwrites(
    server: Server, bot: Any, rows: list[tuple[int, int, int]]
) -> None:
    world = server.world
    role_id = world.members[world.bot_id].role_ids[0]
    targets = ((world.guild_id, 0), (role_id, 0), (world.bot_id, 1))
    overwrites = {
        targets[index][0]: Overwrite(*targets[index], allow, deny & ~allow)
        for index, allow, deny in rows
    }
    general = replace(world.channel_named("general"), overwrites=tuple(overwrites.values()))
    server.hub.put_channel(general)
    set_permission(server.hub, general, allowed=True, bits=0)
    general = world.channels[general.id]
    theirs = bot.get_channel(int(general.id))
    theirs._update(bot.guilds[0], shapes.channel(world, general))
    expected = theirs.permissions_for(bot.guilds[0].me).value
    ours = in_channel(world, world.bot_id, general, server.clock.now())
    for permission in LOOKED_AT:
        assert bool(ours & permission) == bool(expected & permission), permission
