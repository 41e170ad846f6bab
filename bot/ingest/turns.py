"""One request at a time to a host, among all processes that share a data folder.

The bot polls while `tagwire sync` or `import` reads a whole site: a file of locks, one byte a host,
keeps them apart. The system frees a lock when its process ends, however it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import struct
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

FILE = "hosts.turns"
_PAUSE_S = 0.05
# Where each host's last request is noted: two hosts that share a place lose a gap, never a turn.
_NOTES = 4096
_NOTE = struct.Struct("<dII")
_LOCK = struct.Struct("@hhqqi")


@dataclass(slots=True)
class _Queue:
    """Who of this process is, or waits to be, at a host."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    length: int = 0


class Turns:
    """Turns at hosts. A host that another process asked last is left alone for `gap_s` seconds.

    Within a process the gap is kept by who asks (poll.py, pace.py), which know it without a file.
    """

    def __init__(self, path: Path, gap_s: float) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._gap_s = gap_s
        self._token = int.from_bytes(os.urandom(4), "little")
        self._own: dict[str, _Queue] = {}

    @classmethod
    @contextmanager
    def open(cls, folder: Path, gap_s: float) -> Iterator[Turns | None]:
        """Open the turns of a data folder; None where there is no folder, or nothing to write on.

        Without a folder no bot works beside us; without a file hosts are asked all the same.
        """
        turns = None
        if folder.is_dir():
            with contextlib.suppress(OSError):
                turns = cls(folder / FILE, gap_s)
        try:
            yield turns
        finally:
            if turns is not None:
                os.close(turns._file)

    @asynccontextmanager
    async def at(self, host: str) -> AsyncIterator[None]:
        """Hold the turn at a host, waiting for it as long as others have it."""
        queue = self._own.setdefault(host, _Queue())
        queue.length += 1
        try:
            async with queue.lock, self._among_processes(host):
                yield
        finally:
            queue.length -= 1
            if not queue.length:
                del self._own[host]

    @asynccontextmanager
    async def _among_processes(self, host: str) -> AsyncIterator[None]:
        number = zlib.crc32(host.encode("utf-8", "replace"))
        while not self._take(number):  # noqa: ASYNC110 - no event crosses processes
            await asyncio.sleep(_PAUSE_S)
        try:
            await asyncio.sleep(self._wait_s(number))
            yield
        finally:
            self._release(number)

    def _take(self, number: int) -> bool:
        try:
            self._lock(fcntl.F_WRLCK, number)
        except (BlockingIOError, PermissionError):
            return False
        except OSError:
            return True  # A file system without locks keeps nobody from asking.
        return True

    def _release(self, number: int) -> None:
        with contextlib.suppress(OSError):
            os.pwrite(self._file, _NOTE.pack(time.time(), self._token, number), _place(number))
        with contextlib.suppress(OSError):
            self._lock(fcntl.F_UNLCK, number)

    def _wait_s(self, number: int) -> float:
        with contextlib.suppress(OSError, struct.error):
            at, token, noted = _NOTE.unpack(os.pread(self._file, _NOTE.size, _place(number)))
            if noted == number and token != self._token:
                since_s = time.time() - at
                # A clock that was set back must not hold anybody up.
                return max(0.0, self._gap_s - since_s) if since_s >= 0 else 0.0
        return 0.0

    def _lock(self, kind: int, number: int) -> None:
        if hasattr(fcntl, "F_OFD_SETLK"):
            # Held by this opening of the file: closing another one in the process frees nothing.
            asked = _LOCK.pack(kind, os.SEEK_SET, number, 1, 0)
            fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, asked)
        else:
            operation = fcntl.LOCK_UN if kind == fcntl.F_UNLCK else fcntl.LOCK_EX | fcntl.LOCK_NB
            fcntl.lockf(self._file, operation, 1, number)


def _place(number: int) -> int:
    return number % _NOTES * _NOTE.size
