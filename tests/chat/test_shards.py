"""The servers spread over several connections to Discord, as a setting says."""

from pathlib import Path

import pytest

from bot.playground.server import Server
from bot.store import Store
from tests.chat.conftest import Desk

pytestmark = pytest.mark.virtual_time


async def test_the_servers_are_spread_over_as_many_shards_as_the_setting_says(
    server: Server, tmp_path: Path
) -> None:
    of_guild = (int(server.world.guild_id) >> 22) % 3
    async with (
        Store.open(tmp_path / "data") as store,
        Desk(server, store, shards=3).online() as desk,
    ):
        shards = sorted(session.shard for session in server.gateway.sessions.values())
        assert shards == [(0, 3), (1, 3), (2, 3)]
        assert [guild.shard_id for guild in desk.client.guilds] == [of_guild]
        await desk.subscribe("newsroom")
        desk.begin()
        await desk.owe(["Bulletin"])
        await desk.until(desk.is_settled)
        assert desk.count("Bulletin") == 1


async def test_without_the_setting_discord_says_how_many(desk: Desk) -> None:
    assert desk.client.shard_count == 1
    assert [session.shard for session in desk.server.gateway.sessions.values()] == [(0, 1)]
