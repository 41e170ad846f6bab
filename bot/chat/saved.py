"""Draws the controls of a reading list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.chat.page import option_text
from bot.chat.room import Say
from bot.chat.view_keys import NO_KEY, button, menu
from bot.model import Article


def saved_controls(
    articles: Sequence[Article], place: str, after: tuple[int, int] | None, say: Say
) -> list[ui.Item[Any]]:
    """Return menus to read and to remove, and the moves to other pages."""
    options = [
        discord.SelectOption(label=option_text(a.title, say("chat.untitled")), value=str(a.id))
        for a in articles
    ]
    rows: list[ui.Item[Any]] = [
        ui.ActionRow(menu(say("chat.read_placeholder"), options, "read", "saved")),
        ui.ActionRow(menu(say("chat.remove_placeholder"), options, "unsave", NO_KEY, place)),
    ]
    if place or after:
        onward = f"{after[0]}_{after[1]}" if after else "-"
        rows.append(
            ui.ActionRow(
                button(say("chat.to_first"), "saved", "first", disabled=not place),
                button(say("chat.next"), "saved", "next", onward, disabled=after is None),
            )
        )
    return rows
