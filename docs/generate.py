"""Writes the pages of docs/reference that are made from the code: `python docs/generate.py`.

tests/test_docs.py compares them with what stands on disk, so that they cannot fall behind.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import click
from discord import app_commands
from discord.ext import commands

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bot import settings  # noqa: E402
from bot.log import EVENTS  # noqa: E402
from bot.messages import catalogue  # noqa: E402
from bot.metrics import Metrics  # noqa: E402

REFERENCE = ROOT / "docs" / "reference"
_MADE = "<!-- Made by docs/generate.py from the code. Change the code, then run it again. -->\n"


def settings_page() -> str:
    """Return the page of every setting: what it is for, its default, what it accepts."""
    rows = [
        (
            f"`{s.name}`",
            catalogue().say(s.meaning),
            _code(settings.default_words(s)) or "none",
            _code(settings.accepted(s)) if settings.accepted(s) != "…" else "text",
        )
        for s in settings.SETTINGS
    ]
    return _page(
        "Settings",
        "Read when a verb starts: from the environment, else from a file named `.env`, else from"
        " `tagwire.toml`, both beside `tagwire` (`TAGWIRE_CONFIG` names another TOML file). In TOML"
        " a setting has its name in small letters without `TAGWIRE_`: `poll_interval = 900`,"
        " `feed_ports = [80, 443]`. For each `NAME` there is also `NAME_FILE`: the path of"
        " a file that holds the value, which is how a secret is best given. An empty value counts"
        " as not given. `tagwire config` shows what is in force and where it came from."
        " A running bot reads log level, poll interval, retention and the block list again on"
        " SIGHUP.",
        _table(("setting", "what it is for", "default", "accepts"), rows),
    )


def cli_page() -> str:
    """Return the page of every verb of the command line, from click's own description."""
    main: click.Command = importlib.import_module("bot.cli").main
    parts = [_verb(verb, path) for path, verb in verbs(main)]
    return _page(
        "Command line",
        "From a checkout write `./tagwire VERB`, with an installed wheel `tagwire VERB`."
        " `./tagwire test`, `bench`, `soak` and `audit` exist in a checkout only. Exit codes: 0"
        " done, 1 an error that a sentence explains, 2 wrong usage or nothing that could be read.",
        *parts,
    )


def verbs(command: click.Command, path: str = "tagwire") -> Iterator[tuple[str, click.Command]]:
    """Yield (words, command) of every verb that does something, in alphabetical order."""
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            if not command.commands[name].hidden:
                yield from verbs(command.commands[name], f"{path} {name}")
    else:
        yield path, command


def _verb(verb: click.Command, path: str) -> str:
    context = click.Context(verb, info_name=path)
    rows = []
    for parameter in verb.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1] and "--help" not in record[0]:
            rows.append((f"`{record[0]}`", record[1]))
    usage = " ".join([path, *verb.collect_usage_pieces(context)])
    told = re.sub(r"[ \t]+", " ", (verb.help or "").replace("\b", "")).strip()
    table = _table(("option", "meaning"), rows) if rows else ""
    return "\n\n".join(p for p in (f"## {path}", told, f"    {usage}", table) if p)


def commands_page() -> str:
    """Return the page of every slash command with its options."""
    parts = []
    for command in slash_commands():
        rows = [_option(option) for option in command.parameters]
        table = _table(("option", "needed", "what it is for"), rows) if rows else ""
        heading = f"## /{command.qualified_name}"
        parts.append("\n\n".join(p for p in (heading, _described(command), table) if p))
    return _page("Slash commands", "As Discord shows them in English.", *parts)


def _described(command: app_commands.Command[commands.Cog, ..., object]) -> str:
    root = command.root_parent or command
    allowed = command.default_permissions or root.default_permissions
    told = str(command.description)
    told = told if told.endswith((".", "?", "…")) else f"{told}."
    return f"{told} For moderators." if allowed is not None else told


def slash_commands() -> list[app_commands.Command[commands.Cog, ..., object]]:
    """Return every slash command of the cogs, sub-commands one by one, by name."""
    found: list[app_commands.Command[commands.Cog, ..., object]] = []
    for file in sorted((ROOT / "cogs").glob("[!_]*.py")):
        module = importlib.import_module(f"cogs.{file.stem}")
        for cog in vars(module).values():
            if (
                isinstance(cog, type)
                and issubclass(cog, commands.Cog)
                and cog.__module__ == module.__name__
            ):
                for command in _top(cog):
                    found += _leaves(command)
    return sorted(found, key=lambda c: c.qualified_name)


def _top(cog: type[commands.Cog]) -> list[object]:
    group = cog.__cog_group__ if hasattr(cog, "__cog_group__") else None
    return [group] if group else list(cog.__cog_app_commands__)


def _leaves(command: object) -> list[app_commands.Command[commands.Cog, ..., object]]:
    if isinstance(command, app_commands.Group):
        return [leaf for child in command.commands for leaf in _leaves(child)]
    return [command] if isinstance(command, app_commands.Command) else []


def _option(option: app_commands.Parameter) -> tuple[str, str, str]:
    choices = ", ".join(f"`{choice.value}`" for choice in option.choices)
    told = str(option.description) + (f": {choices}" if choices else "")
    return f"`{option.display_name}`", "yes" if option.required else "", told


def metrics_page() -> str:
    """Return the page of every metric and every event of the log."""
    metrics = [
        (f"`{family.name}`", family.type, _labels(made), family.documentation)
        for made in vars(Metrics()).values()
        if hasattr(made, "describe")
        for family in made.describe()
    ]
    events = [(f"`{name}`", meaning) for name, meaning in sorted(EVENTS.items())]
    return _page(
        "Metrics and log events",
        "Metrics are served in Prometheus's format at `/metrics` when `TAGWIRE_METRICS_PORT` is"
        " set, beside `/healthz` (the process answers) and `/readyz` (Discord is connected)."
        " A counter's name ends in `_total` there. Logs go to standard error, an event a line.",
        "## Metrics",
        _table(("metric", "kind", "labels", "what it counts"), sorted(metrics)),
        "## Events",
        _table(("event", "meaning"), events),
    )


def _labels(metric: object) -> str:
    return ", ".join(f"`{name}`" for name in getattr(metric, "_labelnames", ()))


def messages_page() -> str:
    """Return the page of every sentence people read, by its key."""
    rows = []
    for key, sentence in sorted(catalogue().sentences.items()):
        told = sentence if isinstance(sentence, str) else " / ".join(sentence.values())
        rows.append((f"`{key}`", told.strip().replace("\n", " ")))
    return _page(
        "Sentences",
        "Every sentence Tagwire says, by the key that code and logs use. A word in braces is filled"
        " in; forms for one and for many are parted by a slash. The files are in"
        " `bot/messages/en/`.",
        _table(("key", "sentence"), rows),
    )


PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "cli.md": cli_page,
    "commands.md": commands_page,
    "metrics.md": metrics_page,
    "messages.md": messages_page,
}


def _page(title: str, opening: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", _MADE.strip(), opening, *parts]) + "\n"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, made in PAGES.items():
        (REFERENCE / name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    main()
