"""The guild: itself, its channels, roles and members."""

from dataclasses import replace

from aiohttp import web

from bot.playground import shapes
from bot.playground.hub import Hub
from bot.playground.owner import remove_bot
from bot.playground.permissions import Permission, in_guild
from bot.playground.refusals import refused
from bot.playground.rest.context import answer, hub_of, nothing, whole
from bot.playground.world import DIRECT, THREADS


def _guild_of(request: web.Request) -> Hub:
    hub = hub_of(request)
    if request.match_info["guild"] != hub.world.guild_id:
        raise refused(10004)
    if not hub.world.in_guild:
        raise refused(50001)
    return hub


async def single(request: web.Request) -> web.Response:
    """GET /guilds/{id}."""
    hub = _guild_of(request)
    count = len(hub.world.members)
    counts = {"approximate_member_count": count, "approximate_presence_count": count}
    return answer(shapes.guild(hub.world) | counts)


async def channels(request: web.Request) -> web.Response:
    """GET /guilds/{id}/channels."""
    world = _guild_of(request).world
    own = [c for c in world.channels.values() if c.type not in (*THREADS, DIRECT)]
    return answer([shapes.channel(world, channel) for channel in own])


async def roles(request: web.Request) -> web.Response:
    """GET /guilds/{id}/roles."""
    world = _guild_of(request).world
    return answer([shapes.role(role) for role in world.roles.values()])


async def members(request: web.Request) -> web.Response:
    """GET /guilds/{id}/members, which needs the GUILD_MEMBERS intent."""
    hub = _guild_of(request)
    if not hub.sees_members:
        raise refused(50001)
    limit = whole(request, "limit", 1, 1, 1000)
    return answer([shapes.member(hub.world, m) for m in list(hub.world.members.values())[:limit]])


async def member(request: web.Request) -> web.Response:
    """GET /guilds/{id}/members/{user}."""
    world = _guild_of(request).world
    found = world.members.get(request.match_info["user"].replace("@me", world.bot_id))
    if found is None:
        raise refused(10007 if request.match_info["user"] in world.users else 10013)
    return answer(shapes.member(world, found))


async def change_role(request: web.Request) -> web.Response:
    """PUT and DELETE /guilds/{id}/members/{user}/roles/{role}: with a higher role only."""
    hub = _guild_of(request)
    world = hub.world
    found = world.members.get(request.match_info["user"])
    role = world.roles.get(request.match_info["role"])
    if found is None:
        raise refused(10007)
    if role is None or role.id == world.guild_id:
        raise refused(10011)
    own = world.members[world.bot_id].role_ids
    top = max((world.roles[held].position for held in own), default=0)
    allowed = in_guild(world, world.bot_id) & Permission.MANAGE_ROLES
    if not allowed or role.managed or role.position >= top:
        raise refused(50013)
    kept = tuple(held for held in found.role_ids if held != role.id)
    held = (*kept, role.id) if request.method == "PUT" else kept
    world.members[found.user_id] = changed = replace(found, role_ids=held)
    data = {"guild_id": world.guild_id, **shapes.member(world, changed)}
    hub.emit("GUILD_MEMBER_UPDATE", data, for_user_id=None)
    return nothing()


async def leave(request: web.Request) -> web.Response:
    """DELETE /users/@me/guilds/{id}."""
    remove_bot(_guild_of(request))
    return nothing()


ROUTES = [
    web.get("/guilds/{guild}", single),
    web.get("/guilds/{guild}/channels", channels),
    web.get("/guilds/{guild}/roles", roles),
    web.get("/guilds/{guild}/members", members),
    web.get("/guilds/{guild}/members/{user}", member),
    web.put("/guilds/{guild}/members/{user}/roles/{role}", change_role),
    web.delete("/guilds/{guild}/members/{user}/roles/{role}", change_role),
    web.delete("/users/@me/guilds/{guild}", leave),
]
