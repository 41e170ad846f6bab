"""No host is asked by two at once, nor too soon after another process: bot and `tagwire sync`."""

from __future__ import annotations

import asyncio
import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import FetchError
from bot.ingest.addresses import Guard
from bot.ingest.fetch import Caps, Fetcher, open_session
from bot.ingest.turns import FILE, Turns
from tests.ingest.loopback import FEED, Site
from tests.ingest.polling import NOW

HOLD = """
import sys
from pathlib import Path
import asyncio
from bot.ingest.turns import Turns
async def main():
    with Turns.open(Path(sys.argv[1]), 0.0) as turns:
        async with turns.at(sys.argv[2]):
            print("held", flush=True)
            sys.stdin.readline()
asyncio.run(main())
"""


class Counter:
    """A host that counts who is with it at the same time."""

    def __init__(self, site: Site) -> None:
        self.inside = self.most = 0
        site.handlers["/"] = self.answer

    async def answer(self, _: web.Request) -> web.StreamResponse:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0.01)
        self.inside -= 1
        return web.Response(body=FEED, content_type="application/rss+xml")


@pytest.mark.parametrize("shares_turns", [True, False])
async def test_a_host_never_has_two_requests_at_once(
    tmp_path: Path, site: Site, shares_turns: bool
) -> None:
    host = Counter(site)
    guard = Guard(allow_private=True)
    with Turns.open(tmp_path, 0.0) as first, Turns.open(tmp_path, 0.0) as second:
        async with open_session(guard) as session:
            fetchers = [
                Fetcher(session, guard, turns=turns if shares_turns else None)
                for turns in (first, first, second, second)
            ]
            await asyncio.gather(*(f.get(site.base + "/", now=NOW) for f in fetchers * 2))
    assert (host.most == 1) is shares_turns


async def test_other_hosts_are_asked_meanwhile(tmp_path: Path, site: Site) -> None:
    guard = Guard(allow_private=True)
    with Turns.open(tmp_path, 0.0) as turns:
        assert turns is not None
        async with turns.at("a.example"), open_session(guard) as session:
            site.answers("/", FEED)
            fetcher = Fetcher(session, guard, turns=turns)
            assert (await fetcher.get(site.base + "/", now=NOW)).status == 200


async def test_another_processes_turn_is_waited_for_and_ends_with_the_process(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path), "a.example"]
    pipe = subprocess.PIPE
    with (
        Turns.open(tmp_path, 0.0) as turns,
        subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other,  # noqa: ASYNC220
    ):
        assert turns is not None
        assert other.stdout is not None
        assert await asyncio.to_thread(other.stdout.readline) == "held\n"
        taken = asyncio.create_task(_take(turns, "a.example"))
        await asyncio.sleep(0.2)
        assert not taken.done()
        other.kill()
        await taken


async def test_a_turn_is_free_after_an_error(tmp_path: Path, site: Site) -> None:
    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    site.handlers["/"] = never
    guard = Guard(allow_private=True)
    with Turns.open(tmp_path, 0.0) as turns, Turns.open(tmp_path, 0.0) as other:
        assert turns is not None
        assert other is not None
        async with open_session(guard) as session:
            fetcher = Fetcher(session, guard, caps=Caps(total_s=0.2), turns=turns)
            with pytest.raises(FetchError):
                await fetcher.get(site.base + "/", now=NOW)
        await _take(other, site.base.removeprefix("http://"))
        assert turns._own == {}


@pytest.mark.parametrize(
    ("other", "ago_s", "wait_s"), [(True, 1.0, 4.0), (True, 9.0, 0.0), (False, 1.0, 0.0)]
)
async def test_the_gap_after_another_processs_request_is_kept(
    tmp_path: Path, other: bool, ago_s: float, wait_s: float
) -> None:
    with Turns.open(tmp_path, 5.0) as turns:
        assert turns is not None
        await _take(turns, "a.example")
        number, place = _noted(tmp_path)
        token = turns._token ^ 1 if other else turns._token
        note = struct.pack("<dII", time.time() - ago_s, token, number)
        os.pwrite(turns._file, note, place)
        assert turns._wait_s(number) == pytest.approx(wait_s, abs=0.5)


async def test_a_clock_that_was_set_back_holds_nobody_up(tmp_path: Path) -> None:
    with Turns.open(tmp_path, 5.0) as turns:
        assert turns is not None
        await _take(turns, "a.example")
        number, place = _noted(tmp_path)
        os.pwrite(turns._file, struct.pack("<dII", time.time() + 99, 1, number), place)
        assert turns._wait_s(number) == 0.0


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with Turns.open(tmp_path / "none", 0.0) as turns:
        assert turns is None
    assert not (tmp_path / "none").exists()


async def _take(turns: Turns, host: str) -> None:
    async with turns.at(host):
        pass


def _noted(folder: Path) -> tuple[int, int]:
    """Return a host's number and where its last request is noted."""
    data = (folder / FILE).read_bytes()
    place = next(n for n in range(0, len(data), 16) if any(data[n : n + 16]))
    return struct.unpack_from("<dII", data, place)[2], place
