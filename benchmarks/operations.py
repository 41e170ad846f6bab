"""Running it for years: what an idle bot takes, what watching it costs, and backing up at work.

The archive holds 100,000 articles of about 650 words (one gigabyte), and 1,000 feeds on loopback
that answer and have nothing new. The peer of memory and start is `benchmarks/bare_bot.py`: the
shortest discord.py client with one command, started beside ours in the same run. Memory is what
the main process has for itself and is no mapped file (`Anonymous` of `/proc/PID/smaps_rollup`).
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import re
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from benchmarks.grounds import (
    PATIENCE_S,
    Feeds,
    compile_all,
    cpu_s,
    environment_of,
    own_archive,
    private_kb,
    started_bare,
    started_bot,
)
from benchmarks.pairs import Pairs, Row, p99
from bot.log import HumanLines, JsonLines
from bot.metrics import Metrics
from bot.playground.child import Child
from bot.playground.driver import Driver
from bot.playground.server import Server

Result = TypeVar("Result")

ARTICLES = int(os.environ.get("TAGWIRE_BENCH_ARTICLES", "100000"))
FEEDS = 1_000
IDLE_S = float(os.environ.get("TAGWIRE_BENCH_IDLE_S", "60"))
LOADED_S = 15.0
PAIRS = 5
COMMANDS = 400
BACKUPS = 5
BATCH = 5
COMMAND_EVERY_S = 0.05


def measure() -> Sequence[Row]:
    """Measure all promises of operating it."""
    compile_all()
    with own_archive(ARTICLES) as folder:
        return asyncio.run(_measure(folder))


async def _measure(folder: Path) -> list[Row]:
    async with Feeds() as feeds, Server() as server, Server() as bare:
        await _take_over_feeds(server, folder, feeds)
        _tell(f"{feeds.asked} feeds polled")
        rows = await _idle(server, bare, folder)
        rows.append(await _watching(server, folder))
        _tell("metrics and logs measured")
        rows += await _backup(server, folder, feeds)
    return rows


async def _take_over_feeds(server: Server, folder: Path, feeds: Feeds) -> None:
    """Add the feeds and let each be polled once, so that what follows is everyday life."""
    child = Child(environment_of(server, folder), folder=folder)
    listing = folder / "feeds.opml"
    listing.write_text(feeds.opml(FEEDS), "utf-8")
    code, said = await child.run_once("feeds", "import-opml", "--yes", str(listing))
    assert code == 0, said
    async with started_bot(server, child):
        ends_at = time.monotonic() + PATIENCE_S
        while feeds.asked < FEEDS and time.monotonic() < ends_at:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        await asyncio.sleep(1)


async def _idle(server: Server, bare: Server, folder: Path) -> list[Row]:
    kb: tuple[list[float], list[float]] = ([], [])
    seconds: tuple[list[float], list[float]] = ([], [])
    child = Child(environment_of(server, folder), folder=folder)
    for turn in range(PAIRS):
        # Each first in turn; both then idle side by side.
        if turn % 2 == 0:
            async with started_bot(server, child) as ours, started_bare(bare) as peer:
                await asyncio.sleep(IDLE_S)
                taken = private_kb(ours.process_id), private_kb(peer.process_id)
        else:
            async with started_bare(bare) as peer, started_bot(server, child) as ours:
                await asyncio.sleep(IDLE_S)
                taken = private_kb(ours.process_id), private_kb(peer.process_id)
        _tell(f"idle pair {turn + 1}: {taken} kB, {ours.seconds:.2f} and {peer.seconds:.2f} s")
        kb[0].append(taken[0])
        kb[1].append(taken[1])
        seconds[0].append(ours.seconds)
        seconds[1].append(peer.seconds)
    memory, start = Pairs(*map(tuple, kb)), Pairs(*map(tuple, seconds))
    return [
        Row(
            f"idle with {ARTICLES:,} articles and {FEEDS:,} feeds: private memory after "
            f"{IDLE_S:g} s",
            f"{statistics.median(kb[0]) / 1024:.1f} MB",
            f"{statistics.median(kb[1]) / 1024:.1f} MB (bare client)",
            memory.ratio,
            1.6,
            n=PAIRS,
            note=f"largest {max(kb[0]) / 1024:.1f} MB; "
            f"{await _searched_mb(server, child):.1f} MB once somebody has asked",
        ),
        Row(
            "start → ready, with that archive",
            f"{start.ours_ms:.0f} ms",
            f"{start.peer_ms:.0f} ms (bare client)",
            start.ratio,
            2.0,
            n=PAIRS,
            note="byte code compiled, as in an installed wheel",
        ),
    ]


async def _searched_mb(server: Server, child: Child) -> float:
    """Return the private memory when an answer has let the postings be made and loaded."""
    async with started_bot(server, child) as ours:
        person = await _person(server)
        ends_at = time.monotonic() + PATIENCE_S
        # The first answer asks for them; while they are made, the index answers.
        while time.monotonic() < ends_at:
            await person.command("latest")
            if "postings-" in _mapped(ours.process_id):
                await asyncio.sleep(LOADED_S)
                break
            await asyncio.sleep(1)
        return private_kb(ours.process_id) / 1024


def _mapped(process_id: int) -> str:
    return Path(f"/proc/{process_id}/maps").read_text("utf-8")


async def _watching(server: Server, folder: Path) -> Row:
    """Compare the CPU of what a command counts and logs with the CPU of the whole command."""
    port = _free_port()
    more = {"TAGWIRE_METRICS_PORT": str(port)}
    child = Child(environment_of(server, folder, more), folder=folder)
    async with started_bot(server, child) as ours:
        person = await _person(server)
        for _ in range(20):
            await person.command("latest")
        before, lines = await _counted(port), len(child.lines)
        used, began = cpu_s(ours.process_id), time.perf_counter()
        for _ in range(COMMANDS):
            await person.command("latest")
        used, took = cpu_s(ours.process_id) - used, time.perf_counter() - began
        after, lines = await _counted(port), len(child.lines) - lines
    answered, calls, lags = ((b - a) / COMMANDS for a, b in zip(before, after, strict=True))
    watching = _watching_s(answered, calls, lags, lines / COMMANDS)
    each = used / COMMANDS
    return Row(
        "CPU time of metrics and logs in a command (`/latest`)",
        f"{watching * 1e6:.0f} µs",
        f"{each * 1e6:.0f} µs (the command)",
        watching / each,
        0.03,
        n=COMMANDS,
        note=f"{answered:.0f} count, {calls:.1f} timed calls of the store, "
        f"{lines / COMMANDS:.2f} log lines, {took / COMMANDS * 1000:.1f} ms each",
    )


def _watching_s(answered: float, calls: float, lags: float, lines: float) -> float:
    """Return the CPU seconds of so many counts, timed calls, lags and log lines."""
    metrics = Metrics()
    observe = metrics.watch_database()

    def counted() -> None:
        with metrics.answering("latest"):
            pass

    return (
        answered * _each_s(counted)
        + calls * _each_s(lambda: observe("read", 0.001))
        + lags * _each_s(lambda: metrics.loop_lag_seconds.observe(0.001))
        + lines * max(_line_s(HumanLines()), _line_s(JsonLines()))
    )


def _line_s(form: logging.Formatter) -> float:
    logger = logging.Logger("bot.benchmark")
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(form)
    logger.addHandler(handler)
    return _each_s(lambda: logger.info("delivery.sent", extra={"post_id": 3, "target_id": 8}))


def _each_s(call: Callable[[], object], times: int = 5_000) -> float:
    began = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - began) / times


async def _counted(port: int) -> tuple[float, float, float]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics") as answer,
    ):
        text = await answer.text()

    def total(name: str) -> float:
        return sum(map(float, re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", text, re.M)))

    return (
        total("tagwire_interactions_total"),
        total("tagwire_database_seconds_count"),
        total("tagwire_loop_lag_seconds_count"),
    )


async def _backup(server: Server, folder: Path, feeds: Feeds) -> list[Row]:
    """Back up while the bot polls a feed that brings news each half second, and answers."""
    child = Child(environment_of(server, folder, {"TAGWIRE_POLL_INTERVAL": "0.5"}), folder=folder)
    feeds.news_each = BATCH
    verb = Child(environment_of(server, folder), folder=folder)
    code, said = await verb.run_once("feeds", "add", f"{feeds.address}/busy.xml")
    assert code == 0, said
    copies: tuple[list[float], list[float], list[float]] = ([], [], [])
    answers: tuple[list[float], list[float]] = ([], [])
    async with started_bot(server, child):
        person = await _person(server)
        with tempfile.TemporaryDirectory(dir=folder) as name:
            for turn in range(BACKUPS + 1):
                pair = await _one_backup(person, verb, folder, Path(name))
                _tell(
                    f"backup {turn}: {pair[0][0]:.2f} s, copy {pair[1][0]:.2f}, {pair[2][0]:.2f} s"
                )
                if turn:  # The first is the warm-up.
                    for kept, found in zip((*copies, *answers), pair, strict=True):
                        kept.extend(found)
    speed = Pairs(tuple(copies[1]), tuple(copies[0]))
    lasting = Pairs(tuple(copies[2]), tuple(copies[0]))
    size = (folder / "tagwire.db").stat().st_size
    slowed = statistics.median(answers[0]) / statistics.median(answers[1])
    return [
        Row(
            f"`backup` of {size / 1e9:.2f} GB under writing, verified: speed of a plain copy",
            f"{statistics.median(copies[0]):.2f} s",
            f"{statistics.median(copies[1]):.2f} s (copy)",
            speed.ratio,
            0.5,
            at_least=True,
            n=BACKUPS,
            note="start of the verb's interpreter included; the plain copy is not synced",
        ),
        Row(
            "the same, against a plain copy that is on the disk as the backup is (fsync)",
            f"{statistics.median(copies[0]):.2f} s",
            f"{statistics.median(copies[2]):.2f} s (copy and fsync)",
            lasting.ratio,
            0.5,
            at_least=True,
            n=BACKUPS,
        ),
        Row(
            "a command (`/latest`) during it, against its usual under the same writing",
            f"{statistics.median(answers[0]) * 1000:.1f} ms (p99 {p99(answers[0]) * 1000:.0f} ms)",
            f"{statistics.median(answers[1]) * 1000:.1f} ms",
            slowed,
            1.5,
            n=len(answers[0]),
        ),
    ]


async def _one_backup(
    person: Driver, verb: Child, folder: Path, target: Path
) -> tuple[list[float], list[float], list[float], list[float], list[float]]:
    """Return seconds: the backup, a plain copy, a synced one, commands meanwhile and as usual."""
    usual: list[float] = []
    during: list[float] = []
    await _asked_while(asyncio.sleep(2), person, usual)
    os.sync()
    began = time.perf_counter()
    await asyncio.to_thread(shutil.copyfile, folder / "tagwire.db", target / "copy.db")
    copied = time.perf_counter() - began
    # What a backup is to outlive: copyfile alone returns with the copy in memory.
    await asyncio.to_thread(_to_disk, target / "copy.db")
    lasting = time.perf_counter() - began
    (target / "copy.db").unlink()
    os.sync()
    began = time.perf_counter()
    code, said = await _asked_while(verb.run_once("backup", str(target / "a.db")), person, during)
    saved = time.perf_counter() - began
    assert code == 0, said
    (target / "a.db").unlink()
    return [saved], [copied], [lasting], during, usual


def _to_disk(file: Path) -> None:
    with file.open("rb") as copied:
        os.fsync(copied.fileno())


async def _asked_while(
    work: Coroutine[Any, Any, Result], person: Driver, seconds: list[float]
) -> Result:
    task = asyncio.create_task(work)
    while not task.done():
        began = time.perf_counter()
        await person.command("latest")
        seconds.append(time.perf_counter() - began)
        await asyncio.sleep(COMMAND_EVERY_S)
    return await task


async def _person(server: Server) -> Driver:
    person = Driver(server, "mina")
    await person.until(lambda: "latest" in person.commands(), PATIENCE_S)
    return person


def _tell(what: str) -> None:
    print(f"  {what}", file=sys.stderr, flush=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
