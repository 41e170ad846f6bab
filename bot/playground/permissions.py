"""Who may do what: permissions computed from roles and overwrites as Discord documents them."""

from datetime import datetime
from enum import IntFlag

from bot.playground.refusals import refused
from bot.playground.world import THREADS, Channel, World


class Permission(IntFlag):
    """The permission bits that the playground looks at."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CHANGE_NICKNAME = 1 << 26
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38
    USE_EXTERNAL_APPS = 1 << 50
    PIN_MESSAGES = 1 << 51


ALL = (1 << 53) - 1
SENDING = Permission.EMBED_LINKS | Permission.ATTACH_FILES | Permission.MENTION_EVERYONE
TIMED_OUT = Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY
DIRECT = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
)


def in_guild(world: World, user_id: str) -> int:
    """Return a member's permissions from their roles alone."""
    member = world.members[user_id]
    bits = world.roles[world.guild_id].permissions
    for role_id in member.role_ids:
        if role_id in world.roles:
            bits |= world.roles[role_id].permissions
    if bits & Permission.ADMINISTRATOR or world.owner_id == user_id:
        return ALL
    return bits


def in_channel(world: World, user_id: str, channel: Channel, now: datetime) -> int:
    """Return what a user may do in a channel: roles, overwrites, implicit denials, time-out."""
    if channel.type == 1:
        return int(DIRECT) if user_id in channel.recipient_ids else 0
    if user_id not in world.members:
        return 0
    bits = in_guild(world, user_id)
    if bits & Permission.ADMINISTRATOR:
        return ALL
    home = world.channels.get(channel.parent_id or "") if channel.type in THREADS else channel
    if home is None:
        return 0
    bits = _overwritten(world, user_id, home, bits)
    if not bits & Permission.VIEW_CHANNEL:
        return 0
    if not bits & Permission.SEND_MESSAGES and channel.type not in THREADS:
        bits &= ~int(SENDING)
    until = world.members[user_id].timed_out_until
    if until is not None and until > now:
        bits &= int(TIMED_OUT)
    return bits


def _overwritten(world: World, user_id: str, channel: Channel, bits: int) -> int:
    by_id = {overwrite.id: overwrite for overwrite in channel.overwrites}
    if everyone := by_id.get(world.guild_id):
        bits = bits & ~everyone.deny | everyone.allow
    deny = allow = 0
    for role_id in world.members[user_id].role_ids:
        if overwrite := by_id.get(role_id):
            deny |= overwrite.deny
            allow |= overwrite.allow
    bits = bits & ~deny | allow
    if own := by_id.get(user_id):
        bits = bits & ~own.deny | own.allow
    return bits


def require(world: World, user_id: str, channel: Channel, needed: int, now: datetime) -> int:
    """Return the user's bits, or raise 50001 when they cannot see it, 50013 when they may not."""
    bits = in_channel(world, user_id, channel, now)
    if not bits & Permission.VIEW_CHANNEL:
        raise refused(50001)
    if bits & needed != needed:
        raise refused(50013)
    return bits
