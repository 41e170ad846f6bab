"""SIGHUP lets a running bot take up settings without a new login."""

import asyncio
import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import assembled, reloaded_by_signal
from bot.settings import SETTINGS, read


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for setting in SETTINGS:
        monkeypatch.delenv(setting.name, raising=False)
    monkeypatch.setenv("TAGWIRE_HOME", str(tmp_path))
    before = logging.getLogger().level
    yield tmp_path
    logging.getLogger().setLevel(before)


async def test_sighup_takes_up_what_can_change_and_leaves_the_rest(home: Path) -> None:
    async with assembled(read()) as parts:
        (home / "tagwire.toml").write_text(
            'log_level = "warning"\npoll_interval = 60\nblocked_guilds = "5"\nfeeds_per_guild = 1\n'
        )
        with reloaded_by_signal(parts):
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0.05)
        assert parts.settings.log_level == "warning"
        assert logging.getLogger().level == logging.WARNING
        assert parts.poller._rhythm.fixed_s == 60
        assert parts.client.is_blocked(5)
        assert not parts.client.is_blocked(6)
        assert not parts.client.is_blocked(None)
        assert parts.settings.feeds_per_guild == 20


async def test_a_wrong_setting_at_a_reload_leaves_the_old_ones(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with assembled(read()) as parts:
        before = parts.settings
        (home / "tagwire.toml").write_text("poll_interval = 0\n")
        with caplog.at_level(logging.ERROR):
            parts.reload()
        assert parts.settings == before
        assert [record.message for record in caplog.records] == ["app.reload_failed"]
