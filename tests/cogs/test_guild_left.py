"""A server that throws the bot out, or lets it in again, also while it is off."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.model import TargetKind
from bot.playground import owner
from tests.cogs.conftest import NOW, Stage


async def subscribed(stage: Stage) -> None:
    channel = int(stage.server.world.channel_named("newsroom").id)
    await stage.store.subscriptions.add(TargetKind.TEXT, stage.guild_id, channel, "tag:UN", 1, NOW)


async def left_at(stage: Stage) -> int | None:
    """Return since when the bot is gone from the server, None while it is there."""
    row = await stage.store._connections.read(
        lambda connection: connection.execute(
            "SELECT left_at FROM guilds WHERE guild_id = ?", (stage.guild_id,)
        ).fetchone()
    )
    return None if row is None else row["left_at"]


async def until_left(stage: Stage, *, left: bool) -> None:
    while ((await left_at(stage)) is not None) is not left:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


@pytest.mark.fault("F25")
async def test_being_thrown_out_begins_the_days_and_coming_back_ends_them(stage: Stage) -> None:
    await subscribed(stage)
    owner.remove_bot(stage.server.hub)
    await until_left(stage, left=True)
    assert await left_at(stage) == int(NOW.timestamp())
    owner.invite_bot(stage.server.hub)
    await until_left(stage, left=False)
    assert len(await stage.store.subscriptions.list(stage.guild_id)) == 1


@pytest.mark.fault("F24", "F25")
async def test_an_outage_is_no_removal(stage: Stage) -> None:
    await subscribed(stage)
    owner.begin_outage(stage.server.hub)
    await stage.stop()
    await stage.start()
    owner.end_outage(stage.server.hub)
    await (stage.person("ravi")).command("subscription list")
    assert await left_at(stage) is None


@pytest.mark.fault("F25")
async def test_what_happened_while_the_bot_was_off_is_seen_at_its_start(stage: Stage) -> None:
    await subscribed(stage)
    await stage.stop()
    stage.server.world.in_guild = False
    stage.now += timedelta(days=1)
    await stage.start()
    await until_left(stage, left=True)
    await stage.stop()
    stage.server.world.in_guild = True
    await stage.start()
    await until_left(stage, left=False)
