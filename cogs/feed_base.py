"""What the commands about feeds share: finding the one meant, asking which, its trail."""

from __future__ import annotations

import re

import discord
from discord import app_commands

from bot.chat import render
from bot.chat.answer import Answer
from bot.chat.client import say_for
from bot.chat.page import option_text
from bot.chat.permissions import is_moderator
from bot.chat.words import worded
from bot.errors import NotFoundError
from bot.model import Feed, Scope
from bot.query.text import fold
from cogs.asking import Interaction, TagwireCog, choice

REMOVED = "store.feed_removed"
Choices = list[app_commands.Choice[str]]

GROUP = app_commands.Group(
    name="feed",
    description=worded("cogs.feed_description"),
    default_permissions=discord.Permissions(manage_guild=True),
    allowed_contexts=app_commands.AppCommandContext(guild=True),
    allowed_installs=app_commands.AppInstallationType(guild=True),
)


class FeedBase(TagwireCog):
    """Everything about feeds that is no command."""

    async def read(self, guild_id: int) -> tuple[Feed, ...]:
        """Return every feed the server reads, its own and the public ones."""
        # A removed feed is kept for its articles' sake; to people it is gone.
        feeds = await self.store.feeds.list(Scope(guild_id))
        return tuple(feed for feed in feeds if feed.stopped != REMOVED)

    async def own(self, guild_id: int) -> tuple[Feed, ...]:
        """Return the feeds that the server's moderators added."""
        return tuple(feed for feed in await self.read(guild_id) if feed.scope_id == guild_id)

    async def get(self, guild_id: int, feed_id: int) -> Feed:
        """Return a feed of the server's own. Raises NotFoundError."""
        for feed in await self.own(guild_id):
            if feed.id == feed_id:
                return feed
        raise NotFoundError("cogs.no_such_feed", typed=str(feed_id))

    async def meant(self, guild_id: int, typed: str) -> tuple[Feed, ...]:
        """Return the server's own feeds that an option names. Raises NotFoundError for none."""
        chosen = re.fullmatch(r"(?:feed:)?(\d{1,18})", typed.strip())
        if chosen is not None:
            return (await self.get(guild_id, int(chosen[1])),)
        own, wanted = await self.own(guild_id), fold(typed)
        exact = tuple(f for f in own if wanted in (fold(f.title), fold(f.url or "")))
        found = exact or tuple(f for f in own if wanted in fold(f"{f.title} {f.url or ''}"))
        if not found:
            raise NotFoundError("cogs.no_such_feed", typed=typed)
        return found

    async def ask_which(
        self, interaction: Interaction, answer: Answer, found: tuple[Feed, ...], verb: str
    ) -> None:
        """Ask which of several feeds is meant; the menu carries the verb."""
        say = say_for(interaction)
        offered = [render.Choice(option_text(f.title, "…"), str(f.id)) for f in found[:25]]
        placeholder = say("cogs.choose_placeholder")
        await answer.show(render.choices(say("cogs.several"), offered, verb, "-", placeholder))

    async def suggested(self, interaction: Interaction, typed: str, *, every: bool) -> Choices:
        """Suggest the server's own feeds, or all it reads."""
        if interaction.guild_id is None or not is_moderator(interaction):
            return []
        feeds = await (self.read if every else self.own)(interaction.guild_id)
        # By its address a server finds its own feeds alone: a public one's may hold a key.
        fitting = [feed for feed in feeds if fold(typed) in fold(_known_by(feed))]
        return [choice(feed.title, f"feed:{feed.id}") for feed in fitting[:25]]


def _known_by(feed: Feed) -> str:
    return f"{feed.title} {feed.url or ''}" if feed.scope_id else feed.title


def is_meant(feed: Feed, typed: str) -> bool:
    """Whether an option names this feed, by a choice's id or by its whole title."""
    return typed.strip() == f"feed:{feed.id}" or fold(typed) == fold(feed.title)
