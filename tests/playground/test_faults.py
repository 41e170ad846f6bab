"""Planned trouble: what the client sees, and what the server keeps."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import discord
import pytest

from bot.playground.faults import (
    Call,
    Drop,
    HalfJson,
    Moment,
    Refuse,
    Silence,
    Slow,
    Status,
    TooMany,
)
from bot.playground.server import Server

POST = "POST /channels/*/messages"


@pytest.fixture
def channel(server: Server, bot: Any) -> Any:
    return bot.get_channel(int(server.world.channel_named("general").id))


def kept(server: Server) -> int:
    return len(server.world.in_channel(server.world.channel_named("general").id))


@pytest.mark.parametrize("after", [False, True])
async def test_a_server_error_before_or_after_storing(
    server: Server, channel: Any, after: bool
) -> None:
    server.faults.add(POST, Status(503, after=after))
    with pytest.raises(discord.DiscordServerError):
        await channel.send("x", nonce="n")
    assert kept(server) == int(after)
    await channel.send("x", nonce="n")
    assert kept(server) == 1


@pytest.mark.parametrize("after", [False, True])
async def test_a_dropped_connection_before_or_after_storing(
    server: Server, channel: Any, after: bool
) -> None:
    server.faults.add(POST, Drop(after=after))
    with pytest.raises((aiohttp.ClientError, OSError)):
        await channel.send("x", nonce="n")
    assert kept(server) == int(after)
    await channel.send("x", nonce="n")
    assert kept(server) == 1


async def test_json_that_stops_in_the_middle_is_stored(server: Server, channel: Any) -> None:
    server.faults.add(POST, HalfJson())
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
        await channel.send("x")
    assert kept(server) == 1


async def test_no_answer_at_all(server: Server, channel: Any) -> None:
    server.faults.add(POST, Silence(after=True))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(channel.send("x"), 0.2)
    assert kept(server) == 1


async def test_a_429_is_waited_out_and_cloudflares_is_not_json(
    server: Server, channel: Any
) -> None:
    server.faults.add(POST, TooMany(0.2))
    await channel.send("x")
    assert [r.status for r in server.hub.requests[-2:]] == [429, 200]
    server.faults.add(POST, TooMany(600, cloudflare=True))
    with pytest.raises(discord.HTTPException) as blocked:
        await channel.send("x")
    assert blocked.value.status == 429
    assert kept(server) == 1


async def test_a_global_429_says_so(server: Server, api: Any) -> None:
    server.faults.add(POST, TooMany(2, everywhere=True))
    path = f"/channels/{server.world.channel_named('general').id}/messages"
    got = await api("POST", path, {"content": "x"})
    assert (got.body["global"], got.headers["X-RateLimit-Scope"]) == (True, "global")


async def test_a_code_of_choice_and_a_slow_answer(server: Server, channel: Any) -> None:
    server.faults.add(POST, Refuse(400, 200000, "Blocked by AutoMod"))
    with pytest.raises(discord.HTTPException) as refused:
        await channel.send("x")
    assert refused.value.code == 200000
    server.faults.add(POST, Slow(0.2))
    started = server.clock.monotonic()
    await channel.send("x")
    assert server.clock.monotonic() - started >= 0.2


async def test_calls_and_hooks_happen_at_their_moment(server: Server, channel: Any) -> None:
    seen: list[tuple[str, int]] = []

    def note(moment: Moment) -> Callable[[], None]:
        return lambda: seen.append((moment, kept(server)))

    def stored(_method: str, _path: str, answer: Any) -> None:
        seen.append((answer["id"], 9))

    for moment in Moment:
        server.faults.add(POST, Call(note(moment), moment))
    stop = server.faults.on("stored", stored)
    first = await channel.send("x")
    assert seen == [("received", 0), (str(first.id), 9), ("stored", 1), ("answered", 1)]
    stop()
    await channel.send("x")
    assert len(seen) == 4


async def test_faults_count_skip_and_can_be_taken_back(server: Server, api: Any) -> None:
    server.faults.add(POST, Status(500), times=2, skip=1)
    path = f"/channels/{server.world.channel_named('general').id}/messages"
    got = [(await api("POST", path, {"content": "x"})).status for _ in range(4)]
    assert got == [200, 500, 500, 200]
    for_ever = server.faults.add(lambda method, path: method == "GET", Status(500), times=None)
    assert [(await api("GET", path)).status for _ in range(3)] == [500] * 3
    server.faults.remove(for_ever)
    assert (await api("GET", path)).status == 200
    assert [r.stored for r in server.hub.requests[-8:-4]] == [True, False, False, True]
