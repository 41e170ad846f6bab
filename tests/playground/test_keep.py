"""The world between two starts: saved, read back the same, and ids that go on rising."""

from pathlib import Path
from typing import Any

import discord

from bot.playground import keep
from bot.playground.driver import Driver
from bot.playground.server import Server


async def test_a_world_comes_back_as_it_was(
    tmp_path: Path, server: Server, bot: Any, driver: Driver
) -> None:
    await driver.command("tag", name="UN")
    forum = bot.get_channel(int(server.world.channel_named("stories").id))
    await forum.create_thread(name="A story", content="x", applied_tags=forum.available_tags[:1])
    channel = bot.get_channel(int(driver.channel_id))
    file = discord.File(Path(__file__), filename="a.txt")
    await channel.send(embed=discord.Embed(title="x"), file=file)
    keep.save(tmp_path, server.world)
    again = keep.load(tmp_path)
    assert again == server.world
    assert list(tmp_path.rglob("*")) == [tmp_path / keep.NAME]  # noqa: ASYNC240
    async with Server(world=again, pool=()) as second:
        assert int(second.hub.ids.next()) > int(keep.newest_id(server.world))


def test_nothing_saved_is_no_world(tmp_path: Path) -> None:
    assert keep.load(tmp_path) is None
