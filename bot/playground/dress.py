"""Adds to Discord's objects what the page draws: clean HTML beside each text."""

from collections.abc import Iterable
from typing import Any

from bot.playground import shapes
from bot.playground.markdown import Names, render
from bot.playground.permissions import Permission, in_guild
from bot.playground.world import THREADS, Message, World

Json = dict[str, Any]


def names_of(world: World, pinged: Iterable[str] = (), *, everyone: bool = False) -> Names:
    """Return the names that mentions show, and who of them was notified."""
    users = {}
    for user in world.users.values():
        member = world.members.get(user.id)
        users[user.id] = (member and member.nick) or user.global_name or user.username
    return Names(
        users,
        {role.id: role.name for role in world.roles.values()},
        {channel.id: channel.name for channel in world.channels.values()},
        frozenset(pinged),
        everyone,
    )


def message(world: World, of: Message) -> Json:
    """Return a message with HTML for its content, text displays and embeds."""
    body = shapes.message(world, of)
    pinged = (*of.pinged.user_ids, *of.pinged.role_ids)
    names = names_of(world, pinged, everyone=of.pinged.everyone)
    body["html"] = render(of.content, names) if of.content else ""
    body["embeds"] = [embed | {"html": _embed(embed, names)} for embed in of.embeds]
    body["components"] = components(list(of.components), names)
    body["ephemeral"] = of.is_ephemeral
    if of.username:
        # A webhook's own name and picture, not those of the bot behind it.
        body["author"] |= {"named": True, "picture": of.avatar_url}
    if of.for_user_id is not None:
        body["for_user"] = of.for_user_id
    return body


def components(of: list[Json], names: Names) -> list[Json]:
    """Return copies of components whose text displays carry HTML."""
    return [_component(component, names) for component in of]


def _component(of: Json, names: Names) -> Json:
    copy = dict(of)
    if copy["type"] == 10:
        copy["html"] = render(str(copy.get("content") or ""), names)
    if "components" in copy:
        copy["components"] = components(copy["components"], names)
    for key in ("accessory", "component"):
        if key in copy:
            copy[key] = _component(copy[key], names)
    return copy


def _embed(of: Json, names: Names) -> Json:
    def line(text: object) -> str:
        return render(str(text or ""), names, inline=True)

    return {
        "title": line(of.get("title")),
        "description": render(str(of.get("description") or ""), names),
        "fields": [
            {"name": line(field["name"]), "value": render(field["value"], names)}
            for field in of.get("fields") or []
        ],
        "footer": line((of.get("footer") or {}).get("text")),
        "author": line((of.get("author") or {}).get("name")),
    }


def people(world: World) -> list[Json]:
    """Return everybody the page can be or name."""
    out = []
    for user in world.users.values():
        member = world.members.get(user.id)
        bits = in_guild(world, user.id) if member else 0
        moderator = bool(bits & (Permission.MANAGE_GUILD | Permission.MANAGE_CHANNELS))
        nick = member.nick if member else None
        own = {"nick": nick, "moderator": moderator and not user.bot, "locale": user.locale}
        out.append(shapes.user(user) | own)
    return out


def is_thread(channel: Json) -> bool:
    """Whether a channel object is a thread."""
    return channel["type"] in THREADS
