"""Runs the playground for a person: Discord, page and feed here, the bot as a child process."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
import tempfile
import webbrowser
from collections.abc import AsyncIterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, TextIO

from bot.playground import keep
from bot.playground.child import Child
from bot.playground.clock import RealClock, Snowflakes
from bot.playground.feed import FIRST_ITEMS
from bot.playground.people import NotPossible
from bot.playground.record import Recorder, Replay
from bot.playground.samples import QUIET, SAMPLES, Sample, subscribe, write_articles
from bot.playground.server import HOST, Server
from bot.playground.world import World

# Quick enough for a person to see it happen.
BOT_SETTINGS = {"TAGWIRE_POLL_INTERVAL": "5", "TAGWIRE_CORRECTION_DELAY": "2"}
READY_S = 60.0
FILLED = "playground.filled"
# The bot has a session of its own: a terminal that closes tells the parent alone.
ENDED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PlaygroundFailed(Exception):
    """The playground could not be started; the text says what the bot said."""


async def play(
    *,
    port: int = 0,
    headless: bool = False,
    data_dir: Path | None = None,
    sample: Sample = QUIET,
    record: Path | None = None,
    replay: Path | None = None,
) -> int:
    """Run until SIGINT, SIGTERM or the terminal closes; returns the exit code.

    Keeps its state below data_dir where one is given, else in a temporary folder. A session is
    written to `record`; one from `replay` is played first, and headless nothing else.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ENDED_BY:
        loop.add_signal_handler(name, stop.set)
    try:
        token, chosen, first = "", sample, True
        while not stop.is_set():
            wanted: asyncio.Queue[str] = asyncio.Queue()
            if chosen.articles:
                print(f"Making {chosen.articles:,} articles; this takes a moment.", flush=True)
            async with (
                _recorded(record) as out,
                running(
                    port=port,
                    data_dir=data_dir,
                    sample=chosen,
                    page_token=token,
                    live=replay is None,
                ) as (server, child),
            ):
                if data_dir is None:
                    server.sockets.on_server = wanted.put_nowait
                if out is not None:
                    Recorder(server, out)
                # The page is told first: it can be opened while the bot is still on its way.
                if first:
                    print(f"Tagwire playground: {server.page_url}", flush=True)
                if first and not headless and _has_screen():
                    await asyncio.to_thread(webbrowser.open, server.page_url)
                await _connected(stop, child, server)
                if replay is not None and not stop.is_set():
                    steps = await Replay.read(server, replay).play()
                    print(f"{steps} steps of {replay.name} were played.", flush=True)
                    if headless:
                        return 0
                next_id = await _until(stop, wanted)
                # The same address, so that the page that is open finds the next one.
                port, token = int(server.address.rpartition(":")[2]), server.page_token
            chosen, first, replay = SAMPLES.get(next_id or "", chosen), False, None
    except (PlaygroundFailed, NotPossible) as failed:
        print(failed, file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        print(f"Port {port} is in use. Choose another with --port.", file=sys.stderr)
        return 1
    finally:
        for name in ENDED_BY:
            loop.remove_signal_handler(name)
    return 0


def _has_screen() -> bool:
    # Without a display, webbrowser would start a text browser in this very terminal.
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@contextlib.asynccontextmanager
async def running(
    *,
    port: int = 0,
    data_dir: Path | None = None,
    environment: Mapping[str, str] | None = None,
    sample: Sample = QUIET,
    page_token: str = "",
    live: bool = True,
) -> AsyncIterator[tuple[Server, Child]]:
    """Give a running server with the sample imported and the bot started; end both after.

    Without `live` the feed gains items only when it is told to.
    """
    with contextlib.ExitStack() as folders:
        folder = data_dir
        if folder is None:
            made = tempfile.TemporaryDirectory(prefix="tagwire-playground-")
            folder = Path(folders.enter_context(made))
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        clock = RealClock()
        world = _kept_world(folder) if data_dir else None
        ids = Snowflakes(clock)
        port = port or (_remembered_port(folder) if world else 0)
        made_server = Server(port=port, clock=clock, world=world, ids=ids, page_token=page_token)
        async with made_server as server:
            server.sockets.servers = _offered(sample, choosable=data_dir is None)
            server.feed.every_s = sample.every_s
            settings = server.environment(folder) | BOT_SETTINGS
            child = Child(settings | dict(environment or {}), folder=folder)
            child.on_trace = server.tracing.take
            server.bench.bot = child
            tasks = [asyncio.create_task(_live(server, live=live))]
            try:
                fresh = await _fill(server, child, folder, sample)
                await child.start()
                if fresh:
                    tasks.append(asyncio.create_task(subscribe(server, sample)))
                yield server, child
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await child.stop()
                if data_dir:
                    keep.save(folder, server.world)


async def _live(server: Server, *, live: bool) -> None:
    for _ in range(FIRST_ITEMS):
        server.feed.publish()
    if live:
        await server.feed.tick_for_ever()


@contextlib.asynccontextmanager
async def _recorded(path: Path | None) -> AsyncIterator[TextIO | None]:
    if path is None:
        yield None
        return
    with path.open("w", encoding="utf-8") as out:
        yield out


def _offered(sample: Sample, *, choosable: bool) -> dict[str, Any]:
    offered = SAMPLES.values() if choosable else (sample,)
    rows = [{"id": s.id, "name": s.name, "description": s.description} for s in offered]
    return {"current": sample.id, "offered": rows}


def _kept_world(folder: Path) -> World | None:
    try:
        return keep.load(folder)
    except (ValueError, KeyError, TypeError) as error:
        path = folder / keep.NAME
        what = f"{path} cannot be read ({type(error).__name__}). Move it away to start afresh."
        raise PlaygroundFailed(what) from error


def _remembered_port(folder: Path) -> int:
    """Return the port of the last start, under which the feed is known, where it is free."""
    mark = folder / FILLED
    port = int(mark.read_text().split(":")[-1].split("/")[0]) if mark.exists() else 0
    with socket.socket() as probe:
        # As the server binds: connections of the last run may linger for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return 0
    return port


async def _fill(server: Server, child: Child, folder: Path, sample_server: Sample) -> bool:
    """Import the sample and add the feed through the bot's own verbs, once a folder.

    Returns whether the folder was fresh.
    """
    mark = folder / FILLED
    known = mark.read_text() if mark.exists() else None
    if known is None:
        sample = resources.files("bot.playground").joinpath("sample")
        names = sorted(f.name for f in sample.iterdir() if f.name.startswith("archive."))
        for name in names:
            with resources.as_file(sample.joinpath(name)) as path:
                await _verb(child, "import", str(path))
        if sample_server.articles:
            with tempfile.TemporaryDirectory(prefix="tagwire-gazette-") as written:
                await asyncio.to_thread(write_articles, Path(written), sample_server.articles)
                await _verb(child, "import", written)
    if known != server.feed.url:
        await _verb(child, "feeds", "add", server.feed.url)
        mark.write_text(server.feed.url)
    return known is None


async def _verb(child: Child, *arguments: str) -> None:
    code, printed = await child.run_once(*arguments)
    if code != 0:
        raise PlaygroundFailed(f"`tagwire {arguments[0]}` ended with {code}:\n{printed}")


async def _connected(stop: asyncio.Event, child: Child, server: Server) -> None:
    stopping = asyncio.create_task(stop.wait())
    online = asyncio.create_task(server.gateway.online.wait())
    ended = asyncio.create_task(child.wait())
    try:
        first = {stopping, online, ended}
        await asyncio.wait(first, timeout=READY_S, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set() and not online.done():
            said = "\n".join(list(child.lines)[-20:])
            raise PlaygroundFailed(f"The bot did not connect. It said:\n{said}")
        print("The bot is connected. Ctrl-C ends the playground.", flush=True)
    finally:
        for task in (stopping, online, ended):
            task.cancel()


async def _until(stop: asyncio.Event, wanted: asyncio.Queue[str]) -> str | None:
    """Return which server is wanted next, None when this is the end."""
    stopping = asyncio.create_task(stop.wait())
    asked = asyncio.create_task(wanted.get())
    await asyncio.wait({stopping, asked}, return_when=asyncio.FIRST_COMPLETED)
    for task in (stopping, asked):
        task.cancel()
    return asked.result() if asked.done() and not asked.cancelled() else None
