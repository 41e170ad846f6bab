"""The bot's own account and application, direct channels, and the gateway's address."""

from typing import Any

from aiohttp import web

from bot.playground import limits, shapes
from bot.playground.refusals import refused
from bot.playground.rest.context import GATEWAY, answer, form_of, hub_of
from bot.playground.world import DIRECT, Channel, World

Json = dict[str, Any]


async def gateway(request: web.Request) -> web.Response:
    """GET /gateway."""
    return answer({"url": request.config_dict[GATEWAY].url})


async def gateway_bot(request: web.Request) -> web.Response:
    """GET /gateway/bot."""
    part = request.config_dict[GATEWAY]
    left = max(0, limits.IDENTIFIES_A_DAY - part.identifies)
    start = {"total": limits.IDENTIFIES_A_DAY, "remaining": left}
    start |= {"reset_after": 86_400_000, "max_concurrency": 1}
    return answer({"url": part.url, "shards": 1, "session_start_limit": start})


async def me(request: web.Request) -> web.Response:
    """GET /users/@me."""
    world = hub_of(request).world
    return answer(shapes.account(world.users[world.bot_id]))


async def user(request: web.Request) -> web.Response:
    """GET /users/{user}."""
    found = hub_of(request).world.users.get(request.match_info["user"])
    if found is None:
        raise refused(10013)
    return answer(shapes.user(found))


async def my_guilds(request: web.Request) -> web.Response:
    """GET /users/@me/guilds."""
    world = hub_of(request).world
    whole = shapes.guild(world)
    keys = ("id", "name", "icon", "banner", "features")
    part = {key: whole[key] for key in keys} | {"owner": False, "permissions": "0"}
    return answer([part] if world.in_guild else [])


async def application(request: web.Request) -> web.Response:
    """GET /applications/@me and /oauth2/applications/@me."""
    return answer(_application(hub_of(request).world))


def _application(world: World) -> Json:
    bot = world.users[world.bot_id]
    return {
        "id": world.bot_id,
        "name": bot.username,
        "icon": None,
        "description": "",
        "type": None,
        "bot": shapes.user(bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "event_webhooks_url": None,
        "event_webhooks_status": 1,
        "owner": shapes.user(world.users[world.owner_id]),
        "approximate_guild_count": 1,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "rpc_origins": [],
        "summary": "",
        "eligible_oauth2_scopes": [],
    }


async def open_direct(request: web.Request) -> web.Response:
    """POST /users/@me/channels."""
    hub = hub_of(request)
    recipient = str(form_of(request).get("recipient_id"))
    if recipient not in hub.world.users or recipient == hub.world.bot_id:
        raise refused(10013)
    pair = {hub.world.bot_id, recipient}
    for channel in hub.world.channels.values():
        if channel.type == DIRECT and set(channel.recipient_ids) == pair:
            return answer(shapes.channel(hub.world, channel))
    name = hub.world.users[recipient].username
    ids = (hub.world.bot_id, recipient)
    channel = hub.put_channel(Channel(hub.ids.next(), DIRECT, name, recipient_ids=ids))
    hub.emit("DIRECT_CREATE", shapes.channel(hub.world, channel), recipient)
    return answer(shapes.channel(hub.world, channel))


ROUTES = [
    web.get("/gateway", gateway),
    web.get("/gateway/bot", gateway_bot),
    web.get("/users/@me", me),
    web.get("/users/@me/guilds", my_guilds),
    web.post("/users/@me/channels", open_direct),
    web.get("/users/{user}", user),
    web.get("/applications/@me", application),
    web.get("/oauth2/applications/@me", application),
]
