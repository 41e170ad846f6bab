"""Copies the file of a database that is being written to, as fast as the disk allows.

Under the write lock the log is folded into the file; a read transaction begun then keeps every
checkpoint off (sqlite.org/wal.html), so the file stands still while it is copied and writers go on
in the log.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bot.store.locks import FileLock

Progress = Callable[[int, int], None]
"""Called with what is copied and what there is in all, in one unit."""

_TRIES = 40
_PAUSE_S = 0.025
_TOLD_EVERY_S = 0.1
# In a process of its own: closing any descriptor of the file would drop SQLite's locks on it in
# this one (sqlite.org/howtocorrupt.html, 2.2).
_COPY = "import shutil, sys; shutil.copyfile(sys.argv[1], sys.argv[2])"


def copy_still(
    source: Path, part: Path, write_lock: Path, progress: Progress | None, busy_s: float
) -> bool:
    """Copy the whole file to `part`. Return False when readers or writers left no moment for it.

    Raises OSError when the copy cannot be written, sqlite3.Error for a damaged source.
    """
    with closing(FileLock(write_lock)) as lock:
        connection = sqlite3.connect(source, timeout=busy_s, isolation_level=None)
        try:
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            if not _stands_still(connection, lock, busy_s):
                return False
            _copied(source, part, progress)
            connection.execute("COMMIT")
            return True
        finally:
            # The last connection to close checkpoints, which only the holder of the lock may do.
            with lock.held(busy_s):
                connection.close()


def _stands_still(connection: sqlite3.Connection, lock: FileLock, busy_s: float) -> bool:
    """Begin a read whose snapshot is exactly the file, the log folded in."""
    for _ in range(_TRIES):
        with lock.held(busy_s):
            before = _version(connection)
            busy, logged, folded = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            # Whoever writes without our lock may have come between.
            if not busy and logged == folded and _version(connection) == before:
                return True
            connection.execute("COMMIT")
        time.sleep(_PAUSE_S)
    return False


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)


def _copied(source: Path, part: Path, progress: Progress | None) -> None:
    command = [sys.executable, "-I", "-S", "-c", _COPY, os.fspath(source), os.fspath(part)]
    with _started(command) as child:
        while True:
            try:
                _, said = child.communicate(timeout=_TOLD_EVERY_S)
                break
            except subprocess.TimeoutExpired:
                if progress is not None:
                    progress(part.stat().st_size, source.stat().st_size)
    if child.returncode:
        raise OSError((said.strip().splitlines() or ["?"])[-1])
    if progress is not None:
        progress(1, 1)


@contextmanager
def _started(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and two paths
        command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
            child.communicate()
