"""/save and /saved: a member's reading list."""

from __future__ import annotations

import re

import discord
from discord import app_commands

from bot.chat import render
from bot.chat.answer import answering
from bot.chat.client import TagwireClient, say_for
from bot.chat.escape import inert, isolated
from bot.chat.room import Room, moment, title_link
from bot.chat.view_keys import Press, control, id_of
from bot.chat.words import worded
from bot.errors import NotFoundError
from cogs.asking import Interaction, TagwireCog, choice, scope_of

PAGE = 8


class SavedCog(TagwireCog):
    """Keeps articles for a member alone."""

    @app_commands.command(name="save", description=worded("cogs.save_description"))
    @app_commands.describe(title=worded("cogs.article_title"))
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def save(self, interaction: Interaction, title: app_commands.Range[str, 1, 300]) -> None:
        """Put an article on the asker's reading list."""
        async with answering(interaction, private=True) as answer:
            chosen = re.fullmatch(r"article:(\d{1,18})", title.strip())
            if chosen is None:
                hits = await self.store.articles.named(title, scope_of(interaction), limit=25)
                if len(hits) != 1:
                    key = "cogs.which_article" if hits else "cogs.no_such_article"
                    raise NotFoundError(key, typed=title)
                await answer.show(await self._save(interaction, hits[0].id))
                return
            await answer.show(await self._save(interaction, int(chosen[1])))

    @save.autocomplete("title")
    async def titles(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Suggest articles by their titles."""
        hits = await self.store.articles.named(typed, scope_of(interaction), limit=25)
        return [choice(hit.title, f"article:{hit.id}") for hit in hits]

    @app_commands.command(name="saved", description=worded("cogs.saved_description"))
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def saved(self, interaction: Interaction) -> None:
        """Show the asker's reading list."""
        async with answering(interaction, private=True) as answer:
            await answer.show(await self._list(interaction, ""))

    @control("save")
    async def save_pressed(self, interaction: Interaction, press: Press) -> None:
        """Put the article on the presser's reading list."""
        async with answering(interaction, private=True) as answer:
            await answer.show(await self._save(interaction, id_of(press.key)), private=True)

    @control("unsave")
    async def unsave(self, interaction: Interaction, press: Press) -> None:
        """Take articles chosen in the menu, or the one a button names, off the list."""
        async with answering(interaction, private=True) as answer:
            for chosen in press.values:
                await self.store.members.unsave(interaction.user.id, id_of(chosen))
            await answer.edit(await self._list(interaction, press.argument))

    @control("saved")
    async def more(self, interaction: Interaction, press: Press) -> None:
        """Show another page of the list."""
        async with answering(interaction, private=True) as answer:
            await answer.edit(await self._list(interaction, press.argument))

    async def _save(self, interaction: Interaction, article_id: int) -> discord.ui.LayoutView:
        say, scope = say_for(interaction), scope_of(interaction)
        new = await self.store.members.save(
            interaction.user.id, article_id, scope, self.client.ports.now()
        )
        article = await self.store.articles.get(article_id, scope)
        title = inert(article.title, 200, 600) or say("chat.untitled")
        return render.notice(say("cogs.saved_now" if new else "cogs.saved_before", title=title))

    async def _list(self, interaction: Interaction, place: str) -> discord.ui.LayoutView:
        say, scope = say_for(interaction), scope_of(interaction)
        page = await self.store.members.saved(
            interaction.user.id, scope, PAGE, after=place_of(place)
        )
        if not page.articles and place:
            return await self._list(interaction, "")
        lines = [say("chat.count", count=page.total)] if page.total else [say("cogs.saved_none")]
        room = Room().share(PAGE)
        for article in page.articles:
            source = isolated(inert(article.source or article.feed, 80))
            title = title_link(article.title, article.url, room, say)
            lines.append(f"- {title} · {source} · {moment(article.published_at, say)}")
        view = render.listing(say("cogs.saved_heading"), lines, say)
        container = view.children[0]
        if page.articles and isinstance(container, discord.ui.Container):
            for item in render.saved_controls(page.articles, place, page.after, say):
                container.add_item(item)
        return view


def place_of(text: str) -> tuple[int, int] | None:
    """Read where a page of the list begins. Raises NotFoundError for what was never written."""
    if not text:
        return None
    at, _, article_id = text.partition("_")
    return id_of(at), id_of(article_id)


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(SavedCog(client))
