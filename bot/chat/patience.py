"""How long a request to Discord may take, and what one that is cut short must not leave behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord

REQUEST_TIMEOUT_S = 60.0


@asynccontextmanager
async def request_time(client: discord.Client) -> AsyncIterator[None]:
    """Give a request a minute; raises TimeoutError after it."""
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            yield
    except TimeoutError:
        # The request that met Discord's limit for the whole bot holds up all others until it has
        # slept. Cut short it would hold them up for ever, and discord.py has no other way to say.
        client.http._global_over.set()
        raise
