"""What the server's owner does to it: channels made, changed, closed; the bot let in or out."""

from dataclasses import replace

from bot.playground import shapes
from bot.playground.hub import Hub
from bot.playground.permissions import Permission
from bot.playground.world import TEXT, THREADS, Channel, Overwrite

SENDING = int(Permission.SEND_MESSAGES | Permission.SEND_MESSAGES_IN_THREADS)


def add_channel(hub: Hub, name: str, kind: int = TEXT) -> Channel:
    """Make a channel of a kind (0 text, 5 announcement, 15 forum)."""
    position = len(hub.world.channels)
    channel = hub.put_channel(Channel(hub.ids.next(), kind, name, position=position))
    hub.emit("CHANNEL_CREATE", shapes.channel(hub.world, channel))
    return channel


def change_channel(hub: Hub, channel: Channel) -> Channel:
    """Put a changed channel or thread in the place of the old one; all are told."""
    hub.put_channel(channel)
    name = "THREAD_UPDATE" if channel.type in THREADS else "CHANNEL_UPDATE"
    hub.emit(name, shapes.channel(hub.world, channel))
    return channel


def remove_channel(hub: Hub, channel: Channel) -> None:
    """Delete a channel with its threads and messages; all are told."""
    body = shapes.channel(hub.world, channel)
    for thread in list(hub.world.threads_of(channel.id)):
        del hub.world.channels[thread.id]
        hub.world.messages.pop(thread.id, None)
    del hub.world.channels[channel.id]
    hub.world.messages.pop(channel.id, None)
    hub.emit("THREAD_DELETE" if channel.type in THREADS else "CHANNEL_DELETE", body)


def set_permission(hub: Hub, channel: Channel, *, allowed: bool, bits: int = SENDING) -> Channel:
    """Allow or deny the bot something in a channel (of a thread: in its parent)."""
    target = hub.world.channels[channel.id]
    target = hub.world.channels.get(target.parent_id or "", target)
    bot_id = hub.world.bot_id
    old = next((o for o in target.overwrites if o.id == bot_id), Overwrite(bot_id, 1))
    allow = old.allow | bits if allowed else old.allow & ~bits
    deny = old.deny & ~bits if allowed else old.deny | bits
    others = tuple(o for o in target.overwrites if o.id != bot_id)
    overwrites = (*others, Overwrite(bot_id, 1, allow, deny))
    return change_channel(hub, replace(target, overwrites=overwrites))


def begin_outage(hub: Hub) -> None:
    """Make the server unavailable to the bot, as in an outage of Discord's."""
    hub.emit("GUILD_DELETE", {"id": hub.world.guild_id, "unavailable": True})


def end_outage(hub: Hub) -> None:
    """Make the server available again."""
    hub.emit("GUILD_CREATE", shapes.guild_create(hub.world, [hub.world.bot_id]))


def remove_bot(hub: Hub) -> None:
    """Throw the bot out of the server."""
    hub.world.in_guild = False
    hub.emit("GUILD_DELETE", {"id": hub.world.guild_id})


def invite_bot(hub: Hub) -> None:
    """Let the bot in (again). Only the end of an outage says that the server is available."""
    hub.world.in_guild = True
    joined = shapes.guild_create(hub.world, [hub.world.bot_id])
    hub.emit("GUILD_CREATE", {k: v for k, v in joined.items() if k != "unavailable"})
