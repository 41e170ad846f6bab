"""Reads one document in pieces: what it is first, then its items with their identity.

Runs in a worker process, so that only a piece at a time is held where the bot runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Literal

from bot.ingest import identity
from bot.ingest.formats import read
from bot.model import Keyed, Reading

PIECE = 50
"""Items handed over at once: taking 50 over keeps the event loop for about a millisecond."""

Pieces = Iterator[Reading | tuple[Keyed, ...]]


def pieces(
    data: bytes,
    content_type: str | None,
    url: str | None,
    name: str | None,
    expect: Literal["feed"] | None,
    feed_url: str | None,
) -> Pieces:
    """Yield the reading without its entries, then its entries with their keys, a piece at a time.

    `url` resolves links; `feed_url`, the address a feed is known by, scopes its items' ids.
    Raises UnreadableError.
    """
    reading = read(data, content_type=content_type, url=url, name=name, expect=expect)
    yield replace(reading, entries=())
    ignore = identity.shared(reading.entries)
    items = iter(reading.entries)
    while piece := tuple(islice(items, PIECE)):
        yield tuple(
            Keyed(
                entry,
                identity.keys(entry, feed_url, reading.site_url, ignore),
                identity.content_hash(entry),
            )
            for entry in piece
        )


def file_pieces(path: str) -> Pieces:
    """Yield the pieces of a file. Raises UnreadableError and OSError."""
    file = Path(path)
    yield from pieces(file.read_bytes(), None, None, file.name, None, None)
