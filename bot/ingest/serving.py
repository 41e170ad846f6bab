"""What runs in a worker process: documents are read as they come, and answered part by part.

Apart from worker.py so that a process which only reads loads no event loop.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection

from bot.errors import TagwireError

MEGABYTE = 1024 * 1024

# What documents are read into holds no cycles: looking for some takes a twentieth of a long one.
_OBJECTS_UNTIL_COLLECTED = 50_000


@dataclass(frozen=True, slots=True)
class Refused:
    """A sentence that crosses the process border; exceptions with keywords do not pickle."""

    key: str
    params: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Crashed:
    """The reader raised what no reader should; its type's name."""

    what: str


@dataclass(frozen=True, slots=True)
class Done:
    """The worker has started, or has read a document to its end."""


Part = object
Reader = Callable[..., Iterator[Part]]


def serve(pipe: Connection, memory_mb: int, idle_s: float, nice: int) -> None:
    """Read documents until nothing comes; `memory_mb` 0 means inside the bot's own process."""
    if memory_mb:
        # A Ctrl+C in the terminal reaches the whole group: the bot decides when we end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _cap_memory(memory_mb)
        if hasattr(os, "nice"):
            os.nice(nice)
        gc.set_threshold(_OBJECTS_UNTIL_COLLECTED)
        pipe.send(Done())
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
        pipe.send(Refused(error.key, dict(error.params)))
    except MemoryError:
        # What is left of this process cannot be trusted: its end says so.
        return False
    except Exception as error:
        pipe.send(Crashed(type(error).__name__))
        return False
    else:
        pipe.send(Done())
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
