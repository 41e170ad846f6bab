"""docs/reference/commands.md says what the commands are."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.chat.client import EXTENSIONS, Ports, TagwireClient
from bot.chat.reference import commands_page
from bot.playground.validate.commands import check_commands

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "commands.md"


async def loaded() -> TagwireClient:
    nothing: Any = None
    client = TagwireClient(Ports(nothing, nothing, lambda: datetime.now(UTC)))
    for extension in EXTENSIONS:
        await client.load_extension(extension)
    return client


async def test_the_reference_of_commands_is_in_step() -> None:
    client = await loaded()
    made = commands_page(client.tree)
    if os.environ.get("TAGWIRE_WRITE_DOCS"):
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(made, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == made


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
        "subscription",
        "feed",
    }
    for command in payload:
        if command["name"] in ("subscription", "feed"):
            assert command["contexts"] == [0]
            assert command["default_member_permissions"] is not None
