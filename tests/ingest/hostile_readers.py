"""Readers that misbehave as a hostile document might make one; they run in worker processes."""

import os
import time
from collections.abc import Iterator

from bot.errors import UnreadableError


def count(to: int) -> Iterator[object]:
    yield from range(to)


def process_id() -> Iterator[object]:
    yield os.getpid()


def refuse() -> Iterator[object]:
    yield "something"
    raise UnreadableError("ingest.read_too_slow", seconds=3)


def crash() -> Iterator[object]:
    yield 1
    raise ZeroDivisionError


def hang() -> Iterator[object]:
    yield 1
    time.sleep(60)


def spin() -> Iterator[object]:
    yield 1
    while True:
        pass


def die() -> Iterator[object]:
    yield 1
    os._exit(3)


def swallow_memory() -> Iterator[object]:
    yield 1
    hoard = []
    while True:
        hoard.append(bytearray(16 * 1024 * 1024))
