"""Application commands: the bulk overwrite and the list, global and of the guild."""

from typing import Any

from aiohttp import web

from bot.playground.hub import Hub
from bot.playground.refusals import Refused, refused
from bot.playground.rest.context import FORM, answer, hub_of
from bot.playground.validate.commands import check_commands

Json = dict[str, Any]
COMPARED = ("options", "description", "default_member_permissions", "contexts", "nsfw")


def scope_of(request: web.Request) -> str | None:
    """Return the path's guild id, or None for global; raises 10002 or 10004."""
    world = hub_of(request).world
    if request.match_info["application"] != world.bot_id:
        raise refused(10002)
    guild_id = request.match_info.get("guild")
    if guild_id is not None and guild_id != world.guild_id:
        raise refused(10004)
    return guild_id


async def listing(request: web.Request) -> web.Response:
    """GET commands."""
    scope = scope_of(request)
    commands = hub_of(request).world.commands.values()
    return answer([c for c in commands if c.get("guild_id") == scope])


async def overwrite(request: web.Request) -> web.Response:
    """PUT commands: what is not named is gone, what stays keeps its id."""
    hub, scope = hub_of(request), scope_of(request)
    forms = request[FORM]
    if not isinstance(forms, list):
        raise Refused(400, 50035, "Invalid Form Body")
    check_commands(forms)
    kept = _by_key(hub, scope)
    others = [c for c in hub.world.commands.values() if c.get("guild_id") != scope]
    mine = [_command(hub, form, scope, kept) for form in forms]
    hub.world.commands = {c["id"]: c for c in [*others, *mine]}
    hub.emit("COMMANDS", {"commands": list(hub.world.commands.values())})
    return answer(mine)


async def create(request: web.Request) -> web.Response:
    """POST a command: replaces one of the same name and type."""
    hub, scope = hub_of(request), scope_of(request)
    form = request[FORM] or {}
    check_commands([form])
    kept = _by_key(hub, scope)
    command = _command(hub, form, scope, kept)
    is_new = command["id"] not in hub.world.commands
    hub.world.commands[command["id"]] = command
    hub.emit("COMMANDS", {"commands": list(hub.world.commands.values())})
    return answer(command, 201 if is_new else 200)


async def single(request: web.Request) -> web.Response:
    """GET or DELETE one command."""
    hub, scope = hub_of(request), scope_of(request)
    command = hub.world.commands.get(request.match_info["command"])
    if command is None or command.get("guild_id") != scope:
        raise refused(10063)
    if request.method == "GET":
        return answer(command)
    del hub.world.commands[command["id"]]
    hub.emit("COMMANDS", {"commands": list(hub.world.commands.values())})
    return web.Response(status=204)


def _by_key(hub: Hub, scope: str | None) -> dict[tuple[int, str], Json]:
    commands = hub.world.commands.values()
    return {(c["type"], c["name"]): c for c in commands if c.get("guild_id") == scope}


def _command(hub: Hub, form: Json, scope: str | None, kept: dict[tuple[int, str], Json]) -> Json:
    kind = form.get("type") or 1
    old = kept.get((kind, form["name"]), {})
    command: Json = {
        "id": old.get("id") or hub.ids.next(),
        "application_id": hub.world.bot_id,
        "type": kind,
        "name": form["name"],
        "name_localizations": form.get("name_localizations"),
        "description": form.get("description") or "",
        "description_localizations": form.get("description_localizations"),
        "default_member_permissions": _text(form.get("default_member_permissions")),
        "contexts": form.get("contexts"),
        "integration_types": form.get("integration_types") or [0],
        "options": form.get("options") or [],
        "nsfw": bool(form.get("nsfw")),
        "dm_permission": form.get("dm_permission", True),
    }
    changed = any(old.get(key) != command[key] for key in COMPARED)
    command["version"] = hub.ids.next() if changed else old["version"]
    if scope is not None:
        command["guild_id"] = scope
    return command


def _text(permissions: object) -> str | None:
    return None if permissions is None else str(permissions)


_GLOBAL = "/applications/{application}/commands"
_GUILD = "/applications/{application}/guilds/{guild}/commands"
ROUTES = [
    route
    for base in (_GLOBAL, _GUILD)
    for route in (
        web.get(base, listing),
        web.put(base, overwrite),
        web.post(base, create),
        web.get(base + "/{command}", single),
        web.delete(base + "/{command}", single),
    )
]
