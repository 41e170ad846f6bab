"""What the owner does to the server reaches the bot as Discord would tell it."""

import asyncio
from dataclasses import replace
from typing import Any

from bot.playground import owner
from bot.playground.server import Server


async def soon(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_channels_come_change_and_go(server: Server, bot: Any) -> None:
    made = owner.add_channel(server.hub, "desk")
    await soon(lambda: bot.get_channel(int(made.id)))
    owner.change_channel(server.hub, replace(made, name="night-desk"))
    await soon(lambda: bot.get_channel(int(made.id)).name == "night-desk")
    owner.set_permission(server.hub, made, allowed=False)
    theirs = bot.get_channel(int(made.id))
    await soon(lambda: not theirs.permissions_for(theirs.guild.me).send_messages)
    assert theirs.name == "night-desk"
    owner.set_permission(server.hub, made, allowed=True)
    await soon(lambda: theirs.permissions_for(theirs.guild.me).send_messages)
    owner.remove_channel(server.hub, server.world.channels[made.id])
    await soon(lambda: bot.get_channel(int(made.id)) is None)


async def test_a_threads_permission_is_its_parents(server: Server, bot: Any) -> None:
    thread = server.world.channel_named("story ideas")
    changed = owner.set_permission(server.hub, thread, allowed=False)
    assert changed.name == "newsroom"


async def test_the_bot_is_thrown_out_and_let_in_again(server: Server, bot: Any) -> None:
    owner.remove_bot(server.hub)
    await soon(lambda: not bot.guilds)
    owner.invite_bot(server.hub)
    await soon(lambda: bot.guilds)
