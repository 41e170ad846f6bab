"""`tagwire status` shows what waits, what failed and why, as words and as JSON."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.model import Fate, Outcome, TargetKind
from bot.store import Store
from bot.store.waiting import SILENT_UNTIL
from tests.conftest import Newsroom, make_entry

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


async def fail_a_post(folder: Path) -> None:
    async with Store.open(folder) as store:
        room = Newsroom(store, NOW)
        await room.publish(make_entry("primer"))
        first = await store.subscriptions.add(TargetKind.TEXT, 7, 1, "", 1, NOW)
        await store.subscriptions.add(TargetKind.TEXT, 7, 2, "", 1, NOW)
        await room.publish(make_entry("Poison", url="https://e.org/1"), announce=True)
        await store.outbox.form(NOW)
        parcels = await store.outbox.claim(NOW, set(), 5)
        refused = Outcome(Fate.REJECTED, None, None, None, "delivery.blocked_by_automod", 200000)
        dead = next(p for p in parcels if p.target.id != first.target.id)
        await store.outbox.dead(dead.post_id, refused, NOW)
        lost = Outcome(Fate.ACCESS_LOST, reason="delivery.access_lost")
        await store.outbox.pause_target(first.target.id, lost, NOW)


def test_status_says_what_waits_and_what_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGWIRE_HOME", str(tmp_path))
    monkeypatch.setenv("TAGWIRE_DATA", str(tmp_path / "data"))
    asyncio.run(fail_a_post(tmp_path / "data"))
    told = CliRunner().invoke(main, ["status"])
    assert told.exit_code == 0
    assert "waiting 1, posted 0, failed 1, unknown 0" in told.output
    assert "channel 1 is paused: I may no longer post" in told.output
    assert "AutoMod" in told.output
    assert "blocked this machine" not in told.output
    read = json.loads(CliRunner().invoke(main, ["status", "--json"]).output)
    assert (read["dead"], read["failed"][0]["titles"]) == (1, ["Poison"])
    assert read["failed"][0]["code"] == 200000 and read["paused"][0]["channel_id"] == 1


async def fail_feeds(folder: Path) -> None:
    async with Store.open(folder) as store:
        room = Newsroom(store, NOW)
        for title, scope_id in (("Quay", 0), ("Fine", 0), ("Local", 7), ("Gone", 0)):
            feed = await room.feed(title, scope_id=scope_id)
            if title != "Fine":
                where = {"host": "quay.example"}
                await store.feeds.failed(feed.id, NOW, "ingest.fetch_connect", where, NOW)
        await store.feeds.remove(feed.id, 0)


def test_status_names_the_public_feeds_that_fail_and_counts_the_servers_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGWIRE_HOME", str(tmp_path))
    monkeypatch.setenv("TAGWIRE_DATA", str(tmp_path / "data"))
    asyncio.run(fail_feeds(tmp_path / "data"))
    told = CliRunner().invoke(main, ["status"])
    assert told.exit_code == 0
    assert "1 feed fails or is gone:" in told.output and "Quay" in told.output
    assert "quay.example cannot be reached" in told.output
    assert "1 feed that a server added" in told.output
    assert not any(title in told.output for title in ("Fine", "Local", "Gone"))
    read = json.loads(CliRunner().invoke(main, ["status", "--json"]).output)
    assert [feed["title"] for feed in read["failing_feeds"]] == ["Quay"]
    assert read["failing_feeds_of_servers"] == 1


def test_status_tells_of_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGWIRE_HOME", str(tmp_path))
    monkeypatch.setenv("TAGWIRE_DATA", str(tmp_path / "data"))
    until = datetime.now(UTC) + timedelta(minutes=9)

    async def block() -> None:
        async with Store.open(tmp_path / "data") as store:
            await store.meta.set(SILENT_UNTIL, until.isoformat())

    asyncio.run(block())
    told = CliRunner().invoke(main, ["status"])
    assert f"blocked this machine's address until {until.isoformat(' ', 'minutes')}" in told.output
    read = json.loads(CliRunner().invoke(main, ["status", "--json"]).output)
    assert read["blocked_until"] == until.isoformat()


@pytest.mark.parametrize(
    ("option", "dead", "waiting"), [("--resend", 0, 2), ("--drop", 0, 1)], ids=["again", "drop"]
)
def test_a_failed_post_is_sent_again_or_dropped_by_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, dead: int, waiting: int
) -> None:
    monkeypatch.setenv("TAGWIRE_HOME", str(tmp_path))
    monkeypatch.setenv("TAGWIRE_DATA", str(tmp_path / "data"))
    asyncio.run(fail_a_post(tmp_path / "data"))
    before = json.loads(CliRunner().invoke(main, ["status", "--json"]).output)
    done = CliRunner().invoke(main, ["status", option, str(before["failed"][0]["post_id"])])
    assert done.exit_code == 0
    after = json.loads(CliRunner().invoke(main, ["status", "--json"]).output)
    assert (after["dead"], after["ready"]) == (dead, waiting)
    again = CliRunner().invoke(main, ["status", option, "999"])
    assert again.exit_code != 0 and "999" in again.output
