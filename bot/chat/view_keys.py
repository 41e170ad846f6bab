"""Names the buttons and menus: `t1:<verb>:<key>[:<argument>]`, understood for years and restarts.

The key names a row of store.views, or is itself an id where the verb needs nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

import discord
from discord import ui

from bot.errors import NotFoundError
from bot.model import Cursor

VERSION = 1
NO_KEY = "-"
CUSTOM_ID_CHARS = 100

_TEMPLATE = r"t(?P<version>\d{1,3}):(?P<verb>[a-z_]{1,20})(?P<rest>:.*)?"
_VERB = "__tagwire_verb__"
_SCORE_MARK = "_"


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed control: its verb, key and argument, and what was chosen if it is a menu."""

    verb: str
    key: str = NO_KEY
    argument: str = ""
    values: tuple[str, ...] = ()
    version: int = VERSION


Handler = Callable[[discord.Interaction[Any], Press], Awaitable[None]]
_Method = TypeVar("_Method", bound=Callable[..., Awaitable[None]])


def custom_id(verb: str, key: str = NO_KEY, argument: str = "") -> str:
    """Return the id of a control. Raises ValueError when it would exceed Discord's 100."""
    made = f"t{VERSION}:{verb}:{key}" + (f":{argument}" if argument else "")
    if len(made) > CUSTOM_ID_CHARS:
        raise ValueError(f"custom_id of {len(made)} characters: {made}")
    return made


def parsed(text: str, values: Iterable[str] = ()) -> Press | None:
    """Read a custom_id of any version, or return None when it is not one of ours."""
    found = re.fullmatch(_TEMPLATE, text, re.DOTALL)
    if found is None:
        return None
    key, _, argument = (found["rest"] or ":")[1:].partition(":")
    return Press(found["verb"], key or NO_KEY, argument, tuple(values), int(found["version"]))


def cursor_text(cursor: Cursor, first: int) -> str:
    """Write a place in a list, and the number its first hit has, as the argument of a button."""
    score = "" if cursor.score is None else repr(cursor.score)
    return _SCORE_MARK.join((str(first), "b" if cursor.back else "f", str(cursor.sort_at), score))


def cursor_of(text: str) -> tuple[Cursor, int]:
    """Read what cursor_text() wrote. Raises NotFoundError for anything else."""
    try:
        first, way, sort_at, score = text.split(_SCORE_MARK)
        place = float(score) if score else None
        return Cursor(int(sort_at), place, way == "b"), max(1, int(first))
    except ValueError:
        raise NotFoundError("chat.control_lost") from None


def id_of(text: str) -> int:
    """Read an id out of a control. Raises NotFoundError for anything else."""
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise NotFoundError("chat.control_lost")
    return int(text)


def control(verb: str) -> Callable[[_Method], _Method]:
    """Mark a cog's method as the owner of a verb."""

    def mark(method: _Method) -> _Method:
        setattr(method, _VERB, verb)
        return method

    return mark


def controls_of(cog: object) -> dict[str, Handler]:
    """Return the verbs that a cog's methods own."""
    methods = (getattr(cog, name) for name in dir(type(cog)) if not name.startswith("__"))
    return {getattr(m, _VERB): m for m in methods if callable(m) and hasattr(m, _VERB)}


@runtime_checkable
class Switchboard(Protocol):
    """A client that knows which cog owns a verb."""

    async def pressed(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Hand the press to its owner and draw what goes wrong."""
        ...


class Control(ui.DynamicItem[ui.Item[Any]], template=_TEMPLATE):
    """Any button or menu of ours, made anew from its custom_id when it is pressed.

    One class for all, so that every id ever shipped is answered, if only with a sentence.
    """

    def __init__(self, item: ui.Item[Any]) -> None:
        super().__init__(item)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Control:
        """Wrap the item as it stands in the message."""
        return cls(item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press to the client."""
        data: Any = interaction.data or {}
        press = parsed(self.custom_id, data.get("values", ()))
        if press is not None and isinstance(interaction.client, Switchboard):
            await interaction.client.pressed(interaction, press)


def button(
    label: str,
    verb: str,
    key: str = NO_KEY,
    argument: str = "",
    *,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    disabled: bool = False,
) -> Control:
    """Return a button that still works after a restart."""
    made: ui.Button[Any] = ui.Button(
        label=label, custom_id=custom_id(verb, key, argument), style=style, disabled=disabled
    )
    return Control(made)


def menu(
    placeholder: str,
    options: list[discord.SelectOption],
    verb: str,
    key: str = NO_KEY,
    argument: str = "",
    *,
    any_of: bool = False,
) -> Control:
    """Return a menu of up to 25 options that still works after a restart.

    With `any_of` none or several may be chosen.
    """
    made: ui.Select[Any] = ui.Select(
        placeholder=placeholder,
        options=options,
        custom_id=custom_id(verb, key, argument),
        min_values=0 if any_of else 1,
        max_values=len(options) if any_of else 1,
    )
    return Control(made)


def channel_menu(placeholder: str, verb: str, key: str, chosen_id: int = 0) -> Control:
    """Return a menu of the channels that can be posted to; it still works after a restart."""
    kinds, channel = discord.ChannelType, discord.SelectDefaultValueType.channel
    chosen = [discord.SelectDefaultValue(id=chosen_id, type=channel)] if chosen_id else []
    made: ui.ChannelSelect[Any] = ui.ChannelSelect(
        placeholder=placeholder,
        channel_types=[kinds.text, kinds.news, kinds.forum, kinds.public_thread],
        custom_id=custom_id(verb, key),
        default_values=chosen,
    )
    return Control(made)
