"""What every REST function reaches for: the hub, the form, and answers in Discord's type."""

import json
from typing import Any

from aiohttp import web

from bot.playground import limits
from bot.playground.gateway import Gateway
from bot.playground.hub import Hub
from bot.playground.interactions import Interactions
from bot.playground.permissions import require
from bot.playground.posting import Upload
from bot.playground.refusals import Refused, refused
from bot.playground.validate.messages import too_large
from bot.playground.world import DIRECT, Channel, Message

Json = dict[str, Any]

HUB = web.AppKey("hub", Hub)
INTERACTIONS = web.AppKey("interactions", Interactions)
GATEWAY = web.AppKey("gateway", Gateway)
FORM: web.RequestKey[Any] = web.RequestKey("form", object)
UPLOADS: web.RequestKey[tuple[Upload, ...]] = web.RequestKey("uploads", tuple)


def hub_of(request: web.Request) -> Hub:
    """Return the hub of the application that got the request."""
    return request.config_dict[HUB]


def form_of(request: web.Request) -> Json:
    """Return the request's form as an object; raises 50109 for anything else."""
    form = request[FORM]
    if form is None:
        return {}
    if not isinstance(form, dict):
        raise refused(50109)
    return form


def uploads_of(request: web.Request) -> tuple[Upload, ...]:
    """Return the files that came with the form; raises 50045 when one is too large."""
    uploads: tuple[Upload, ...] = request[UPLOADS]
    if any(len(upload.content) > limits.ATTACHMENT_BYTES for upload in uploads):
        raise refused(50045)
    return uploads


def answer(content: Any, status: int = 200) -> web.Response:
    """Return JSON under the bare type that Discord's clients look for."""
    body = json.dumps(content).encode()
    return web.Response(body=body, status=status, headers={"Content-Type": "application/json"})


def nothing() -> web.Response:
    """Return 204."""
    return web.Response(status=204)


def channel_of(request: web.Request, needed: int = 0) -> Channel:
    """Return the path's channel; raises 10003, 50001 or 50013 as the bot's rights are."""
    hub = hub_of(request)
    channel = hub.world.channels.get(request.match_info["channel"])
    if channel is None:
        raise refused(10003)
    if channel.type != DIRECT and not hub.world.in_guild:
        raise refused(50001)
    require(hub.world, hub.world.bot_id, channel, needed, hub.clock.now())
    return channel


def message_of(request: web.Request, channel: Channel) -> Message:
    """Return the path's message, never an ephemeral one; raises 10008."""
    found = hub_of(request).world.in_channel(channel.id).get(request.match_info["message"])
    if found is None or found.is_ephemeral:
        raise refused(10008)
    return found


async def read_form(request: web.Request) -> tuple[Any, tuple[Upload, ...]]:
    """Return a request's form and its files; raises 50109 or 40005."""
    if request.content_length and request.content_length > limits.REQUEST_BYTES:
        raise too_large()
    if request.content_type == "multipart/form-data":
        return await _read_parts(request)
    raw = await request.read()
    if not raw:
        return None, ()
    try:
        return json.loads(raw), ()
    except ValueError:
        raise refused(50109) from None


async def _read_parts(request: web.Request) -> tuple[Any, tuple[Upload, ...]]:
    form: Any = {}
    uploads: list[Upload] = []
    posted = await request.post()
    for name, value in posted.items():
        if isinstance(value, web.FileField):
            key = name.removeprefix("files[").removesuffix("]")
            content = value.file.read()
            uploads.append(Upload(key, value.filename, _kind(value), content))
        elif name == "payload_json":
            text = value if isinstance(value, str) else bytes(value).decode()
            try:
                form = json.loads(text)
            except ValueError:
                raise refused(50109) from None
    return form, tuple(uploads)


def _kind(field: web.FileField) -> str:
    endings = {
        "png": "image/png",
        "jpg": "image/jpeg",
        "jpeg": "image/jpeg",
        "gif": "image/gif",
        "webp": "image/webp",
        "txt": "text/plain; charset=utf-8",
        "json": "application/json",
    }
    ending = field.filename.rpartition(".")[2].lower()
    return endings.get(ending, "application/octet-stream")


def whole(request: web.Request, name: str, default: int, low: int, high: int) -> int:
    """Return a number of the query string; raises 50035 outside its bounds."""
    text = request.query.get(name, str(default))
    if not text.isdigit() or not low <= int(text) <= high:
        problem = {"code": "NUMBER_TYPE_MAX", "message": f"Must be between {low} and {high}."}
        raise Refused(400, 50035, "Invalid Form Body", {name: {"_errors": [problem]}})
    return int(text)
