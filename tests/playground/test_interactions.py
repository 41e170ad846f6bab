"""The life of an interaction: deadlines, double answers, dead tokens, what each may answer."""

from typing import Any

import pytest

from bot.playground import people
from bot.playground.clock import HandClock
from bot.playground.interactions import Interaction, InteractionFailed
from bot.playground.server import Server

REPLY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
COMMAND = {
    "name": "tag",
    "description": "x",
    "options": [{"type": 3, "name": "name", "description": "x", "autocomplete": True}],
}
GIVEN = [{"name": "name", "type": 3, "value": "UN"}]
TYPED = [{"name": "name", "type": 3, "value": "U", "focused": True}]


@pytest.fixture
async def asked(still_server: Server, still_api: Any) -> Interaction:
    still_server.hub.limiter.enabled = False
    return await ask(still_server, still_api)


async def ask(server: Server, api: Any) -> Interaction:
    path = f"/applications/{server.world.bot_id}/commands"
    command_id = (await api("PUT", path, [COMMAND])).body[0]["id"]
    server.hub.bot_online = True
    mina, general = server.world.user_named("mina").id, server.world.channel_named("general").id
    return people.use_command(server.interactions, mina, general, command_id, GIVEN)


def callback(of: Interaction) -> str:
    return f"/interactions/{of.id}/{of.token}/callback"


def hook(server: Server, of: Interaction, rest: str = "") -> str:
    return f"/webhooks/{server.world.bot_id}/{of.token}{rest}"


def advance(server: Server, seconds: float) -> None:
    assert isinstance(server.clock, HandClock)
    server.clock.advance(seconds)


async def test_a_second_answer_is_refused(still_api: Any, asked: Interaction) -> None:
    form = {"type": REPLY, "data": {"content": "x"}}
    assert (await still_api("POST", callback(asked), form)).status == 204
    again = await still_api("POST", callback(asked), form)
    assert (again.status, again.body["code"]) == (400, 40060)


async def test_a_token_is_dead_after_three_seconds_without_an_answer(
    still_server: Server, still_api: Any, asked: Interaction
) -> None:
    advance(still_server, 3.1)
    assert asked.state == "failed"
    form = {"type": REPLY, "data": {"content": "x"}}
    late = await still_api("POST", callback(asked), form)
    assert (late.status, late.body["code"]) == (404, 10062)
    follow = await still_api("POST", hook(still_server, asked), {"content": "x"})
    assert (follow.status, follow.body["code"]) == (404, 10015)


async def test_a_token_lives_for_fifteen_minutes(
    still_server: Server, still_api: Any, asked: Interaction
) -> None:
    await still_api("POST", callback(asked), {"type": DEFER})
    advance(still_server, 14 * 60)
    original = hook(still_server, asked, "/messages/@original")
    assert (await still_api("PATCH", original, {"content": "x"})).status == 200
    advance(still_server, 61)
    late = await still_api("PATCH", original, {"content": "y"})
    assert (late.status, late.body["code"]) == (401, 50027)


async def test_a_wrong_token_or_id_is_unknown(still_api: Any, asked: Interaction) -> None:
    form = {"type": REPLY, "data": {"content": "x"}}
    got = await still_api("POST", f"/interactions/{asked.id}/no/callback", form)
    assert got.body["code"] == 10062


@pytest.mark.parametrize("kind", [DEFER_UPDATE, UPDATE, CHOICES, 3, None])
async def test_a_command_cannot_be_answered_so(
    still_api: Any, asked: Interaction, kind: int | None
) -> None:
    got = await still_api("POST", callback(asked), {"type": kind, "data": {"content": "x"}})
    assert got.codes() == {"type:BASE_TYPE_CHOICES"}


async def test_problems_of_an_answer_lie_under_data_and_leave_the_token_alive(
    still_api: Any, asked: Interaction
) -> None:
    form: dict[str, Any] = {"type": REPLY, "data": {"content": "x" * 2001}}
    got = await still_api("POST", callback(asked), form)
    assert got.codes() == {"data.content:BASE_TYPE_MAX_LENGTH"}
    form["data"]["content"] = "x"
    assert (await still_api("POST", callback(asked), form)).status == 204


async def test_a_deferral_takes_the_ephemeral_flag_alone(
    still_server: Server, still_api: Any, asked: Interaction
) -> None:
    got = await still_api("POST", callback(asked), {"type": DEFER, "data": {"flags": 1 << 15}})
    assert got.codes() == {"data.flags:INVALID_FLAGS"}
    query = {"with_response": "true"}
    got = await still_api(
        "POST", callback(asked), {"type": DEFER, "data": {"flags": 64}}, params=query
    )
    message = got.body["resource"]["message"]
    assert got.body["interaction"]["response_message_loading"] is True
    assert message["flags"] == 64 | 128
    # A public follow-up of a hidden deferral stays hidden, and V2 may come with it.
    form = {"flags": 1 << 15, "components": [{"type": 10, "content": "x"}]}
    sent = await still_api("POST", hook(still_server, asked), form)
    assert (sent.body["id"], sent.body["flags"]) == (message["id"], 64 | 1 << 15)


async def test_follow_ups_are_made_read_changed_and_removed(
    still_server: Server, still_api: Any, asked: Interaction
) -> None:
    await still_api("POST", callback(asked), {"type": REPLY, "data": {"content": "x"}})
    made = await still_api("POST", hook(still_server, asked), {"content": "y", "flags": 64})
    assert made.body["flags"] == 64
    one = hook(still_server, asked, f"/messages/{made.body['id']}")
    assert (await still_api("PATCH", one, {"content": "z"})).body["content"] == "z"
    assert (await still_api("GET", one)).body["content"] == "z"
    assert (await still_api("DELETE", one)).status == 204
    assert (await still_api("GET", one)).body["code"] == 10008
    original = hook(still_server, asked, "/messages/@original")
    assert (await still_api("GET", original)).body["content"] == "x"
    assert (await still_api("DELETE", original)).status == 204
    assert (await still_api("GET", original)).body["code"] == 10008


async def test_ephemeral_messages_are_not_in_the_channel(
    still_server: Server, still_api: Any, asked: Interaction
) -> None:
    form = {"type": REPLY, "data": {"content": "x", "flags": 64}}
    await still_api("POST", callback(asked), form)
    history = await still_api("GET", f"/channels/{asked.channel_id}/messages")
    assert history.body == []


AUTOCOMPLETE: dict[str, tuple[list[Any], str]] = {
    "26": (
        [{"name": str(n), "value": "v"} for n in range(26)],
        "data.choices:BASE_TYPE_MAX_LENGTH",
    ),
    "name": ([{"name": "x" * 101, "value": "v"}], "data.choices.0.name:BASE_TYPE_BAD_LENGTH"),
    "empty name": ([{"name": "", "value": "v"}], "data.choices.0.name:BASE_TYPE_REQUIRED"),
    "value": ([{"name": "x", "value": "v" * 101}], "data.choices.0.value:BASE_TYPE_BAD_LENGTH"),
    "kind": ([{"name": "x", "value": 5}], "data.choices.0.value:STRING_TYPE_CONVERT"),
}


@pytest.mark.parametrize("name", AUTOCOMPLETE)
async def test_choices_are_refused(
    still_server: Server, still_api: Any, asked: Interaction, name: str
) -> None:
    interactions = still_server.interactions
    channel = still_server.world.channels[asked.channel_id]
    command = next(iter(still_server.world.commands.values()))
    data = {"id": command["id"], "name": "tag", "type": 1, "options": TYPED}
    future = interactions.autocomplete(asked.user_id, channel, data, 3)
    interaction = list(interactions.by_id.values())[-1]
    choices, expected = AUTOCOMPLETE[name]
    form: dict[str, Any] = {"type": CHOICES, "data": {"choices": choices}}
    got = await still_api("POST", callback(interaction), form)
    assert got.codes() == {expected}
    form["data"]["choices"] = [{"name": "UN (3)", "value": "UN"}]
    assert (await still_api("POST", callback(interaction), form)).status == 204
    assert await future == form["data"]["choices"]


async def test_choices_must_come_in_three_seconds_and_cannot_be_deferred(
    still_server: Server, still_api: Any, asked: Interaction
) -> None:
    channel = still_server.world.channels[asked.channel_id]
    future = still_server.interactions.autocomplete(asked.user_id, channel, {}, 3)
    interaction = list(still_server.interactions.by_id.values())[-1]
    got = await still_api("POST", callback(interaction), {"type": DEFER})
    assert got.codes() == {"type:BASE_TYPE_CHOICES"}
    advance(still_server, 3.1)
    with pytest.raises(InteractionFailed, match="Loading options failed"):
        await future


def label(component: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": 18, "label": "L", "component": component} | more


INPUT = {"type": 4, "custom_id": "i", "style": 1}
FORM = {"title": "T", "custom_id": "f", "components": [label(INPUT)]}
FORMS: dict[str, tuple[dict[str, Any], str]] = {
    "title": (FORM | {"title": "x" * 46}, "data.title:BASE_TYPE_BAD_LENGTH"),
    "no title": (FORM | {"title": ""}, "data.title:BASE_TYPE_REQUIRED"),
    "custom_id": (FORM | {"custom_id": "x" * 101}, "data.custom_id:BASE_TYPE_BAD_LENGTH"),
    "nothing in it": (FORM | {"components": []}, "data.components:BASE_TYPE_BAD_LENGTH"),
    "six fields": (
        FORM | {"components": [label(INPUT | {"custom_id": str(n)}) for n in range(6)]},
        "data.components:BASE_TYPE_BAD_LENGTH",
    ),
    "label": (
        FORM | {"components": [label(INPUT, label="x" * 46)]},
        "data.components.0.label:BASE_TYPE_BAD_LENGTH",
    ),
    "label's description": (
        FORM | {"components": [label(INPUT, description="x" * 101)]},
        "data.components.0.description:BASE_TYPE_MAX_LENGTH",
    ),
    "value": (
        FORM | {"components": [label(INPUT | {"value": "x" * 4001})]},
        "data.components.0.component.value:BASE_TYPE_MAX_LENGTH",
    ),
    "placeholder": (
        FORM | {"components": [label(INPUT | {"placeholder": "x" * 101})]},
        "data.components.0.component.placeholder:BASE_TYPE_MAX_LENGTH",
    ),
    "style": (
        FORM | {"components": [label(INPUT | {"style": 3})]},
        "data.components.0.component.style:BASE_TYPE_CHOICES",
    ),
    "max_length": (
        FORM | {"components": [label(INPUT | {"max_length": 4001})]},
        "data.components.0.component.max_length:NUMBER_TYPE_MAX",
    ),
    "button": (
        FORM | {"components": [label({"type": 2, "style": 1, "custom_id": "b", "label": "x"})]},
        "data.components.0.component.type:UNION_TYPE_CHOICES",
    ),
    "one radio": (
        FORM
        | {
            "components": [
                label({"type": 21, "custom_id": "r", "options": [{"label": "a", "value": "a"}]})
            ]
        },
        "data.components.0.component.options:BASE_TYPE_BAD_LENGTH",
    ),
    "eleven files": (
        FORM | {"components": [label({"type": 19, "custom_id": "u", "max_values": 11})]},
        "data.components.0.component.max_values:NUMBER_TYPE_MAX",
    ),
}


@pytest.mark.parametrize("name", FORMS)
async def test_a_form_is_refused(still_api: Any, asked: Interaction, name: str) -> None:
    form, expected = FORMS[name]
    got = await still_api("POST", callback(asked), {"type": MODAL, "data": form})
    assert got.codes() == {expected}
    fine = await still_api("POST", callback(asked), {"type": MODAL, "data": FORM})
    assert fine.status == 204
    assert asked.modal is not None


async def test_nothing_can_be_asked_while_the_bot_is_away(
    still_server: Server, still_api: Any, asked: Interaction
) -> None:
    still_server.hub.bot_online = False
    command_id = next(iter(still_server.world.commands))
    with pytest.raises(InteractionFailed):
        people.use_command(
            still_server.interactions, asked.user_id, asked.channel_id, command_id, GIVEN
        )
