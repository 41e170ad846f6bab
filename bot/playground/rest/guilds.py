"""The guild: itself, its channels, roles and members."""

from aiohttp import web

from bot.playground import shapes
from bot.playground.hub import Hub
from bot.playground.owner import remove_bot
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
    web.delete("/users/@me/guilds/{guild}", leave),
]
