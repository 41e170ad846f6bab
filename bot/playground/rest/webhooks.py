"""Webhooks: follow-ups of interactions under their token, and webhooks of channels."""

from typing import Any

from aiohttp import web

from bot.playground import limits, posting, shapes
from bot.playground.hub import Hub, new_token
from bot.playground.interactions import Interaction, is_loading
from bot.playground.permissions import Permission
from bot.playground.refusals import Problems, refused
from bot.playground.rest.context import (
    INTERACTIONS,
    answer,
    channel_of,
    form_of,
    hub_of,
    nothing,
    uploads_of,
)
from bot.playground.rest.interactions import check_edit, origin_of
from bot.playground.rest.threads import start_post
from bot.playground.validate.addresses import check_url
from bot.playground.validate.messages import check_message
from bot.playground.world import ANNOUNCEMENT, EPHEMERAL, FORUMS, TEXT, Message, Webhook

Json = dict[str, Any]
# A thread has none of its own: it is posted to through its channel's.
HOLDERS = (TEXT, ANNOUNCEMENT, *FORUMS)


def _interaction_of(request: web.Request) -> Interaction:
    return request.config_dict[INTERACTIONS].of_token(request.match_info["token"])


def _is_ours(request: web.Request) -> bool:
    return request.match_info["webhook"] == hub_of(request).world.bot_id


def _webhook_of(request: web.Request) -> Webhook:
    webhook = hub_of(request).world.webhooks.get(request.match_info["webhook"])
    if webhook is None:
        raise refused(10015)
    if "token" in request.match_info and webhook.token != request.match_info["token"]:
        raise refused(50027)
    return webhook


async def execute(request: web.Request) -> web.Response:
    """POST /webhooks/{id}/{token}: a follow-up, or a message of a channel's webhook."""
    if not _is_ours(request):
        return _execute_webhook(request)
    hub, interaction = hub_of(request), _interaction_of(request)
    form, uploads = form_of(request), uploads_of(request)
    original = _find(hub, interaction, "@original")
    if original is not None and is_loading(original):
        # Discord treats a follow-up right after a deferral as the edit of the original.
        check_message(form, files=len(uploads))
        edited = posting.edit(hub, original, form, uploads)
        request.config_dict[INTERACTIONS].settle(interaction, "answered")
        return answer(shapes.message(hub.world, edited))
    check_message(form, files=len(uploads))
    extra = (form.get("flags") or 0) & EPHEMERAL
    origin = origin_of(hub, interaction, extra)
    channel = hub.world.channels[interaction.channel_id]
    message, _ = posting.post(hub, channel, form, origin, uploads)
    interaction.message_ids.append(message.id)
    interaction.answered.set()
    return answer(shapes.message(hub.world, message))


def _find(hub: Hub, interaction: Interaction, name: str) -> Message | None:
    message_id = interaction.original_id if name == "@original" else name
    message = hub.world.in_channel(interaction.channel_id).get(message_id or "")
    if message is None or message.author_id != hub.world.bot_id:
        return None
    if message.id == interaction.original_id or message.asked is not None:
        return message
    return None


async def single(request: web.Request) -> web.Response:
    """GET, PATCH or DELETE one message under a token."""
    hub = hub_of(request)
    name = request.match_info["message"]
    interaction = _interaction_of(request) if _is_ours(request) else None
    if interaction is not None:
        message = _find(hub, interaction, name)
    else:
        webhook = _webhook_of(request)
        found = hub.world.find_message(name)
        message = found if found and found.webhook_id == webhook.id else None
    if message is None:
        raise refused(10008)
    if request.method == "GET":
        return answer(shapes.message(hub.world, message))
    if request.method == "DELETE":
        posting.delete(hub, message)
        if interaction is not None and is_loading(message):
            request.config_dict[INTERACTIONS].settle(interaction, "answered")
        return nothing()
    return _edit(request, hub, interaction, message)


def _edit(
    request: web.Request, hub: Hub, interaction: Interaction | None, message: Message
) -> web.Response:
    form, uploads = form_of(request), uploads_of(request)
    check_edit(message, form, len(uploads))
    edited = posting.edit(hub, message, form, uploads)
    if interaction is not None and is_loading(message):
        interaction.message_ids.append(edited.id)
        request.config_dict[INTERACTIONS].settle(interaction, "answered")
    return answer(shapes.message(hub.world, edited))


def _execute_webhook(request: web.Request) -> web.Response:
    hub, webhook = hub_of(request), _webhook_of(request)
    form, uploads = form_of(request), uploads_of(request)
    username = str(form.get("username") or webhook.name)
    problems = Problems()
    problems.length(("username",), username, 1, limits.WEBHOOK_NAME)
    for word in ("discord", "clyde"):
        if word in username.lower():
            text = f'Username cannot contain "{word}"'
            problems.add(("username",), "USERNAME_INVALID_CONTAINS", text)
    avatar_url = form.get("avatar_url") or None
    check_url(avatar_url, ("avatar_url",), problems)
    problems.check()
    check_message(form, files=len(uploads))
    origin = posting.Origin(
        hub.world.bot_id,
        webhook_id=webhook.id,
        username=username,
        avatar_url=avatar_url,
        application_id=hub.world.bot_id,
    )
    channel = hub.world.channels.get(request.query.get("thread_id", webhook.channel_id))
    if channel is None or webhook.channel_id not in (channel.id, channel.parent_id):
        raise refused(10003)
    if channel.type in FORUMS:
        if not form.get("thread_name"):
            raise refused(220001)
        _, message = start_post(
            hub, channel, form | {"name": form["thread_name"]}, form, origin, uploads
        )
    else:
        message, _ = posting.post(hub, channel, form, origin, uploads)
    if request.query.get("wait", "").lower() not in ("true", "1"):
        return nothing()
    return answer(shapes.message(hub.world, message))


def _shape(hub: Hub, webhook: Webhook) -> Json:
    return {
        "id": webhook.id,
        "type": 1,
        "guild_id": hub.world.guild_id,
        "channel_id": webhook.channel_id,
        "name": webhook.name,
        "avatar": None,
        "application_id": hub.world.bot_id,
        "token": webhook.token,
        "url": f"{hub.address}/api/v10/webhooks/{webhook.id}/{webhook.token}",
        "user": shapes.user(hub.world.users[hub.world.bot_id]),
    }


async def create(request: web.Request) -> web.Response:
    """POST /channels/{id}/webhooks."""
    hub = hub_of(request)
    channel = channel_of(request, Permission.MANAGE_WEBHOOKS)
    problems = Problems()
    name = form_of(request).get("name")
    problems.length(("name",), name, 1, limits.WEBHOOK_NAME)
    problems.check()
    if channel.type not in HOLDERS:
        raise refused(50024)
    there = [w for w in hub.world.webhooks.values() if w.channel_id == channel.id]
    if len(there) >= limits.WEBHOOKS_A_CHANNEL:
        raise refused(30007)
    webhook = Webhook(hub.ids.next(), new_token(), channel.id, str(name))
    hub.world.webhooks[webhook.id] = webhook
    return answer(_shape(hub, webhook))


async def listing(request: web.Request) -> web.Response:
    """GET /channels/{id}/webhooks."""
    hub = hub_of(request)
    channel = channel_of(request, Permission.MANAGE_WEBHOOKS)
    mine = [w for w in hub.world.webhooks.values() if w.channel_id == channel.id]
    return answer([_shape(hub, webhook) for webhook in mine])


async def whole_webhook(request: web.Request) -> web.Response:
    """GET or DELETE a webhook."""
    hub, webhook = hub_of(request), _webhook_of(request)
    if request.method == "GET":
        return answer(_shape(hub, webhook))
    del hub.world.webhooks[webhook.id]
    return nothing()


ROUTES = [
    web.post("/channels/{channel}/webhooks", create),
    web.get("/channels/{channel}/webhooks", listing),
    web.post("/webhooks/{webhook}/{token}", execute),
    web.get("/webhooks/{webhook}/{token}/messages/{message}", single),
    web.patch("/webhooks/{webhook}/{token}/messages/{message}", single),
    web.delete("/webhooks/{webhook}/{token}/messages/{message}", single),
    web.get("/webhooks/{webhook}", whole_webhook),
    web.delete("/webhooks/{webhook}", whole_webhook),
    web.get("/webhooks/{webhook}/{token}", whole_webhook),
    web.delete("/webhooks/{webhook}/{token}", whole_webhook),
]
