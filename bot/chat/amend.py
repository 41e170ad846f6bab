"""Changes messages that stand: shows what became of their articles, or deletes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import discord

from bot.chat import render
from bot.chat.card import card
from bot.chat.dialogs import WARNING
from bot.chat.escape import inert
from bot.chat.languages import SayIn, in_english
from bot.chat.outcomes import Wire, outcome_of
from bot.chat.patience import request_time
from bot.chat.room import moment
from bot.model import Fate, Outcome, Parcel, TargetKind


class DiscordAmender:
    """Edits, deletes and tells through a logged-in client."""

    def __init__(self, client: discord.Client, wire: Wire, say_in: SayIn = in_english) -> None:
        self._client = client
        self._say_in = say_in
        self._wire = wire

    async def edit(self, parcel: Parcel, changed: Mapping[int, datetime | None]) -> Outcome:
        """Show the parcel as it is now, with a mark on what changed; pings nobody again."""
        say = self._say_in(parcel.target.guild_id)
        marks = {
            article_id: "" if at is None else say("chat.updated", when=moment(at, say, "R"))
            for article_id, at in changed.items()
        }
        view = card(parcel, say, marks)
        message, silent = self._message(parcel), discord.AllowedMentions.none()
        try:
            async with request_time(self._client):
                if parcel.degraded:
                    await message.edit(content=render.plain(parcel, say), allowed_mentions=silent)
                else:
                    await message.edit(view=view, allowed_mentions=silent)
        except discord.NotFound as error:
            return Outcome(Fate.GONE, reason="delivery.gone", code=error.code)
        except self._wire.caught as error:
            return outcome_of(error, self._wire)
        finally:
            view.stop()
        return Outcome(Fate.SENT, message_id=parcel.message_id)

    async def delete(self, parcel: Parcel) -> Outcome:
        """Delete the message; one that is gone already is as good."""
        try:
            async with request_time(self._client):
                await self._message(parcel).delete()
        except discord.NotFound:
            return Outcome(Fate.SENT)
        except self._wire.caught as error:
            return outcome_of(error, self._wire)
        return Outcome(Fate.SENT)

    async def tell(
        self, channel_id: int, lines: Sequence[tuple[str, Mapping[str, str | int]]]
    ) -> Outcome:
        """Say what needs a person, in the channel a server chose for it."""
        known = self._client.get_channel(channel_id)
        guild = getattr(known, "guild", None)
        say = self._say_in(None if guild is None else guild.id)
        text = "\n".join(f"- {say(key, **_inert(params))}" for key, params in lines)
        view = render.notice(text, accent=WARNING)
        try:
            async with request_time(self._client):
                channel = self._client.get_partial_messageable(channel_id)
                silent = discord.AllowedMentions.none()
                sent = await channel.send(view=view, allowed_mentions=silent)
        except self._wire.caught as error:
            return outcome_of(error, self._wire)
        finally:
            view.stop()
        return Outcome(Fate.SENT, message_id=sent.id)

    def _message(self, parcel: Parcel) -> discord.PartialMessage:
        message_id = parcel.message_id or 0
        target = parcel.target
        # A forum post is a thread that has the id of its first message.
        channel_id = message_id if target.kind is TargetKind.FORUM else target.channel_id
        channel = self._client.get_partial_messageable(channel_id, guild_id=target.guild_id)
        return channel.get_partial_message(message_id)


def _inert(params: Mapping[str, str | int]) -> dict[str, str | int]:
    return {k: inert(v, 120, 360) if isinstance(v, str) else v for k, v in params.items()}
