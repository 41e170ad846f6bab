"""Descriptions of commands and options, from the catalogue, marked for a translator."""

from __future__ import annotations

from discord import app_commands

from bot.messages import catalogue


def worded(key: str) -> app_commands.locale_str:
    """Return the English sentence of a key; the key goes along for a translator."""
    return app_commands.locale_str(catalogue().say(key), key=key)
