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

from bot.playground import keep
from bot.playground.child import Child
from bot.playground.clock import RealClock, Snowflakes
from bot.playground.feed import FIRST_ITEMS
from bot.playground.server import HOST, Server
from bot.playground.world import World

BOT_POLL_S = "5"
READY_S = 60.0
FILLED = "playground.filled"
# The bot has a session of its own: a terminal that closes tells the parent alone.
ENDED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PlaygroundFailed(Exception):
    """The playground could not be started; the text says what the bot said."""


async def play(*, port: int = 0, headless: bool = False, data_dir: Path | None = None) -> int:
    """Run until SIGINT, SIGTERM or the terminal closes; returns the exit code.

    Keeps its state below data_dir where one is given, else in a temporary folder.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ENDED_BY:
        loop.add_signal_handler(name, stop.set)
    try:
        async with running(port=port, data_dir=data_dir) as (server, child):
            # The page is told first: it can be opened while the bot is still on its way.
            print(f"Tagwire playground: {server.page_url}", flush=True)
            if not headless and _has_screen():
                await asyncio.to_thread(webbrowser.open, server.page_url)
            await _until(stop, child, server)
    except PlaygroundFailed as failed:
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
    *, port: int = 0, data_dir: Path | None = None, environment: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[Server, Child]]:
    """Give a running server with the sample imported and the bot started; end both after."""
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
        async with Server(port=port, clock=clock, world=world, ids=ids) as server:
            settings = server.environment(folder) | {"TAGWIRE_POLL_INTERVAL": BOT_POLL_S}
            child = Child(settings | dict(environment or {}), folder=folder)
            child.on_trace = server.tracing.take
            server.bench.bot = child
            ticking = asyncio.create_task(_live(server, child))
            try:
                await _fill(server, child, folder)
                await child.start()
                yield server, child
            finally:
                ticking.cancel()
                await child.stop()
                if data_dir:
                    keep.save(folder, server.world)


async def _live(server: Server, child: Child) -> None:
    for _ in range(FIRST_ITEMS):
        server.feed.publish()
    await server.feed.tick_for_ever()


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


async def _fill(server: Server, child: Child, folder: Path) -> None:
    """Import the sample and add the feed through the bot's own verbs, once a folder."""
    mark = folder / FILLED
    known = mark.read_text() if mark.exists() else None
    if known is None:
        sample = resources.files("bot.playground").joinpath("sample")
        names = sorted(f.name for f in sample.iterdir() if f.name.startswith("archive."))
        for name in names:
            with resources.as_file(sample.joinpath(name)) as path:
                await _verb(child, "import", str(path))
    if known != server.feed.url:
        await _verb(child, "feeds", "add", server.feed.url)
        mark.write_text(server.feed.url)


async def _verb(child: Child, *arguments: str) -> None:
    code, printed = await child.run_once(*arguments)
    if code != 0:
        raise PlaygroundFailed(f"`tagwire {arguments[0]}` ended with {code}:\n{printed}")


async def _until(stop: asyncio.Event, child: Child, server: Server) -> None:
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
        await stopping
    finally:
        for task in (stopping, online, ended):
            task.cancel()
