"""What happens to servers: joined, left, and channels that can be posted to again."""

from __future__ import annotations

import logging
from typing import Any

import discord
from discord.ext import commands

from bot.chat.client import TagwireClient
from bot.chat.permissions import kind_of, missing
from bot.model import TargetKind
from cogs.asking import TagwireCog

_log = logging.getLogger(__name__)


class GuildCog(TagwireCog):
    """Follows servers by the events of the guilds intent. No event deletes what is configured."""

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Note which servers there are, and look at every channel that waits for access."""
        await self.client.leave_blocked()
        here = [guild.id for guild in self.client.guilds]
        await self.store.guilds.here(here, self.client.ports.now())
        for guild in self.client.guilds:
            await self._look_again(guild)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Take up what the server had configured before, or leave it if it is blocked."""
        if self.client.is_blocked(guild.id):
            await self.client.leave_blocked()
            return
        await self.store.guilds.joined(guild.id)
        await self._look_again(guild)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Note the removal; an outage is no removal and gives no such event."""
        await self.store.guilds.left(guild.id, self.client.ports.now())

    @commands.Cog.listener()
    async def on_guild_channel_update(self, _: Any, after: discord.abc.GuildChannel) -> None:
        """Look again when a channel's permissions may have changed."""
        await self._look_again(after.guild)

    @commands.Cog.listener()
    async def on_guild_channel_create(self, channel: discord.abc.GuildChannel) -> None:
        """Look again when a channel came into view."""
        await self._look_again(channel.guild)

    @commands.Cog.listener()
    async def on_thread_update(self, _: discord.Thread, after: discord.Thread) -> None:
        """Look again when a thread was opened up."""
        await self._look_again(after.guild)

    @commands.Cog.listener()
    async def on_guild_role_update(self, _: discord.Role, after: discord.Role) -> None:
        """Look again when a role's permissions changed."""
        await self._look_again(after.guild)

    @commands.Cog.listener()
    async def on_member_update(self, _: discord.Member, after: discord.Member) -> None:
        """Look again when the bot itself was given a role."""
        if after.id == after.guild.me.id:
            await self._look_again(after.guild)

    async def _look_again(self, guild: discord.Guild) -> None:
        for target in await self.store.outbox.paused_targets(guild.id):
            channel: Any = guild.get_channel_or_thread(target.channel_id)
            kind = kind_of(channel)
            if kind is None or await self._is_lacking(channel, kind):
                continue
            if await self.store.outbox.resume_target(target.channel_id, self.client.ports.now()):
                _log.info("delivery.target_resumed", extra={"channel_id": target.channel_id})

    async def _is_lacking(self, channel: Any, kind: TargetKind) -> bool:
        found = await self.store.subscriptions.of_channel(channel.id)
        looks = [each.look for each in found] or [{}]
        return any(missing(channel, kind, look) for look in looks)


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(GuildCog(client))
