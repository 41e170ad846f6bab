"""Subscriptions as a file: written, previewed, written again here or in another server."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.model import Subscription, TargetKind
from bot.playground import shapes
from bot.playground.driver import Answer, text_of
from bot.playground.people import NotPossible
from bot.playground.permissions import Permission
from bot.playground.world import Overwrite
from bot.store.records import By
from tests.cogs.conftest import NOW, Stage

NAME = "subscriptions.json"


async def subscribed(stage: Stage, query: str = "tag:un", **more: Any) -> Subscription:
    channel_id = int(stage.server.world.channel_named("newsroom").id)
    return await stage.store.subscriptions.add(
        TargetKind.TEXT, stage.guild_id, channel_id, query, 1, NOW, **more
    )


def file_of(stage: Stage, answer: Answer) -> dict[str, Any]:
    assert answer.message is not None
    (attached,) = answer.message["attachments"]
    _, content = stage.server.world.files[attached["id"]]
    read: dict[str, Any] = json.loads(content)
    return read


async def exported(stage: Stage) -> dict[str, Any]:
    return file_of(stage, await stage.person("ravi").command("subscription export"))


async def brought(stage: Stage, of: object) -> Answer:
    content = of if isinstance(of, bytes) else json.dumps(of).encode()
    return await stage.person("ravi").command("subscription import", file=(NAME, content))


async def confirmed(stage: Stage, asked: Answer) -> Answer:
    assert asked.message is not None
    return await stage.person("ravi").press(asked.message, "Confirm")


def as_wanted(found: Subscription) -> tuple[object, ...]:
    return (
        found.target.channel_id,
        found.query,
        found.look,
        found.rhythm,
        found.mention_role_id,
        found.mention_query,
        found.paused,
    )


async def test_what_was_exported_comes_back_as_it_was(stage: Stage) -> None:
    role = next(r for r in stage.server.world.roles.values() if r.id != str(stage.guild_id))
    first = await subscribed(
        stage,
        look={"form": "compact", "accent": 0x112233, "parts": ["source"], "template": "{title}"},
        rhythm={"mode": "daily", "at": "18:30", "zone": "Europe/Berlin", "quiet": "22:00-07:00"},
        mention_role_id=int(role.id),
        mention_query="title:vote",
    )
    second = await subscribed(stage, "climate OR water")
    by = By(stage.guild_id, 1, stage.now)
    await stage.store.subscriptions.pause(by, "cogs.paused_by_moderator", second.id)
    before = [as_wanted(each) for each in await stage.store.subscriptions.list(stage.guild_id)]
    file = await exported(stage)
    assert file["tagwire_subscriptions"] == 1
    assert file["subscriptions"][0]["look"]["accent"] == "#112233"
    for each in (first, second):
        await stage.store.subscriptions.remove(by, each.id)
    asked = await brought(stage, file)
    assert asked.is_ephemeral and "2 new, 0 changed, 0 as they are, 0 refused" in asked.text
    assert await stage.store.subscriptions.list(stage.guild_id) == ()
    done = await confirmed(stage, asked)
    assert "2 new, 0 changed" in done.text
    found = await stage.store.subscriptions.list(stage.guild_id)
    assert [as_wanted(each) for each in found] == before
    kept = await stage.store.audit.list(stage.guild_id, action="subscription.")
    assert [entry.action for entry in kept[:3]] == [
        "subscription.pause",
        "subscription.import",
        "subscription.import",
    ]
    told = await stage.person("ravi").command("subscription history", subscription="#3")
    assert "imported" in told.text and "tag:un" in told.text


async def test_importing_twice_adds_nothing_twice(stage: Stage) -> None:
    await subscribed(stage)
    file = await exported(stage)
    asked = await brought(stage, file)
    assert "0 new, 0 changed, 1 as they are" in asked.text
    assert asked.message is not None and "Confirm" not in asked.text
    file["subscriptions"] *= 2
    file["subscriptions"][0] = file["subscriptions"][0] | {"query": "Climate"}
    file["subscriptions"].append(file["subscriptions"][0])
    asked = await brought(stage, file)
    assert "1 new, 0 changed, 1 as they are, 1 refused" in asked.text
    assert "twice" in asked.text
    await confirmed(stage, asked)
    again = await brought(stage, file)
    assert "0 new, 0 changed, 2 as they are" in again.text
    assert len(await stage.store.subscriptions.list(stage.guild_id)) == 2


async def test_a_file_changes_what_is_there_and_says_what(stage: Stage) -> None:
    await subscribed(stage)
    file = await exported(stage)
    file["subscriptions"][0] |= {"look": {"form": "image"}, "paused": True}
    asked = await brought(stage, file)
    assert "0 new, 1 changed" in asked.text and "look, paused" in asked.text
    await confirmed(stage, asked)
    (found,) = await stage.store.subscriptions.list(stage.guild_id)
    assert dict(found.look) == {"form": "image"} and found.paused


async def test_what_does_not_fit_is_refused_with_a_reason_and_the_rest_is_offered(
    stage: Stage,
) -> None:
    await subscribed(stage)
    file = await exported(stage)
    (one,) = file["subscriptions"]
    elsewhere = {"id": "42", "name": "nowhere"}
    voice = stage.server.world.channel_named("newsroom").parent_id
    wrong = [
        one | {"channel": elsewhere},
        one | {"channel": {"id": voice, "name": "category"}},
        one | {"query": "tga:UN"},
        one | {"look": {"form": "hologram"}},
        one | {"look": {"parts": [["source"]]}},
        one | {"rhythm": {"zone": "Mars"}},
        one | {"rhythm": {"per_hour": True}},
        one | {"colour": "blue"},
        one | {"ping": {"role": {"id": "42", "name": "ghosts"}}},
        "nonsense",
    ]
    asked = await brought(stage, file | {"subscriptions": [*wrong, one | {"query": "climate"}]})
    assert f"1 new, 0 changed, 0 as they are, {len(wrong)} refused" in asked.text
    for reason in ("no longer exists", "tga:UN", "hologram", "Mars", "hour", "colour", "ghosts"):
        assert reason in asked.text, reason
    done = await confirmed(stage, asked)
    assert "1 new" in done.text and "hologram" in done.text
    found = await stage.store.subscriptions.list(stage.guild_id)
    assert [each.query for each in found] == ["tag:un", "climate"]


async def test_a_file_of_another_server_finds_channels_by_their_names(stage: Stage) -> None:
    await subscribed(stage)
    file = await exported(stage)
    file["server"]["id"] = "99"
    file["subscriptions"][0]["channel"] = {"id": "4711", "name": "general"}
    lost = file["subscriptions"][0] | {"channel": {"id": "4712", "name": "lost"}}
    asked = await brought(stage, file | {"subscriptions": [file["subscriptions"][0], lost]})
    general = stage.server.world.channel_named("general").id
    assert f"New: <#{general}>" in asked.text and "no single channel named “lost”" in asked.text


async def test_what_is_no_such_file_is_refused_whole(stage: Stage) -> None:
    await subscribed(stage)
    file = await exported(stage)
    for given, said in (
        (b"\xff\xfe nonsense", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        ({"feeds": []}, "no file of subscriptions"),
        (file | {"tagwire_subscriptions": 2}, "version 2"),
        (b"{" + b" " * 300_000, "256 KB"),
        (file | {"subscriptions": file["subscriptions"] * 501}, "more than 500"),
    ):
        answer = await brought(stage, given)
        assert answer.is_ephemeral and said in answer.text, said
        assert answer.message is not None and "Confirm" not in answer.text


async def test_a_member_neither_reads_nor_writes_a_file(stage: Stage) -> None:
    await subscribed(stage)
    asked = await brought(stage, await exported(stage) | {"subscriptions": []})
    assert "0 new" in asked.text
    mina = stage.person("mina")
    with pytest.raises(NotPossible):
        await mina.command("subscription export")
    with pytest.raises(NotPossible):
        await mina.command("subscription import", file=(NAME, b"{}"))


async def test_a_confirmation_checks_permissions_once_more(stage: Stage) -> None:
    await subscribed(stage)
    file = await exported(stage)
    file["subscriptions"][0]["query"] = "climate"
    asked = await brought(stage, file)
    world = stage.server.world
    shut = world.channel_named("newsroom")
    denied = Overwrite(str(stage.guild_id), 0, 0, int(Permission.SEND_MESSAGES))
    channel = stage.server.hub.put_channel(replace(shut, overwrites=(denied,)))
    stage.server.hub.emit("CHANNEL_UPDATE", shapes.channel(world, channel))
    done = await confirmed(stage, asked)
    assert "0 new" in done.text
    assert text_of(done.messages[0]).count("Refused") == 1
