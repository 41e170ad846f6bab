"""Posts in a source's own name and picture, by a webhook that the bot makes in a channel.

Its token is asked of Discord when it is needed, kept in memory and written nowhere. A webhook takes
no nonce, so that a try whose fate is not known is always looked for before the next one.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import discord

from bot.chat.escape import cleaned, safe_url
from bot.model import Parcel

NAME = "Tagwire"
NAME_CHARS = 80
# What Discord refuses in the name of a webhook.
_REFUSED = re.compile(r"discord|clyde|```|[@#:]|^(?:everyone|here)$", re.IGNORECASE)

UNKNOWN_WEBHOOK = 10015
INVALID_TOKEN = 50027
LOST = (UNKNOWN_WEBHOOK, INVALID_TOKEN)

# Tells the hooks of the HTTP library that a request posts: it is counted, and never repeated.
POSTING = "posting"


class WebhookLost(discord.DiscordException):
    """The webhook that a message needs is gone from Discord."""


class _Posting:
    """An HTTP session whose requests are marked as posting."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def request(self, *args: Any, **fields: Any) -> Any:
        return self._session.request(*args, **fields, trace_request_ctx=POSTING)


class Webhooks:
    """The bot's own webhooks, by channel."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._kept: dict[int, discord.Webhook] = {}

    async def of(self, channel_id: int) -> discord.Webhook:
        """Return the bot's webhook for a channel, made if there is none; a thread has its parent's.

        Raises Forbidden without the permission Manage Webhooks.
        """
        holder = await self._holder(channel_id)
        found = self._kept.get(holder.id) or await self._found(holder)
        if found is None:
            found = await holder.create_webhook(name=NAME)
        return self._keep(holder.id, found)

    async def known(self, channel_id: int, webhook_id: int) -> discord.Webhook:
        """Return a webhook that posted. Raises WebhookLost where it is gone."""
        holder = await self._holder(channel_id)
        kept = self._kept.get(holder.id)
        if kept is not None and kept.id == webhook_id:
            return kept
        for found in await holder.webhooks():
            if found.id == webhook_id and found.token is not None:
                return self._keep(holder.id, found)
        raise WebhookLost

    @asynccontextmanager
    async def using(self, channel_id: int, webhook_id: int) -> AsyncIterator[discord.Webhook]:
        """Hand out a webhook that posted. Raises WebhookLost where it is or goes lost."""
        webhook = await self.known(channel_id, webhook_id)
        try:
            yield webhook
        except discord.HTTPException as error:
            if error.code not in LOST:
                raise
            self.forget(webhook)
            raise WebhookLost from None

    def forget(self, webhook: discord.Webhook) -> None:
        """Ask Discord anew before the next post: this one is gone."""
        self._kept = {k: kept for k, kept in self._kept.items() if kept.id != webhook.id}

    async def _found(self, holder: discord.TextChannel | discord.ForumChannel) -> Any:
        for found in await holder.webhooks():
            by_us = found.user is not None and self._client.user == found.user
            if by_us and found.token is not None:
                return found
        return None

    def _keep(self, holder_id: int, webhook: discord.Webhook) -> discord.Webhook:
        if not isinstance(webhook.session, _Posting):
            webhook.session = cast(Any, _Posting(webhook.session))
        self._kept[holder_id] = webhook
        return webhook

    async def _holder(self, channel_id: int) -> discord.TextChannel | discord.ForumChannel:
        channel: Any = self._client.get_channel(channel_id)
        if channel is None:
            channel = await self._client.fetch_channel(channel_id)
        if isinstance(channel, discord.Thread):
            return await self._holder(channel.parent_id)
        if not isinstance(channel, discord.TextChannel | discord.ForumChannel):
            raise discord.InvalidData(f"channel {channel_id} has no webhooks")
        return channel


def name_of(parcel: Parcel) -> str:
    """Return the name a post goes out under: its articles' one source, else the bot's."""
    names = {article.source or article.feed for article in parcel.articles}
    if len(names) != 1:
        return NAME
    name = " ".join(_REFUSED.sub(" ", cleaned(names.pop())).split())[:NAME_CHARS].strip()
    return name or NAME


def picture_of(parcel: Parcel) -> str | None:
    """Return the address of the picture beside that name, where the feed has one."""
    return safe_url(parcel.icon_url)
