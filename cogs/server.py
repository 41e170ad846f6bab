"""/server: what holds for a whole server: who may moderate, what is blocked, who hears."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import discord
from discord import app_commands

from bot.chat import render
from bot.chat.answer import answering
from bot.chat.client import TagwireClient, say_for
from bot.chat.permissions import require_manager, require_moderator
from bot.chat.words import worded
from bot.errors import QueryError, TagwireError
from bot.messages import NAMES
from bot.model import TargetKind
from bot.query import language
from bot.store.rhythm import zone_text
from cogs.asking import Interaction, TagwireCog, scope_of
from cogs.subscription_base import BACK_TEST
from cogs.targets import Picked, PostableChannel, channel_of, checked

NONE = "none"


class ServerCog(TagwireCog):
    """The settings of a server; each change is noted with who made it."""

    server = app_commands.Group(
        name="server",
        description=worded("cogs.server_description"),
        default_permissions=discord.Permissions(manage_guild=True),
        allowed_contexts=app_commands.AppCommandContext(guild=True),
        allowed_installs=app_commands.AppInstallationType(guild=True),
    )

    @server.command(name="show", description=worded("cogs.server_show_description"))
    async def show(self, interaction: Interaction) -> None:
        """Show what this server has set."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            found = await self.store.guilds.settings(guild_id)
            nothing = say("cogs.value_none")
            role, channel = found.get("moderator_role_id"), found.get("alert_channel_id")
            blocked = found.get("blocked")
            lines = [
                say("cogs.server_role", role=f"<@&{role}>" if role else nothing),
                say("cogs.server_alerts", channel=f"<#{channel}>" if channel else nothing),
                say(
                    "cogs.server_blocked",
                    query=render.query_text(str(blocked), say) if blocked else nothing,
                ),
                say(
                    "cogs.server_answers",
                    who=say(f"cogs.answers_{found.get('answers', 'public')}"),
                ),
                say("cogs.server_language", language=NAMES[str(found.get("language", "en"))]),
                say("cogs.server_zone", zone=str(found.get("zone", "UTC"))),
            ]
            await answer.show(render.listing(say("cogs.server_heading"), lines, say))

    @server.command(name="role", description=worded("cogs.server_role_description"))
    @app_commands.describe(role=worded("cogs.server_role_option"))
    async def role(self, interaction: Interaction, role: discord.Role | None = None) -> None:
        """Let a role moderate too; only who manages the server may."""
        guild_id = require_manager(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            await self._set(interaction, "moderator_role_id", role.id if role else None)
            if role is None:
                self.client.moderator_roles.pop(guild_id, None)
                await answer.show(render.notice(say("cogs.role_cleared")))
            else:
                self.client.moderator_roles[guild_id] = role.id
                await answer.show(render.notice(say("cogs.role_set", role=role.mention)))

    @server.command(name="alerts", description=worded("cogs.server_alerts_description"))
    @app_commands.describe(channel=worded("cogs.server_alerts_option"))
    async def alerts(
        self,
        interaction: Interaction,
        channel: app_commands.Transform[Picked, PostableChannel] | None = None,
    ) -> None:
        """Choose where the moderators hear of what needs them."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            if channel is None:
                await self._set(interaction, "alert_channel_id", None)
                await answer.show(render.notice(say("cogs.alerts_cleared")))
                return
            place = await channel_of(interaction, channel.id)
            if checked(place, say) is TargetKind.FORUM:
                raise TagwireError("cogs.alerts_no_forum")
            await self._set(interaction, "alert_channel_id", place.id)
            await answer.show(render.notice(say("cogs.alerts_set", channel=place.mention)))

    @server.command(name="block", description=worded("cogs.server_block_description"))
    @app_commands.describe(query=worded("cogs.server_block_option"))
    async def block(
        self, interaction: Interaction, query: app_commands.Range[str, 1, 1000]
    ) -> None:
        """Keep what matches out of all the server's channels; "none" lets everything in again."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            if query.strip().lower() == NONE:
                await self._set(interaction, "blocked", None)
                await answer.show(render.notice(say("cogs.block_cleared")))
                return
            try:
                read = language.parse_strict(query)
            except QueryError as error:
                await answer.show(render.query_failure(error, query, say), private=True)
                return
            await self._set(interaction, "blocked", str(read))
            month = language.narrow(read, BACK_TEST)
            scope, now = scope_of(interaction), self.client.ports.now()
            count = (await self.store.articles.search(month, scope, now=now, limit=1)).total
            shown = render.query_text(str(read), say)
            await answer.show(render.notice(say("cogs.block_set", query=shown, count=count)))

    @server.command(name="answers", description=worded("cogs.server_answers_description"))
    @app_commands.describe(who=worded("cogs.server_answers_option"))
    @app_commands.choices(
        who=[
            app_commands.Choice(name=worded("cogs.answers_public"), value="public"),
            app_commands.Choice(name=worded("cogs.answers_private"), value="private"),
        ]
    )
    async def answers(self, interaction: Interaction, who: str) -> None:
        """Choose whether the channel sees answers, where the command's option says nothing."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            private = who == "private"
            await self._set(interaction, "answers", "private" if private else None)
            known = self.client.private_guilds
            (known.add if private else known.discard)(guild_id)
            key = "cogs.answers_private_set" if private else "cogs.answers_public_set"
            await answer.show(render.notice(say_for(interaction)(key)))

    @server.command(name="language", description=worded("cogs.server_language_description"))
    @app_commands.describe(language=worded("cogs.server_language_option"))
    @app_commands.choices(
        language=[app_commands.Choice(name=name, value=code) for code, name in NAMES.items()]
    )
    async def in_language(self, interaction: Interaction, language: str) -> None:
        """Choose the language of what is posted into the server's channels."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            if language not in NAMES:
                raise TagwireError("chat.bad_option", value=language)
            await self._set(interaction, "language", language)
            self.client.languages[guild_id] = language
            say = say_for(interaction)
            await answer.show(render.notice(say("cogs.language_set", language=NAMES[language])))

    @server.command(name="zone", description=worded("cogs.server_zone_description"))
    @app_commands.describe(zone=worded("cogs.edit_zone"))
    async def zone(self, interaction: Interaction, zone: app_commands.Range[str, 1, 100]) -> None:
        """Choose the time zone of days in queries, of purges, and of new digests."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            name = zone_text(zone)
            await self._set(interaction, "zone", None if name == "UTC" else name)
            say = say_for(interaction)
            told = say("cogs.zone_set", zone=name, time=f"{self._clock(name):%H:%M}")
            await answer.show(render.notice(told))

    def _clock(self, zone: str) -> datetime:
        return self.client.ports.now().astimezone(ZoneInfo(zone))

    async def _set(self, interaction: Interaction, key: str, value: int | str | None) -> None:
        by = self.by(interaction)
        await self.store.guilds.set(by.guild_id, by, **{key: value})


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(ServerCog(client))
