"""/feed: what a server's moderators bring in for their server alone."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import discord
from discord import app_commands

from bot.chat import render
from bot.chat.answer import answering
from bot.chat.client import TagwireClient, say_for
from bot.chat.escape import inert, linked
from bot.chat.page import option_text
from bot.chat.permissions import is_moderator, require_moderator
from bot.chat.view_keys import Press, control, id_of
from bot.chat.words import worded
from bot.errors import NotFoundError, TagwireError
from bot.model import Feed, Scope
from bot.query.text import fold
from cogs.asking import Interaction, TagwireCog, choice

REMOVED = "store.feed_removed"
Choices = list[app_commands.Choice[str]]


class FeedCog(TagwireCog):
    """The commands and buttons about a server's own feeds."""

    feed = app_commands.Group(
        name="feed",
        description=worded("cogs.feed_description"),
        default_permissions=discord.Permissions(manage_guild=True),
        allowed_contexts=app_commands.AppCommandContext(guild=True),
        allowed_installs=app_commands.AppInstallationType(guild=True),
    )

    @feed.command(name="add", description=worded("cogs.feed_add_description"))
    @app_commands.describe(url=worded("cogs.feed_url"))
    async def add(self, interaction: Interaction, url: app_commands.Range[str, 1, 2000]) -> None:
        """Read the address once and add it; nothing of its past is announced."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say, now = say_for(interaction), self.client.ports.now()
            made = await self.client.ports.feeds.add(url.strip().strip("<>"), guild_id, now)
            await self._audit(interaction, "feed.add", made)
            count = made.article_count
            text = say("cogs.feed_added", title=self._title(made), count=count)
            await answer.show(render.notice(text))

    @feed.command(name="list", description=worded("cogs.feed_list_description"))
    async def list(self, interaction: Interaction) -> None:
        """List the server's own feeds, then the public ones."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            feeds = await self._read(guild_id)
            own = [feed for feed in feeds if feed.scope_id == guild_id]
            public = [feed for feed in feeds if feed.scope_id != guild_id]
            lines = [self._line(feed, say) for feed in own] or [say("cogs.no_feeds")]
            if public:
                lines.append(say("cogs.public_feeds"))
                lines += [self._line(feed, say) for feed in public]
            await answer.show(render.listing(say("cogs.feeds_heading"), lines, say))

    @feed.command(name="remove", description=worded("cogs.feed_remove_description"))
    @app_commands.describe(feed=worded("cogs.feed_option"))
    async def remove(self, interaction: Interaction, feed: str) -> None:
        """Say what becomes of a feed's articles and subscriptions, and ask."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            found = await self._meant(guild_id, feed)
            if not found:
                raise NotFoundError("cogs.no_such_feed", typed=feed)
            if len(found) == 1:
                await answer.show(await self._question(interaction, found[0]))
                return
            offered = [render.Choice(option_text(f.title, "…"), str(f.id)) for f in found[:25]]
            placeholder = say("cogs.choose_placeholder")
            menu = render.choices(say("cogs.several"), offered, "feed_pick", "-", placeholder)
            await answer.show(menu)

    @feed.command(name="purge", description=worded("cogs.feed_purge_description"))
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
            found = [f for f in await self._read(guild_id) if self._is_meant(f, feed)]
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
                title=self._title(found[0]),
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
    async def every_feed(self, interaction: Interaction, typed: str) -> Choices:
        """Suggest every feed the server reads."""
        if interaction.guild_id is None or not is_moderator(interaction):
            return []
        feeds = await self._read(interaction.guild_id)
        fitting = [feed for feed in feeds if fold(typed) in fold(feed.title)]
        return [choice(feed.title, f"feed:{feed.id}") for feed in fitting[:25]]

    def _is_meant(self, feed: Feed, typed: str) -> bool:
        return typed.strip() == f"feed:{feed.id}" or fold(typed) == fold(feed.title)

    @remove.autocomplete("feed")
    async def feeds(self, interaction: Interaction, typed: str) -> Choices:
        """Suggest the server's own feeds."""
        if interaction.guild_id is None or not is_moderator(interaction):
            return []
        own = await self._own(interaction.guild_id)
        fitting = [feed for feed in own if fold(typed) in fold(f"{feed.title} {feed.url or ''}")]
        return [choice(feed.title, f"feed:{feed.id}") for feed in fitting[:25]]

    @control("feed_pick")
    async def pick(self, interaction: Interaction, press: Press) -> None:
        """Ask about the feed chosen among several."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            found = await self._get(guild_id, id_of(press.values[0] if press.values else ""))
            await answer.edit(await self._question(interaction, found))

    @control("feed_del")
    async def confirm_remove(self, interaction: Interaction, press: Press) -> None:
        """Remove the feed that was asked about."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            found = await self._get(guild_id, id_of(press.key))
            await self.store.feeds.remove(found.id, guild_id)
            await self._audit(interaction, "feed.remove", found)
            await answer.edit(render.notice(say("cogs.feed_removed", title=self._title(found))))

    async def _question(self, interaction: Interaction, found: Feed) -> discord.ui.LayoutView:
        say, guild_id = say_for(interaction), require_moderator(interaction)
        named = fold(found.title)
        naming = [
            s for s in await self.store.subscriptions.list(guild_id) if named in fold(s.query)
        ]
        lines = [
            say("cogs.feed_remove_ask", title=self._title(found)),
            say("cogs.feed_remove_articles", count=found.article_count),
            say("cogs.feed_remove_subscriptions", count=len(naming)),
        ]
        return render.question("\n".join(lines), "feed_del", str(found.id), say, danger=True)

    async def _read(self, guild_id: int) -> tuple[Feed, ...]:
        # A removed feed is kept for its articles' sake; to people it is gone.
        feeds = await self.store.feeds.list(Scope(guild_id))
        return tuple(feed for feed in feeds if feed.stopped != REMOVED)

    async def _own(self, guild_id: int) -> tuple[Feed, ...]:
        return tuple(feed for feed in await self._read(guild_id) if feed.scope_id == guild_id)

    async def _get(self, guild_id: int, feed_id: int) -> Feed:
        for feed in await self._own(guild_id):
            if feed.id == feed_id:
                return feed
        raise NotFoundError("cogs.no_such_feed", typed=str(feed_id))

    async def _meant(self, guild_id: int, typed: str) -> tuple[Feed, ...]:
        chosen = re.fullmatch(r"(?:feed:)?(\d{1,18})", typed.strip())
        if chosen is not None:
            return (await self._get(guild_id, int(chosen[1])),)
        own, wanted = await self._own(guild_id), fold(typed)
        exact = tuple(f for f in own if wanted in (fold(f.title), fold(f.url or "")))
        return exact or tuple(f for f in own if wanted in fold(f"{f.title} {f.url or ''}"))

    async def _audit(self, interaction: Interaction, action: str, feed: Feed) -> None:
        await self.store.audit.add(
            require_moderator(interaction),
            interaction.user.id,
            action,
            str(feed.id),
            self.client.ports.now(),
            before=None if action == "feed.add" else feed.url,
            after=feed.url if action == "feed.add" else None,
        )

    def _title(self, feed: Feed) -> str:
        return inert(feed.title, 120, 360)

    def _line(self, feed: Feed, say: Any) -> str:
        # A public feed's address may hold the operator's key: only a server's own is shown.
        address = (feed.site_url or feed.url) if feed.scope_id else feed.site_url
        count = say("chat.count", count=feed.article_count)
        line = f"- {linked(self._title(feed), address)} · {count}"
        if feed.stopped is not None:
            line += f" · {say('cogs.feed_stopped')}"
        elif feed.error is not None and feed.failing_since_at is not None:
            since = f"<t:{int(feed.failing_since_at.timestamp())}:R>"
            line += f" · {say('cogs.feed_failing', since=since)}"
        return line


def moment_of(typed: str, zone: ZoneInfo) -> datetime:
    """Read a day or a day and time, such as 2026-06-01 14:00. Raises `cogs.bad_moment`."""
    try:
        read = datetime.fromisoformat(typed.strip())
    except ValueError:
        raise TagwireError("cogs.bad_moment", typed=typed) from None
    return read if read.tzinfo else read.replace(tzinfo=zone)


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(FeedCog(client))
