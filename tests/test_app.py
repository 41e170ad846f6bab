"""The parts assembled as for `tagwire run`: start, stop, a refused token, a block, a second bot."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import discord
import pytest

from bot.app import assembled, run, utc_now
from bot.errors import TagwireError
from bot.playground.driver import Driver
from bot.playground.server import Server
from bot.settings import Settings
from bot.store import Store
from bot.store.waiting import SILENT_UNTIL

ENDS_S = 12.0


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as running:
        yield running


@pytest.fixture
def settings(server: Server, tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", token=server.token, discord_api=server.api)


async def is_free(folder: Path) -> bool:
    """Whether another bot could use the store now."""
    async with Store.open(folder) as store:
        store.lock_instance()
    return True


async def test_it_starts_answers_and_ends_when_told_and_leaves_nothing_behind(
    server: Server, settings: Settings
) -> None:
    before = asyncio.all_tasks()
    running = asyncio.create_task(run(settings))
    await server.wait_for_bot()
    member = Driver(server, "mina", "general")
    await member.until(lambda: "latest" in member.commands(), 10)
    assert (await member.command("latest")).error is None
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(ENDS_S):
        await running
    assert await is_free(settings.data)
    left = {task for task in asyncio.all_tasks() - before if "_run_once" not in repr(task)}
    ours = [task for task in left if "bot/" in repr(task) and "playground" not in repr(task)]
    assert ours == []


async def test_a_start_alarms_nobody_about_voice(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discord.VoiceClient, "warn_nacl", True)
    monkeypatch.setattr(discord.VoiceClient, "warn_dave", True)
    async with assembled(settings):
        pass
    assert [record.message for record in caplog.records if "voice" in record.message] == []


async def test_a_second_bot_is_refused_while_the_first_one_lives(settings: Settings) -> None:
    async with assembled(settings):
        with pytest.raises(TagwireError) as refused:
            async with assembled(settings):
                pass
    assert refused.value.key == "store.locked"
    assert await is_free(settings.data)


@pytest.mark.fault("F22")
async def test_a_token_that_discord_refuses_ends_it_with_a_sentence(settings: Settings) -> None:
    with pytest.raises(TagwireError) as refused:
        await run(replace(settings, token="MTIz.wrong.token"))
    assert refused.value.key == "delivery.unauthorised"
    assert await is_free(settings.data)


async def test_without_a_token_nothing_is_opened(settings: Settings) -> None:
    with pytest.raises(TagwireError) as refused:
        await run(replace(settings, token=""))
    assert refused.value.key == "app.token_missing"
    assert not settings.data.exists()


@pytest.mark.fault("F14")
async def test_a_start_within_a_block_asks_nothing_and_can_be_stopped(
    server: Server, settings: Settings
) -> None:
    async with Store.open(settings.data) as store:
        await store.meta.set(SILENT_UNTIL, (utc_now() + timedelta(minutes=5)).isoformat())
    stop = asyncio.Event()
    async with assembled(settings) as parts:
        working = asyncio.create_task(parts.work(stop, server.token))
        await asyncio.sleep(1.0)
        assert not working.done()
        assert server.hub.requests == []
        stop.set()
        async with asyncio.timeout(ENDS_S):
            await working


@pytest.mark.fault("F14")
async def test_a_block_that_is_over_delays_no_start(server: Server, settings: Settings) -> None:
    async with Store.open(settings.data) as store:
        await store.meta.set(SILENT_UNTIL, (utc_now() - timedelta(seconds=1)).isoformat())
    stop = asyncio.Event()
    async with assembled(settings) as parts:
        working = asyncio.create_task(parts.work(stop, server.token))
        await server.wait_for_bot()
        stop.set()
        await working
