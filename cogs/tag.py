"""/tag and /tags: the archive of a tag, and all tags by how much they hold."""

from __future__ import annotations

from collections.abc import Mapping

import discord
from discord import app_commands

from bot.chat import render
from bot.chat.answer import answering
from bot.chat.client import TagwireClient, say_for
from bot.chat.escape import inert
from bot.chat.view_keys import Press, button, control, id_of
from bot.chat.words import worded
from cogs.asking import Interaction, TagwireCog, is_private, scope_of
from cogs.nearest import heading_of, query_of

TAGS_A_PAGE = 30
Trail = tuple[tuple[int, str], ...]


class TagCog(TagwireCog):
    """The commands about tags and the buttons that open one."""

    @app_commands.command(name="tag", description=worded("cogs.tag_description"))
    @app_commands.describe(private=worded("cogs.private_option"), name=worded("cogs.tag_name"))
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def tag(
        self,
        interaction: Interaction,
        name: app_commands.Range[str, 1, 200],
        private: bool | None = None,
    ) -> None:
        """Show a tag's archive, newest first."""
        async with answering(interaction, private=is_private(interaction, private)) as answer:
            await self.show_named(interaction, answer, "tag", name)

    @tag.autocomplete("name")
    async def tag_names(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest tags with their counts."""
        return await self.suggestions(interaction, "tag", typed)

    @app_commands.command(name="tags", description=worded("cogs.tags_description"))
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def tags(self, interaction: Interaction) -> None:
        """List the tags, the fullest first."""
        async with answering(interaction, private=True) as answer:
            await answer.show(await self._list(interaction, ()))

    @control("tags")
    async def more_tags(self, interaction: Interaction, press: Press) -> None:
        """Show another page of the list of tags."""
        async with answering(interaction, private=True) as answer:
            view = await self.view(interaction, press.key)
            trail = trail_of(view.detail)
            await answer.edit(await self._list(interaction, trail[: id_of(press.argument)]))

    @control("tag")
    async def open_tag(self, interaction: Interaction, press: Press) -> None:
        """Open the archive of a tag that a button names or a menu, for the presser alone."""
        async with answering(interaction, private=True) as answer:
            chosen = id_of(press.values[0] if press.values else press.key)
            tag = await self.store.names.by_id("tag", chosen, scope_of(interaction))
            heading = heading_of("tag", tag.name, say_for(interaction))
            await self.show_query(interaction, answer, query_of("tag", tag.name), heading)

    async def _list(self, interaction: Interaction, trail: Trail) -> discord.ui.LayoutView:
        say = say_for(interaction)
        after = trail[-1] if trail else None
        tags = await self.store.names.tags(scope_of(interaction), TAGS_A_PAGE + 1, after)
        shown = tags[:TAGS_A_PAGE]
        lines = [
            f"- **{inert(tag.name, 80, 240)}** · {say('chat.count', count=tag.count)}"
            for tag in shown
        ]
        moves = []
        if trail or len(tags) > TAGS_A_PAGE:
            onward = (*trail, (shown[-1].count, shown[-1].key)) if shown else trail
            key = await self.keep(interaction, "tags", trail=onward)
            back, on = str(max(0, len(trail) - 1)), str(len(onward))
            last = len(tags) <= TAGS_A_PAGE
            moves = [
                button(say("chat.previous"), "tags", key, back, disabled=not trail),
                button(say("chat.next"), "tags", key, on, disabled=last),
            ]
        return render.listing(say("cogs.tags_heading"), lines or [say("cogs.no_tags")], say, moves)


def trail_of(detail: Mapping[str, object]) -> Trail:
    """Return where each page of a list of tags began: count and key of the tag before it."""
    kept = detail.get("trail")
    return tuple((int(count), str(key)) for count, key in kept) if isinstance(kept, list) else ()


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(TagCog(client))
