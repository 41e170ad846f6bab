"""The gateway under a real discord.py client: log-in, resume, invalid sessions, heartbeats."""

import asyncio
import json
import zlib
from typing import Any

import aiohttp
import discord
import pytest

from bot.playground import owner, shapes
from bot.playground.driver import Driver
from bot.playground.server import Server


async def until(condition: Any, timeout_s: float = 8.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_the_guild_arrives_with_channels_threads_and_the_bot_alone(bot: Any) -> None:
    guild = bot.guilds[0]
    names = {c.name: type(c).__name__ for c in guild.channels}
    assert names == {
        "general": "TextChannel",
        "newsroom": "TextChannel",
        "announcements": "TextChannel",
        "stories": "ForumChannel",
    }
    assert [t.name for t in guild.threads] == ["story ideas"]
    assert guild.me.guild_permissions.manage_messages
    assert not guild.me.guild_permissions.manage_guild
    assert [m.id for m in guild.members] == [bot.user.id]
    assert bot.get_channel(guild.threads[0].parent_id).permissions_for(guild.me).send_messages


@pytest.mark.fault("F23")
async def test_a_cut_connection_resumes_and_gets_what_it_missed(
    server: Server, bot: Any, driver: Driver
) -> None:
    general = server.world.channel_named("general")
    await server.gateway.cut(4000)
    server.hub.emit("CHANNEL_UPDATE", shapes.channel(server.world, general) | {"name": "renamed"})
    await until(lambda: bot.resumed == 1)
    await until(lambda: bot.get_channel(int(general.id)).name == "renamed")
    assert server.gateway.identifies == 1
    assert (await driver.command("tag", name="UN")).message is not None


async def test_a_broken_connection_resumes(server: Server, bot: Any) -> None:
    server.gateway.abort()
    await until(lambda: bot.resumed == 1)
    assert server.gateway.identifies == 1


async def test_a_request_to_reconnect_resumes(server: Server, bot: Any) -> None:
    server.gateway.ask_to_reconnect()
    await until(lambda: bot.resumed == 1)


async def test_a_session_that_is_forgotten_is_identified_anew(
    server: Server, bot: Any, driver: Driver
) -> None:
    await server.gateway.cut(4000, forget=True)
    await until(lambda: server.gateway.identifies == 2)
    await until(lambda: server.hub.bot_online)
    assert bot.resumed == 0
    assert (await driver.command("tag", name="UN")).message is not None


async def test_an_invalid_session_is_identified_anew(server: Server, bot: Any) -> None:
    server.gateway.invalidate()
    await until(lambda: server.gateway.identifies == 2)


@pytest.mark.fault("F23")
async def test_a_missed_acknowledgement_makes_the_client_resume(
    server: Server, connect: Any
) -> None:
    server.gateway.heartbeat_s = 0.2
    client = discord.Client(
        intents=discord.Intents(guilds=True), guild_ready_timeout=0.05, heartbeat_timeout=0.5
    )
    server.gateway.stop_acknowledging()
    await connect(server, client)
    await until(lambda: server.gateway.resumes >= 1)
    server.gateway.stop_acknowledging(deaf=False)


@pytest.mark.fault("F24")
async def test_an_outage_is_not_a_removal(server: Server, bot: Any) -> None:
    seen: list[str] = []

    @bot.event
    async def on_guild_unavailable(_: discord.Guild) -> None:
        seen.append("unavailable")

    @bot.event
    async def on_guild_available(_: discord.Guild) -> None:
        seen.append("available")

    @bot.event
    async def on_guild_remove(_: discord.Guild) -> None:
        seen.append("removed")

    owner.begin_outage(server.hub)
    owner.end_outage(server.hub)
    owner.remove_bot(server.hub)
    await until(lambda: len(seen) == 3)
    assert seen == ["unavailable", "available", "removed"]


async def test_a_wrong_token_is_refused_by_rest_and_gateway(server: Server, connect: Any) -> None:
    async with aiohttp.ClientSession() as session:
        close = await identify(session, server, token="wrong")
        assert close == 4004
        assert await identify(session, server, intents=1 << 40) == 4013
        assert await identify(session, server, op=99) == 4003
        assert await identify(session, server, raw="{") == 4002
        async with session.get(f"{server.api}/gateway/bot") as answer:
            assert answer.status == 401


async def identify(
    session: aiohttp.ClientSession,
    server: Server,
    *,
    token: str = "",
    intents: int = 1,
    op: int = 2,
    raw: str | None = None,
) -> int | None:
    async with session.ws_connect(server.gateway.url) as socket:
        assert (await socket.receive_json())["op"] == 10
        content = {"token": token or server.token, "intents": intents, "properties": {}}
        await socket.send_str(raw or json.dumps({"op": op, "d": content}))
        await socket.receive()
        return socket.close_code


async def test_one_compressor_serves_a_whole_connection(server: Server) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.gateway.url + "?compress=zlib-stream") as socket,
    ):
        inflate = zlib.decompressobj()

        async def receive() -> Any:
            packed = await socket.receive_bytes()
            assert packed.endswith(b"\x00\x00\xff\xff")
            return json.loads(inflate.decompress(packed))

        assert (await receive())["op"] == 10
        content = {"token": server.token, "intents": 1, "properties": {}}
        await socket.send_json({"op": 2, "d": content})
        ready, guild = await receive(), await receive()
        assert (ready["t"], ready["s"], guild["t"], guild["s"]) == ("READY", 1, "GUILD_CREATE", 2)
        await socket.send_json({"op": 1, "d": 2})
        assert (await receive())["op"] == 11


async def test_messages_need_their_intent_and_others_words_a_further_one(
    server: Server, driver: Driver
) -> None:
    async with aiohttp.ClientSession() as session:
        for intents, expected in ((1, None), (1 | 1 << 9, ""), (1 | 1 << 9 | 1 << 15, "Hello")):
            async with session.ws_connect(server.gateway.url) as socket:
                await socket.receive_json()
                content = {"token": server.token, "intents": intents, "properties": {}}
                await socket.send_json({"op": 2, "d": content})
                await socket.receive_json()
                await socket.receive_json()
                driver.say("Hello")
                await socket.send_json({"op": 1, "d": None})
                got = await socket.receive_json()
                assert (got["d"] or {}).get("content") == expected


async def test_more_than_120_sends_a_minute_close_the_connection(server: Server) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.gateway.url) as socket,
    ):
        for _ in range(121):
            await socket.send_json({"op": 1, "d": None})
        async for _ in socket:
            pass
        assert socket.close_code == 4008


async def test_the_count_of_identifies_is_told(server: Server, bot: Any, api: Any) -> None:
    got = await api("GET", "/gateway/bot")
    assert got.body["session_start_limit"]["remaining"] == 999
    async with discord.Client(intents=discord.Intents(guilds=True)) as stranger:
        with pytest.raises(discord.LoginFailure):
            await stranger.login("wrong")
