"""The first answer to an interaction: POST /interactions/{id}/{token}/callback."""

from typing import Any

from aiohttp import web

from bot.playground import posting, shapes
from bot.playground.hub import Hub
from bot.playground.interactions import AUTOCOMPLETE, COMMAND, MODAL, Interaction, Interactions
from bot.playground.refusals import Problems, Refused
from bot.playground.rest.context import (
    INTERACTIONS,
    answer,
    form_of,
    hub_of,
    nothing,
    uploads_of,
)
from bot.playground.validate.commands import check_autocomplete
from bot.playground.validate.components import check_modal
from bot.playground.validate.messages import check_deferral, check_message
from bot.playground.world import EPHEMERAL, LOADING, V2, Message

Json = dict[str, Any]

PONG, REPLY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, OPEN_MODAL = 1, 4, 5, 6, 7, 8, 9


async def callback(request: web.Request) -> web.Response:
    """Check the answer against what was asked, then carry it out."""
    hub, interactions = hub_of(request), request.config_dict[INTERACTIONS]
    interaction = interactions.open(request.match_info["id"], request.match_info["token"])
    form = form_of(request)
    kind = form.get("type")
    _check_kind(interaction, kind)
    data = form.get("data") or {}
    message = _carry_out(hub, interactions, interaction, kind or 0, data, uploads_of(request))
    if request.query.get("with_response", "").lower() not in ("true", "1"):
        return nothing()
    return answer(_resource(hub, interaction, kind or 0, message))


def _check_kind(interaction: Interaction, kind: int | None) -> None:
    allowed: tuple[int, ...] = (REPLY, DEFER, DEFER_UPDATE, UPDATE, OPEN_MODAL)
    if interaction.type == AUTOCOMPLETE:
        allowed = (CHOICES,)
    elif interaction.type == COMMAND:
        allowed = (REPLY, DEFER, OPEN_MODAL)
    elif interaction.type == MODAL:
        update = (DEFER_UPDATE, UPDATE) if interaction.source else (DEFER_UPDATE,)
        allowed = (REPLY, DEFER, *update)
    if kind not in allowed:
        problems = Problems()
        text = f"Value must be one of {allowed}."
        problems.add(("type",), "BASE_TYPE_CHOICES", text)
        problems.check()


def _carry_out(
    hub: Hub,
    interactions: Interactions,
    interaction: Interaction,
    kind: int,
    data: Json,
    uploads: tuple[posting.Upload, ...],
) -> Message | None:
    if kind == CHOICES:
        check_autocomplete(data, interaction.option_type)
        interactions.settle(interaction, "answered")
        if interaction.choices is not None and not interaction.choices.done():
            interaction.choices.set_result(list(data.get("choices") or []))
        return None
    if kind == OPEN_MODAL:
        check_modal(data)
        interaction.modal = data | {"components": posting.number(data["components"])}
        interactions.settle(interaction, "answered")
        body = {"interaction_id": interaction.id, "modal": interaction.modal}
        hub.emit("MODAL", body, interaction.user_id)
        return None
    if kind in (REPLY, DEFER):
        return _reply(hub, interactions, interaction, kind, data, uploads)
    return _update(hub, interactions, interaction, kind, data, uploads)


def _reply(
    hub: Hub,
    interactions: Interactions,
    interaction: Interaction,
    kind: int,
    data: Json,
    uploads: tuple[posting.Upload, ...],
) -> Message:
    if kind == DEFER:
        check_deferral(data)
    else:
        _checked_as_data(data, len(uploads))
    extra = (data.get("flags") or 0) & EPHEMERAL
    extra |= LOADING if kind == DEFER else 0
    interaction.ephemeral = bool(extra & EPHEMERAL)
    origin = origin_of(hub, interaction, extra)
    channel = hub.world.channels[interaction.channel_id]
    content = {} if kind == DEFER else data
    message, _ = posting.post(hub, channel, content, origin, uploads)
    interaction.original_id = message.id
    interaction.message_ids.append(message.id)
    interactions.settle(interaction, "thinking" if kind == DEFER else "answered")
    return message


def _checked_as_data(data: Json, files: int, **how: bool) -> None:
    try:
        check_message(data, files=files, **how)
    except Refused as no:
        if no.errors:
            raise Refused(no.status, no.code, no.message, {"data": no.errors}) from None
        raise


def _update(
    hub: Hub,
    interactions: Interactions,
    interaction: Interaction,
    kind: int,
    data: Json,
    uploads: tuple[posting.Upload, ...],
) -> Message | None:
    source = interaction.source
    current = source and hub.world.in_channel(source.channel_id).get(source.id)
    if current is None:
        if kind == DEFER_UPDATE:
            interactions.settle(interaction, "answered")
            return None
        raise Refused(404, 10008, "Unknown Message")
    interaction.original_id = current.id
    interaction.ephemeral = current.is_ephemeral
    if kind == UPDATE:
        check_edit(current, data, len(uploads), under_data=True)
        current = posting.edit(hub, current, data, uploads)
        interaction.message_ids.append(current.id)
    interactions.settle(interaction, "answered")
    return current


def check_edit(message: Message, data: Json, files: int, *, under_data: bool = False) -> None:
    """Raise when an edit would break a rule, the ones of a change to Components V2 included."""
    was_v2 = bool(message.flags & V2)
    becomes_v2 = bool((data.get("flags") or 0) & V2) and not was_v2
    merged = dict(data)
    if becomes_v2:
        # The old fields must be emptied in the same edit (message docs, IS_COMPONENTS_V2).
        merged.setdefault("content", message.content)
        merged.setdefault("embeds", list(message.embeds))
    if under_data:
        _checked_as_data(merged, files, was_v2=was_v2, editing=True)
    else:
        check_message(merged, files=files, was_v2=was_v2, editing=True)
    _check_not_emptied(message, data, files)


def _check_not_emptied(message: Message, data: Json, files: int) -> None:
    left = [
        data.get("content", message.content),
        data.get("embeds", message.embeds),
        data.get("components", message.components),
        data.get("attachments", message.attachments),
    ]
    if not files and not any(left):
        raise Refused(400, 50006, "Cannot send an empty message")


def origin_of(hub: Hub, interaction: Interaction, extra_flags: int) -> posting.Origin:
    """Return who sends the answer to an interaction."""
    bot_id = hub.world.bot_id
    return posting.Origin(
        author_id=bot_id,
        asked=interaction.asked(),
        webhook_id=bot_id,
        application_id=bot_id,
        for_user_id=interaction.user_id,
        extra_flags=extra_flags,
    )


def _resource(hub: Hub, interaction: Interaction, kind: int, message: Message | None) -> Json:
    about: Json = {"id": interaction.id, "type": interaction.type}
    if message is None:
        return {"interaction": about}
    about |= {
        "response_message_id": message.id,
        "response_message_loading": bool(message.flags & LOADING),
        "response_message_ephemeral": message.is_ephemeral,
    }
    if kind == DEFER_UPDATE:
        return {"interaction": about}
    return {
        "interaction": about,
        # A deferral's message counts as CHANNEL_MESSAGE_WITH_SOURCE in the published description.
        "resource": {
            "type": UPDATE if kind == UPDATE else REPLY,
            "message": shapes.message(hub.world, message),
        },
    }


ROUTES = [web.post("/interactions/{id}/{token}/callback", callback)]
