"""Whose language a message is in where nobody asked for it: the one a server chose."""

from __future__ import annotations

from collections.abc import Callable

from bot.chat.room import Say
from bot.messages import catalogue
from bot.model import Target

SayIn = Callable[[int | None], Say]
"""The sentences in the language of a server (None: a direct message)."""


def say_to(target: Target, say_in: SayIn) -> Say:
    """Return the sentences for a target: in its member's language, else in its server's."""
    if target.language is not None:
        return catalogue(target.language).say
    return say_in(target.guild_id)


def in_english(_: int | None) -> Say:
    """Return the English sentences, whatever the server."""
    return catalogue().say
