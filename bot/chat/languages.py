"""Whose language a message is in where nobody asked for it: the one a server chose."""

from __future__ import annotations

from collections.abc import Callable

from bot.chat.room import Say
from bot.messages import catalogue

SayIn = Callable[[int | None], Say]
"""The sentences in the language of a server (None: a direct message)."""


def in_english(_: int | None) -> Say:
    """Return the English sentences, whatever the server."""
    return catalogue().say
