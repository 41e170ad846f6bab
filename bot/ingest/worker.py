"""Worker processes in which documents are read: no file can stall or fell the bot.

A worker that takes too long or too much memory is killed and replaced; one that has nothing to do
ends, and the next document starts another. Nothing is started at import.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import os
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from bot.errors import UnreadableError
from bot.ingest.serving import Crashed, Done, Part, Reader, Refused, serve

_log = logging.getLogger(__name__)

_START_S = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost: seconds until each part of it, megabytes of address space.

    `idle_s` is how long a worker waits for the next document before it ends. `nice` is added to
    its niceness: beside a bot, what answers people goes first.
    """

    seconds: float = 15.0
    memory_mb: int = 1024
    idle_s: float = 120.0
    nice: int = 0


READING = Limits(nice=10)
"""For reading feeds beside the bot."""


class Workers:
    """Up to `size` worker processes. `async with` ends them all."""

    def __init__(self, size: int | None = None, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._free = asyncio.Semaphore(size or min(2, os.cpu_count() or 1))
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()

    async def __aenter__(self) -> Workers:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End every process, whatever it does."""
        workers = [*self._idle, *self._busy]
        self._idle.clear()
        for worker in workers:
            await asyncio.to_thread(worker.kill)

    async def parts(
        self, reader: Reader, *arguments: object, memory_mb: int = 0
    ) -> AsyncIterator[Part]:
        """Run `reader(*arguments)` in a worker and yield what it yields, as it comes.

        `reader` is a function of a module. Its TagwireErrors are raised here; a worker that hangs,
        dies or outgrows its memory raises UnreadableError. `memory_mb` asks for a higher limit.
        """
        read = self.parts_in_place(reader, *arguments, memory_mb=memory_mb)
        async with self.places(1), contextlib.aclosing(read) as parts:
            async for part in parts:
                yield part

    @contextlib.asynccontextmanager
    async def places(self, most: int) -> AsyncIterator[int]:
        """Keep places for up to `most` workers, as many as are free by now: one at least."""
        await self._free.acquire()
        held = 1
        try:
            # Never waits for a second one: two documents could wait for each other's.
            while held < most and not self._free.locked():
                await self._free.acquire()
                held += 1
            yield held
        finally:
            for _ in range(held):
                self._free.release()

    async def parts_in_place(
        self, reader: Reader, *arguments: object, memory_mb: int = 0
    ) -> AsyncGenerator[Part, None]:
        """Do what `parts` does in a place that the caller keeps."""
        worker = await self._hired(max(memory_mb, self._limits.memory_mb))
        self._busy.add(worker)
        sound = False
        try:
            await asyncio.to_thread(worker.send, (reader, arguments))
            while not isinstance(part := await self._next(worker), Done):
                if isinstance(part, Refused):
                    sound = True
                    raise UnreadableError(part.key, **part.params)
                if isinstance(part, Crashed):
                    raise _lost("ingest.read_crashed", part.what)
                yield part
            sound = True
        finally:
            self._busy.discard(worker)
            self._dismiss(worker, sound and memory_mb == 0)

    async def _next(self, worker: _Worker) -> Part:
        try:
            return await asyncio.to_thread(worker.receive, self._limits.seconds)
        except TimeoutError:
            worker.kill()
            raise _lost(
                "ingest.read_too_slow", "hung", seconds=round(self._limits.seconds)
            ) from None
        except (EOFError, OSError):
            raise _lost("ingest.read_too_heavy", "died") from None

    async def _hired(self, memory_mb: int) -> _Worker:
        while self._idle and memory_mb == self._limits.memory_mb:
            worker = self._idle.pop()
            if worker.is_alive and worker.idle_for_s < self._limits.idle_s * 0.9:
                return worker
            worker.kill()
        return await asyncio.to_thread(_hire, memory_mb, self._limits)

    def _dismiss(self, worker: _Worker, sound: bool) -> None:
        if sound:
            worker.rest()
            self._idle.append(worker)
        else:
            # Joining a killed process takes a moment that the event loop need not wait for.
            threading.Thread(target=worker.kill, daemon=True).start()


def _lost(key: str, what: str, **params: str | int) -> UnreadableError:
    _log.warning("poll.worker_lost", extra={"what": what})
    return UnreadableError(key, **params)


class _Worker:
    """One process and the pipe to it. Its methods block, so they run in threads."""

    def __init__(self, process: BaseProcess | threading.Thread, pipe: Connection) -> None:
        self._process = process
        self._pipe = pipe
        self._rested_at = time.monotonic()

    @property
    def is_alive(self) -> bool:
        """Whether it still waits for work; a process that idled too long has ended."""
        return self._process.is_alive()

    @property
    def idle_for_s(self) -> float:
        """Seconds since its last document; near its end it must not be given another."""
        return time.monotonic() - self._rested_at

    def rest(self) -> None:
        """Note that it waits from now on."""
        self._rested_at = time.monotonic()

    def send(self, task: object) -> None:
        """Hand over a task; a pipe that broke shows when the answer is read."""
        with contextlib.suppress(OSError):
            self._pipe.send(task)

    def receive(self, seconds: float) -> Part:
        """Return its next message. Raises TimeoutError, or EOFError when it died."""
        if not self._pipe.poll(seconds):
            raise TimeoutError
        return self._pipe.recv()

    def kill(self) -> None:
        """End it, whatever it does."""
        if isinstance(self._process, BaseProcess):
            self._process.kill()
            self._process.join(5)
        self._pipe.close()


def _hire(memory_mb: int, limits: Limits) -> _Worker:
    # Forking a process with threads and an event loop can deadlock the child; spawning cannot.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    arguments = (theirs, memory_mb, limits.idle_s, limits.nice)
    process = context.Process(target=serve, args=arguments, name="tagwire-reader", daemon=True)
    try:
        process.start()
    except OSError:
        _log.warning("poll.worker_absent")
        thread = threading.Thread(target=serve, args=(theirs, 0, limits.idle_s, 0), daemon=True)
        thread.start()
        return _Worker(thread, ours)
    theirs.close()
    # A slow start of the process is no fault of the document that waits for it.
    with contextlib.suppress(EOFError, OSError):
        if ours.poll(_START_S):
            ours.recv()
    return _Worker(process, ours)
