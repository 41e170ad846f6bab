"""Threads: posts of a forum, threads on a message or alone, the archived and the active."""

from dataclasses import replace
from typing import Any

from aiohttp import web

from bot.playground import limits, posting, shapes
from bot.playground.feed import item_of
from bot.playground.hub import Hub
from bot.playground.permissions import Permission, in_channel
from bot.playground.refusals import Problems, refused
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
from bot.playground.validate.messages import check_message
from bot.playground.world import (
    ANNOUNCEMENT,
    ANNOUNCEMENT_THREAD,
    FORUMS,
    HAS_THREAD,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    REQUIRE_TAG,
    THREADS,
    Channel,
    Message,
)

Json = dict[str, Any]


async def start(request: web.Request) -> web.Response:
    """POST /channels/{id}/threads: a forum's post with its message, or a thread alone."""
    hub, channel = hub_of(request), channel_of(request)
    form, uploads = form_of(request), uploads_of(request)
    if channel.type not in FORUMS:
        return answer(shapes.channel(hub.world, _start_alone(hub, channel, form)), 201)
    if not _bits(hub, channel) & Permission.SEND_MESSAGES:
        raise refused(50013)
    inner = form.get("message") or {}
    origin = posting.Origin(hub.world.bot_id)
    thread, message = start_post(hub, channel, form, inner, origin, uploads)
    body = shapes.channel(hub.world, thread)
    told = {"message_id": message.id}
    hub.note("post", f"Post “{thread.name}” in #{channel.name}", told, item_of(form))
    return answer(body | {"message": shapes.message(hub.world, message)}, 201)


def start_post(
    hub: Hub,
    forum: Channel,
    form: Json,
    message_form: Json,
    origin: posting.Origin,
    uploads: tuple[posting.Upload, ...],
) -> tuple[Channel, Message]:
    """Create a forum's post: the thread, and the message that has its id."""
    _check_thread(form)
    applied = tuple(str(i) for i in form.get("applied_tags") or ())
    _check_tags(hub, forum, applied)
    check_message(message_form, files=len(uploads))
    message = posting.build(hub, forum, message_form, origin, uploads)
    message = replace(message, channel_id=message.id)
    owner_id = origin.webhook_id or origin.author_id
    thread = _thread(hub, forum, form, message.id, PUBLIC_THREAD, owner_id, applied)
    hub.put_message(message)
    _announce(hub, thread)
    posting.announce(hub, message)
    return thread, message


def _check_tags(hub: Hub, forum: Channel, applied: tuple[str, ...]) -> None:
    known = {tag.id: tag for tag in forum.tags}
    problems = Problems()
    problems.length(("applied_tags",), list(applied), 0, limits.APPLIED_TAGS)
    for index, tag_id in enumerate(applied):
        if tag_id not in known:
            text = "Unknown tag"
            problems.add(("applied_tags", index), "FORUM_TAG_UNKNOWN", text)
    problems.check()
    if forum.flags & REQUIRE_TAG and not applied:
        raise refused(40067)
    moderated = any(known[tag_id].moderated for tag_id in applied)
    if moderated and not _bits(hub, forum) & Permission.MANAGE_THREADS:
        raise refused(40066)


def _check_thread(form: Json) -> None:
    problems = Problems()
    problems.length(("name",), form.get("name"), 1, limits.CHANNEL_NAME)
    minutes = form.get("auto_archive_duration")
    if minutes is not None and minutes not in limits.ARCHIVE_MINUTES:
        text = f"Value must be one of {limits.ARCHIVE_MINUTES}."
        problems.add(("auto_archive_duration",), "BASE_TYPE_CHOICES", text)
    problems.check()


def _thread(
    hub: Hub,
    parent: Channel,
    form: Json,
    thread_id: str,
    kind: int,
    owner_id: str,
    applied: tuple[str, ...] = (),
) -> Channel:
    return hub.put_channel(
        Channel(
            id=thread_id,
            type=kind,
            name=str(form["name"]).strip(),
            parent_id=parent.id,
            owner_id=owner_id,
            applied_tag_ids=applied,
            archive_minutes=form.get("auto_archive_duration") or 1440,
            rate_limit_per_user=form.get("rate_limit_per_user") or 0,
            changed_at=hub.clock.now(),
        )
    )


def _announce(hub: Hub, thread: Channel) -> None:
    hub.emit("THREAD_CREATE", shapes.channel(hub.world, thread) | {"newly_created": True})


def _bits(hub: Hub, channel: Channel) -> int:
    return in_channel(hub.world, hub.world.bot_id, channel, hub.clock.now())


def _start_alone(hub: Hub, channel: Channel, form: Json) -> Channel:
    if channel.type in THREADS or channel.type not in (0, ANNOUNCEMENT):
        raise refused(50024)
    if not _bits(hub, channel) & Permission.CREATE_PUBLIC_THREADS:
        raise refused(50013)
    _check_thread(form)
    kind = form.get("type") or PRIVATE_THREAD
    thread = _thread(hub, channel, form, hub.ids.next(), kind, hub.world.bot_id)
    _announce(hub, thread)
    return thread


async def start_on_message(request: web.Request) -> web.Response:
    """POST /channels/{id}/messages/{id}/threads: the thread gets the message's id."""
    hub, channel = hub_of(request), channel_of(request, Permission.CREATE_PUBLIC_THREADS)
    message = message_of(request, channel)
    if channel.type in THREADS:
        raise refused(50024)
    if message.flags & HAS_THREAD:
        raise refused(160004)
    form = form_of(request)
    _check_thread(form)
    kind = ANNOUNCEMENT_THREAD if channel.type == ANNOUNCEMENT else PUBLIC_THREAD
    thread = _thread(hub, channel, form, message.id, kind, hub.world.bot_id)
    changed = hub.put_message(replace(message, flags=message.flags | HAS_THREAD))
    _announce(hub, thread)
    body = shapes.message(hub.world, changed)
    hub.emit("MESSAGE_UPDATE", body | {"guild_id": hub.world.guild_id})
    return answer(shapes.channel(hub.world, thread), 201)


async def archived(request: web.Request) -> web.Response:
    """GET /channels/{id}/threads/archived/public: newest archived first."""
    hub, channel = hub_of(request), channel_of(request, Permission.READ_MESSAGE_HISTORY)
    limit = whole(request, "limit", 50, 2, 100)
    found = [t for t in hub.world.threads_of(channel.id) if t.archived]
    found.sort(key=lambda t: (t.changed_at or hub.clock.now(), int(t.id)), reverse=True)
    if before := request.query.get("before"):
        found = [t for t in found if (shapes.moment(t.changed_at) or "") < before]
    return answer(_listing(hub, found[:limit]) | {"has_more": len(found) > limit})


async def active(request: web.Request) -> web.Response:
    """GET /guilds/{id}/threads/active."""
    hub = hub_of(request)
    if request.match_info["guild"] != hub.world.guild_id:
        raise refused(10004)
    found = [
        c
        for c in hub.world.channels.values()
        if c.type in THREADS and not c.archived and _bits(hub, c) & Permission.VIEW_CHANNEL
    ]
    found.sort(key=lambda t: int(t.id), reverse=True)
    return answer(_listing(hub, found) | {"has_more": False})


def _listing(hub: Hub, threads: list[Channel]) -> Json:
    return {
        "threads": [shapes.channel(hub.world, thread) for thread in threads],
        "members": [],
        "first_messages": [
            shapes.message(hub.world, first)
            for thread in threads
            if (first := hub.world.in_channel(thread.id).get(thread.id)) is not None
        ],
    }


async def join(request: web.Request) -> web.Response:
    """PUT or DELETE /channels/{id}/thread-members/@me."""
    channel_of(request)
    return nothing()


ROUTES = [
    web.post("/channels/{channel}/threads", start),
    web.post("/channels/{channel}/messages/{message}/threads", start_on_message),
    web.get("/channels/{channel}/threads/archived/public", archived),
    web.get("/guilds/{guild}/threads/active", active),
    web.put("/channels/{channel}/thread-members/@me", join),
    web.delete("/channels/{channel}/thread-members/@me", join),
]
