"""/feed list, remove and purge: what a server reads, and taking it away again."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import discord
from discord import app_commands

from bot.chat import render
from bot.chat.answer import answering
from bot.chat.client import say_for
from bot.chat.feeds import feed_line, feed_title
from bot.chat.permissions import require_moderator
from bot.chat.view_keys import Press, control, id_of
from bot.chat.words import worded
from bot.errors import NotFoundError, TagwireError
from bot.model import Feed
from bot.query.text import fold
from cogs.asking import Interaction
from cogs.feed_base import GROUP, Choices, FeedBase, is_meant


class Managing(FeedBase):
    """The commands that list feeds, remove one, and take its posts back."""

    @GROUP.command(name="list", description=worded("cogs.feed_list_description"))
    async def list(self, interaction: Interaction) -> None:
        """List the server's own feeds, then the public ones."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            feeds = await self.read(guild_id)
            own = [feed for feed in feeds if feed.scope_id == guild_id]
            public = [feed for feed in feeds if feed.scope_id != guild_id]
            lines = [feed_line(feed, say) for feed in own] or [say("cogs.no_feeds")]
            if public:
                lines.append(say("cogs.public_feeds"))
                lines += [feed_line(feed, say) for feed in public]
            await answer.show(render.listing(say("cogs.feeds_heading"), lines, say))

    @GROUP.command(name="remove", description=worded("cogs.feed_remove_description"))
    @app_commands.describe(feed=worded("cogs.feed_option"))
    async def remove(self, interaction: Interaction, feed: str) -> None:
        """Say what becomes of a feed's articles and subscriptions, and ask."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            found = await self.meant(guild_id, feed)
            if len(found) == 1:
                await answer.show(await self._question(interaction, found[0]))
            else:
                await self.ask_which(interaction, answer, found, "feed_pick")

    @GROUP.command(name="purge", description=worded("cogs.feed_purge_description"))
    @app_commands.describe(
        feed=worded("cogs.feed_purge_option"),
        since=worded("cogs.feed_purge_since"),
        until=worded("cogs.feed_purge_until"),
    )
    async def purge(
        self,
        interaction: Interaction,
        feed: str,
        since: app_commands.Range[str, 1, 40],
        until: app_commands.Range[str, 1, 40] | None = None,
    ) -> None:
        """Count the posts of a feed between two times, and ask before they are deleted."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say, now = say_for(interaction), self.client.ports.now()
            settings = await self.store.guilds.settings(guild_id)
            zone = ZoneInfo(str(settings.get("zone") or "UTC"))
            begun = moment_of(since, zone)
            ended = now if until is None else moment_of(until, zone)
            found = [f for f in await self.read(guild_id) if is_meant(f, feed)]
            if len(found) != 1:
                raise NotFoundError("cogs.no_such_feed_to_purge", typed=feed)
            counted = await self.store.corrections.purge(
                found[0].id,
                guild_id,
                begun,
                ended,
                actor_id=interaction.user.id,
                now=now,
                dry=True,
            )
            key = await self.keep(
                interaction,
                "purge",
                feed_id=found[0].id,
                since=begun.isoformat(),
                ended=ended.isoformat(),
            )
            text = say(
                "cogs.purge_ask",
                title=feed_title(found[0].title),
                since=f"<t:{int(begun.timestamp())}:f>",
                until=f"<t:{int(ended.timestamp())}:f>",
                deleted=counted.deleted,
                edited=counted.edited,
                skipped=counted.skipped,
            )
            await answer.show(render.question(text, "feed_purge", key, say, danger=True))

    @control("feed_purge")
    async def confirm_purge(self, interaction: Interaction, press: Press) -> None:
        """Delete the posts that were asked about."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            view = await self.view(interaction, press.key)
            if view.kind != "purge":
                raise NotFoundError("chat.control_lost")
            done = await self.store.corrections.purge(
                id_of(str(view.detail["feed_id"])),
                guild_id,
                datetime.fromisoformat(str(view.detail["since"])),
                datetime.fromisoformat(str(view.detail["ended"])),
                actor_id=interaction.user.id,
                now=self.client.ports.now(),
            )
            say = say_for(interaction)
            await answer.edit(render.notice(say("cogs.purged", count=done.deleted + done.edited)))

    @purge.autocomplete("feed")
    async def purge_feeds(self, interaction: Interaction, typed: str) -> Choices:
        """Suggest every feed the server reads."""
        return await self.suggested(interaction, typed, every=True)

    @remove.autocomplete("feed")
    async def remove_feeds(self, interaction: Interaction, typed: str) -> Choices:
        """Suggest the server's own feeds."""
        return await self.suggested(interaction, typed, every=False)

    @control("feed_pick")
    async def pick(self, interaction: Interaction, press: Press) -> None:
        """Ask about the feed chosen among several."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            found = await self.get(guild_id, id_of(press.values[0] if press.values else ""))
            await answer.edit(await self._question(interaction, found))

    @control("feed_del")
    async def confirm_remove(self, interaction: Interaction, press: Press) -> None:
        """Remove the feed that was asked about."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            found = await self.get(guild_id, id_of(press.key))
            await self.store.feeds.remove(found.id, guild_id, self.by(interaction))
            await answer.edit(
                render.notice(say("cogs.feed_removed", title=feed_title(found.title)))
            )

    async def _question(self, interaction: Interaction, found: Feed) -> discord.ui.LayoutView:
        say, guild_id = say_for(interaction), require_moderator(interaction)
        named = fold(found.title)
        naming = [
            s for s in await self.store.subscriptions.list(guild_id) if named in fold(s.query)
        ]
        lines = [
            say("cogs.feed_remove_ask", title=feed_title(found.title)),
            say("cogs.feed_remove_articles", count=found.article_count),
            say("cogs.feed_remove_subscriptions", count=len(naming)),
        ]
        return render.question("\n".join(lines), "feed_del", str(found.id), say, danger=True)


def moment_of(typed: str, zone: ZoneInfo) -> datetime:
    """Read a day or a day and time, such as 2026-06-01 14:00. Raises `cogs.bad_moment`."""
    try:
        read = datetime.fromisoformat(typed.strip())
    except ValueError:
        raise TagwireError("cogs.bad_moment", typed=typed) from None
    return read if read.tzinfo else read.replace(tzinfo=zone)
