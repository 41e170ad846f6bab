"""Who may moderate, and what the bot lacks to post somewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord

from bot.errors import TagwireError
from bot.model import TargetKind

Postable = discord.TextChannel | discord.Thread | discord.ForumChannel

# The names Discord's own settings page uses, which people look for; kept in the catalogue.
NEEDED: dict[TargetKind, tuple[str, ...]] = {
    TargetKind.TEXT: ("view_channel", "send_messages", "read_message_history"),
    TargetKind.ANNOUNCEMENT: ("view_channel", "send_messages", "read_message_history"),
    TargetKind.THREAD: ("view_channel", "send_messages_in_threads", "read_message_history"),
    TargetKind.FORUM: ("view_channel", "send_messages", "read_message_history"),
}

# What the look "full text in a thread" needs beside that.
NEEDED_BY_TEXT: dict[TargetKind, tuple[str, ...]] = {
    TargetKind.TEXT: ("create_public_threads", "send_messages_in_threads"),
    TargetKind.ANNOUNCEMENT: ("create_public_threads", "send_messages_in_threads"),
    TargetKind.THREAD: ("send_messages_in_threads",),
    TargetKind.FORUM: ("send_messages_in_threads",),
}

NEEDED_BY_WEBHOOK = ("manage_webhooks",)
# A webhook's message is another's, even where the webhook is the bot's own.
NEEDED_TO_PUBLISH = ("manage_messages",)


def is_moderator(interaction: discord.Interaction[Any]) -> bool:
    """Whether the member may change what this server posts.

    Manage Server or Manage Channels grants it, and the role that the server chose.
    """
    granted = interaction.permissions
    # Installed by the member alone, the bot is a stranger to the server and changes nothing there.
    return interaction.is_guild_integration() and (
        granted.administrator
        or granted.manage_guild
        or granted.manage_channels
        or _has_chosen_role(interaction)
    )


def _has_chosen_role(interaction: discord.Interaction[Any]) -> bool:
    chosen: dict[int | None, int] = getattr(interaction.client, "moderator_roles", {})
    role_id = chosen.get(interaction.guild_id)
    held = getattr(interaction.user, "roles", ())
    return role_id is not None and any(role.id == role_id for role in held)


def require_moderator(interaction: discord.Interaction[Any]) -> int:
    """Return the server's id. Raises TagwireError in a direct message or for any other member."""
    if interaction.guild_id is None:
        raise TagwireError("chat.server_only")
    if not is_moderator(interaction):
        raise TagwireError("chat.moderators_only")
    return interaction.guild_id


def require_manager(interaction: discord.Interaction[Any]) -> int:
    """Return the server's id. Raises TagwireError for who may not manage the server itself."""
    guild_id = require_moderator(interaction)
    if not (interaction.permissions.administrator or interaction.permissions.manage_guild):
        raise TagwireError("chat.managers_only")
    return guild_id


def kind_of(channel: object) -> TargetKind | None:
    """Return what a channel is as a target, or None where nothing can be posted."""
    if isinstance(channel, discord.Thread):
        return TargetKind.THREAD
    if isinstance(channel, discord.ForumChannel):
        return TargetKind.FORUM
    if isinstance(channel, discord.TextChannel):
        return TargetKind.ANNOUNCEMENT if channel.is_news() else TargetKind.TEXT
    return None


def missing(
    channel: Postable, kind: TargetKind, look: Mapping[str, object] | None = None
) -> tuple[str, ...]:
    """Return the permissions the bot lacks to post in a channel, as discord.py names them.

    A `look` may ask for more than a plain post does.
    """
    granted = channel.permissions_for(channel.guild.me)
    needed = dict.fromkeys(NEEDED[kind])
    if look is not None and look.get("form") == "thread":
        needed |= dict.fromkeys(NEEDED_BY_TEXT[kind])
    if look is not None and look.get("webhook") is True:
        needed |= dict.fromkeys(NEEDED_BY_WEBHOOK)
        if kind is TargetKind.ANNOUNCEMENT:
            needed |= dict.fromkeys(NEEDED_TO_PUBLISH)
    return tuple(name for name in needed if not getattr(granted, name))
