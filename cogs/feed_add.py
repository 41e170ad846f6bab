"""/feed add: what stands at an address is shown, and stored once a moderator says so."""

from __future__ import annotations

from discord import app_commands

from bot.chat import render
from bot.chat.answer import answering
from bot.chat.client import say_for
from bot.chat.feeds import feed_preview, feed_title
from bot.chat.permissions import require_moderator
from bot.chat.view_keys import Press, control
from bot.chat.words import worded
from bot.errors import NotFoundError
from cogs.asking import Interaction
from cogs.feed_base import GROUP, FeedBase

KIND = "feed_add"


class Adding(FeedBase):
    """The command that brings a feed in, and its confirmation."""

    @GROUP.command(name="add", description=worded("cogs.feed_add_description"))
    @app_commands.describe(url=worded("cogs.feed_url"))
    async def add(self, interaction: Interaction, url: app_commands.Range[str, 1, 2000]) -> None:
        """Read the address once, show what it holds, and ask before anything is stored."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say, now = say_for(interaction), self.client.ports.now()
            found = await self.client.ports.feeds.preview(url.strip().strip("<>"), guild_id, now)
            same = [f for f in await self.own(guild_id) if f.url == found.url and not f.stopped]
            if same:
                known = say("cogs.feed_known", title=feed_title(same[0].title))
                await answer.show(render.notice(known))
                return
            key = await self.keep(interaction, KIND, url=found.url)
            text = f"{feed_preview(found, say)}\n{say('cogs.feed_add_ask')}"
            await answer.show(render.question(text, "feed_new", key, say))

    @control("feed_new")
    async def confirm_add(self, interaction: Interaction, press: Press) -> None:
        """Add the feed that was shown; nothing of its past is announced."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            view = await self.view(interaction, press.key)
            if view.kind != KIND:
                raise NotFoundError("chat.control_lost")
            say, now = say_for(interaction), self.client.ports.now()
            url, user_id = str(view.detail["url"]), interaction.user.id
            made = await self.client.ports.feeds.add(url, guild_id, now, user_id)
            title, count = feed_title(made.title), made.article_count
            await answer.edit(render.notice(say("cogs.feed_added", title=title, count=count)))
