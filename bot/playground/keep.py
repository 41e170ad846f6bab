"""Keeps the world between two starts of the playground, as one JSON file."""

import base64
import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.playground.world import (
    Asked,
    Channel,
    Member,
    Message,
    Overwrite,
    Pinged,
    Role,
    Tag,
    User,
    Webhook,
    World,
)

Json = dict[str, Any]
NAME = "playground.json"
VERSION = 1


def save(folder: Path, world: World) -> None:
    """Write the world to the folder; a half-written file never takes the old one's place."""
    files = {key: [k, base64.b64encode(c).decode()] for key, (k, c) in world.files.items()}
    content = asdict(world) | {"files": files, "version": VERSION}
    fresh = folder / f"{NAME}.new"
    fresh.write_text(json.dumps(content, default=_plain), encoding="utf-8")
    fresh.replace(folder / NAME)


def load(folder: Path) -> World | None:
    """Return the world that was saved in the folder, or None."""
    path = folder / NAME
    if not path.exists():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    world = World(
        content["guild_id"], content["guild_name"], content["owner_id"], content["bot_id"]
    )
    world.users = {k: User(**v) for k, v in content["users"].items()}
    world.roles = {k: Role(**v) for k, v in content["roles"].items()}
    world.members = {k: _member(v) for k, v in content["members"].items()}
    world.channels = {k: _channel(v) for k, v in content["channels"].items()}
    world.webhooks = {k: Webhook(**v) for k, v in content["webhooks"].items()}
    world.commands = content["commands"]
    world.read_marks = content.get("read_marks") or {}
    world.uploads = content.get("uploads") or {}
    world.messages = {
        channel_id: {k: _message(v) for k, v in messages.items()}
        for channel_id, messages in content["messages"].items()
    }
    world.files = {k: (v[0], base64.b64decode(v[1])) for k, v in content["files"].items()}
    return world


def newest_id(world: World) -> str:
    """Return the largest id in use, above which new ones must lie."""
    ids = [*world.users, *world.channels, *world.roles, *world.commands, *world.files]
    for messages in world.messages.values():
        ids += messages
    return max(ids, key=int)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _member(of: Json) -> Member:
    times = {key: _at(of[key]) for key in ("joined_at", "timed_out_until")}
    return Member(**{**of, **times, "role_ids": tuple(of["role_ids"])})


def _channel(of: Json) -> Channel:
    return Channel(
        **{
            **of,
            "overwrites": tuple(Overwrite(**o) for o in of["overwrites"]),
            "tags": tuple(Tag(**t) for t in of["tags"]),
            "applied_tag_ids": tuple(of["applied_tag_ids"]),
            "recipient_ids": tuple(of["recipient_ids"]),
            "changed_at": _at(of["changed_at"]),
        }
    )


def _message(of: Json) -> Message:
    pinged = of["pinged"]
    return Message(
        **{
            **of,
            "created_at": _at(of["created_at"]),
            "edited_at": _at(of["edited_at"]),
            "embeds": tuple(of["embeds"]),
            "components": tuple(of["components"]),
            "attachments": tuple(of["attachments"]),
            "pinged": Pinged(
                tuple(pinged["user_ids"]), tuple(pinged["role_ids"]), pinged["everyone"]
            ),
            "asked": Asked(**of["asked"]) if of["asked"] else None,
        }
    )
