"""Locks between processes: one bot on a store, and one writer at a time (decision 0001)."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import StoreError

_FIRST_PAUSE_S = 0.001
_LONGEST_PAUSE_S = 0.05


class FileLock:
    """An exclusive flock on a file of its own. The system frees it when the process ends."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, wait_s: float) -> bool:
        """Take the lock, waiting at most `wait_s` seconds. Return whether it was taken."""
        deadline = time.monotonic() + wait_s
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            else:
                return True

    def release(self) -> None:
        """Give the lock back; the file stays."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    @contextmanager
    def held(self, wait_s: float) -> Iterator[None]:
        """Hold the lock for a block. Raises StoreError `store.busy` when it stays taken."""
        if not self.take(wait_s):
            raise StoreError("store.busy", seconds=round(wait_s))
        try:
            yield
        finally:
            self.release()

    def close(self) -> None:
        """Close the file, which also frees the lock."""
        os.close(self._descriptor)
