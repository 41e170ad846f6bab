"""Copies one file, reads it back and sees it to the disk: run by snapshot.py as a process.

    python -I -S copying.py SOURCE TARGET

It begins when a line comes on standard input, so that its start costs nobody any time. What goes
wrong is told on standard error as "NUMBER WORDS", as the system says it.
"""

from __future__ import annotations

import errno
import io
import os
import sys

_PIECE = 1 << 20
# So much is sent to the disk at a time while the copy goes on, and little is left to wait for. Each
# time costs what a hundredth of a second copies, whatever the size.
_SENT = 256 * _PIECE


def copy(source: str, target: str) -> None:
    """Copy a file and read back each piece. Raises OSError when one differs, too."""
    piece, back = bytearray(_PIECE), bytearray(_PIECE)
    at = sent = 0
    with io.FileIO(source) as original, io.FileIO(target, "w+") as copied:
        while size := original.readinto(piece):
            _write(copied.fileno(), memoryview(piece)[:size], at)
            read = os.preadv(copied.fileno(), [memoryview(back)[:size]], at)
            # Behind a last, shorter piece both still hold the one before.
            if read != size or piece != back:
                raise OSError(errno.EIO, os.strerror(errno.EIO), target)
            at += size
            if at - sent >= _SENT:
                _send(copied.fileno(), sent, at - sent)
                sent = at
        os.fsync(copied.fileno())


def _write(descriptor: int, piece: memoryview, at: int) -> None:
    # On a disk that is nearly full less is written than was asked for.
    while piece:
        written = os.pwrite(descriptor, piece, at)
        piece, at = piece[written:], at + written


def _send(descriptor: int, at: int, size: int) -> None:
    # Linux begins to write what it is told to forget, and the cache stays free for the bot's pages.
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, at, size, os.POSIX_FADV_DONTNEED)


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
