"""The doctor's look at Discord, on the loopback Discord with a bot's real login."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import examine_discord
from bot.doctor import as_json, exit_code, report
from bot.messages import catalogue
from bot.model import Finding, Target, TargetKind
from bot.playground.server import Server
from bot.playground.world import Overwrite
from bot.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path)


def channel(server: Server, name: str) -> Target:
    world = server.world
    found = world.channel_named(name)
    return Target(1, TargetKind.TEXT, int(found.id), int(world.guild_id))


def keys(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.key.removeprefix("doctor.") for finding in findings]


async def test_working_bot_is_told_so_and_subscribed_channels_are_counted(
    settings: Settings,
) -> None:
    async with Server() as server:
        settings = replace(settings, token=server.token, discord_api=server.api)
        targets = [channel(server, "general"), channel(server, "newsroom")]
        findings = await examine_discord(settings, targets)
    assert keys(findings) == ["discord_ok", "commands_absent", "permissions_ok"]
    assert exit_code(findings) == 0
    assert "2 subscribed channels" in report(findings, catalogue())
    assert server.token not in report(findings, catalogue())


async def test_channel_that_is_gone_is_named(settings: Settings) -> None:
    async with Server() as server:
        settings = replace(settings, token=server.token, discord_api=server.api)
        gone = replace(channel(server, "general"), channel_id=4242)
        stranger = replace(gone, guild_id=77)
        findings = await examine_discord(settings, [channel(server, "general"), gone, stranger])
    assert keys(findings)[2:] == ["permissions_ok", "channel_lost", "channel_lost"]
    assert "4242" in report(findings, catalogue())
    assert all(shown["remedy"] for shown in as_json(findings[3:], catalogue()))


async def test_missing_permission_is_named_as_discord_names_it(settings: Settings) -> None:
    async with Server() as server:
        world = server.world
        found = world.channel_named("general")
        deny = Overwrite(world.bot_id, 1, deny=1 << 11)
        world.channels[found.id] = replace(found, overwrites=(deny,))
        settings = replace(settings, token=server.token, discord_api=server.api)
        findings = await examine_discord(settings, [channel(server, "general")])
    assert keys(findings)[2:] == ["permissions_ok", "permission_missing"]
    assert "Send Messages" in report(findings, catalogue())


async def test_token_that_is_refused_is_an_error(settings: Settings) -> None:
    async with Server() as server:
        settings = replace(settings, token="a.wrong.token", discord_api=server.api)
        findings = await examine_discord(settings, [])
    assert keys(findings) == ["token_refused"]
    assert exit_code(findings) == 1


async def test_discord_that_cannot_be_reached_is_an_error(settings: Settings) -> None:
    async with Server() as server:
        api = server.api
    findings = await examine_discord(replace(settings, token="t", discord_api=api), [])
    assert keys(findings) == ["discord_unreachable"]
    assert report(findings, catalogue())
