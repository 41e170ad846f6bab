"""Channels: read, change, delete, and the sign that somebody types."""

from dataclasses import replace
from typing import Any

from aiohttp import web

from bot.playground import limits, shapes
from bot.playground.hub import Hub
from bot.playground.owner import change_channel, remove_channel
from bot.playground.permissions import Permission, in_channel
from bot.playground.refusals import Problems, refused
from bot.playground.rest.context import answer, channel_of, form_of, hub_of, nothing
from bot.playground.world import FORUMS, THREADS, Channel, Tag

Json = dict[str, Any]


async def single(request: web.Request) -> web.Response:
    """GET /channels/{id}."""
    return answer(shapes.channel(hub_of(request).world, channel_of(request)))


async def change(request: web.Request) -> web.Response:
    """PATCH /channels/{id}: a channel with MANAGE_CHANNELS, a thread as its owner or moderator."""
    hub, channel, form = hub_of(request), channel_of(request), form_of(request)
    bits = in_channel(hub.world, hub.world.bot_id, channel, hub.clock.now())
    is_thread = channel.type in THREADS
    needed = Permission.MANAGE_THREADS if is_thread else Permission.MANAGE_CHANNELS
    own_thread = is_thread and channel.owner_id == hub.world.bot_id and "locked" not in form
    if not bits & needed and not own_thread:
        raise refused(50013)
    _check(channel, form)
    changed = change_channel(hub, _changed(hub, channel, form))
    return answer(shapes.channel(hub.world, changed))


def _check(channel: Channel, form: Json) -> None:
    problems = Problems()
    if "name" in form:
        problems.length(("name",), form["name"], 1, limits.CHANNEL_NAME)
    topic = limits.FORUM_TOPIC if channel.type in FORUMS else limits.TOPIC
    problems.length(("topic",), form.get("topic"), 0, topic)
    problems.length(("available_tags",), form.get("available_tags"), 0, limits.AVAILABLE_TAGS)
    problems.length(("applied_tags",), form.get("applied_tags"), 0, limits.APPLIED_TAGS)
    problems.check()


def _changed(hub: Hub, channel: Channel, form: Json) -> Channel:
    fields: Json = {
        key: form[key]
        for key in ("name", "topic", "archived", "locked", "flags", "rate_limit_per_user")
        if key in form
    }
    if "applied_tags" in form:
        fields["applied_tag_ids"] = tuple(str(i) for i in form["applied_tags"])
    if "available_tags" in form:
        fields["tags"] = tuple(
            Tag(str(tag.get("id") or hub.ids.next()), tag["name"], bool(tag.get("moderated")))
            for tag in form["available_tags"]
        )
    if "auto_archive_duration" in form:
        fields["archive_minutes"] = form["auto_archive_duration"]
    if "archived" in form:
        fields["changed_at"] = hub.clock.now()
    return replace(channel, **fields)


async def remove(request: web.Request) -> web.Response:
    """DELETE /channels/{id}."""
    hub, channel = hub_of(request), channel_of(request)
    is_thread = channel.type in THREADS
    needed = Permission.MANAGE_THREADS if is_thread else Permission.MANAGE_CHANNELS
    channel_of(request, needed)
    body = shapes.channel(hub.world, channel)
    remove_channel(hub, channel)
    return answer(body)


async def typing(request: web.Request) -> web.Response:
    """POST /channels/{id}/typing."""
    hub, channel = hub_of(request), channel_of(request)
    at = int(hub.clock.now().timestamp())
    body = {"channel_id": channel.id, "user_id": hub.world.bot_id, "timestamp": at}
    hub.emit("TYPING_START", body)
    return nothing()


ROUTES = [
    web.get("/channels/{channel}", single),
    web.patch("/channels/{channel}", change),
    web.delete("/channels/{channel}", remove),
    web.post("/channels/{channel}/typing", typing),
]
