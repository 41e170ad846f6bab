"""The trail of a change is part of the change: both are written, or neither is."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

import pytest

from bot.model import Subscription, TargetKind
from bot.playground.driver import Answer, Driver
from bot.store import DATABASE
from bot.store.records import By
from tests.cogs.conftest import LOCAL, NOW, Stage
from tests.cogs.test_server_matters import dead_letter

Act = Callable[[Driver], Awaitable[Answer]]
# What may differ when nothing was changed: pages that were shown, and pragmas of the file.
ASIDE = ("views", "audit", "sqlite_", "meta", "search", "article")


def command(name: str, **options: Any) -> Act:
    return lambda ravi: ravi.command(name, **options)


def confirmed(name: str, *, button: str = "Confirm", **options: Any) -> Act:
    async def act(ravi: Driver) -> Answer:
        asked = await ravi.command(name, **options)
        return await ravi.press(asked.message or {}, button)

    return act


def letter(button: str) -> Act:
    async def act(ravi: Driver) -> Answer:
        shown = await ravi.command("status")
        chosen = await ravi.select(shown.message or {}, "Look at a failed post", 0)
        return await ravi.press(chosen.message or {}, button)

    return act


async def set_up(ravi: Driver) -> Answer:
    shown = await ravi.command("setup")
    for menu, value in (("Choose the channel", "general"), ("Choose tags", 0)):
        shown = await ravi.select(shown.message or {}, menu, value)
    return await ravi.press(shown.message or {}, "Done")


FILE = json.dumps(
    {
        "tagwire_subscriptions": 1,
        "subscriptions": [{"channel": {"name": "general"}, "query": "ferry"}],
    }
).encode()
ONE = {"subscription": "#1"}
CHANGES: dict[str, Act] = {
    "setup": set_up,
    "add": confirmed("subscription add", channel="general", query="tag:un"),
    "edit": command("subscription edit", **ONE, delay=3),
    "pause": command("subscription pause", **ONE),
    "pause all": command("subscription pause", subscription="all"),
    "resume": command("subscription resume", subscription="#2"),
    "resume all": command("subscription resume", subscription="all"),
    "remove": confirmed("subscription remove", **ONE),
    "clone": command("subscription clone", **ONE, channel="general"),
    "move": command("subscription move", **ONE, channel="general"),
    "import": confirmed("subscription import", file=("subscriptions.json", FILE)),
    "role": command("server role", role="Moderator"),
    "alerts": command("server alerts", channel="general"),
    "block": command("server block", query="gossip"),
    "answers": command("server answers", who="private"),
    "language": command("server language", language="fr"),
    "zone": command("server zone", zone="europe/berlin"),
    "send again": letter("Send again"),
    "drop": letter("Drop"),
    "feed add": confirmed("feed add", url=LOCAL),
    "purge": confirmed("feed purge", feed="Harbour", since="2026-06-01"),
}


def kept(stage: Stage) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows that a moderator's change could touch, by table."""
    with closing(sqlite3.connect(stage.store.folder / DATABASE)) as connection:
        tables = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if not name.startswith(ASIDE)
        ]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}


def without_trail(stage: Stage, *, refused: bool) -> None:
    """Let every row of the trail be refused by the database, or taken again."""
    with closing(sqlite3.connect(stage.store.folder / DATABASE)) as connection:
        if refused:
            connection.execute(
                """
                CREATE TRIGGER no_trail BEFORE INSERT ON audit
                BEGIN SELECT RAISE(ABORT, 'no trail'); END
                """
            )
        else:
            connection.execute("DROP TRIGGER no_trail")
        connection.commit()


@pytest.mark.parametrize("act", CHANGES.values(), ids=CHANGES)
async def test_a_change_whose_trail_cannot_be_written_does_not_happen(
    stage: Stage, act: Act
) -> None:
    await dead_letter(stage)
    paused = await subscribed(stage, "announcements", "climate")
    await stage.store.subscriptions.pause(By(stage.guild_id, 1, NOW), "cogs.paused", paused.id)
    stage.now = NOW.replace(hour=18)
    before, trail = kept(stage), await stage.store.audit.list(stage.guild_id)
    without_trail(stage, refused=True)
    failed = await act(stage.person("ravi"))
    assert "went wrong" in failed.text
    assert kept(stage) == before
    without_trail(stage, refused=False)
    done = await act(stage.person("ravi"))
    assert done.message and "went wrong" not in done.text
    assert kept(stage) != before
    assert len(await stage.store.audit.list(stage.guild_id)) > len(trail)


async def subscribed(stage: Stage, channel: str, query: str) -> Subscription:
    channel_id = int(stage.server.world.channel_named(channel).id)
    return await stage.store.subscriptions.add(
        TargetKind.TEXT, stage.guild_id, channel_id, query, 1, NOW
    )


async def test_two_who_change_different_things_at_once_lose_neither(stage: Stage) -> None:
    made = await subscribed(stage, "newsroom", "tag:un")
    ravi, olga = stage.person("ravi"), stage.person("olga")
    await asyncio.gather(
        ravi.command("subscription edit", **ONE, colour="#112233", delay=3),
        olga.command("subscription edit", **ONE, look="compact", quiet="22-7"),
    )
    found = await stage.store.subscriptions.get(made.id, stage.guild_id)
    assert dict(found.look) == {"accent": 0x112233, "form": "compact"}
    assert dict(found.rhythm) == {"delay_s": 180, "quiet": "22:00-07:00"}
    entries = await stage.store.audit.list(stage.guild_id, action="subscription.edit")
    # Each entry begins where the other ended, so that the trail can be followed.
    assert json.loads(entries[1].after or "")["look"] == json.loads(entries[0].before or "")["look"]


async def test_a_move_of_several_moves_all_of_them_or_none(stage: Stage) -> None:
    for channel, query in (("newsroom", "tag:un"), ("newsroom", "climate"), ("general", "climate")):
        await subscribed(stage, channel, query)
    before = await stage.store.subscriptions.list(stage.guild_id)
    refused = await stage.person("ravi").command(
        "subscription move", subscription="newsroom", channel="general"
    )
    assert "number 3" in refused.text
    assert await stage.store.subscriptions.list(stage.guild_id) == before
    assert await stage.store.audit.list(stage.guild_id, action="subscription.move") == ()


async def test_history_without_a_number_tells_of_all_that_was_changed(stage: Stage) -> None:
    ravi, world = stage.person("ravi"), stage.server.world
    await dead_letter(stage)
    stage.now = NOW.replace(hour=18)
    for name in ("block", "alerts", "drop", "feed add", "purge", "edit"):
        await CHANGES[name](ravi)
    told = (await ravi.command("subscription history")).text.replace("\\", "")
    assert "changed `/server block`: — → gossip" in told
    assert f"changed `/server alerts`: — → <#{world.channel_named('general').id}>" in told
    assert "dropped post #1" in told and "added feed #" in told and "took back posts of" in told
    assert "delay_s 180" in told
    assert "hidden-pass" not in told, "an address may hold a key"


async def test_history_tells_what_was_added_and_what_was_removed(stage: Stage) -> None:
    ravi = stage.person("ravi")
    await CHANGES["add"](ravi)
    await ravi.command("subscription edit", **ONE, look="compact")
    await CHANGES["remove"](ravi)
    told = (await ravi.command("subscription history", **ONE)).text
    place = f"<#{stage.server.world.channel_named('general').id}>"
    assert f"channel: — → {place}" in told and "query: — → tag:un" in told
    assert f"channel: {place} → —" in told and "look: form compact → —" in told
    assert "— → —" not in told
