"""The server's own answers, held against Discord's published description where it is at hand."""

import json
import re
from pathlib import Path
from typing import Any

import discord
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from bot.playground.driver import Driver
from bot.playground.server import Server


def description() -> Path | None:
    for folder in Path(__file__).resolve().parents:
        found = folder.parent / "shared" / "discord" / "openapi.json"
        if found.is_file():
            return found
    return None


@pytest.fixture(scope="module")
def published() -> Any:
    path = description()
    if path is None:
        pytest.skip("Discord's published description of its API is not beside this checkout")
    whole = json.loads(path.read_text(encoding="utf-8"))
    # The description lacks the media channel, which discord.py names in commands (type 16).
    kinds = whole["components"]["schemas"].get("ChannelTypes", {}).get("oneOf")
    if kinds is not None:
        kinds.append({"title": "GUILD_MEDIA", "const": 16})
    return whole


def schema_for(published: Any, method: str, path: str, status: int) -> Any:
    exact_first = sorted(published["paths"].items(), key=lambda row: row[0].count("{"))
    for template, operations in exact_first:
        pattern = re.sub(r"\\\{[^/]+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in operations:
            responses = operations[method.lower()]["responses"]
            content = responses.get(str(status), {}).get("content", {})
            return content.get("application/json", {}).get("schema")
    return None


def problems(published: Any, schema: Any, content: Any) -> list[str]:
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    document["components"] = published["components"]
    found = Draft202012Validator(document).iter_errors(content)
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in found]


async def everything(server: Server, bot: Any, api: Any, driver: Driver) -> None:
    """Make the bot ask for each thing once."""
    await bot.application_info()
    await bot.fetch_guild(int(server.world.guild_id))
    await bot.fetch_channel(int(driver.channel_id))
    await bot.tree.fetch_commands()
    guild = bot.guilds[0]
    await guild.fetch_channels()
    await guild.fetch_roles()
    await guild.fetch_member(bot.user.id)
    general = bot.get_channel(int(driver.channel_id))
    layout = discord.ui.LayoutView()
    container: Any = discord.ui.Container(
        discord.ui.Section("Text", accessory=discord.ui.Thumbnail("https://a.example/t.png")),
        discord.ui.Separator(),
        discord.ui.MediaGallery(discord.MediaGalleryItem("https://a.example/p.png")),
    )
    layout.add_item(container)
    await general.send(view=layout)
    embed = discord.Embed(title="x", description="y").set_image(url="https://a.example/p.png")
    sent = await general.send("x", embed=embed, nonce="n")
    await sent.edit(content="y")
    await sent.create_thread(name="Talk")
    _ = [m async for m in general.history()]
    forum = bot.get_channel(int(server.world.channel_named("stories").id))
    await forum.create_thread(name="A story", content="x", applied_tags=forum.available_tags[:1])
    await guild.active_threads()
    news = bot.get_channel(int(server.world.channel_named("announcements").id))
    await (await news.send("x")).publish()
    person = await bot.fetch_user(int(driver.user_id))
    await person.send("Hello")
    for name, options in (("tag", {"name": "UN"}), ("slow", {}), ("slow", {"hidden": True})):
        answer = await driver.command(name, **options)
        assert answer.message is not None
    turned = await driver.command("tag", name="UN")
    assert turned.message is not None
    await driver.press(turned.message, "Next")
    await api("GET", "/gateway")
    await api("GET", "/gateway/bot")
    await api("GET", "/channels/1")
    await api("POST", f"/channels/{driver.channel_id}/messages", {"content": "x" * 2001})


async def test_every_answer_has_the_published_shape(
    server: Server, bot: Any, api: Any, driver: Driver, published: Any
) -> None:
    await everything(server, bot, api, driver)
    wrong: list[str] = []
    checked = 0
    for request in server.hub.requests:
        schema = schema_for(published, request.method, request.path, request.status)
        if schema is None:
            continue
        checked += 1
        for problem in problems(published, schema, request.answer):
            wrong.append(f"{request.method} {request.path} {request.status} {problem}")
    assert not wrong, "\n".join(wrong[:20])
    assert checked >= 20
