"""Turns the world into Discord's JSON: one function a noun."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.playground.world import (
    FORUMS,
    HAS_THREAD,
    THREADS,
    Channel,
    Member,
    Message,
    Role,
    User,
    World,
)

Json = dict[str, Any]


def moment(at: datetime | None) -> str | None:
    """Return a time as Discord writes it."""
    return at.isoformat(timespec="microseconds") if at else None


def user(of: User) -> Json:
    """Return a user object."""
    return {
        "id": of.id,
        "username": of.username,
        "discriminator": "0",
        "global_name": of.global_name,
        "avatar": None,
        "banner": None,
        "accent_color": None,
        "bot": of.bot,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }


def account(of: User) -> Json:
    """Return the user object of the one who asks for their own."""
    return user(of) | {"mfa_enabled": False, "locale": of.locale, "verified": True, "email": None}


def role(of: Role) -> Json:
    """Return a role object."""
    return {
        "id": of.id,
        "name": of.name,
        "color": of.color,
        "colors": {"primary_color": of.color, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "description": None,
        "position": of.position,
        "permissions": str(of.permissions),
        "managed": of.managed,
        "mentionable": True,
        "flags": 0,
    }


def member(world: World, of: Member) -> Json:
    """Return a member object with its user."""
    return {
        "user": user(world.users[of.user_id]),
        "nick": of.nick,
        "avatar": None,
        "banner": None,
        "roles": list(of.role_ids),
        "joined_at": moment(of.joined_at),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
        "communication_disabled_until": moment(of.timed_out_until),
    }


def channel(world: World, of: Channel) -> Json:
    """Return a channel object, a thread's and a direct channel's included."""
    last = max(world.messages.get(of.id, {}), key=int, default=None)
    base: Json = {"id": of.id, "type": of.type, "last_message_id": last, "flags": of.flags}
    if of.type == 1:
        return base | {
            "recipients": [user(world.users[i]) for i in of.recipient_ids if i != world.bot_id]
        }
    base |= {
        "guild_id": world.guild_id,
        "name": of.name,
        "parent_id": of.parent_id,
        "rate_limit_per_user": of.rate_limit_per_user,
    }
    return base | (_thread(world, of) if of.type in THREADS else _guild_channel(of))


def _guild_channel(of: Channel) -> Json:
    extra: Json = {
        "topic": of.topic,
        "position": of.position,
        "nsfw": False,
        "permission_overwrites": [
            {"id": o.id, "type": o.type, "allow": str(o.allow), "deny": str(o.deny)}
            for o in of.overwrites
        ],
    }
    if of.type in FORUMS:
        extra |= {
            "available_tags": [
                {
                    "id": t.id,
                    "name": t.name,
                    "moderated": t.moderated,
                    "emoji_id": None,
                    "emoji_name": None,
                }
                for t in of.tags
            ],
            "default_reaction_emoji": None,
            "default_sort_order": None,
            "default_forum_layout": 0,
            "default_thread_rate_limit_per_user": 0,
        }
    return extra


def _thread(world: World, of: Channel) -> Json:
    # A thread's first message bears the thread's own id and is not counted (message_count).
    count = sum(1 for message_id in world.messages.get(of.id, {}) if message_id != of.id)
    return {
        "owner_id": of.owner_id,
        "message_count": count,
        "total_message_sent": count,
        "member_count": 1,
        "applied_tags": list(of.applied_tag_ids),
        "thread_metadata": {
            "archived": of.archived,
            "auto_archive_duration": of.archive_minutes,
            "archive_timestamp": moment(of.changed_at),
            "locked": of.locked,
            "create_timestamp": moment(of.changed_at),
        },
    }


def message(world: World, of: Message) -> Json:
    """Return a message object; never its nonce, which Discord does not keep."""
    body: Json = {
        "id": of.id,
        "type": of.type,
        "channel_id": of.channel_id,
        "author": _author(world, of),
        "content": of.content,
        "timestamp": moment(of.created_at),
        "edited_timestamp": moment(of.edited_at),
        "tts": False,
        "mention_everyone": of.pinged.everyone,
        "mentions": [user(world.users[i]) for i in of.pinged.user_ids],
        "mention_roles": list(of.pinged.role_ids),
        "attachments": list(of.attachments),
        "embeds": list(of.embeds),
        "components": list(of.components),
        "pinned": of.pinned,
        "flags": of.flags,
    }
    if of.webhook_id:
        body["webhook_id"] = of.webhook_id
    if of.application_id:
        body["application_id"] = of.application_id
    if of.reply_to_id:
        body["message_reference"] = {
            "type": 0,
            "message_id": of.reply_to_id,
            "channel_id": of.channel_id,
            "guild_id": world.guild_id,
        }
    if of.flags & HAS_THREAD and of.id in world.channels:
        body["thread"] = channel(world, world.channels[of.id])
    return body | _asked(world, of)


def _author(world: World, of: Message) -> Json:
    author = user(world.users[of.author_id])
    if of.username:
        shown = hashlib.sha256(of.avatar_url.encode()).hexdigest()[:32] if of.avatar_url else None
        named = {"username": of.username, "global_name": None, "avatar": shown, "bot": True}
        author |= {"id": of.webhook_id} | named
    return author


def _asked(world: World, of: Message) -> Json:
    if of.asked is None:
        return {}
    who = user(world.users[of.asked.user_id])
    metadata: Json = {
        "id": of.asked.id,
        "type": of.asked.type,
        "user": who,
        "authorizing_integration_owners": {"0": world.guild_id},
    }
    if of.asked.original_id:
        metadata["original_response_message_id"] = of.asked.original_id
    if of.asked.type == 3:
        metadata["interacted_message_id"] = of.asked.message_id
    if of.asked.name is None:
        return {"interaction_metadata": metadata}
    old = {"id": of.asked.id, "type": of.asked.type, "name": of.asked.name, "user": who}
    return {"interaction_metadata": metadata | {"name": of.asked.name}, "interaction": old}


def guild(world: World) -> Json:
    """Return the guild object without its channels and members."""
    return {
        "id": world.guild_id,
        "name": world.guild_name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": ["COMMUNITY", "NEWS"],
        "banner": None,
        "owner_id": world.owner_id,
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 1,
        "roles": [role(r) for r in world.roles.values()],
        "default_message_notifications": 1,
        "mfa_level": 0,
        "explicit_content_filter": 2,
        "max_presences": None,
        "max_members": 500000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-GB",
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def guild_create(world: World, user_ids: Iterable[str]) -> Json:
    """Return what GUILD_CREATE carries: the guild with channels, threads and these members."""
    own = [c for c in world.channels.values() if c.type != 1]
    return guild(world) | {
        "joined_at": moment(world.members[world.bot_id].joined_at),
        "large": False,
        "unavailable": False,
        "member_count": len(world.members),
        "members": [member(world, world.members[i]) for i in user_ids],
        "channels": [channel(world, c) for c in own if c.type not in THREADS],
        "threads": [channel(world, c) for c in own if c.type in THREADS and not c.archived],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }
