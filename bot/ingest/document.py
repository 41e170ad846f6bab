"""Reads one document in pieces: what it is first, then its items with their identity.

Runs in a worker process, so that only a piece at a time is held where the bot runs. What reads the
formats is imported there: the bot itself hands these functions over and never calls them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal

from bot.ingest import identity
from bot.model import Entry, Keyed, Reading
from bot.query import indexing

PIECE = 50
"""Items handed over at once: taking 50 over keeps the event loop for about a millisecond."""

_HEAD_BYTES = 65_536

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
    from bot.ingest.formats import read

    reading = read(data, content_type=content_type, url=url, name=name, expect=expect)
    yield replace(reading, entries=())
    ignore = identity.shared(reading.entries)
    items = iter(reading.entries)
    while piece := tuple(islice(items, PIECE)):
        yield _keyed(piece, feed_url, reading.site_url, ignore)


def file_pieces(path: str, share: int = 0, shares: int = 1) -> Pieces:
    """Yield the pieces of a file. Raises UnreadableError and OSError.

    Of several readers of one long export each yields every so-manieth piece (shares.py); of any
    other file the first one yields all.
    """
    from bot.ingest.formats.wxr import begins_export

    file = Path(path)
    with file.open("rb") as stream:
        if begins_export(stream.read(_HEAD_BYTES)):
            stream.seek(0)
            yield from _export_pieces(stream, file.name, share, shares)
            return
    if share == 0:
        yield from pieces(file.read_bytes(), None, None, file.name, None, None)


def _export_pieces(stream: BinaryIO, name: str, share: int, shares: int) -> Pieces:
    """Yield the pieces of an export in memory that does not grow with the file.

    Its reading comes twice from the first reader: with the number of items to expect, then with
    the exact one.
    """
    from bot.ingest.formats.wxr import Export, count_items

    expected = count_items(stream) if share == 0 else 0
    export = Export(stream, where=name)
    if expected:
        yield replace(export.reading(), read=expected)
    for piece in export.pieces(PIECE, share, shares):
        keyed = _keyed(piece, None, export.site_url, frozenset())
        yield tuple(map(indexing.made_ready, keyed))
    yield export.reading()


def _keyed(
    entries: Iterable[Entry], feed_url: str | None, site_url: str | None, ignore: frozenset[str]
) -> tuple[Keyed, ...]:
    return tuple(
        Keyed(entry, identity.keys(entry, feed_url, site_url, ignore), identity.content_hash(entry))
        for entry in entries
    )
