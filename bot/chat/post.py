"""Sends parcels to Discord and finds them again: the poster that the courier is handed.

Every message carries the parcel's nonce, which Discord honours for a few minutes, and its marker,
which can be read back from the channel's own messages long after.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import discord

from bot.chat import longread, render
from bot.chat.languages import SayIn, in_english, say_to
from bot.chat.outcomes import Wire, outcome_of
from bot.chat.patience import Doubt, request_time
from bot.chat.webhooks import LOST, WebhookLost, Webhooks, name_of, picture_of
from bot.model import Fate, Outcome, Parcel, TargetKind

_log = logging.getLogger(__name__)

# Discord's clock and ours differ; a message made "before" its try must still be found.
CLOCK_SKEW = timedelta(minutes=2)
# What a channel may have said since the doubtful try; beyond it nothing is taken for certain.
HISTORY_LIMIT = 2000
FORUM_TAGS_LIMIT = 5
MESSAGE_GONE = 10008
TAG_REQUIRED = 40067


class DiscordPoster:
    """Posts through a logged-in client. Never raises for what Discord or the network does."""

    def __init__(self, client: discord.Client, wire: Wire, say_in: SayIn = in_english) -> None:
        self._client = client
        self._say_in = say_in
        self._wire = wire
        self._webhooks = Webhooks(client)

    async def post(self, parcel: Parcel) -> Outcome:
        """Send the parcel once, with its nonce; a forum gets a post of its own."""
        if parcel.sequel is not None and parcel.sequel.number == 0:
            return await self._start_thread(parcel)
        try:
            drawn = self._drawn(parcel)
            following = self._following(parcel)
        except Exception as error:
            # A defect of ours, and of this item alone: the next one of the channel must go out.
            _log.exception("delivery.crashed", extra={"post_id": parcel.post_id})
            detail = {"detail": type(error).__name__}
            return Outcome(Fate.REJECTED, reason="delivery.rejected", params=detail)
        doubt = Doubt()
        try:
            async with request_time(self._client, doubt):
                if parcel.by_webhook and parcel.sequel is None:
                    posted = await self._send_by_webhook(parcel, drawn)
                elif parcel.target.kind is TargetKind.FORUM and parcel.sequel is None:
                    posted = await self._start_forum_post(parcel, drawn)
                else:
                    posted = await self._send(parcel, drawn)
            return replace(posted, sequels=following)
        except self._wire.caught as error:
            return doubt.weigh(outcome_of(error, self._wire))
        finally:
            if not isinstance(drawn, str):
                # Its buttons are answered by their keys for years; it need not stay in memory.
                drawn.stop()

    async def find(self, parcel: Parcel) -> Outcome:
        """Read our own messages since the first doubtful try and look for the marker."""
        if self._may_not_read(parcel):
            # Discord answers with an empty list then, which looks as if nothing had been posted.
            return Outcome(Fate.UNREADABLE, reason="delivery.unclear")
        try:
            async with request_time(self._client):
                return await self._find(parcel, parcel.started_at - CLOCK_SKEW)
        except discord.Forbidden as error:
            return Outcome(Fate.UNREADABLE, reason="delivery.unclear", code=error.code)
        except self._wire.caught as error:
            failed = outcome_of(error, self._wire)
            if failed.fate in (Fate.UNKNOWN, Fate.REJECTED, Fate.SENT):
                return Outcome(Fate.RETRY, reason=failed.reason, params=failed.params)
            return failed

    async def _find(self, parcel: Parcel, since: datetime) -> Outcome:
        read, is_lost = 0, False
        if parcel.target.kind is TargetKind.FORUM and parcel.sequel is None:
            messages = self._own_starters(parcel, since)
        else:
            messages = self._channel(parcel).history(limit=HISTORY_LIMIT, after=since)
        async for message in messages:
            read += 1
            whole = await self._as_ours(parcel, message)
            if whole is not None and carries(whole, parcel.marker):
                return replace(_sent(whole), sequels=self._following(parcel))
            is_lost |= whole is message and not self._is_ours(message.author.id)
        if read >= HISTORY_LIMIT or is_lost:
            return Outcome(Fate.UNREADABLE, reason="delivery.unclear")
        return Outcome(Fate.ABSENT)

    def _may_not_read(self, parcel: Parcel) -> bool:
        channel = self._client.get_channel(parcel.target.channel_id)
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return False
        return not channel.permissions_for(channel.guild.me).read_message_history

    async def publish(self, parcel: Parcel, message_id: int) -> Outcome:
        """Publish an announcement to the channels that follow it; done already is success."""
        try:
            async with request_time(self._client):
                channel = self._channel(parcel)
                await channel.get_partial_message(message_id).publish()
        except self._wire.caught as error:
            failed = outcome_of(error, self._wire)
            if failed.code == MESSAGE_GONE:
                detail = {"detail": str(error)[:200]}
                return replace(failed, fate=Fate.REJECTED, reason="delivery.gone", params=detail)
            done = failed.fate is Fate.SENT
            return replace(failed, published=True) if done else failed
        return Outcome(Fate.SENT, message_id=message_id, published=True)

    async def _send_by_webhook(self, parcel: Parcel, drawn: str | discord.ui.LayoutView) -> Outcome:
        """Post in the source's name. A webhook that somebody deleted is made again, once."""
        channel_id = parcel.target.channel_id
        try:
            webhook = await self._webhooks.of(channel_id)
        except discord.Forbidden as error:
            return Outcome(Fate.ACCESS_LOST, reason="delivery.no_webhooks", code=error.code)
        try:
            return await self._execute(webhook, parcel, drawn)
        except discord.HTTPException as error:
            if error.code not in LOST:
                raise
            self._webhooks.forget(webhook)
        webhook = await self._webhooks.of(channel_id)
        try:
            return await self._execute(webhook, parcel, drawn)
        except discord.HTTPException as error:
            if error.code not in LOST:
                raise
            # Somebody deletes them as they are made: the channel itself is still there.
            self._webhooks.forget(webhook)
            return Outcome(Fate.RETRY, reason="delivery.no_webhooks", code=error.code)

    async def _execute(
        self, webhook: discord.Webhook, parcel: Parcel, drawn: str | discord.ui.LayoutView
    ) -> Outcome:
        fields: dict[str, Any] = {"username": name_of(parcel), "avatar_url": picture_of(parcel)}
        fields |= {"content": drawn} if isinstance(drawn, str) else {"view": drawn}
        if parcel.target.kind is TargetKind.THREAD:
            fields["thread"] = discord.Object(parcel.target.channel_id)
        elif parcel.target.kind is TargetKind.FORUM:
            forum = await self._forum(parcel.target.channel_id)
            fields["thread_name"] = self._thread_name(parcel)
            fields["applied_tags"] = fitting_tags(forum, parcel)
        fields = {key: value for key, value in fields.items() if value is not None}
        sent = await webhook.send(**fields, allowed_mentions=_mentions(parcel), wait=True)
        thread_id = sent.id if parcel.target.kind is TargetKind.FORUM else None
        return replace(_sent(sent), thread_id=thread_id)

    async def _as_ours(self, parcel: Parcel, message: discord.Message) -> Any:
        """Return a message of ours as it can be looked into, or None for anybody else's.

        Without an intent a webhook's message comes empty from a channel's history: it is asked of
        the webhook. Where that is gone the message is returned as it came.
        """
        if self._is_ours(message.author.id):
            return message
        if message.webhook_id is None or message.application_id != self._client.application_id:
            return None
        channel_id, place = parcel.target.channel_id, thread_of(parcel, message.id)
        try:
            async with self._webhooks.using(channel_id, message.webhook_id) as webhook:
                return await webhook.fetch_message(message.id, **place)
        except WebhookLost:
            return message

    async def _start_thread(self, parcel: Parcel) -> Outcome:
        """Start the thread under a post, which gets the message's id; started already is done."""
        message = self._channel(parcel).get_partial_message(parcel.message_id or 0)
        try:
            async with request_time(self._client):
                await message.create_thread(name=self._thread_name(parcel))
        except self._wire.caught as error:
            failed = outcome_of(error, self._wire)
            if failed.code == MESSAGE_GONE:
                return replace(failed, fate=Fate.GONE, reason="delivery.gone")
            return failed
        return Outcome(Fate.SENT, message_id=parcel.message_id)

    def _channel(self, parcel: Parcel) -> discord.PartialMessageable:
        target = parcel.target
        channel_id = target.channel_id
        if parcel.sequel is not None and parcel.sequel.number > 0:
            channel_id = thread_id_of(parcel)
        return self._client.get_partial_messageable(channel_id, guild_id=target.guild_id)

    def _thread_name(self, parcel: Parcel) -> str:
        return longread.thread_name(parcel, say_to(parcel.target, self._say_in))

    def _following(self, parcel: Parcel) -> tuple[str, ...]:
        if parcel.sequel is not None:
            return ()
        return longread.contents(parcel, say_to(parcel.target, self._say_in))

    def _drawn(self, parcel: Parcel) -> str | discord.ui.LayoutView:
        if parcel.sequel is not None:
            return longread.page(parcel.sequel, parcel.marker)
        say = say_to(parcel.target, self._say_in)
        return render.plain(parcel, say) if parcel.degraded else render.card(parcel, say)

    async def _send(self, parcel: Parcel, drawn: str | discord.ui.LayoutView) -> Outcome:
        channel = self._channel(parcel)
        mentions = _mentions(parcel)
        if isinstance(drawn, str):
            return _sent(await channel.send(drawn, nonce=parcel.nonce, allowed_mentions=mentions))
        sent = await channel.send(view=drawn, nonce=parcel.nonce, allowed_mentions=mentions)
        return _sent(sent)

    async def _start_forum_post(
        self, parcel: Parcel, drawn: str | discord.ui.LayoutView
    ) -> Outcome:
        forum = await self._forum(parcel.target.channel_id)
        try:
            return await _started(forum, self._thread_name(parcel), parcel, drawn)
        except discord.HTTPException as error:
            if error.code != TAG_REQUIRED and "applied_tags" not in error.text:
                raise
        # Its tags were changed a moment ago and the gateway has not told us yet.
        fresh = await self._client.fetch_channel(forum.id)
        if not isinstance(fresh, discord.ForumChannel):
            raise discord.InvalidData(f"channel {forum.id} is no forum")
        return await _started(fresh, self._thread_name(parcel), parcel, drawn)

    async def _forum(self, channel_id: int) -> discord.ForumChannel:
        known = self._client.get_channel(channel_id)
        channel = known if known is not None else await self._client.fetch_channel(channel_id)
        if not isinstance(channel, discord.ForumChannel):
            raise discord.InvalidData(f"channel {channel_id} is no forum")
        return channel

    async def _own_starters(
        self, parcel: Parcel, since: datetime
    ) -> AsyncIterator[discord.Message]:
        is_by_webhook = parcel.by_webhook or parcel.tried_by_webhook
        forum = await self._forum(parcel.target.channel_id)
        active = await forum.guild.active_threads()
        archived = [thread async for thread in forum.archived_threads(limit=HISTORY_LIMIT)]
        for thread in [*active, *archived]:
            made_at = discord.utils.snowflake_time(thread.id)
            ours = self._is_ours(thread.owner_id) or is_by_webhook
            if thread.parent_id == forum.id and ours and made_at >= since:
                with suppress(discord.NotFound):  # Its first message was deleted.
                    yield await thread.fetch_message(thread.id)

    def _is_ours(self, user_id: int | None) -> bool:
        return self._client.user is not None and user_id == self._client.user.id


async def _started(
    forum: discord.ForumChannel, name: str, parcel: Parcel, drawn: str | discord.ui.LayoutView
) -> Outcome:
    start = partial(
        forum.create_thread,
        name=name,
        applied_tags=fitting_tags(forum, parcel),
        allowed_mentions=_mentions(parcel),
    )
    made = await (start(content=drawn) if isinstance(drawn, str) else start(view=drawn))
    return Outcome(Fate.SENT, message_id=made.message.id, thread_id=made.thread.id)


def thread_of(parcel: Parcel, message_id: int) -> dict[str, discord.Object]:
    """Return the thread in which a webhook's message stands, as its methods want it named."""
    if parcel.target.kind is TargetKind.THREAD:
        return {"thread": discord.Object(parcel.target.channel_id)}
    if parcel.target.kind is TargetKind.FORUM:
        return {"thread": discord.Object(message_id)}
    return {}


def thread_id_of(parcel: Parcel) -> int:
    """Return where a post's text follows: a thread or forum post has its first message's id."""
    if parcel.target.kind is TargetKind.THREAD:
        return parcel.target.channel_id
    return parcel.message_id or 0


def carries(message: discord.Message, marker: str) -> bool:
    """Whether one of our own messages holds the marker, in its text or in a control."""
    shown = json.dumps([component.to_dict() for component in message.components])
    return marker in message.content or marker in shown


def fitting_tags(forum: discord.ForumChannel, parcel: Parcel) -> list[discord.ForumTag]:
    """Return the forum's tags named like a tag of the articles, at most five, unmoderated first.

    Where the forum requires a tag and none fits, its first one that anyone may set is used.
    """
    names = {tag.name.casefold() for article in parcel.articles for tag in article.tags}
    open_tags = [tag for tag in forum.available_tags if not tag.moderated]
    fitting = [tag for tag in open_tags if tag.name.casefold() in names][:FORUM_TAGS_LIMIT]
    if not fitting and forum.flags.require_tag:
        return open_tags[:1]
    return fitting


def _mentions(parcel: Parcel) -> discord.AllowedMentions:
    if parcel.sequel is not None:
        return discord.AllowedMentions.none()
    roles = [discord.Object(role_id) for role_id in parcel.mention_role_ids]
    return discord.AllowedMentions(everyone=False, users=False, roles=roles, replied_user=False)


def _sent(message: discord.Message) -> Outcome:
    return Outcome(
        Fate.SENT,
        message_id=message.id,
        published=message.flags.crossposted or None,
        webhook_id=message.webhook_id,
    )
