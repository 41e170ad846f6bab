"""Messages of a channel: create, read, history, edit, delete, publish, pin."""

from dataclasses import replace
from typing import Any

from aiohttp import web

from bot.playground import posting, shapes
from bot.playground.feed import item_of
from bot.playground.hub import Hub
from bot.playground.permissions import Permission, in_channel
from bot.playground.refusals import Problems, Refused, refused
from bot.playground.rest.context import (
    answer,
    channel_of,
    form_of,
    hub_of,
    message_of,
    nothing,
    uploads_of,
    whole,
)
from bot.playground.rest.interactions import check_edit
from bot.playground.validate.messages import check_message
from bot.playground.world import (
    ANNOUNCEMENT,
    CROSSPOSTED,
    FORUMS,
    LOADING,
    THREADS,
    Channel,
    Message,
)

Json = dict[str, Any]
HISTORY = 50
HISTORY_MOST = 100


async def create(request: web.Request) -> web.Response:
    """POST /channels/{id}/messages."""
    hub = hub_of(request)
    channel = channel_of(request)
    form, uploads = form_of(request), uploads_of(request)
    bits = check_may_send(hub, channel)
    form = _without_forbidden(form, bits, len(uploads))
    check_message(form, files=len(uploads))
    _check_reply(hub, channel, form, bits)
    message, is_new = posting.post(hub, channel, form, posting.Origin(hub.world.bot_id), uploads)
    body = shapes.message(hub.world, message)
    if form.get("nonce") is not None:
        body["nonce"] = form["nonce"]
    if is_new:
        told = {"message_id": message.id}
        hub.note("post", f"Message in #{channel.name}", told, item_of(form))
    return answer(body)


def check_may_send(hub: Hub, channel: Channel) -> int:
    """Return the bot's bits in a channel it may send to; raises what Discord would answer."""
    if channel.type in FORUMS or channel.type not in (0, 1, 5, *THREADS):
        raise refused(50008)
    bits = in_channel(hub.world, hub.world.bot_id, channel, hub.clock.now())
    needed = Permission.SEND_MESSAGES
    if channel.type in THREADS:
        needed = Permission.SEND_MESSAGES_IN_THREADS
        if channel.locked and not bits & Permission.MANAGE_THREADS:
            raise refused(160005)
    if not bits & needed:
        raise refused(50013)
    return bits


def _without_forbidden(form: Json, bits: int, files: int) -> Json:
    """Drop embeds that may not be sent beside text; refuse when nothing else would be left."""
    if files and not bits & Permission.ATTACH_FILES:
        raise refused(50013)
    if form.get("embeds") and not bits & Permission.EMBED_LINKS:
        if not form.get("content") and not files:
            raise refused(50013)
        return {key: value for key, value in form.items() if key != "embeds"}
    return form


def _check_reply(hub: Hub, channel: Channel, form: Json, bits: int) -> None:
    reference = form.get("message_reference")
    if not reference:
        return
    if not bits & Permission.READ_MESSAGE_HISTORY:
        raise Refused(400, 160002, "Cannot reply without permission to read message history")
    known = hub.world.in_channel(channel.id)
    if str(reference.get("message_id")) not in known and reference.get("fail_if_not_exists", True):
        problems = Problems()
        problems.add(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        problems.check()


async def history(request: web.Request) -> web.Response:
    """GET /channels/{id}/messages: newest first; empty without READ_MESSAGE_HISTORY."""
    hub, channel = hub_of(request), channel_of(request)
    limit = whole(request, "limit", HISTORY, 1, HISTORY_MOST)
    bits = in_channel(hub.world, hub.world.bot_id, channel, hub.clock.now())
    if not bits & Permission.READ_MESSAGE_HISTORY:
        return answer([])
    shown = [m for m in hub.world.in_channel(channel.id).values() if is_public(m)]
    shown.sort(key=lambda m: int(m.id), reverse=True)
    return answer([as_read(hub, m) for m in _span(shown, request.query, limit)])


def _span(newest_first: list[Message], query: Any, limit: int) -> list[Message]:
    if "around" in query:
        pivot = int(query["around"])
        later = [m for m in newest_first if int(m.id) > pivot][-(limit // 2) :]
        earlier = [m for m in newest_first if int(m.id) <= pivot][: limit - limit // 2]
        return (later if limit > 1 else []) + earlier
    if "after" in query:
        return [m for m in newest_first if int(m.id) > int(query["after"])][-limit:]
    if "before" in query:
        return [m for m in newest_first if int(m.id) < int(query["before"])][:limit]
    return newest_first[:limit]


def is_public(message: Message) -> bool:
    """Whether everybody in the channel sees it."""
    return not message.is_ephemeral and not message.flags & LOADING


def as_read(hub: Hub, message: Message) -> Json:
    """Return a message as the bot reads it: without MESSAGE_CONTENT others' are empty."""
    body = shapes.message(hub.world, message)
    if not message.is_by(hub.world.bot_id) and not hub.sees_content:
        body |= {"content": "", "embeds": [], "components": [], "attachments": []}
    return body


async def single(request: web.Request) -> web.Response:
    """GET one message."""
    channel = channel_of(request, Permission.READ_MESSAGE_HISTORY)
    return answer(as_read(hub_of(request), message_of(request, channel)))


async def edit(request: web.Request) -> web.Response:
    """PATCH one message of the bot."""
    hub, channel = hub_of(request), channel_of(request)
    message = message_of(request, channel)
    if not message.is_by(hub.world.bot_id):
        raise refused(50005)
    if channel.archived:
        raise refused(50083)
    form, uploads = form_of(request), uploads_of(request)
    bits = in_channel(hub.world, hub.world.bot_id, channel, hub.clock.now())
    if form.get("embeds") and not bits & Permission.EMBED_LINKS:
        form = {key: value for key, value in form.items() if key != "embeds"}
    check_edit(message, form, len(uploads))
    edited = posting.edit(hub, message, form, uploads)
    return answer(shapes.message(hub.world, edited))


async def remove(request: web.Request) -> web.Response:
    """DELETE one message: the bot's own, or another's with MANAGE_MESSAGES."""
    hub, channel = hub_of(request), channel_of(request)
    message = message_of(request, channel)
    bits = in_channel(hub.world, hub.world.bot_id, channel, hub.clock.now())
    if not message.is_by(hub.world.bot_id) and not bits & Permission.MANAGE_MESSAGES:
        raise refused(50013)
    posting.delete(hub, message)
    return nothing()


async def remove_many(request: web.Request) -> web.Response:
    """POST bulk-delete: 2 to 100 messages, with MANAGE_MESSAGES."""
    hub, channel = hub_of(request), channel_of(request, Permission.MANAGE_MESSAGES)
    ids = form_of(request).get("messages") or []
    problems = Problems()
    problems.length(("messages",), ids, 2, 100)
    problems.check()
    known = hub.world.in_channel(channel.id)
    for message in [known[i] for i in ids if i in known]:
        posting.delete(hub, message)
    return nothing()


async def publish(request: web.Request) -> web.Response:
    """POST crosspost: an announcement goes to the channels that follow."""
    hub, channel = hub_of(request), channel_of(request)
    message = message_of(request, channel)
    if channel.type != ANNOUNCEMENT:
        raise refused(50024)
    bits = in_channel(hub.world, hub.world.bot_id, channel, hub.clock.now())
    own = message.is_by(hub.world.bot_id)
    if not bits & (Permission.SEND_MESSAGES if own else Permission.MANAGE_MESSAGES):
        raise refused(50013)
    if message.flags & CROSSPOSTED:
        raise refused(40033)
    if wait := hub.limiter.publish(channel.id):
        raise Limited(wait)
    return answer(shapes.message(hub.world, posting.crosspost(hub, message)))


class Limited(Refused):
    """The 429 of a limit below the bucket's: its headers still say that requests are left."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(429, 0, "The write action you are performing has hit its rate limit.")
        self.retry_after_s = retry_after_s

    def body(self) -> Json:
        """Return the body of a 429."""
        wait = round(self.retry_after_s, 3)
        return {"message": self.message, "retry_after": wait, "global": False, "code": 20022}


async def pin(request: web.Request) -> web.Response:
    """PUT or DELETE a pin, which needs PIN_MESSAGES since February 2026."""
    hub, channel = hub_of(request), channel_of(request, Permission.PIN_MESSAGES)
    message = message_of(request, channel)
    changed = hub.put_message(replace(message, pinned=request.method == "PUT"))
    body = shapes.message(hub.world, changed)
    hub.emit("MESSAGE_UPDATE", body | {"guild_id": hub.world.guild_id})
    return nothing()


_ONE = r"/channels/{channel}/messages/{message:\d+}"
ROUTES = [
    web.post("/channels/{channel}/messages", create),
    web.get("/channels/{channel}/messages", history),
    web.post("/channels/{channel}/messages/bulk-delete", remove_many),
    web.get(_ONE, single),
    web.patch(_ONE, edit),
    web.delete(_ONE, remove),
    web.post(_ONE + "/crosspost", publish),
    web.put("/channels/{channel}/messages/pins/{message}", pin),
    web.delete("/channels/{channel}/messages/pins/{message}", pin),
    web.put("/channels/{channel}/pins/{message}", pin),
    web.delete("/channels/{channel}/pins/{message}", pin),
]
