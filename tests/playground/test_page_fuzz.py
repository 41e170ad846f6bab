"""What no page would send: any JSON, any operation with any fields, any bytes to import."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.server import Server
from tests.playground.test_socket import socket_url

OPERATIONS = (
    *("hello", "become", "language", "history", "say", "autocomplete", "command"),
    *("component", "modal"),
    *("read", "dismiss", "publish", "crosspost", "trouble", "trace", "server", "", "no such thing"),
)
FIELDS = (
    *("user_id", "channel_id", "message_id", "limit", "before", "text", "content", "command_id"),
    *("options", "name", "value", "values", "custom_id", "kind", "focused", "target_id", "path"),
    *("files", "fields", "modal_id", "interaction_id", "title", "body", "what", "on"),
)
# Restarting and killing are deeds on a process that is not there.
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True)
    | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
questions = st.dictionaries(st.sampled_from(FIELDS), anything, max_size=6).flatmap(
    lambda fields: st.sampled_from(OPERATIONS).map(lambda op: {**fields, "op": op})
)
MOST = 300


def drawn(strategy: st.SearchStrategy[Any]) -> list[Any]:
    """Return so many examples; drawn first, as a socket is not for a function that is repeated."""
    found: list[Any] = []

    @settings(max_examples=MOST, deadline=None, database=None)
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


@pytest.fixture
async def socket(server: Server) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with aiohttp.ClientSession() as session, session.ws_connect(socket_url(server)) as socket:
        yield socket


async def answered(socket: aiohttp.ClientWebSocketResponse, number: int | None) -> dict[str, Any]:
    while True:
        got: dict[str, Any] = await socket.receive_json()
        if "re" in got and got["re"] == number:
            return got


async def test_any_question_of_a_page_is_answered(
    socket: aiohttp.ClientWebSocketResponse,
) -> None:
    for number, question in enumerate(drawn(questions), start=1):
        await socket.send_str(json.dumps({**question, "n": number}))
        got = await answered(socket, number if question["op"] in OPERATIONS[:-2] else None)
        assert got["ok"] or got["error"], question
    await socket.send_json({"op": "hello", "n": 0})
    assert (await answered(socket, 0))["ok"]


async def test_any_text_on_the_pages_socket_is_answered(
    socket: aiohttp.ClientWebSocketResponse,
) -> None:
    for value in drawn(anything):
        await socket.send_str(json.dumps(value))
        assert (await answered(socket, None))["error"] == "Not understood."
    await socket.send_str("{" * 10_000 + "\x00")
    assert (await answered(socket, None))["error"]
    await socket.send_str("[" * 200_000)
    assert (await answered(socket, None))["error"]
