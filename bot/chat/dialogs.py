"""Draws what is no article: notices, misses with suggestions, menus, questions, lists and help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.chat.escape import cut, inert
from bot.chat.page import ask_buttons, option_text
from bot.chat.room import ACCENT, Room, Say
from bot.chat.view_keys import button, menu
from bot.errors import QueryError, TagwireError

WARNING = 0xB3541E
LIST_LINES = 40
MENU_OPTIONS = 25
QUERY_CHARS = 700


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a menu: what it says, its second line, and the value it sends."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Menu:
    """One of several menus of a message; `argument` tells it from the others."""

    placeholder: str
    argument: str
    choices: Sequence[Choice]


def notice(text: str, *, accent: int = ACCENT) -> ui.LayoutView:
    """Return a short message. The text is ours: parameters in it are inert already."""
    return _message([Room().text(text)], accent)


def failure(error: TagwireError, say: Say, mend_key: str | None = None) -> ui.LayoutView:
    """Return an error as its sentence; a query's error shows the place and offers the mend.

    `mend_key` names the view whose button "Use this" asks the mended query.
    """
    return _message(error_parts(error, say, mend_key), WARNING)


def error_parts(
    error: TagwireError,
    say: Say,
    mend_key: str | None = None,
    *,
    query: str | None = None,
    verb: str = "mend",
) -> list[ui.Item[Any]]:
    """Return what failure() shows, for a message that shows more; of a `query` also the place.

    `verb` is what the button "Use this" does.
    """
    safe = {k: inert(v, 300, 900) if isinstance(v, str) else v for k, v in error.params.items()}
    room = Room()
    parts: list[ui.Item[Any]] = [room.text(say(error.key, **safe))]
    if isinstance(error, QueryError) and query is not None:
        shown = say("chat.place", query=place_of(query, error.start, error.end))
        parts.append(ui.TextDisplay(shown))
    if isinstance(error, QueryError) and error.mend:
        shown = inert(error.mend, QUERY_CHARS, 2 * QUERY_CHARS)
        parts.append(room.text(say("chat.mend", query=shown)))
        if mend_key is not None:
            use = button(say("chat.use_this"), verb, mend_key, style=discord.ButtonStyle.primary)
            parts.append(ui.ActionRow(use))
    return parts


def place_of(query: str, start: int, end: int) -> str:
    """Return a query with the part between two characters made bold, shortened around it."""
    start, end = max(0, start), max(start, end)
    before, at, after = query[max(0, start - 80) : start], query[start:end], query[end : end + 80]
    lead = "…" if start > 80 else ""
    tail = "…" if len(query) > end + 80 else ""
    marked = inert(at, 200) or "⟨ ⟩"
    return f"{lead}{inert(before)} **{marked}** {inert(after)}{tail}".strip()


def query_failure(
    error: QueryError, query: str, say: Say, mend_key: str | None = None
) -> ui.LayoutView:
    """Return a saved query's error with the place where it stands and the offered mend."""
    return _message(error_parts(error, say, mend_key, query=query), WARNING)


def _options(offered: Sequence[Choice]) -> list[discord.SelectOption]:
    return [
        discord.SelectOption(
            label=option_text(choice.label, "…"),
            value=choice.value,
            description=option_text(choice.note, "") or None,
        )
        for choice in offered[:MENU_OPTIONS]
    ]


def miss(sentence: str, labels: tuple[str, ...], key: str, say: Say) -> ui.LayoutView:
    """Return "nothing found" with the nearest names as buttons that ask for them."""
    room = Room()
    return _message([room.text(sentence), *_asks(labels, key, room, say)])


def _asks(labels: tuple[str, ...], key: str, room: Room, say: Say) -> list[ui.Item[Any]]:
    asks = ask_buttons(labels, key)
    return [room.text(f"-# {say('chat.did_you_mean')}"), ui.ActionRow(*asks)] if asks else []


def choices(
    sentence: str,
    offered: Sequence[Choice],
    verb: str,
    key: str,
    placeholder: str,
    labels: tuple[str, ...] = (),
    say: Say | None = None,
) -> ui.LayoutView:
    """Return a menu of several hits, of which one is meant; `labels` are asked instead."""
    chosen = menu(placeholder, _options(offered), verb, key)
    room = Room()
    parts: list[ui.Item[Any]] = [room.text(sentence), ui.ActionRow(chosen)]
    return _message([*parts, *(_asks(labels, key, room, say) if say is not None else ())])


def menus(
    sentence: str,
    offered: Sequence[Menu],
    verb: str,
    key: str,
    moves: Sequence[ui.Item[Any]] = (),
) -> ui.LayoutView:
    """Return one menu of each kind that has choices, and the moves under them."""
    parts: list[ui.Item[Any]] = [Room().text(sentence)]
    for kind in offered:
        if kind.choices:
            chosen = menu(kind.placeholder, _options(kind.choices), verb, key, kind.argument)
            parts.append(ui.ActionRow(chosen))
    return _message([*parts, ui.ActionRow(*moves)] if moves else parts)


def question(text: str, verb: str, key: str, say: Say, *, danger: bool = False) -> ui.LayoutView:
    """Return a question with the buttons Confirm, which carries the verb, and Cancel."""
    style = discord.ButtonStyle.danger if danger else discord.ButtonStyle.success
    buttons = (
        button(say("chat.confirm"), verb, key, style=style),
        button(say("chat.cancel"), "cancel", key),
    )
    return _message([Room().text(text), ui.ActionRow(*buttons)], WARNING if danger else ACCENT)


def listing(
    heading: str, lines: Sequence[str], say: Say, moves: Sequence[ui.Item[Any]] = ()
) -> ui.LayoutView:
    """Return a heading over lines that are inert already; what does not fit is counted."""
    room = Room()
    head = room.text(f"## {inert(heading, 150, 500)}")
    kept: list[str] = []
    chars, size = room.chars - 80, room.size - 160
    for line in lines[:LIST_LINES]:
        chars -= len(line) + 1
        size -= len(line.encode()) + 1
        if min(chars, size) < 0:
            break
        kept.append(line)
    if len(lines) > len(kept):
        kept.append(f"-# {say('chat.and_more', count=len(lines) - len(kept))}")
    parts: list[ui.Item[Any]] = [head]
    if kept:
        parts.append(room.text("\n".join(kept)))
    if moves:
        parts.append(ui.ActionRow(*moves))
    return _message(parts)


def query_text(query: str, say: Say) -> str:
    """Return a query for people: inert, and a word for the query that matches everything."""
    return cut(inert(query), QUERY_CHARS, 2 * QUERY_CHARS) or say("chat.everything")


def _message(parts: Sequence[ui.Item[Any]], accent: int = ACCENT) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, accent_colour=accent))
    return view
