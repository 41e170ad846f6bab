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
import signal
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from bot.errors import TagwireError, UnreadableError

_log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
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


@dataclass(frozen=True, slots=True)
class _Refused:
    """A sentence that crosses the process border; exceptions with keywords do not pickle."""

    key: str
    params: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class _Crashed:
    what: str


@dataclass(frozen=True, slots=True)
class _Done:
    pass


_Part = object
Reader = Callable[..., Iterator[_Part]]


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
    ) -> AsyncIterator[_Part]:
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
    ) -> AsyncGenerator[_Part, None]:
        """Do what `parts` does in a place that the caller keeps."""
        worker = await self._hired(max(memory_mb, self._limits.memory_mb))
        self._busy.add(worker)
        sound = False
        try:
            await asyncio.to_thread(worker.send, (reader, arguments))
            while not isinstance(part := await self._next(worker), _Done):
                if isinstance(part, _Refused):
                    sound = True
                    raise UnreadableError(part.key, **part.params)
                if isinstance(part, _Crashed):
                    raise _lost("ingest.read_crashed", part.what)
                yield part
            sound = True
        finally:
            self._busy.discard(worker)
            self._dismiss(worker, sound and memory_mb == 0)

    async def _next(self, worker: _Worker) -> _Part:
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

    def receive(self, seconds: float) -> _Part:
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
    process = context.Process(target=_serve, args=arguments, name="tagwire-reader", daemon=True)
    try:
        process.start()
    except OSError:
        _log.warning("poll.worker_absent")
        thread = threading.Thread(target=_serve, args=(theirs, 0, limits.idle_s, 0), daemon=True)
        thread.start()
        return _Worker(thread, ours)
    theirs.close()
    # A slow start of the process is no fault of the document that waits for it.
    with contextlib.suppress(EOFError, OSError):
        if ours.poll(_START_S):
            ours.recv()
    return _Worker(process, ours)


def _serve(pipe: Connection, memory_mb: int, idle_s: float, nice: int) -> None:
    """Read documents until nothing comes; `memory_mb` 0 means inside the bot's own process."""
    if memory_mb:
        # A Ctrl+C in the terminal reaches the whole group: the bot decides when we end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _cap_memory(memory_mb)
        if hasattr(os, "nice"):
            os.nice(nice)
        pipe.send(_Done())
    with contextlib.suppress(EOFError, OSError), pipe:
        while pipe.poll(idle_s):
            reader, arguments = pipe.recv()
            if not _answer(pipe, reader, arguments):
                return


def _answer(pipe: Connection, reader: Reader, arguments: tuple[object, ...]) -> bool:
    try:
        for part in reader(*arguments):
            pipe.send(part)
    except TagwireError as error:
        pipe.send(_Refused(error.key, dict(error.params)))
    except MemoryError:
        # What is left of this process cannot be trusted: its end says so.
        return False
    except Exception as error:
        pipe.send(_Crashed(type(error).__name__))
        return False
    else:
        pipe.send(_Done())
    return True


def _cap_memory(memory_mb: int) -> None:
    try:
        import resource
    except ImportError:
        return  # Windows has no such limit; the limit on time holds everywhere.
    wanted = memory_mb * MEGABYTE
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (wanted, wanted if hard < 0 else min(wanted, hard)))
