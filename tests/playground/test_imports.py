"""What a visitor brings: read by the bot's own verb, refused in sentences, kept within bounds."""

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.playground.child import Child
from bot.playground.imports import MOST_BYTES
from bot.playground.server import Server

SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "tag-archive.txt"


@pytest.fixture
async def open_server(tmp_path: Path) -> AsyncIterator[Server]:
    async with Server() as server:
        server.bench.bot = Child(server.environment(tmp_path), folder=tmp_path)
        yield server


async def bring(server: Server, body: bytes = b"", **query: str) -> dict[str, Any]:
    asked, dropped = {"t": server.page_token} | query, io.BytesIO(body)
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.address}/page/import", params=asked, data=dropped) as answer,
    ):
        told: dict[str, Any] = json.loads(await answer.text())
        return told


async def test_a_dropped_file_is_imported_and_counted(open_server: Server) -> None:
    told = await bring(open_server, SAMPLE.read_bytes(), name="../../my page.txt")
    assert told["ok"] and told["says"].startswith("4 articles read: 4 new")
    (noted,) = [entry for entry in open_server.hub.trace if entry["kind"] == "import"]
    assert noted["text"] == "import my-page.txt"


async def test_an_address_is_imported(open_server: Server) -> None:
    open_server.feed.publish()
    told = await bring(open_server, address=open_server.feed.url)
    assert told["ok"] and told["says"].startswith("1 article")


async def test_what_is_no_archive_is_refused_in_the_bots_words(open_server: Server) -> None:
    told = await bring(open_server, b"\x00\x01\x02 nothing", name="noise.bin")
    assert not told["ok"]
    assert "noise.bin" in told["error"] and "/tmp" not in told["error"]


async def test_bounds_and_the_token_hold(open_server: Server) -> None:
    assert "16 MB" in (await bring(open_server, b"x" * (MOST_BYTES + 1), name="a"))["error"]
    assert "whole address" in (await bring(open_server, address="file:///etc/passwd"))["error"]
    assert "empty" in (await bring(open_server, name="a.html"))["error"]
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{open_server.address}/page/import", data=b"x") as answer,
    ):
        assert answer.status == 403
