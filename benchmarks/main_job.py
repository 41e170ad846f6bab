"""The main job on the sample archive: from a feed's answer to the posts, from a command to its
answer, and from `./tagwire playground` to a page that answers.

Everything runs on loopback through real sockets, the bot in a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from benchmarks.pairs import Pairs, Row, interleave_async, p99
from bot.playground import owner
from bot.playground.driver import Driver, text_of
from bot.playground.run import running
from bot.playground.server import Server

CHANNELS = 20
ITEMS = 9
COMMANDS = 60
STARTS = 5
PATIENCE_S = 30.0


def measure() -> Sequence[Row]:
    """Measure all three promises of the main job."""
    return asyncio.run(_measure())


async def _measure() -> list[Row]:
    rows = [await _feed_to_message()]
    rows.append(await _command_to_answer())
    rows.append(await _start())
    return rows


async def _feed_to_message() -> Row:
    environment = {"TAGWIRE_POLL_INTERVAL": "0.5", "TAGWIRE_HOST_GAP": "0"}
    async with running(environment=environment) as (server, _):
        moderator = await _ready(server, "ravi")
        channels = [owner.add_channel(server.hub, f"desk-{n}").name for n in range(CHANNELS)]
        for channel in channels:
            await _subscribe(moderator, channel)
        shown: list[float] = []
        own: list[float] = []
        for _ in range(ITEMS):
            seconds, share = await _one_item(server, moderator, channels)
            shown += seconds
            own.append(share)
    median = statistics.median(shown)
    return Row(
        f"feed answered → message visible, {CHANNELS} channels, under 1 s",
        f"{median:.2f} s (p99 {p99(shown):.2f} s)",
        "1 s",
        median,
        1.0,
        n=len(shown),
        note=f"to the first request of a post: {statistics.median(own) * 1000:.0f} ms",
    )


async def _one_item(
    server: Server, person: Driver, channels: Sequence[str]
) -> tuple[list[float], float]:
    """Return the seconds from the feed's answer to each channel's message, and to the first."""
    title = server.feed.publish().title
    published_at = server.clock.now()
    await person.until(lambda: _all_have(person, channels, title), PATIENCE_S)
    answered_at = min(
        datetime.fromisoformat(entry["at"])
        for entry in server.hub.trace
        if entry["text"].endswith("live.xml → 200")
        and datetime.fromisoformat(entry["at"]) >= published_at
    )
    posts = [
        request
        for request in server.hub.requests
        if request.method == "POST"
        and request.path.endswith("/messages")
        and request.at >= answered_at
    ]
    seconds = [(request.at - answered_at).total_seconds() for request in posts]
    # A channel's bucket holds five messages in five seconds; the next item starts with a full one.
    await asyncio.sleep(1.2)
    return seconds, min(seconds)


def _all_have(person: Driver, channels: Sequence[str], title: str) -> bool:
    return all(any(title in text_of(m) for m in person.messages(name)) for name in channels)


async def _subscribe(moderator: Driver, channel: str) -> None:
    query = 'feed:"The Loopback Ledger"'
    asked = await moderator.command("subscription add", channel=channel, query=query)
    assert asked.message is not None, asked
    await moderator.press(asked.message, "Confirm")


async def _command_to_answer() -> Row:
    async with running() as (server, _), _bare() as bare:
        ours = await _ready(server, "mina")
        peer = Driver(bare)
        await peer.until(lambda: "constant" in peer.commands(), PATIENCE_S)
        pairs: Pairs = await interleave_async(
            lambda: ours.command("tag", name="UN"), lambda: peer.command("constant"), COMMANDS
        )
    return Row(
        "command → answer on the sample archive, against a bare bot",
        f"{pairs.ours_ms:.1f} ms (p99 {p99(pairs.ours) * 1000:.0f} ms)",
        f"{pairs.peer_ms:.1f} ms",
        pairs.ratio,
        3.0,
        n=COMMANDS,
    )


@asynccontextmanager
async def _bare() -> AsyncIterator[Server]:
    root = Path(__file__).parents[1]
    async with Server() as server:
        environment = {**os.environ, **server.environment(root), "PYTHONPATH": str(root)}
        command = (sys.executable, "-m", "benchmarks.bare_bot")
        process = await asyncio.create_subprocess_exec(*command, env=environment)
        try:
            await server.wait_for_bot(PATIENCE_S)
            yield server
        finally:
            process.terminate()
            await process.wait()


async def _start() -> Row:
    seconds = []
    for _ in range(STARTS):
        started = time.perf_counter()
        seconds.append(await _until_answered() - started)
    median = statistics.median(seconds)
    return Row(
        "`./tagwire playground` → a page that answers /tag, under 5 s",
        f"{median:.2f} s (slowest {max(seconds):.2f} s)",
        "5 s",
        median,
        5.0,
        n=STARTS,
        note="interpreter start of the parent included",
    )


async def _until_answered() -> float:
    """Start the verb as a person does; return when /tag was answered over the page's socket."""
    root = Path(__file__).parents[1]
    script = (
        "import asyncio, time\n"
        "from bot.playground.run import running\n"
        "from bot.playground.driver import Driver\n"
        "async def main():\n"
        "    async with running() as (server, child):\n"
        "        await server.wait_for_bot(30)\n"
        "        person = Driver(server)\n"
        "        await person.until(lambda: 'tag' in person.commands(), 30)\n"
        "        answer = await person.command('tag', name='UN')\n"
        "        assert answer.message\n"
        "        print('answered', flush=True)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, cwd=root, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    line = await process.stdout.readline()
    answered = time.perf_counter()
    await process.wait()
    assert line.strip() == b"answered"
    return answered


async def _ready(server: Server, person: str) -> Driver:
    driver = Driver(server, person)
    await server.wait_for_bot(PATIENCE_S)
    await driver.until(lambda: "tag" in driver.commands(), PATIENCE_S)
    return driver
