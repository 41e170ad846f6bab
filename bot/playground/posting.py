"""Makes, changes and removes messages: mentions, attachments, ids, nonces and the events."""

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Any

from bot.playground import limits, shapes
from bot.playground.hub import Hub, Remembered
from bot.playground.permissions import Permission, in_channel
from bot.playground.refusals import Problems, refused
from bot.playground.validate.components import v2_text, walk
from bot.playground.world import (
    CROSSPOSTED,
    DIRECT,
    EPHEMERAL,
    LOADING,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    THREADS,
    V2,
    Asked,
    Channel,
    Message,
    Pinged,
)

Json = dict[str, Any]
SETTABLE = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | V2
ALL_KINDS = {"parse": ["users", "roles", "everyone"]}
GALLERY = 12
GALLERY_ITEM = {"description": None, "spoiler": False}
USERS_ONLY = {"parse": ["users"]}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form."""

    key: str
    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sends a message, and by which way."""

    author_id: str
    asked: Asked | None = None
    webhook_id: str | None = None
    username: str | None = None
    avatar_url: str | None = None
    application_id: str | None = None
    for_user_id: str | None = None
    extra_flags: int = 0


def post(
    hub: Hub, channel: Channel, form: Json, origin: Origin, uploads: tuple[Upload, ...] = ()
) -> tuple[Message, bool]:
    """Create a message and tell everyone; answer it and whether it is new (not a known nonce)."""
    nonce = str(form["nonce"]) if form.get("nonce") is not None else None
    if nonce and form.get("enforce_nonce"):
        known = known_nonce(hub, origin.author_id, nonce)
        if known is not None:
            return known, False
    message = build(hub, channel, form, origin, uploads)
    hub.put_message(message)
    if nonce:
        mark = Remembered(hub.clock.monotonic(), channel.id, message.id)
        hub.nonces.pop((origin.author_id, nonce), None)
        hub.nonces[origin.author_id, nonce] = mark
        _forget_nonces(hub)
    if channel.type in THREADS and channel.archived and not channel.locked:
        hub.put_channel(replace(channel, archived=False, changed_at=hub.clock.now()))
        hub.emit("THREAD_UPDATE", shapes.channel(hub.world, hub.world.channels[channel.id]))
    if not message.flags & LOADING:
        announce(hub, message, nonce)
    return message, True


def _forget_nonces(hub: Hub) -> None:
    """Drop what the window has left behind; the marks lie in the order of their time."""
    now = hub.clock.monotonic()
    while hub.nonces:
        oldest = next(iter(hub.nonces))
        if now - hub.nonces[oldest].seconds <= hub.nonce_window_s:
            return
        del hub.nonces[oldest]


def known_nonce(hub: Hub, author_id: str, nonce: str) -> Message | None:
    """Return the message this author made with the nonce; raises 10008 when it was deleted."""
    mark = hub.nonces.get((author_id, nonce))
    if mark is None or hub.clock.monotonic() - mark.seconds > hub.nonce_window_s:
        return None
    message = hub.world.in_channel(mark.channel_id).get(mark.message_id)
    if message is None:
        raise refused(10008)
    return message


def announce(hub: Hub, message: Message, nonce: str | None = None) -> None:
    """Emit MESSAGE_CREATE, to one person alone when ephemeral."""
    body = shapes.message(hub.world, message) | {"guild_id": hub.world.guild_id}
    if nonce:
        body["nonce"] = nonce
    hub.emit("MESSAGE_CREATE", body, message.for_user_id)


def build(
    hub: Hub, channel: Channel, form: Json, origin: Origin, uploads: tuple[Upload, ...]
) -> Message:
    """Make the message of a checked form, with a new id."""
    message_id = hub.ids.next()
    components = number(form.get("components") or [])
    content = (form.get("content") or "").strip()
    attachments = attach(hub, channel.id, form.get("attachments") or [], uploads)
    default = USERS_ONLY if origin.asked or origin.webhook_id else ALL_KINDS
    pinged = who_is_pinged(hub, channel, origin.author_id, content, components, form, default)
    reference = form.get("message_reference") or {}
    flags = (form.get("flags") or 0) & SETTABLE | origin.extra_flags
    return Message(
        id=message_id,
        channel_id=channel.id,
        author_id=origin.author_id,
        created_at=hub.clock.now(),
        type=19 if reference else 20 if origin.asked and origin.asked.type == 2 else 0,
        content=content,
        embeds=tuple(seen_embed(e) for e in form.get("embeds") or []),
        components=tuple(seen_media(hub, components, attachments)),
        attachments=tuple(attachments),
        flags=flags,
        pinged=pinged,
        webhook_id=origin.webhook_id,
        username=origin.username,
        avatar_url=origin.avatar_url,
        application_id=origin.application_id,
        asked=origin.asked,
        reply_to_id=reference.get("message_id"),
        for_user_id=origin.for_user_id if flags & EPHEMERAL else None,
    )


def edit(hub: Hub, message: Message, form: Json, uploads: tuple[Upload, ...] = ()) -> Message:
    """Change what the form names, and tell everyone."""
    channel = hub.world.channels[message.channel_id]
    changed = _changed(hub, channel, message, form, uploads)
    was_loading = bool(message.flags & LOADING)
    if was_loading:
        changed = replace(changed, flags=changed.flags & ~LOADING, edited_at=None)
    hub.put_message(changed)
    if was_loading:
        announce(hub, changed)
    else:
        body = shapes.message(hub.world, changed) | {"guild_id": hub.world.guild_id}
        hub.emit("MESSAGE_UPDATE", body, changed.for_user_id)
    return changed


def _changed(
    hub: Hub, channel: Channel, message: Message, form: Json, uploads: tuple[Upload, ...]
) -> Message:
    attachments = list(message.attachments)
    if "attachments" in form or uploads:
        kept_ids = {str(a.get("id")) for a in form.get("attachments") or []}
        attachments = [a for a in attachments if "attachments" not in form or a["id"] in kept_ids]
        attachments += attach(hub, channel.id, form.get("attachments") or [], uploads)
    content, components = message.content, list(message.components)
    if "content" in form:
        content = (form["content"] or "").strip()
    if "components" in form:
        components = seen_media(hub, number(form["components"] or []), attachments)
    embeds = message.embeds
    if "embeds" in form:
        embeds = tuple(seen_embed(e) for e in form["embeds"] or [])
    asked_flags = form.get("flags")
    flags = message.flags
    if asked_flags is not None:
        flags = flags & ~SUPPRESS_EMBEDS | asked_flags & (SUPPRESS_EMBEDS | V2)
    return replace(
        message,
        content=content,
        components=tuple(components),
        embeds=embeds,
        attachments=tuple(attachments),
        flags=flags,
        edited_at=hub.clock.now(),
    )


def delete(hub: Hub, message: Message) -> None:
    """Remove a message and tell everyone."""
    hub.world.in_channel(message.channel_id).pop(message.id, None)
    body = {"id": message.id, "channel_id": message.channel_id, "guild_id": hub.world.guild_id}
    hub.emit("MESSAGE_DELETE", body, message.for_user_id)


def crosspost(hub: Hub, message: Message) -> Message:
    """Publish an announcement to the channels that follow, and tell everyone."""
    changed = hub.put_message(replace(message, flags=message.flags | CROSSPOSTED))
    hub.emit(
        "MESSAGE_UPDATE", shapes.message(hub.world, changed) | {"guild_id": hub.world.guild_id}
    )
    return changed


def number(components: list[Json]) -> list[Json]:
    """Return the components with an id each, as Discord fills in those that have none."""
    copies = [_copied(c) for c in components]
    taken = {c["id"] for c in walk(copies) if c.get("id")}
    upcoming = 1
    for component in walk(copies):
        _fill_defaults(component)
        if not component.get("id"):
            while upcoming in taken:
                upcoming += 1
            component["id"] = upcoming
            taken.add(upcoming)
    return copies


def _fill_defaults(component: Json) -> None:
    defaults: dict[int, Json] = {
        3: {"min_values": 1, "max_values": 1},
        5: {"min_values": 1, "max_values": 1},
        6: {"min_values": 1, "max_values": 1},
        7: {"min_values": 1, "max_values": 1},
        8: {"min_values": 1, "max_values": 1},
        11: {"description": None, "spoiler": False},
        14: {"divider": True, "spacing": 1},
        17: {"accent_color": None, "spoiler": False},
    }
    for key, value in defaults.get(component["type"], {}).items():
        component.setdefault(key, value)
    if component["type"] == GALLERY:
        component["items"] = [GALLERY_ITEM | item for item in component["items"]]


def _copied(component: Json) -> Json:
    copy = {key: value for key, value in component.items() if value is not None}
    if "components" in copy:
        copy["components"] = [_copied(c) for c in copy["components"]]
    for key in ("accessory", "component"):
        if key in copy:
            copy[key] = _copied(copy[key])
    return copy


def attach(
    hub: Hub, channel_id: str, described: list[Json], uploads: tuple[Upload, ...]
) -> list[Json]:
    """Keep the uploaded files and return their attachment objects."""
    by_key = {str(a.get("id")): a for a in described}
    attachments = []
    for upload in uploads:
        file_id = hub.ids.next()
        name = re.sub(r"[^\w.-]", "_", upload.filename) or "file"
        hub.world.files[file_id] = (upload.content_type, upload.content)
        url = f"{hub.address}/attachments/{channel_id}/{file_id}/{name}"
        attachments.append(
            {
                "id": file_id,
                "filename": name,
                "size": len(upload.content),
                "url": url,
                "proxy_url": url,
                "content_type": upload.content_type,
            }
            | {
                key: by_key[upload.key][key]
                for key in ("description",)
                if by_key.get(upload.key, {}).get(key)
            }
        )
    return attachments


def seen_embed(embed: Json) -> Json:
    """Return an embed as Discord stores it: typed, trimmed, with proxied media."""
    seen = {key: value for key, value in embed.items() if value is not None}
    for key in ("title", "description"):
        if key in seen:
            seen[key] = seen[key].strip()
    for key in ("image", "thumbnail"):
        if isinstance(seen.get(key), dict) and seen[key].get("url"):
            seen[key] = {"url": seen[key]["url"], "proxy_url": seen[key]["url"]}
    return seen | {"type": "rich"}


def seen_media(hub: Hub, components: list[Json], attachments: list[Json]) -> list[Json]:
    """Return components whose media are unfurled, attachment:// references resolved."""
    by_name = {a["filename"]: a for a in attachments}
    for component in walk(components):
        for holder in [component, *(component.get("items") or [])]:
            for key in ("media", "file"):
                if isinstance(holder.get(key), dict):
                    holder[key] = _unfurled(hub, holder[key], by_name)
    return components


def _unfurled(hub: Hub, media: Json, by_name: dict[str, Json]) -> Json:
    url = str(media.get("url"))
    attachment = by_name.get(url.removeprefix("attachment://"))
    if attachment is None and url.startswith("attachment://"):
        problems = Problems()
        code = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"
        problems.add(("components",), code, "The referenced attachment was not found")
        problems.check()
    if attachment is not None:
        url = attachment["url"]
    digest = hashlib.sha256(url.encode()).digest()
    seen: Json = {
        "id": str(int.from_bytes(digest[:7])),
        "url": url,
        "proxy_url": url,
        "width": None,
        "height": None,
        "content_type": attachment["content_type"] if attachment else None,
    }
    return seen | ({"attachment_id": attachment["id"]} if attachment else {})


def who_is_pinged(
    hub: Hub,
    channel: Channel,
    author_id: str,
    content: str,
    components: list[Json],
    form: Json,
    default: Json,
) -> Pinged:
    """Return whom the text notifies under its allowed mentions and the author's permissions."""
    given = form.get("allowed_mentions")
    allowed = default if given is None else given
    text = "\n".join([content, *v2_text(components)])
    text = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    parse = allowed.get("parse") or []
    users = _named(text, r"<@!?(\d+)>", "users" in parse, allowed.get("users"))
    roles = _named(text, r"<@&(\d+)>", "roles" in parse, allowed.get("roles"))
    everyone = "everyone" in parse and bool(re.search(r"@(everyone|here)\b", text))
    if channel.type != DIRECT:
        bits = in_channel(hub.world, author_id, channel, hub.clock.now())
        everyone = everyone and bool(bits & Permission.MENTION_EVERYONE)
    return Pinged(
        tuple(i for i in users if i in hub.world.users),
        tuple(i for i in roles if i in hub.world.roles),
        everyone,
    )


def _named(text: str, pattern: str, all_of_them: bool, ids: list[str] | None) -> list[str]:
    found = list(dict.fromkeys(re.findall(pattern, text)))[: limits.MENTION_IDS]
    return found if all_of_them else [i for i in found if i in {str(x) for x in ids or []}]
