"""Tells how late an event loop wakes, and runs one that only sleeps: what the machine itself does.

Run as a program it says "ready", sleeps in small steps for so many seconds, and prints the 99th
percentile of its lateness in seconds.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from benchmarks.pairs import p99

PACE_S = 0.005


class Late(NamedTuple):
    """Seconds that a wake-up came late, and how many of them its thread was ready to run.

    Those it stood in line for a core, as Linux counts them; 0 where nothing counts them.
    """

    seconds: float
    in_line_s: float


@asynccontextmanager
async def watched(late: list[Late]) -> AsyncIterator[None]:
    """Gather how late the event loop comes back to a task that sleeps, every few milliseconds."""
    loop = asyncio.get_running_loop()

    async def watch() -> None:
        while True:
            due_at, in_line_s = loop.time() + PACE_S, _in_line_s()
            await asyncio.sleep(PACE_S)
            seconds = max(0.0, loop.time() - due_at)
            late.append(Late(seconds, min(seconds, _in_line_s() - in_line_s)))

    watcher = asyncio.create_task(watch())
    try:
        yield
    finally:
        watcher.cancel()


def _in_line_s() -> float:
    """Return how long this thread has stood in line for a core since it began."""
    try:
        told = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_text()
        return int(told.split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


@contextmanager
def idle_loop(seconds: float) -> Iterator[IO[str]]:
    """Run a loop that only sleeps in a process of its own; give what it says: its lateness."""
    command = [sys.executable, "-m", "benchmarks.idle_loop", str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield process.stdout
        finally:
            process.kill()


async def _idle(seconds: float) -> float:
    late: list[Late] = []
    async with watched(late):
        await asyncio.sleep(seconds)
    return p99([each.seconds for each in late])


if __name__ == "__main__":
    print("ready", flush=True)
    print(asyncio.run(_idle(float(sys.argv[1]))), flush=True)
