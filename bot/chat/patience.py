"""How long a request to Discord may take, and what one that is cut short must not leave behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

import discord

from bot.model import Fate, Outcome

REQUEST_TIMEOUT_S = 60.0


_doubt: ContextVar[Doubt | None] = ContextVar("doubt", default=None)


@dataclass(slots=True)
class Doubt:
    """Whether an answer within a request left open if what it asked for was done.

    discord.py asks again by itself after a server's error; what the last of its tries ends in says
    nothing of the first.
    """

    left: bool = False

    def weigh(self, outcome: Outcome) -> Outcome:
        """Return the outcome, as unknown where an earlier try may have succeeded."""
        if self.left and outcome.fate is not Fate.SENT:
            return replace(outcome, fate=Fate.UNKNOWN)
        return outcome


def leave_doubt() -> None:
    """Note for the request under way that a try of it ended in a server's error."""
    doubt = _doubt.get()
    if doubt is not None:
        doubt.left = True


@asynccontextmanager
async def request_time(client: discord.Client, doubt: Doubt | None = None) -> AsyncIterator[None]:
    """Give a request a minute; raises TimeoutError after it."""
    token = _doubt.set(doubt)
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            yield
    except TimeoutError:
        # The request that met Discord's limit for the whole bot holds up all others until it has
        # slept. Cut short it would hold them up for ever, and discord.py has no other way to say.
        client.http._global_over.set()
        raise
    finally:
        _doubt.reset(token)
