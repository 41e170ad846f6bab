"""Subscriptions as a file that people can read: written, and read with every value checked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import discord

from bot.chat.look import FORMS, PARTS, accent_of, parts_of
from bot.chat.permissions import kind_of
from bot.chat.template import parsed
from bot.errors import QueryError, TagwireError
from bot.model import Subscription
from bot.query import language
from bot.store.rhythm import (
    DELAY_MOST_S,
    MODES,
    PER_HOUR_MOST,
    clock_text,
    span_text,
    zone_text,
)

FORMAT = "tagwire_subscriptions"
VERSION = 1
FILE_BYTES = 256 * 1024
ITEMS_MOST = 500
LONGEST = 2000

_SURROGATE = re.compile("[\ud800-\udfff]")

Json = dict[str, Any]
Read = Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Item:
    """One subscription as a file has it, its values checked but for what the server has."""

    channel_id: int
    channel_name: str
    query: str
    look: Mapping[str, object] = field(default_factory=dict)
    rhythm: Mapping[str, object] = field(default_factory=dict)
    role_id: int | None = None
    role_name: str = ""
    ping_query: str | None = None
    members_join: bool = False
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry that cannot be used: how it calls itself, and a sentence on why."""

    named: str
    error: TagwireError


@dataclass(frozen=True, slots=True)
class File:
    """A file as read. `server_id` is the server that it was written for."""

    server_id: int
    entries: tuple[Item | Refused, ...]


def written(found: Sequence[Subscription], guild: discord.Guild, now: datetime) -> bytes:
    """Return a server's subscriptions as a file."""
    of = {
        FORMAT: VERSION,
        "written_at": now.isoformat(timespec="seconds"),
        "server": {"id": str(guild.id), "name": guild.name},
        "subscriptions": [_entry(each, guild) for each in found],
    }
    return (json.dumps(of, ensure_ascii=False, indent=2) + "\n").encode()


def _entry(found: Subscription, guild: discord.Guild) -> Json:
    channel = guild.get_channel_or_thread(found.target.channel_id)
    place = {"id": str(found.target.channel_id), "name": channel.name if channel else ""}
    entry: Json = {"channel": place, "query": found.query}
    look = {key: value for key, value in found.look.items() if key != "join_role_id"}
    accent = look.get("accent")
    if isinstance(accent, int):
        look["accent"] = f"#{accent:06x}"
    entry |= {key: side for key, side in (("look", look), ("rhythm", dict(found.rhythm))) if side}
    if found.mention_role_id is not None:
        role = guild.get_role(found.mention_role_id)
        entry["ping"] = {
            "role": {"id": str(found.mention_role_id), "name": role.name if role else ""},
            **({"query": found.mention_query} if found.mention_query else {}),
            **({"members_join": True} if found.look.get("join_role_id") is not None else {}),
        }
    return entry | ({"paused": True} if found.paused is not None else {})


def read(content: bytes) -> File:
    """Read a file. Raises TagwireError for what is no such file, or of a later version."""
    if len(content) > FILE_BYTES:
        raise TagwireError("cogs.import_too_large", most=FILE_BYTES // 1024)
    try:
        of = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise TagwireError("cogs.import_no_json") from None
    if not isinstance(of, dict) or not isinstance(of.get("subscriptions"), list):
        raise TagwireError("cogs.import_no_file")
    if of.get(FORMAT) != VERSION:
        version = str(of.get(FORMAT, "?"))[:20]
        raise TagwireError("cogs.import_version", version=version, known=VERSION)
    if len(of["subscriptions"]) > ITEMS_MOST:
        raise TagwireError("cogs.import_too_many", most=ITEMS_MOST)
    server = of.get("server")
    server_id = _id(server.get("id")) if isinstance(server, dict) else None
    return File(server_id or 0, tuple(_read_entry(entry) for entry in of["subscriptions"]))


def _read_entry(entry: object) -> Item | Refused:
    named = _named(entry)
    try:
        return _item(_fields(entry, {"channel", "query", "look", "rhythm", "ping", "paused"}))
    except TagwireError as error:
        return Refused(named, error)


def _item(entry: Json) -> Item:
    channel = _fields(entry.get("channel"), {"id", "name"})
    ping = _fields(entry.get("ping", {}), {"role", "query", "members_join"})
    role = _fields(ping.get("role", {}), {"id", "name"})
    return Item(
        channel_id=_id(channel.get("id")) or 0,
        channel_name=_text(channel.get("name", "")),
        query=_query(entry.get("query")),
        look=_checked(entry.get("look", {}), _LOOK),
        rhythm=_checked(entry.get("rhythm", {}), _RHYTHM),
        role_id=_id(role.get("id")) if role else None,
        role_name=_text(role.get("name", "")),
        ping_query=_query(ping["query"]) if "query" in ping else None,
        members_join=_flag(ping.get("members_join", False)),
        is_paused=_flag(entry.get("paused", False)),
    )


def _named(entry: object) -> str:
    if not isinstance(entry, dict):
        return "?"
    channel = entry.get("channel")
    name = channel.get("name") if isinstance(channel, dict) else None
    return f"#{str(name or '?')[:80]}: {str(entry.get('query', ''))[:200]}"


def _fields(of: object, known: set[str]) -> Json:
    if not isinstance(of, dict):
        raise TagwireError("cogs.import_bad_value", field="/".join(sorted(known)), value=_shown(of))
    for key in of:
        if key not in known:
            raise TagwireError("cogs.import_unknown", field=key[:60])
    return of


def _checked(of: object, readers: Mapping[str, Read]) -> dict[str, object]:
    given = _fields(of, set(readers))
    made: dict[str, object] = {}
    for key, value in given.items():
        try:
            made[key] = readers[key](value)
        except (TypeError, ValueError):
            raise TagwireError("cogs.import_bad_value", field=key, value=_shown(value)) from None
    return made


def _one_of(known: Sequence[str]) -> Read:
    def take(value: Any) -> object:
        if value not in known:
            raise ValueError(value)
        return value

    return take


def _true(value: Any) -> object:
    if value is not True:
        raise ValueError(value)
    return value


def _whole(low: int, high: int) -> Read:
    def take(value: Any) -> object:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(value)
        return value

    return take


def _written(reader: Callable[[str], object]) -> Read:
    return lambda value: reader(_text(value))


def _template(value: Any) -> object:
    parsed(_text(value))
    return value


def _parts(value: Any) -> object:
    if not isinstance(value, list) or not set(value) <= set(PARTS):
        raise ValueError(value)
    return parts_of(",".join(value))


_LOOK: Mapping[str, Read] = {
    "form": _one_of(FORMS),
    "accent": _written(accent_of),
    "parts": _parts,
    "template": _template,
    "webhook": _true,
}
_RHYTHM: Mapping[str, Read] = {
    "mode": _one_of(MODES[1:]),
    "at": _written(clock_text),
    "weekday": _whole(0, 6),
    "zone": _written(zone_text),
    "quiet": _written(span_text),
    "per_hour": _whole(1, PER_HOUR_MOST),
    "delay_s": _whole(1, DELAY_MOST_S),
    "cap": _whole(1, 100),
    "copies": _true,
}


def _query(value: object) -> str:
    typed = _text(value)
    try:
        return str(language.parse_strict(typed)) if typed.strip() else ""
    except QueryError as error:
        raise TagwireError("cogs.import_bad_query", query=typed[:200]) from error


def _text(value: object) -> str:
    # Half a character, which JSON can write, can be stored nowhere.
    if not isinstance(value, str) or len(value) > LONGEST or _SURROGATE.search(value):
        raise TagwireError("cogs.import_bad_value", field="…", value=_shown(value))
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TagwireError("cogs.import_bad_value", field="…", value=_shown(value))
    return value


def _id(value: object) -> int | None:
    text = str(value) if isinstance(value, str | int) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _shown(value: object) -> str:
    return json.dumps(value)[:60]


def place_of(item: Item, guild: discord.Guild, server_id: int) -> int:
    """Return the channel an entry means: its own, or in another server the one so named.

    Raises TagwireError where this server has none.
    """
    if guild.get_channel_or_thread(item.channel_id) is not None or server_id == guild.id:
        return item.channel_id
    alike = [
        channel
        for channel in (*guild.channels, *guild.threads)
        if channel.name == item.channel_name and kind_of(channel) is not None
    ]
    if len(alike) != 1:
        raise TagwireError("cogs.import_no_channel", name=item.channel_name or str(item.channel_id))
    return alike[0].id


def role_of(item: Item, guild: discord.Guild) -> discord.Role | None:
    """Return the role an entry pings, by id or by name. Raises TagwireError for an unknown one."""
    if item.role_id is None:
        return None
    role = guild.get_role(item.role_id)
    if role is None:
        role = next((each for each in guild.roles if each.name == item.role_name), None)
    if role is None or role.is_default():
        raise TagwireError("cogs.import_no_role", name=item.role_name or str(item.role_id))
    return role
