"""What the commands declare to Discord."""

from datetime import UTC, datetime
from typing import Any

from bot.chat.client import EXTENSIONS, Ports, TagwireClient
from bot.playground.validate.commands import check_commands


async def loaded() -> TagwireClient:
    nothing: Any = None
    client = TagwireClient(Ports(nothing, nothing, lambda: datetime.now(UTC)))
    for extension in EXTENSIONS:
        await client.load_extension(extension)
    return client


async def test_every_command_declares_contexts_and_installations_and_discord_takes_them() -> None:
    client = await loaded()
    payload = [command.to_dict(client.tree) for command in client.tree.get_commands()]
    check_commands(payload)
    for command in payload:
        assert command["contexts"], command["name"]
        assert command["integration_types"], command["name"]
    names = {command["name"] for command in payload}
    assert names == {
        "tag",
        "tags",
        "search",
        "latest",
        "article",
        "author",
        "source",
        "help",
        "trend",
        "stats",
        "random",
        "archive",
        "save",
        "saved",
        "follow",
        "privacy",
        "Find coverage",
        "subscription",
        "feed",
        "setup",
        "server",
        "status",
    }
    for command in payload:
        if command["name"] in ("subscription", "feed", "setup", "server", "status"):
            assert command["contexts"] == [0]
            assert command["default_member_permissions"] is not None
