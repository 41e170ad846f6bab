"""/stats, /random and /archive: the archive as a whole, and a way into it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands

from bot.chat import render
from bot.chat.answer import answering
from bot.chat.client import TagwireClient, say_for
from bot.chat.room import moment
from bot.chat.view_keys import Press, button, control
from bot.chat.words import worded
from bot.errors import NotFoundError
from bot.query import language
from bot.query.nodes import Query
from cogs.asking import (
    Interaction,
    TagwireCog,
    choice,
    is_private,
    may_be_shared,
    scope_of,
    sharing,
)
from cogs.search import date_of


class ArchiveCog(TagwireCog):
    """What the archive holds, when, and something from it."""

    @app_commands.command(name="stats", description=worded("cogs.stats_description"))
    @app_commands.describe(private=worded("cogs.private_option"))
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def stats(self, interaction: Interaction, private: bool | None = None) -> None:
        """Tell how much the archive holds."""
        async with answering(interaction, private=is_private(interaction, private)) as answer:
            may_share = may_be_shared(interaction, answer.private)
            moves = [button(say_for(interaction)("chat.share"), "share_stats")] if may_share else []
            lines = await self._counts(interaction)
            await answer.show(self._told(interaction, lines, moves))

    @control("share_stats")
    async def share_stats(self, interaction: Interaction, press: Press) -> None:
        """Show the channel how much the archive holds, if the member may write there."""
        async with answering(interaction) as answer:
            lead = sharing(interaction)
            lines = await self._counts(interaction)
            await answer.show(self._told(interaction, [f"-# {lead}", *lines]), private=False)

    def _told(
        self, interaction: Interaction, lines: list[str], moves: Sequence[discord.ui.Item[Any]] = ()
    ) -> discord.ui.LayoutView:
        say = say_for(interaction)
        return render.listing(say("cogs.stats_heading"), lines, say, moves)

    async def _counts(self, interaction: Interaction) -> list[str]:
        say, found = say_for(interaction), await self.store.counts(scope_of(interaction))
        names = {"tags": found.tags, "authors": found.authors, "sources": found.sources}
        lines = [
            say("chat.count", count=found.articles),
            say("cogs.stats_names", **names),
            say("cogs.stats_feeds", count=found.feeds),
        ]
        if found.oldest_at is not None:
            since, until = moment(found.oldest_at, say), moment(found.newest_at, say)
            lines.append(say("cogs.stats_span", first=since, last=until))
        if found.undated:
            lines.append(say("cogs.stats_undated", count=found.undated))
        return lines

    @app_commands.command(name="random", description=worded("cogs.random_description"))
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def random(self, interaction: Interaction) -> None:
        """Open an article at random, for the asker alone."""
        async with answering(interaction, private=True) as answer:
            draw = random.Random(interaction.id)  # noqa: S311 - no secret is drawn
            article = await self.store.trends.any_article(scope_of(interaction), draw)
            if article is None:
                raise NotFoundError("cogs.empty_archive")
            await answer.show(await self.reading(interaction, article, 1), private=True)

    @app_commands.command(name="archive", description=worded("cogs.archive_description"))
    @app_commands.describe(
        private=worded("cogs.private_option"), month=worded("cogs.archive_month")
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def archive(
        self,
        interaction: Interaction,
        month: app_commands.Range[str, 1, 40],
        private: bool | None = None,
    ) -> None:
        """Show the articles of a month, newest first."""
        async with answering(interaction, private=is_private(interaction, private)) as answer:
            asked = language.narrow(Query(sort="new"), date_of("on", month), sort="new")
            heading = say_for(interaction)("cogs.heading_archive", month=month.strip())
            await self.show_query(interaction, answer, asked, heading)

    @archive.autocomplete("month")
    async def months(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Suggest the months there are articles of, newest first."""
        found = await self.store.trends.months(
            Query(), scope_of(interaction), self.client.ports.now()
        )
        names = [name for name in sorted(found, reverse=True) if name.startswith(typed.strip())]
        return [choice(f"{name} ({found[name]})", name) for name in names[:25]]


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(ArchiveCog(client))
