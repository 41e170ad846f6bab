"""Copies the file of a database that is being written to, as fast as the disk allows.

Under the write lock the log is folded into the file; a read transaction begun then keeps every
checkpoint off (sqlite.org/wal.html), so the file stands still while it is copied and writers go on
in the log. The same transaction sees exactly what is copied, and is what is checked meanwhile.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from bot.store import copying
from bot.store.locks import FileLock

Progress = Callable[[int, int], None]
"""Called with what is copied and what there is in all, in one unit."""

Found = TypeVar("Found")

_TRIES = 40
_PAUSE_S = 0.025
_TOLD_EVERY_S = 0.1


def copy_still(
    source: Path,
    part: Path,
    write_lock: Path,
    progress: Progress | None,
    busy_s: float,
    check: Callable[[sqlite3.Connection], Found],
) -> Found | None:
    """Copy the whole file to `part` while `check` looks at what is copied; return what it found.

    The copy is on the disk and was compared with the file. None when readers or writers left no
    moment for it. Raises OSError when the copy cannot be written, sqlite3.Error for a damaged
    source, and what `check` raises.
    """
    with _started(source, part) as child, closing(FileLock(write_lock)) as lock:
        # The check is a thread's.
        connection = sqlite3.connect(
            source, timeout=busy_s, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            if not _stands_still(connection, lock, busy_s):
                return None
            with ThreadPoolExecutor(1) as pool:
                checked = pool.submit(check, connection)
                try:
                    _copied(child, source, part, progress, checked)
                except BaseException:
                    connection.interrupt()
                    raise
                found = checked.result()
            connection.execute("COMMIT")
            return found
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


def _copied(
    child: subprocess.Popen[str],
    source: Path,
    part: Path,
    progress: Progress | None,
    checked: Future[Found],
) -> None:
    """Give the word, and wait for the end. Ends early when what is copied is found damaged."""
    asked: str | None = "go\n"
    while True:
        try:
            _, said = child.communicate(asked, timeout=_TOLD_EVERY_S)
            break
        except subprocess.TimeoutExpired:
            asked = None
            if checked.done():
                checked.result()
            if progress is not None:
                progress(part.stat().st_size, source.stat().st_size)
    if child.returncode:
        number, _, words = (said.strip().splitlines() or [""])[-1].partition(" ")
        raise OSError(int(number), words) if number.isdecimal() else OSError(errno.EIO, said)
    if progress is not None:
        progress(1, 1)


@contextmanager
def _started(source: Path, part: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the copier: a process of its own, which waits for the word.

    Closing any descriptor of the file would drop SQLite's locks on it in this process
    (sqlite.org/howtocorrupt.html, 2.2).
    """
    script = os.fspath(Path(copying.__file__))
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and two paths
        [sys.executable, "-I", "-S", script, os.fspath(source), os.fspath(part)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
            child.communicate()
