"""Copies one file, sees it to the disk and reads it back: run by snapshot.py as a process.

    python -I -S copying.py SOURCE TARGET

It begins when a line comes on standard input, so that its start costs nobody any time. What goes
wrong is told on standard error as "NUMBER WORDS", as the system says it.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import sys
import threading

_PIECE = 1 << 20


def copy(source: str, target: str) -> None:
    """Copy a file and compare the copy with it. Raises OSError when they differ, too."""
    shutil.copyfile(source, target)
    failed: list[OSError] = []
    # On its way to the disk while it is compared.
    sync = threading.Thread(target=_sync, args=(target, failed))
    sync.start()
    same = are_same(source, target)
    sync.join()
    if failed:
        raise failed[0]
    if not same:
        raise OSError(errno.EIO, os.strerror(errno.EIO), target)


def _sync(target: str, failed: list[OSError]) -> None:
    try:
        with io.FileIO(target) as file:
            os.fsync(file.fileno())
    except OSError as error:
        failed.append(error)


def are_same(one: str, other: str) -> bool:
    """Return whether two files hold the same bytes."""
    first, second = bytearray(_PIECE), bytearray(_PIECE)
    with io.FileIO(one) as a, io.FileIO(other) as b:
        while True:
            read = a.readinto(first)
            if b.readinto(second) != read or first != second:
                return False
            if not read:
                return True


def main() -> None:
    """Wait for the word, then copy."""
    source, target = sys.argv[1:]
    if not sys.stdin.readline():
        return
    try:
        copy(source, target)
    except OSError as error:
        sys.exit(f"{error.errno or errno.EIO} {error.strerror or error}")


if __name__ == "__main__":
    main()
