"""/feed status and refresh: how each feed fares, and asking one of the server's own now."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.chat import render
from bot.chat.answer import answering
from bot.chat.client import say_for
from bot.chat.feeds import feed_health, feed_title
from bot.chat.permissions import require_moderator
from bot.chat.view_keys import Press, control, id_of
from bot.chat.words import worded
from bot.errors import NotFoundError
from bot.model import Feed
from cogs.asking import Interaction
from cogs.feed_base import GROUP, Choices, FeedBase, is_meant


class Watching(FeedBase):
    """The commands that tell how feeds fare."""

    @GROUP.command(name="status", description=worded("cogs.feed_status_description"))
    @app_commands.describe(feed=worded("cogs.feed_status_option"))
    async def status(self, interaction: Interaction, feed: str | None = None) -> None:
        """Show each feed's state, last success, next poll and last error; the troubled first."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            found = await self.read(guild_id)
            if feed is not None:
                found = tuple(each for each in found if is_meant(each, feed))
                if not found:
                    raise NotFoundError("cogs.no_such_feed_to_purge", typed=feed)
            own = [each for each in found if each.scope_id == guild_id]
            public = [each for each in found if each.scope_id != guild_id]
            lines = [feed_health(each, say) for each in sorted(own, key=_is_well)]
            if not own and feed is None:
                lines.append(say("cogs.no_feeds"))
            if public:
                lines.append(say("cogs.public_feeds"))
                lines += [feed_health(each, say) for each in sorted(public, key=_is_well)]
            await answer.show(render.listing(say("cogs.feed_status_heading"), lines, say))

    @GROUP.command(name="refresh", description=worded("cogs.feed_refresh_description"))
    @app_commands.describe(feed=worded("cogs.feed_option"))
    async def refresh(self, interaction: Interaction, feed: str) -> None:
        """Ask one of the server's own feeds now, and say what it brought."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            found = await self.meant(guild_id, feed)
            if len(found) == 1:
                await answer.show(await self._refreshed(interaction, found[0]))
            else:
                await self.ask_which(interaction, answer, found, "feed_pull")

    @control("feed_pull")
    async def pull(self, interaction: Interaction, press: Press) -> None:
        """Ask the feed that was chosen among several."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            found = await self.get(guild_id, id_of(press.values[0] if press.values else ""))
            await answer.edit(await self._refreshed(interaction, found))

    @status.autocomplete("feed")
    async def status_feeds(self, interaction: Interaction, typed: str) -> Choices:
        """Suggest every feed the server reads."""
        return await self.suggested(interaction, typed, every=True)

    @refresh.autocomplete("feed")
    async def refresh_feeds(self, interaction: Interaction, typed: str) -> Choices:
        """Suggest the server's own feeds."""
        return await self.suggested(interaction, typed, every=False)

    async def _refreshed(self, interaction: Interaction, found: Feed) -> discord.ui.LayoutView:
        guild_id, say = require_moderator(interaction), say_for(interaction)
        feeds, now = self.client.ports.feeds, self.client.ports.now()
        intake = await feeds.refresh(found.id, now, guild_id)
        # It changes nothing that is configured: a trail that ends early loses no more than this.
        actor_id, subject = interaction.user.id, str(found.id)
        await self.store.audit.add(guild_id, actor_id, "feed.refresh", subject, now)
        after = await self.get(guild_id, found.id)
        key = "cogs.feed_refreshed" if intake.new or intake.updated else "cogs.feed_refreshed_same"
        counts = {"count": intake.new, "updated": intake.updated}
        said = say(key, title=feed_title(found.title), **counts)
        return render.notice(f"{said}\n{feed_health(after, say)}")


def _is_well(feed: Feed) -> bool:
    return feed.stopped is None and feed.failing_since_at is None
