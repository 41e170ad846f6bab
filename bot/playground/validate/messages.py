"""Checks a message's form: content, embeds, flags, mentions, attachments, the V2 rules."""

from typing import Any

from bot.playground import limits
from bot.playground.refusals import SENTENCES, Problems, Refused, refused
from bot.playground.validate.addresses import check_url
from bot.playground.validate.components import check_components, v2_bytes, walk
from bot.playground.world import EPHEMERAL, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS, V2

Json = dict[str, Any]
LEGACY = ("content", "embeds", "sticker_ids", "poll")
IMAGE_KEYS = ("image", "thumbnail")


def check_message(
    form: Json, *, files: int = 0, was_v2: bool = False, editing: bool = False
) -> None:
    """Raise what Discord would answer to a form that creates or edits a message."""
    problems = Problems()
    flags = form.get("flags") or 0
    is_v2 = was_v2 or bool(flags & V2)
    if is_v2:
        _check_legacy_fields(form, problems)
    problems.length(("content",), form.get("content"), 0, limits.CONTENT)
    check_embeds(form.get("embeds") or [], problems)
    _check_mentions(form.get("allowed_mentions"), problems)
    if len(str(form.get("nonce") or "")) > limits.NONCE:
        text = f"Must be {limits.NONCE} or fewer in length."
        problems.add(("nonce",), "NONCE_TYPE_TOO_LONG", text)
    attachments = form.get("attachments") or []
    if max(files, len(attachments)) > limits.ATTACHMENTS:
        text = f"Must be {limits.ATTACHMENTS} or fewer in length."
        problems.add(("attachments",), "BASE_TYPE_MAX_LENGTH", text)
    components = form.get("components") or []
    check_components(components, problems, is_v2=is_v2)
    problems.check()
    if is_v2:
        _check_server_error(components)
    if not editing and not _says_something(form, files):
        raise refused(50006)


def check_deferral(form: Json) -> None:
    """Raise when a deferred answer asks for more than being ephemeral (messages docs, flags)."""
    problems = Problems()
    if (form.get("flags") or 0) & ~(EPHEMERAL | SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS):
        problems.add(("data", "flags"), "INVALID_FLAGS", "Only EPHEMERAL is valid for a deferral.")
    problems.check()


def _says_something(form: Json, files: int) -> bool:
    if files or any(form.get(key) for key in ("embeds", "components", "sticker_ids", "poll")):
        return True
    return bool(str(form.get("content") or "").strip())


def _check_legacy_fields(form: Json, problems: Problems) -> None:
    for key in LEGACY:
        if form.get(key):
            problems.add(
                (key,),
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
            )


def _check_server_error(components: list[Json]) -> None:
    media = sum(len(c.get("items") or [1]) for c in walk(components) if c["type"] in (11, 12))
    if v2_bytes(components) > limits.V2_BYTES or media > limits.MEDIA_ITEMS:
        raise Refused(500, 0, "500: Internal Server Error")


def check_embeds(embeds: Any, problems: Problems) -> None:
    """Note what is wrong with a message's embeds."""
    if not isinstance(embeds, list):
        problems.add(("embeds",), "BASE_TYPE_BAD_TYPE", "Only lists may be used here.")
        return
    problems.length(("embeds",), embeds, 0, limits.EMBEDS)
    total = 0
    for index, embed in enumerate(embeds):
        at = ("embeds", index)
        total += _check_embed(embed, at, problems)
    if total > limits.EMBED_TOTAL:
        text = f"Embed size exceeds maximum size of {limits.EMBED_TOTAL}"
        problems.add(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", text)


def _check_embed(embed: Json, at: tuple[str | int, ...], problems: Problems) -> int:
    texts = {
        (*at, "title"): (embed.get("title"), limits.EMBED_TITLE),
        (*at, "description"): (embed.get("description"), limits.EMBED_DESCRIPTION),
        (*at, "footer", "text"): ((embed.get("footer") or {}).get("text"), limits.EMBED_FOOTER),
        (*at, "author", "name"): ((embed.get("author") or {}).get("name"), limits.EMBED_AUTHOR),
    }
    for path, (text, most) in texts.items():
        problems.length(path, text, 0, most)
    total = sum(len((text or "").strip()) for text, _ in texts.values())
    fields = embed.get("fields") or []
    problems.length((*at, "fields"), fields, 0, limits.EMBED_FIELDS)
    for index, field in enumerate(fields):
        here = (*at, "fields", index)
        problems.length((*here, "name"), field.get("name"), 1, limits.EMBED_FIELD_NAME)
        problems.length((*here, "value"), field.get("value"), 1, limits.EMBED_FIELD_VALUE)
        total += len((field.get("name") or "").strip()) + len((field.get("value") or "").strip())
    _check_embed_urls(embed, at, problems)
    if not total and not any(embed.get(key) for key in IMAGE_KEYS):
        problems.add(at, "BASE_TYPE_REQUIRED", "This field is required")
    return total


def _check_embed_urls(embed: Json, at: tuple[str | int, ...], problems: Problems) -> None:
    check_url(embed.get("url"), (*at, "url"), problems)
    for key in IMAGE_KEYS:
        check_url((embed.get(key) or {}).get("url"), (*at, key, "url"), problems, attachment=True)
    color = embed.get("color")
    if color is not None and not (isinstance(color, int) and 0 <= color <= 0xFFFFFF):
        text = "int value should be between 0 and 16777215."
        problems.add((*at, "color"), "NUMBER_TYPE_MAX", text)


def _check_mentions(allowed: Any, problems: Problems) -> None:
    if not isinstance(allowed, dict):
        return
    parse = allowed.get("parse") or []
    for key in ("users", "roles"):
        ids = allowed.get(key) or []
        at = ("allowed_mentions", key)
        problems.length(at, ids, 0, limits.MENTION_IDS)
        if ids and key in parse:
            problems.add(
                ("allowed_mentions",),
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{key}"] and {key}: [ids...] are mutually exclusive.',
            )
    for index, kind in enumerate(parse):
        if kind not in ("users", "roles", "everyone"):
            text = "Value must be one of ('roles', 'users', 'everyone')."
            problems.add(("allowed_mentions", "parse", index), "BASE_TYPE_CHOICES", text)


def too_large() -> Refused:
    """Return what Discord answers to a request body that is too large."""
    return Refused(413, 40005, SENTENCES[40005])
