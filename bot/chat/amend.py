"""Changes messages that stand: shows what became of their articles, or deletes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime
from functools import partial
from typing import Any

import discord

from bot.chat import longread, render
from bot.chat.card import card
from bot.chat.dialogs import WARNING
from bot.chat.escape import inert
from bot.chat.languages import SayIn, in_english, say_to
from bot.chat.outcomes import Wire, outcome_of
from bot.chat.patience import request_time
from bot.chat.post import thread_id_of, thread_of
from bot.chat.room import Say, moment
from bot.chat.webhooks import WebhookLost, Webhooks
from bot.model import Fate, Outcome, Parcel, Sequel, TargetKind

THREAD_ARCHIVED = 50083


class DiscordAmender:
    """Edits, deletes and tells through a logged-in client."""

    def __init__(self, client: discord.Client, wire: Wire, say_in: SayIn = in_english) -> None:
        self._client = client
        self._say_in = say_in
        self._wire = wire
        self._webhooks = Webhooks(client)

    async def edit(self, parcel: Parcel, changed: Mapping[int, datetime | None]) -> Outcome:
        """Show the parcel as it is now, with a mark on what changed; pings nobody again."""
        say = say_to(parcel.target, self._say_in)
        marks = {
            article_id: "" if at is None else say("chat.updated", when=moment(at, say, "R"))
            for article_id, at in changed.items()
        }
        view = card(parcel, say, marks)
        is_gone = not parcel.articles or None in changed.values()
        more: tuple[str, ...] = ()
        try:
            async with request_time(self._client):
                if is_gone:
                    # The text goes first: a mark over the whole text would be no withdrawal.
                    await self._delete_text(parcel)
                if parcel.degraded:
                    text = render.plain(parcel, say, marks)
                    await self._change(parcel, content=text)
                else:
                    await self._change(parcel, view=view)
            if changed and not is_gone:
                async with request_time(self._client):
                    more = await self._rewrite(parcel, say)
        except WebhookLost:
            return Outcome(Fate.GONE, reason="delivery.webhook_gone")
        except discord.NotFound as error:
            return Outcome(Fate.GONE, reason="delivery.gone", code=error.code)
        except self._wire.caught as error:
            return outcome_of(error, self._wire)
        finally:
            view.stop()
        return Outcome(Fate.SENT, message_id=parcel.message_id, sequels=more)

    async def delete(self, parcel: Parcel) -> Outcome:
        """Delete the message; one that is gone already is as good."""
        try:
            async with request_time(self._client):
                await self._delete_text(parcel)
                if not await self._delete_thread(parcel):
                    await self._remove(parcel)
        except discord.NotFound:
            return Outcome(Fate.SENT)
        except self._wire.caught as error:
            return outcome_of(error, self._wire)
        return Outcome(Fate.SENT)

    async def tell(
        self, channel_id: int, lines: Sequence[tuple[str, Mapping[str, str | int]]], nonce: str
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
                sent = await channel.send(view=view, nonce=nonce, allowed_mentions=silent)
        except self._wire.caught as error:
            return outcome_of(error, self._wire)
        finally:
            view.stop()
        return Outcome(Fate.SENT, message_id=sent.id)

    async def _change(self, parcel: Parcel, **shown: Any) -> None:
        """Edit a message, also in a thread that went into the archive, which it stays in."""
        room_id = self._message(parcel).channel.id
        await self._awake(room_id, partial(self._put, parcel, **shown))

    async def _awake(self, room_id: int, edit: Callable[[], Awaitable[None]]) -> None:
        try:
            await edit()
        except discord.HTTPException as error:
            if error.code != THREAD_ARCHIVED:
                raise
            thread = await self._client.fetch_channel(room_id)
            if not isinstance(thread, discord.Thread):
                raise
            await thread.edit(archived=False)
            await edit()
            await thread.edit(archived=True)

    async def _rewrite(self, parcel: Parcel, say: Say) -> tuple[str, ...]:
        """Show the whole text as it is now; return the pages for which no message stands yet.

        While pages are on their way, or one is missing, the text stays as it was first posted.
        """
        pages = longread.contents(parcel, say)
        if not pages or len(parcel.followed_by) != parcel.pages:
            return ()
        room_id = thread_id_of(parcel)
        await self._awake(room_id, partial(self._rewrite_pages, parcel, pages))
        return pages[len(parcel.followed_by) :]

    async def _rewrite_pages(self, parcel: Parcel, pages: Sequence[str]) -> None:
        room = self._client.get_partial_messageable(
            thread_id_of(parcel), guild_id=parcel.target.guild_id
        )
        for number, message_id in enumerate(parcel.followed_by, 1):
            message = room.get_partial_message(message_id)
            with suppress(discord.NotFound):  # A page that a moderator deleted stays deleted.
                # A page too many is kept for when the text grows again.
                content = pages[number - 1] if number <= len(pages) else longread.EMPTY
                view = longread.page(Sequel(number, content), str(message_id % 2**31))
                silent = discord.AllowedMentions.none()
                await message.edit(view=view, allowed_mentions=silent)

    async def _put(self, parcel: Parcel, **shown: Any) -> None:
        """Edit a message as whoever posted it. Raises WebhookLost."""
        silent = discord.AllowedMentions.none()
        if parcel.webhook_id is None:
            await self._message(parcel).edit(**shown, allowed_mentions=silent)
            return
        message_id = parcel.message_id or 0
        async with self._webhook(parcel) as webhook:
            shown |= thread_of(parcel, message_id)
            await webhook.edit_message(message_id, **shown, allowed_mentions=silent)

    def _webhook(self, parcel: Parcel) -> AbstractAsyncContextManager[discord.Webhook]:
        return self._webhooks.using(parcel.target.channel_id, parcel.webhook_id or 0)

    async def _remove(self, parcel: Parcel) -> None:
        """Delete a message as whoever posted it, or as a moderator where its webhook is gone."""
        message_id = parcel.message_id or 0
        if parcel.webhook_id is not None:
            with suppress(WebhookLost):
                async with self._webhook(parcel) as webhook:
                    await webhook.delete_message(message_id, **thread_of(parcel, message_id))
                return
        await self._message(parcel).delete()

    async def _delete_text(self, parcel: Parcel) -> None:
        """Delete the messages that followed a post; what is gone already is as good."""
        target = parcel.target
        channel = self._client.get_partial_messageable(
            thread_id_of(parcel), guild_id=target.guild_id
        )
        for message_id in parcel.followed_by:
            with suppress(discord.NotFound):
                await channel.get_partial_message(message_id).delete()

    async def _delete_thread(self, parcel: Parcel) -> bool:
        """Delete the post's own thread unless people talked in it; return whether a forum's went.

        That takes Manage Threads. Without it an empty one is put into the archive, out of sight.
        """
        is_forum = parcel.target.kind is TargetKind.FORUM
        if not is_forum and (not parcel.followed_by or parcel.target.kind is TargetKind.THREAD):
            return False
        try:
            thread = await self._client.fetch_channel(thread_id_of(parcel))
        except discord.NotFound:
            return is_forum
        if not isinstance(thread, discord.Thread) or thread.message_count:
            return False
        try:
            await thread.delete()
        except discord.Forbidden:
            if is_forum:
                await self._remove(parcel)
            await thread.edit(archived=True)
        return is_forum

    def _message(self, parcel: Parcel) -> discord.PartialMessage:
        message_id = parcel.message_id or 0
        target = parcel.target
        # A forum post is a thread that has the id of its first message.
        channel_id = message_id if target.kind is TargetKind.FORUM else target.channel_id
        channel = self._client.get_partial_messageable(channel_id, guild_id=target.guild_id)
        return channel.get_partial_message(message_id)


def _inert(params: Mapping[str, str | int]) -> dict[str, str | int]:
    return {k: inert(v, 120, 360) if isinstance(v, str) else v for k, v in params.items()}
