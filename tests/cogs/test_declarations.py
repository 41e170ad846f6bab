"""What the commands declare to Discord."""

from datetime import UTC, datetime
from typing import Any

from bot.chat.client import EXTENSIONS, Ports, TagwireClient
from bot.chat.translate import CatalogueTranslator
from bot.messages import NAMES
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


LOCALES = {"es-ES", "es-419", "fr", "ja"}


def texts(form: dict[str, Any], key: str) -> dict[str, str]:
    """Return a text of a command, option or choice in English and in each locale that has one."""
    return {"en": form.get(key) or "", **(form.get(f"{key}_localizations") or {})}


def forms(form: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a command with all the options and choices under it."""
    inner = [*form.get("options", ()), *form.get("choices", ())]
    return [form, *(one for each in inner for one in forms(each))]


def size(form: dict[str, Any]) -> int:
    """Return what Discord counts of a command: the longest of each text, and choices' values."""
    told = sum(max(map(len, texts(one, k).values())) for one in forms(form) for k in texts_of(one))
    return told + sum(len(str(one["value"])) for one in forms(form) if "value" in one)


def texts_of(form: dict[str, Any]) -> tuple[str, ...]:
    return ("name",) if "value" in form else ("name", "description")


async def test_commands_options_and_choices_fit_in_every_language() -> None:
    client = await loaded()
    translator = CatalogueTranslator()
    payload = [
        await command.get_translated_payload(client.tree, translator)
        for command in client.tree.get_commands()
    ]
    wanting = []
    for command in payload:
        assert size(command) <= 8_000, (command["name"], size(command))
        for form in forms(command):
            is_choice, is_menu = "value" in form, command.get("type", 1) != 1
            names = texts(form, "name")
            assert all(1 <= len(n) <= (100 if is_choice else 32) for n in names.values()), names
            if is_choice or is_menu:
                wanting += [names["en"]] if not names.keys() >= LOCALES else []
                continue
            told = texts(form, "description")
            assert all(1 <= len(text) <= 100 for text in told.values()), told
            if not told.keys() >= LOCALES:
                wanting.append(f"{command['name']} {form['name']}: {told['en']}")
    # A language is called as it calls itself.
    assert sorted(wanting) == sorted(NAMES.values())
