"""/subscription: what is posted where. Every change is a moderator's, checked on each press."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands

from bot.chat import render
from bot.chat.answer import Answer, answering
from bot.chat.client import TagwireClient, say_for
from bot.chat.escape import inert
from bot.chat.page import option_text
from bot.chat.permissions import is_moderator, require_moderator
from bot.chat.view_keys import Press, control, id_of
from bot.chat.words import worded
from bot.errors import NotFoundError, QueryError, TagwireError
from bot.model import Scope, Subscription
from bot.query import language
from bot.query.nodes import Newer, Query
from bot.query.text import fold
from cogs.asking import Interaction, TagwireCog, choice, scope_of
from cogs.targets import Picked, PostableChannel, channel_of, checked

LATELY = 5
BACK_TEST = Newer(30, "d")
LIST_LIMIT = 25

Choices = list[app_commands.Choice[str]]
Change = Callable[[Interaction, Answer, Subscription], Awaitable[None]]


class SubscriptionCog(TagwireCog):
    """The commands and buttons that decide what a channel gets."""

    subscription = app_commands.Group(
        name="subscription",
        description=worded("cogs.subscription_description"),
        default_permissions=discord.Permissions(manage_guild=True),
        allowed_contexts=app_commands.AppCommandContext(guild=True),
        allowed_installs=app_commands.AppInstallationType(guild=True),
    )

    @subscription.command(name="add", description=worded("cogs.subscription_add_description"))
    @app_commands.describe(
        channel=worded("cogs.subscription_channel"), query=worded("cogs.subscription_query")
    )
    async def add(
        self,
        interaction: Interaction,
        channel: app_commands.Transform[Picked, PostableChannel],
        query: app_commands.Range[str, 1, 2000],
    ) -> None:
        """Check the channel and the query, show what it would have posted, ask."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            await self._offer(interaction, answer, channel.id, query)

    @subscription.command(name="list", description=worded("cogs.subscription_list_description"))
    async def list(self, interaction: Interaction) -> None:
        """List the server's subscriptions with their state."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            found = await self.store.subscriptions.list(guild_id)
            lines = [f"- {self._line(s, say)}" for s in found] or [say("cogs.no_subscriptions")]
            await answer.show(render.listing(say("cogs.subscriptions_heading"), lines, say))

    @subscription.command(name="pause", description=worded("cogs.subscription_pause_description"))
    @app_commands.describe(subscription=worded("cogs.subscription_option"))
    async def pause(self, interaction: Interaction, subscription: str) -> None:
        """Stop posting for now; nothing configured is lost."""
        await self._change(interaction, subscription, "pause")

    @subscription.command(name="resume", description=worded("cogs.subscription_resume_description"))
    @app_commands.describe(subscription=worded("cogs.subscription_option"))
    async def resume(self, interaction: Interaction, subscription: str) -> None:
        """Post again."""
        await self._change(interaction, subscription, "resume")

    @subscription.command(name="remove", description=worded("cogs.subscription_remove_description"))
    @app_commands.describe(subscription=worded("cogs.subscription_option"))
    async def remove(self, interaction: Interaction, subscription: str) -> None:
        """Ask, then remove a subscription."""
        await self._change(interaction, subscription, "remove")

    @subscription.command(name="test", description=worded("cogs.subscription_test_description"))
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
        if interaction.guild_id is None or not is_moderator(interaction):
            return []
        found = await self.store.subscriptions.list(interaction.guild_id)
        fitting = [s for s in found if fold(typed) in fold(self._name(s))]
        return [choice(self._name(s), f"subscription:{s.id}") for s in fitting[:25]]

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
            await self._offer(interaction, answer, channel_id, view.query)

    @control("sub_add")
    async def confirm_add(self, interaction: Interaction, press: Press) -> None:
        """Subscribe the channel, everything checked once more."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            view = await self.view(interaction, press.key)
            say = say_for(interaction)
            channel = await channel_of(interaction, id_of(str(view.detail.get("channel_id", ""))))
            kind = checked(channel, say)
            await self._check_room(guild_id)
            now = self.client.ports.now()
            made = await self.store.subscriptions.add(
                kind, guild_id, channel.id, view.query, interaction.user.id, now
            )
            await self._audit(interaction, "subscription.add", made.id, None, made.query)
            text = say("cogs.subscribed", channel=channel.mention, query=self._query(made, say))
            await answer.edit(render.notice(text))

    @control("sub_del")
    async def confirm_remove(self, interaction: Interaction, press: Press) -> None:
        """Remove the subscription that was asked about."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            found = await self.store.subscriptions.get(id_of(press.key), guild_id)
            await self.store.subscriptions.remove(found.id, guild_id)
            await self._audit(interaction, "subscription.remove", found.id, found.query, None)
            await answer.edit(render.notice(say("cogs.unsubscribed", what=self._line(found, say))))

    @control("sub_pick")
    async def pick(self, interaction: Interaction, press: Press) -> None:
        """Go on with the subscription chosen among several."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            chosen = id_of(press.values[0] if press.values else "")
            found = await self.store.subscriptions.get(chosen, guild_id)
            await self._does(press.key)(interaction, answer, found)

    @control("cancel")
    async def cancel(self, interaction: Interaction, press: Press) -> None:
        """Leave everything as it is."""
        async with answering(interaction, private=True) as answer:
            await answer.edit(render.notice(say_for(interaction)("cogs.cancelled")))

    async def _offer(
        self, interaction: Interaction, answer: Answer, channel_id: int, text: str
    ) -> None:
        say = say_for(interaction)
        channel = await channel_of(interaction, channel_id)
        checked(channel, say)
        await self._check_room(require_moderator(interaction))
        try:
            query = language.parse_strict(text)
        except QueryError as error:
            key = None
            if error.mend:
                key = await self.keep(interaction, "mend", error.mend, channel_id=str(channel.id))
            await answer.show(render.query_failure(error, text, say, key), private=True)
            return
        key = await self.keep(interaction, "subscribe", str(query), channel_id=str(channel.id))
        lately = await self._lately(interaction, query)
        asked = say(
            "cogs.subscribe_ask", channel=channel.mention, query=render.query_text(str(query), say)
        )
        await answer.show(render.question(f"{asked}\n{lately}", "sub_add", key, say), private=True)

    async def _lately(self, interaction: Interaction, query: Query) -> str:
        say, scope, now = say_for(interaction), scope_of(interaction), self.client.ports.now()
        month = language.narrow(query, BACK_TEST)
        count = (await self.store.articles.search(month, scope, now=now, limit=1)).total
        newest = language.narrow(query, sort="new")
        page = await self.store.articles.search(newest, scope, now=now, limit=LATELY)
        lines = [say("cogs.back_test", count=count)]
        if page.hits:
            lines.append(say("cogs.back_test_last"))
            lines += [f"- {inert(hit.title, 120, 360)}" for hit in page.hits]
        else:
            lines.append(say("cogs.back_test_none"))
        return "\n".join(lines)

    async def _check_room(self, guild_id: int) -> None:
        limit = getattr(self.client.ports.settings, "subscriptions_per_guild", None)
        if limit is not None and len(await self.store.subscriptions.list(guild_id)) >= limit:
            raise TagwireError("cogs.subscriptions_full", count=limit)

    async def _change(self, interaction: Interaction, typed: str, action: str) -> None:
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            found = await self._meant(guild_id, typed)
            if not found:
                raise NotFoundError("cogs.no_such_subscription", typed=typed)
            if len(found) == 1:
                await self._does(action)(interaction, answer, found[0])
                return
            offered = [
                render.Choice(option_text(self._name(s), "…"), str(s.id))
                for s in found[:LIST_LIMIT]
            ]
            placeholder = say("cogs.choose_placeholder")
            menu = render.choices(say("cogs.several"), offered, "sub_pick", action, placeholder)
            await answer.show(menu)

    async def _meant(self, guild_id: int, typed: str) -> tuple[Subscription, ...]:
        chosen = re.fullmatch(r"(?:subscription:|#)?(\d{1,18})", typed.strip())
        if chosen is not None:
            return (await self.store.subscriptions.get(int(chosen[1]), guild_id),)
        found = await self.store.subscriptions.list(guild_id)
        wanted = fold(typed.strip().lstrip("#"))
        exact = tuple(s for s in found if wanted in (fold(s.query), fold(self._place(s))))
        return exact or tuple(s for s in found if wanted in fold(self._name(s)))

    def _does(self, action: str) -> Change:
        changes: dict[str, Change] = {
            "pause": self._pause,
            "resume": self._resume,
            "remove": self._ask_remove,
            "test": self._test,
        }
        if action not in changes:
            raise NotFoundError("chat.control_lost")
        return changes[action]

    async def _pause(self, interaction: Interaction, answer: Answer, found: Subscription) -> None:
        guild_id, say = require_moderator(interaction), say_for(interaction)
        await self.store.subscriptions.pause(found.id, guild_id, "cogs.paused_by_moderator")
        await self._audit(interaction, "subscription.pause", found.id, None, None)
        await answer.show(render.notice(say("cogs.paused", what=self._line(found, say))))

    async def _resume(self, interaction: Interaction, answer: Answer, found: Subscription) -> None:
        guild_id, say = require_moderator(interaction), say_for(interaction)
        channel = await channel_of(interaction, found.target.channel_id)
        checked(channel, say)
        await self.store.subscriptions.resume(found.id, guild_id)
        await self._audit(interaction, "subscription.resume", found.id, None, None)
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
        checked(channel, say)
        lately = await self._lately(interaction, language.parse(found.query))
        text = say("cogs.test_heading", what=self._line(found, say))
        await answer.show(render.notice(f"{text}\n{lately}"))
        newest = language.narrow(language.parse(found.query), sort="new")
        page = await self.store.articles.search(
            newest, Scope(interaction.guild_id), now=self.client.ports.now(), limit=1
        )
        if page.hits:
            article = await self.store.articles.get(page.hits[0].id, scope_of(interaction))
            await answer.show(render.shared(article, say("cogs.test_sample"), say), private=True)

    async def _audit(
        self,
        interaction: Interaction,
        action: str,
        subscription_id: int,
        before: str | None,
        after: str | None,
    ) -> None:
        await self.store.audit.add(
            require_moderator(interaction),
            interaction.user.id,
            action,
            str(subscription_id),
            self.client.ports.now(),
            before=before,
            after=after,
        )

    def _place(self, found: Subscription) -> str:
        guild = self.client.get_guild(found.target.guild_id or 0)
        channel = guild.get_channel_or_thread(found.target.channel_id) if guild else None
        return channel.name if channel else str(found.target.channel_id)

    def _name(self, found: Subscription) -> str:
        return f"#{found.id} {self._place(found)}: {found.query or '*'}"

    def _query(self, found: Subscription, say: Any) -> str:
        return render.query_text(found.query, say)

    def _line(self, found: Subscription, say: Any) -> str:
        line = f"\\#{found.id} <#{found.target.channel_id}> · {self._query(found, say)}"
        if found.paused is not None:
            line += f" · {say('cogs.state_paused')}"
        if found.target.paused_reason is not None:
            line += f" · {say('cogs.state_stopped')}"
        return line


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(SubscriptionCog(client))
