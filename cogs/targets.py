"""The channels that can be posted to: as an option, as found, and checked before they are used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord
from discord import app_commands

from bot.chat.permissions import Postable, kind_of, missing
from bot.chat.room import Say
from bot.errors import TagwireError
from bot.model import TargetKind
from cogs.asking import Interaction

Picked = app_commands.AppCommandChannel | app_commands.AppCommandThread


class PostableChannel(app_commands.Transformer):
    """An option that offers channels that can be posted to, whether or not they are cached."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        """A channel."""
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        """Text, announcements, forums and threads."""
        kinds = discord.ChannelType
        return [
            kinds.text,
            kinds.news,
            kinds.forum,
            kinds.public_thread,
            kinds.private_thread,
            kinds.news_thread,
        ]

    async def transform(self, interaction: discord.Interaction[Any], value: Any, /) -> Any:
        """Return the channel as the interaction names it."""
        return value


async def channel_of(interaction: Interaction, channel_id: int) -> Postable:
    """Return a channel of the server. Raises TagwireError for a hidden or unfit one."""
    guild = interaction.guild
    if guild is None:
        raise TagwireError("chat.server_only")
    channel: Any = guild.get_channel_or_thread(channel_id)
    if channel is None:
        try:
            channel = await guild.fetch_channel(channel_id)
        except discord.NotFound:
            raise TagwireError("cogs.channel_gone") from None
        except (discord.Forbidden, discord.InvalidData):
            raise TagwireError("cogs.channel_hidden") from None
    if kind_of(channel) is None:
        raise TagwireError("cogs.channel_unfit")
    found: Postable = channel
    return found


def checked(channel: Postable, say: Say, look: Mapping[str, object] | None = None) -> TargetKind:
    """Return what a channel is as a target. Raises TagwireError naming what the bot lacks there.

    With a `look` also what that needs.
    """
    kind = kind_of(channel)
    if kind is None:
        raise TagwireError("cogs.channel_unfit")
    lacking = missing(channel, kind, look)
    if lacking:
        names = ", ".join(say(f"cogs.permission_{name}") for name in lacking)
        raise TagwireError("cogs.permissions_missing", channel=channel.name, names=names)
    return kind


def text_note(kind: TargetKind, look: Mapping[str, object], say: Say, *, digest: bool) -> str:
    """Return where the whole text goes in such a channel, or nothing where none was asked for."""
    if look.get("form") != "thread":
        return ""
    return say("cogs.text_no_digest" if digest else f"cogs.text_{kind}")
