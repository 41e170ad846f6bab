"""What the commands about subscriptions share: finding the one meant, naming it, its trail."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord
from discord import app_commands

from bot.chat import render
from bot.chat.answer import Answer, answering
from bot.chat.client import say_for
from bot.chat.escape import cut, inert
from bot.chat.page import option_text
from bot.chat.permissions import is_moderator, require_moderator
from bot.chat.view_keys import button
from bot.chat.words import worded
from bot.errors import NotFoundError, TagwireError
from bot.model import Article, Parcel, Subscription
from bot.query import language
from bot.query.nodes import Newer, Query
from bot.query.text import fold
from bot.store.rhythm import rhythm_of
from cogs.asking import Interaction, TagwireCog, choice, scope_of

LATELY = 5
BACK_TEST = Newer(30, "d")
LIST_LIMIT = 25
# A query on a line of many.
BRIEF_CHARS = 120
ALL = "all"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PAUSED = "cogs.paused_by_moderator"

Choices = list[app_commands.Choice[str]]
Change = Callable[[Interaction, Answer, Subscription], Awaitable[None]]

GROUP = app_commands.Group(
    name="subscription",
    description=worded("cogs.subscription_description"),
    default_permissions=discord.Permissions(manage_guild=True),
    allowed_contexts=app_commands.AppCommandContext(guild=True),
    allowed_installs=app_commands.AppInstallationType(guild=True),
)


class SubscriptionBase(TagwireCog):
    """Everything about subscriptions that is no command."""

    def changes(self) -> Mapping[str, Change]:
        """Return what can be done to a subscription that is chosen in a menu, by its word."""
        return {}

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

    def _most(self) -> int | None:
        """Return how many subscriptions a server may have."""
        return getattr(self.client.ports.settings, "subscriptions_per_guild", None)

    async def _check_room(self, guild_id: int) -> None:
        """Raise TagwireError before somebody is asked about what will not fit."""
        most = self._most()
        if most is not None and len(await self.store.subscriptions.list(guild_id)) >= most:
            raise TagwireError("store.subscriptions_full", count=most)

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

    async def _every(self, interaction: Interaction, action: str) -> None:
        """Do the same to every subscription of the server, and say to how many."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            found = [each.id for each in await self.store.subscriptions.list(guild_id)]
            if action == "pause":
                await self.store.subscriptions.pause(self.by(interaction), PAUSED, *found)
            else:
                await self.store.subscriptions.resume(self.by(interaction), *found)
            key = "cogs.paused_all" if action == "pause" else "cogs.resumed_all"
            await answer.show(render.notice(say(key, count=len(found))))

    async def _one(self, interaction: Interaction, typed: str) -> Subscription:
        """Return the one subscription that is meant. Raises TagwireError for none or several."""
        found = await self._meant(require_moderator(interaction), typed)
        if not found:
            raise NotFoundError("cogs.no_such_subscription", typed=typed)
        if len(found) > 1:
            numbers = ", ".join(f"#{each.id}" for each in found[:LIST_LIMIT])
            raise TagwireError("cogs.which_subscription", typed=typed, numbers=numbers)
        return found[0]

    async def _meant(self, guild_id: int, typed: str) -> tuple[Subscription, ...]:
        chosen = re.fullmatch(r"(?:subscription:|#)?(\d{1,18})", typed.strip())
        if chosen is not None:
            return (await self.store.subscriptions.get(int(chosen[1]), guild_id),)
        found = await self.store.subscriptions.list(guild_id)
        wanted = fold(typed.strip().lstrip("#"))
        exact = tuple(s for s in found if wanted in (fold(s.query), fold(self._place(s))))
        return exact or tuple(s for s in found if wanted in fold(self._name(s)))

    def _does(self, action: str) -> Change:
        change = self.changes().get(action)
        if change is None:
            raise NotFoundError("chat.control_lost")
        return change

    async def suggested(self, interaction: Interaction, typed: str) -> Choices:
        """Suggest the server's subscriptions by channel and query."""
        if interaction.guild_id is None or not is_moderator(interaction):
            return []
        found = await self.store.subscriptions.list(interaction.guild_id)
        fitting = [s for s in found if fold(typed) in fold(self._name(s))]
        return [choice(self._name(s), f"subscription:{s.id}") for s in fitting[:25]]

    def _place(self, found: Subscription) -> str:
        guild = self.client.get_guild(found.target.guild_id or 0)
        channel = guild.get_channel_or_thread(found.target.channel_id) if guild else None
        return channel.name if channel else str(found.target.channel_id)

    def _name(self, found: Subscription) -> str:
        return f"#{found.id} {self._place(found)}: {found.query or '*'}"

    def _query(self, found: Subscription, say: Any) -> str:
        return render.query_text(found.query, say)

    def _line(self, found: Subscription, say: Any, *, brief: bool = False) -> str:
        query = self._query(found, say)
        if brief:
            query = cut(query, BRIEF_CHARS, 3 * BRIEF_CHARS)
        line = f"\\#{found.id} <#{found.target.channel_id}> · {query}"
        if manner := manner_of(found, say):
            line += f" · {manner}"
        if found.paused is not None:
            line += f" · {say('cogs.state_paused')}"
        if found.target.paused_reason is not None:
            line += f" · {say('cogs.state_stopped')}"
        return line


def sample_of(found: Subscription, article: Article) -> Parcel:
    """Return a post as a subscription would make it, to be shown and never sent."""
    return Parcel(
        post_id=0,
        nonce="",
        marker="",
        target=found.target,
        articles=(article,),
        overflow=0,
        query=found.query,
        mention_role_ids=(),
        look=found.look,
        attempt=0,
        started_at=found.created_at,
        created_at=found.created_at,
    )


def turns(
    verb: str, key: str, start: int, size: int, total: int, say: Any
) -> list[discord.ui.Item[Any]]:
    """Return the buttons that turn the pages of a list, none where it has only one."""
    if total <= size:
        return []
    steps = (("chat.previous", start - size), ("chat.next", start + size))
    return [
        button(say(name), verb, key, str(max(0, at)), disabled=not 0 <= at < total)
        for name, at in steps
    ]


def manner_of(found: Subscription, say: Any) -> str:
    """Return when a subscription posts, or nothing where it does so at once."""
    rhythm = rhythm_of(found.rhythm)
    parts: list[str] = []
    if rhythm.is_digest:
        parts.append(say(f"cogs.when_{rhythm.mode}"))
    if rhythm.mode == "weekly":
        parts.append(say(f"cogs.day_{DAYS[rhythm.weekday]}"))
    if rhythm.mode in ("daily", "weekly"):
        parts.append(f"{rhythm.at:%H:%M}")
    if rhythm.quiet is not None:
        begun, ended = rhythm.quiet
        parts.append(say("cogs.quiet_span", span=f"{begun:%H:%M}-{ended:%H:%M}"))
    if parts and (rhythm.mode != "hourly" or rhythm.quiet):
        parts.append(f"({rhythm.zone})")
    return " ".join(parts)
