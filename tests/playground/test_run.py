"""The playground as a person starts it: sample, feed, bot as a process, an orderly end."""

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.playground import keep
from bot.playground.child import Child
from bot.playground.driver import Driver
from bot.playground.run import play, running
from bot.playground.server import Server

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(60)
async def test_the_sample_is_imported_and_the_bot_answers(tmp_path: Path) -> None:
    async with running(data_dir=tmp_path) as (server, child):
        await server.wait_for_bot(15)
        driver = Driver(server)
        await driver.until(driver.commands)
        answer = await driver.command("tag", name="UN")
        assert "UN" in answer.text, "\n".join(child.lines)
        assert server.feed.requests >= 1
        server.bench.bot = child
        await server.bench.make("bot_kill")
        assert await child.wait() == -signal.SIGKILL
        await driver.until(lambda: not server.hub.bot_online)
        await server.bench.make("bot_start")
        await server.wait_for_bot(15)
        assert (await driver.command("tag", name="UN")).message is not None
        port = server.address
    assert child.process is not None
    assert child.process.returncode == 0, "\n".join(child.lines)
    async with running(data_dir=tmp_path) as (server, child):
        assert server.address == port
        await server.wait_for_bot(15)
        assert len(Driver(server).messages()) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_the_verb_prints_the_address_and_ends_in_order(number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "playground", "--headless"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 15)).decode()
        found = re.search(r"http://127\.0\.0\.1:\d+/\?t=\S+", line)
        assert found is not None
        async with aiohttp.ClientSession() as session, session.get(found[0]) as page:
            assert page.status == 200
        connected = (await asyncio.wait_for(process.stdout.readline(), 15)).decode()
        assert "connected" in connected
        process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), 14) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_killed_playground_leaves_no_bot_behind() -> None:
    process = await playground()
    bots: list[int] = []
    try:
        assert process.stdout is not None
        for _ in range(2):
            line = await asyncio.wait_for(process.stdout.readline(), 15)
        assert b"connected" in line
        bots = [child for child in children_of(process.pid) if runs(child)]
        assert bots
        process.kill()
        await process.wait()
        async with asyncio.timeout(14):
            while any(map(runs, bots)):  # noqa: ASYNC110 - another's child cannot be waited for
                await asyncio.sleep(0.05)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        for left in filter(runs, bots):
            os.kill(left, signal.SIGKILL)


def children_of(process_id: int) -> list[int]:
    folder = Path(f"/proc/{process_id}/task")
    if not folder.is_dir():
        pytest.skip("looks at processes by /proc (Linux)")
    return [int(found) for file in folder.glob("*/children") for found in file.read_text().split()]


def runs(process_id: int) -> bool:
    """Tell whether a process is there and no mere entry that nobody has asked for yet."""
    try:
        status = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


async def playground(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "playground", "--headless", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )


@pytest.mark.timeout(60)
async def test_another_server_is_begun_at_the_same_address() -> None:
    process = await playground()
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        socket = line.split()[-1].replace("http", "ws").replace("/?t=", "/page/socket?t=")
        await asyncio.wait_for(process.stdout.readline(), 30)
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(socket) as page:
                assert (await asked(page, "hello"))["servers"]["current"] == "quiet"
                assert (await asked(page, "server", id="moon"))["ok"] is False
                assert (await asked(page, "server", id="newsroom"))["ok"]
                while (await page.receive()).type is aiohttp.WSMsgType.TEXT:
                    pass
            await asyncio.wait_for(process.stdout.readline(), 30)
            async with session.ws_connect(socket) as page:
                hello = await asked(page, "hello")
        assert hello["servers"]["current"] == "newsroom"
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 14) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def asked(page: aiohttp.ClientWebSocketResponse, op: str, **fields: str) -> dict[str, Any]:
    """Ask the page's socket; gives its answer, past what is told meanwhile."""
    await page.send_json({"op": op, "n": 1, **fields})
    while "re" not in (told := await page.receive_json()):
        pass
    answer: dict[str, Any] = told
    return answer


@pytest.mark.timeout(60)
async def test_a_session_is_played_and_headless_ends_after_it(tmp_path: Path) -> None:
    session = tmp_path / "session.jsonl"
    steps = (
        {"tagwire_session": 1},
        {"as": "mina", "in": "general", "command": "tag", "options": {"name": "UN"}},
        {"as": "mina", "in": "general", "of": {"answer": 0}, "press": "Next"},
    )
    session.write_text("\n".join(map(json.dumps, steps)), encoding="utf-8")
    process = await playground("--replay", str(session))
    printed, _ = await process.communicate()
    assert process.returncode == 0
    assert "2 steps of session.jsonl were played." in printed.decode()


@pytest.fixture
def child(tmp_path: Path) -> Child:
    return Child({"TAGWIRE_DATA": str(tmp_path), "TAGWIRE_HOME": str(tmp_path)}, folder=tmp_path)


async def test_a_child_that_ends_is_waited_for(child: Child) -> None:
    await child.start("search", "x")
    assert await child.wait() is not None
    assert not child.is_running


async def test_a_verb_that_fails_gives_its_code_and_words(child: Child) -> None:
    code, printed = await child.run_once("import", "/no/such/file")
    assert code == 2
    assert printed


async def test_a_taken_port_and_a_broken_world_are_told_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Server(pool=()) as server:
        port = int(server.address.rpartition(":")[2])
        assert await play(port=port, headless=True) == 1
    assert f"Port {port} is in use" in capsys.readouterr().err
    (tmp_path / keep.NAME).write_text("{")
    assert await play(headless=True, data_dir=tmp_path) == 1
    assert "Move it away" in capsys.readouterr().err
