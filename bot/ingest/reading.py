"""Reads a fetched feed in a worker process into the document that is recorded."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ingest import document
from bot.ingest.fetch import Fetched
from bot.ingest.worker import Workers
from bot.model import Keyed, Reading


@dataclass(frozen=True, slots=True)
class Document:
    """A fetched document that was read: what it is, and its items with their identity."""

    fetched: Fetched
    reading: Reading
    keyed: tuple[Keyed, ...]


async def read_feed(workers: Workers, fetched: Fetched, feed_url: str | None) -> Document:
    """Read a fetched feed in a worker. Raises UnreadableError when it is none."""
    arguments = (fetched.body, fetched.content_type, fetched.url, None, "feed", feed_url)
    reading: Reading | None = None
    keyed: list[Keyed] = []
    async for piece in workers.parts(document.pieces, *arguments):
        if isinstance(piece, Reading):
            reading = piece
        elif isinstance(piece, tuple):
            keyed.extend(piece)
    assert reading is not None  # noqa: S101 - the first piece, or an error was raised
    return Document(fetched, reading, tuple(keyed))
