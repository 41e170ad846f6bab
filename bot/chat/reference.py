"""Describes the commands for docs/reference/commands.md, which a test keeps in step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from discord import app_commands

HEAD = """# Commands

Made from the commands themselves by
`TAGWIRE_WRITE_DOCS=1 ./tagwire test tests/cogs/test_reference.py`. Options in brackets may be
left out. An option that names a tag, author, source, article, subscription or feed offers choices
while you type, and takes the name as typed too.
"""

MODERATORS = (
    "These need Manage Server or Manage Channels, checked each time, and work in servers only."
)

_KINDS = {
    "string": "text",
    "channel": "channel",
    "integer": "number",
    "number": "number",
    "boolean": "yes or no",
    "role": "role",
    "user": "member",
}


def commands_page(tree: app_commands.CommandTree[Any]) -> str:
    """Return the reference page of every command in the tree."""
    found = sorted(_leaves(tree.get_commands()), key=lambda command: command.qualified_name)
    members = [command for command in found if _permissions(command) is None]
    moderators = [command for command in found if _permissions(command) is not None]
    parts = [HEAD, "## Everyone\n", *(_command(command) for command in members)]
    parts += [
        "## Moderators\n",
        f"{MODERATORS}\n",
        *(_command(command) for command in moderators),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _leaves(commands: Iterable[Any]) -> Iterator[app_commands.Command[Any, ..., Any]]:
    for command in commands:
        if isinstance(command, app_commands.Group):
            yield from _leaves(command.commands)
        elif isinstance(command, app_commands.Command):
            yield command


def _permissions(command: app_commands.Command[Any, ..., Any]) -> Any:
    root = command.root_parent or command
    return root.default_permissions


def _command(command: app_commands.Command[Any, ..., Any]) -> str:
    named = (p.name if p.required else f"[{p.name}]" for p in command.parameters)
    usage = " ".join((f"/{command.qualified_name}", *named))
    lines = [f"### `{usage}`\n", f"{command.description}.\n"]
    for parameter in command.parameters:
        kind = _KINDS.get(parameter.type.name, parameter.type.name)
        line = f"- `{parameter.name}` ({kind}): {parameter.description}"
        if parameter.choices:
            line += f" — {', '.join(f'`{choice.value}`' for choice in parameter.choices)}"
        lines.append(line)
    if command.parameters:
        lines.append("")
    return "\n".join(lines)
