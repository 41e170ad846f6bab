"""What several measurements stand on: a filled archive, feeds that answer, processes looked at."""

from __future__ import annotations

import asyncio
import compileall
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from benchmarks import corpus
from bot.playground.child import Child
from bot.playground.server import Server

ROOT = Path(__file__).parents[1]
PATIENCE_S = 120.0
_LENGTH = 620  # words an article
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_RSS_HEAD = '<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>'


class Unmeasurable(Exception):
    """A benchmark cannot run here; the text says why."""


@contextmanager
def own_archive(articles: int) -> Iterator[Path]:
    """Give a data folder of one's own with so many articles, or a copy of TAGWIRE_BENCH_ARCHIVE."""
    given = os.environ.get("TAGWIRE_BENCH_ARCHIVE")
    database = Path(given) / "tagwire.db" if given else corpus.made(articles).database
    with tempfile.TemporaryDirectory(prefix="tagwire-bench-") as name:
        shutil.copyfile(database, Path(name) / "tagwire.db")
        yield Path(name)


class Feeds:
    """A server of feeds on loopback: each holds one item and has never anything new."""

    def __init__(self) -> None:
        self.asked = 0
        self.news_each = 0
        self._chance = random.Random(7)
        self._told = 0
        self._runner: web.AppRunner | None = None
        self.address = ""

    async def __aenter__(self) -> Feeds:
        app = web.Application()
        app.router.add_get("/quiet/{number}.xml", self._quiet)
        app.router.add_get("/busy.xml", self._busy)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def opml(self, count: int) -> str:
        """Return a list of so many quiet feeds."""
        rows = "".join(
            f'<outline type="rss" text="Feed {n}" xmlUrl="{self.address}/quiet/{n}.xml"/>'
            for n in range(count)
        )
        return f'<opml version="2.0"><head/><body>{rows}</body></opml>'

    async def _quiet(self, request: web.Request) -> web.Response:
        self.asked += 1
        if request.headers.get("If-None-Match"):
            return web.Response(status=304, headers={"ETag": '"1"'})
        number = request.match_info["number"]
        text = (
            _RSS_HEAD.format(title=f"Feed {number}")
            + f"<item><title>The only item of {number}</title><guid>{number}</guid>"
            f"<link>{self.address}/item/{number}</link></item></channel></rss>"
        )
        return web.Response(text=text, content_type="application/rss+xml", headers={"ETag": '"1"'})

    async def _busy(self, _: web.Request) -> web.Response:
        """Answer with `news_each` articles that no answer held before."""
        parts = [_RSS_HEAD.format(title="The busy feed")]
        for _number in range(self.news_each):
            self._told += 1
            text = " ".join(f"word{int(self._chance.paretovariate(0.8))}" for _ in range(_LENGTH))
            parts.append(
                f"<item><title>News {self._told}</title><guid>busy-{self._told}</guid>"
                f"<link>{self.address}/busy/{self._told}</link>"
                f"<description>{text}</description></item>"
            )
        return web.Response(
            text="".join(parts) + "</channel></rss>", content_type="application/rss+xml"
        )


@dataclass(frozen=True, slots=True)
class Started:
    """A bot that is connected: its process id, and the seconds from its start to that moment."""

    process_id: int
    seconds: float


@asynccontextmanager
async def started_bot(server: Server, child: Child) -> AsyncIterator[Started]:
    """Start Tagwire, wait until it is connected, and stop it in the end."""
    begun = time.perf_counter()
    await child.start()
    try:
        await _online(server)
        seconds = time.perf_counter() - begun
        assert child.process is not None
        yield Started(child.process.pid, seconds)
    finally:
        await child.stop()
        await _offline(server)


@asynccontextmanager
async def started_bare(server: Server) -> AsyncIterator[Started]:
    """Start the bare client, wait until it is connected, and stop it in the end."""
    environment = {**os.environ, **server.environment(ROOT), "PYTHONPATH": str(ROOT)}
    command = (sys.executable, "-m", "benchmarks.bare_bot")
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(*command, env=environment)
    try:
        await _online(server)
        yield Started(process.pid, time.perf_counter() - begun)
    finally:
        process.terminate()
        await process.wait()
        await _offline(server)


def compile_all() -> None:
    """Compile both bots' byte code as an installed wheel's is: a start does not pay for it."""
    for folder in ("bot", "cogs", "benchmarks"):
        compileall.compile_dir(ROOT / folder, quiet=2)


async def _online(server: Server) -> None:
    await asyncio.wait_for(server.gateway.online.wait(), PATIENCE_S)


async def _offline(server: Server) -> None:
    while server.gateway.online.is_set():  # noqa: ASYNC110 - another's event, asked from outside
        await asyncio.sleep(0.02)


def environment_of(server: Server, folder: Path, more: Mapping[str, str] = {}) -> dict[str, str]:
    """Return the variables of a bot that polls loopback without pauses between its feeds."""
    return {**server.environment(folder), "TAGWIRE_HOST_GAP": "0", **more}


def private_kb(process_id: int) -> int:
    """Return a process's private memory without mapped files, in kB. Raises Unmeasurable."""
    try:
        text = Path(f"/proc/{process_id}/smaps_rollup").read_text("ascii")
    except OSError as error:
        raise Unmeasurable("needs /proc/PID/smaps_rollup (Linux)") from error
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Anonymous"))


def cpu_s(process_id: int) -> float:
    """Return the CPU seconds that a process has used, children not counted."""
    fields = Path(f"/proc/{process_id}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND
