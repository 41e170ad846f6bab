"""/subscription add, list, pause, resume, remove and test, and the buttons that belong to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import discord
from discord import app_commands

from bot.chat import render
from bot.chat.answer import Answer, answering
from bot.chat.client import say_for
from bot.chat.permissions import require_moderator
from bot.chat.view_keys import NO_KEY, Press, control, id_of
from bot.chat.words import worded
from bot.errors import QueryError
from bot.model import Scope, Subscription
from bot.query import language
from cogs.asking import Interaction, scope_of
from cogs.subscription_base import (
    ALL,
    GROUP,
    PAUSED,
    Change,
    Choices,
    SubscriptionBase,
    sample_of,
    turns,
)
from cogs.targets import Picked, PostableChannel, channel_of, checked

LISTED = 15


class Managing(SubscriptionBase):
    """The commands and buttons that decide what a channel gets."""

    @GROUP.command(name="add", description=worded("cogs.subscription_add_description"))
    @app_commands.describe(
        channel=worded("cogs.subscription_channel"),
        query=worded("cogs.subscription_query"),
        copies=worded("cogs.edit_copies"),
    )
    async def add(
        self,
        interaction: Interaction,
        channel: app_commands.Transform[Picked, PostableChannel],
        query: app_commands.Range[str, 1, 2000],
        copies: bool = False,
    ) -> None:
        """Check the channel and the query, show what it would have posted, ask."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            await self._offer(interaction, answer, channel.id, query, copies=copies)

    @GROUP.command(name="list", description=worded("cogs.subscription_list_description"))
    async def list(self, interaction: Interaction) -> None:
        """List the server's subscriptions with their state."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            await answer.show(await self._listed(interaction, 0))

    @GROUP.command(name="pause", description=worded("cogs.subscription_pause_description"))
    @app_commands.describe(subscription=worded("cogs.subscription_option"))
    async def pause(self, interaction: Interaction, subscription: str) -> None:
        """Stop posting for now; nothing configured is lost."""
        if subscription.strip().lower() == ALL:
            await self._every(interaction, "pause")
        else:
            await self._change(interaction, subscription, "pause")

    @GROUP.command(name="resume", description=worded("cogs.subscription_resume_description"))
    @app_commands.describe(subscription=worded("cogs.subscription_option"))
    async def resume(self, interaction: Interaction, subscription: str) -> None:
        """Post again."""
        if subscription.strip().lower() == ALL:
            await self._every(interaction, "resume")
        else:
            await self._change(interaction, subscription, "resume")

    @GROUP.command(name="remove", description=worded("cogs.subscription_remove_description"))
    @app_commands.describe(subscription=worded("cogs.subscription_option"))
    async def remove(self, interaction: Interaction, subscription: str) -> None:
        """Ask, then remove a subscription."""
        await self._change(interaction, subscription, "remove")

    @GROUP.command(name="test", description=worded("cogs.subscription_test_description"))
    @app_commands.describe(subscription=worded("cogs.subscription_option"))
    async def test(self, interaction: Interaction, subscription: str) -> None:
        """Show what it would have posted lately and whether the channel can be posted to."""
        await self._change(interaction, subscription, "test")

    @pause.autocomplete("subscription")
    @resume.autocomplete("subscription")
    @remove.autocomplete("subscription")
    @test.autocomplete("subscription")
    async def subscriptions(self, interaction: Interaction, typed: str) -> Choices:
        """Suggest the server's subscriptions by channel and query."""
        return await self.suggested(interaction, typed)

    @control("sub_list")
    async def turn_list(self, interaction: Interaction, press: Press) -> None:
        """Show another page of the server's subscriptions."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            await answer.edit(await self._listed(interaction, id_of(press.argument)))

    @control("subscribe")
    async def subscribe(self, interaction: Interaction, press: Press) -> None:
        """Offer to post what a page of results shows into this channel from now on."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            view = await self.view(interaction, press.key)
            query = replace(language.parse(view.query), sort=None)
            await self._offer(interaction, answer, interaction.channel_id or 0, str(query))

    @control("mend")
    async def mend(self, interaction: Interaction, press: Press) -> None:
        """Go on with the mended query."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            view = await self.view(interaction, press.key)
            channel_id = id_of(str(view.detail.get("channel_id", "")))
            copies = view.detail.get("copies") is True
            await self._offer(interaction, answer, channel_id, view.query, copies=copies)

    @control("sub_add")
    async def confirm_add(self, interaction: Interaction, press: Press) -> None:
        """Subscribe the channel, everything checked once more."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            view = await self.view(interaction, press.key)
            say = say_for(interaction)
            channel = await channel_of(interaction, id_of(str(view.detail.get("channel_id", ""))))
            kind = checked(channel, say)
            now = self.client.ports.now()
            made = await self.store.subscriptions.add(
                kind,
                guild_id,
                channel.id,
                view.query,
                interaction.user.id,
                now,
                rhythm={"copies": True} if view.detail.get("copies") is True else None,
                most=self._most(),
            )
            text = say("cogs.subscribed", channel=channel.mention, query=self._query(made, say))
            await answer.edit(render.notice(text))

    @control("sub_del")
    async def confirm_remove(self, interaction: Interaction, press: Press) -> None:
        """Remove the subscription that was asked about."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            found = await self.store.subscriptions.remove(self.by(interaction), id_of(press.key))
            await answer.edit(render.notice(say("cogs.unsubscribed", what=self._line(found, say))))

    @control("sub_pick")
    async def pick(self, interaction: Interaction, press: Press) -> None:
        """Go on with the subscription chosen among several."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            chosen = id_of(press.values[0] if press.values else "")
            found = await self.store.subscriptions.get(chosen, guild_id)
            await self._does(press.key)(interaction, answer, found)

    async def _listed(self, interaction: Interaction, start: int) -> discord.ui.LayoutView:
        say = say_for(interaction)
        found = await self.store.subscriptions.list(require_moderator(interaction))
        shown = found[start : start + LISTED]
        lines = [f"- {self._line(each, say, brief=True)}" for each in shown]
        moves = turns("sub_list", NO_KEY, start, LISTED, len(found), say)
        heading = say("cogs.subscriptions_heading")
        return render.listing(heading, lines or [say("cogs.no_subscriptions")], say, moves)

    @control("cancel")
    async def cancel(self, interaction: Interaction, press: Press) -> None:
        """Leave everything as it is."""
        async with answering(interaction, private=True) as answer:
            await answer.edit(render.notice(say_for(interaction)("cogs.cancelled")))

    async def _offer(
        self,
        interaction: Interaction,
        answer: Answer,
        channel_id: int,
        text: str,
        *,
        copies: bool = False,
    ) -> None:
        say = say_for(interaction)
        channel = await channel_of(interaction, channel_id)
        checked(channel, say)
        await self._check_room(require_moderator(interaction))
        place = str(channel.id)
        try:
            query = language.parse_strict(text)
        except QueryError as error:
            key = None
            if error.mend:
                key = await self.keep(
                    interaction, "mend", error.mend, channel_id=place, copies=copies
                )
            await answer.show(render.query_failure(error, text, say, key), private=True)
            return
        key = await self.keep(interaction, "subscribe", str(query), channel_id=place, copies=copies)
        lately = await self._lately(interaction, query)
        asked = say(
            "cogs.subscribe_ask", channel=channel.mention, query=render.query_text(str(query), say)
        )
        await answer.show(render.question(f"{asked}\n{lately}", "sub_add", key, say), private=True)

    def changes(self) -> Mapping[str, Change]:
        """Return what the commands without further options do."""
        return {
            "pause": self._pause,
            "resume": self._resume,
            "remove": self._ask_remove,
            "test": self._test,
        }

    async def _pause(self, interaction: Interaction, answer: Answer, found: Subscription) -> None:
        say = say_for(interaction)
        await self.store.subscriptions.pause(self.by(interaction), PAUSED, found.id)
        await answer.show(render.notice(say("cogs.paused", what=self._line(found, say))))

    async def _resume(self, interaction: Interaction, answer: Answer, found: Subscription) -> None:
        say = say_for(interaction)
        channel = await channel_of(interaction, found.target.channel_id)
        checked(channel, say, found.look)
        await self.store.subscriptions.resume(self.by(interaction), found.id)
        shown = replace(found, paused=None, target=replace(found.target, paused_reason=None))
        await answer.show(render.notice(say("cogs.resumed", what=self._line(shown, say))))

    async def _ask_remove(
        self, interaction: Interaction, answer: Answer, found: Subscription
    ) -> None:
        say = say_for(interaction)
        text = say("cogs.unsubscribe_ask", what=self._line(found, say))
        await answer.show(render.question(text, "sub_del", str(found.id), say, danger=True))

    async def _test(self, interaction: Interaction, answer: Answer, found: Subscription) -> None:
        say = say_for(interaction)
        channel = await channel_of(interaction, found.target.channel_id)
        checked(channel, say, found.look)
        lately = await self._lately(interaction, language.parse(found.query))
        text = say("cogs.test_heading", what=self._line(found, say))
        newest = language.narrow(language.parse(found.query), sort="new")
        page = await self.store.articles.search(
            newest, Scope(interaction.guild_id), now=self.client.ports.now(), limit=1
        )
        told = [text, lately, *([say("cogs.test_sample")] if page.hits else [])]
        await answer.show(render.notice("\n".join(told)))
        if page.hits:
            article = await self.store.articles.get(page.hits[0].id, scope_of(interaction))
            sample = render.card(sample_of(found, article), say)
            await answer.show(sample, private=True)
