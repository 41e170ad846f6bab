"""Lists of feeds: taken over from other readers, and given to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from bot.cli.parts import reading_store, settings, writing_store
from bot.errors import StoreError, TagwireError
from bot.model import PUBLIC_SCOPE_ID, Problem, Reading, Scope


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """A line of a list: its address and title, whether it was polled already, or added now."""

    url: str
    title: str
    known: bool = False
    added: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list holds, and the lines that cannot be used."""

    feeds: tuple[ListedFeed, ...]
    problems: tuple[Problem, ...]


async def import_opml(path: str, add: bool, now: datetime) -> Listed:
    """Return the feeds of a list, added to the public archive when `add`; nothing is fetched."""
    listed = await _read(path)
    known = await _known()
    feeds = tuple(replace(feed, known=feed.url in known) for feed in listed.feeds)
    if add:
        async with writing_store() as store:
            for feed in feeds:
                if not feed.known:
                    await store.feeds.add(feed.url, feed.title, PUBLIC_SCOPE_ID, now)
        feeds = tuple(replace(feed, added=not feed.known) for feed in feeds)
    return Listed(feeds, listed.problems)


async def _known() -> frozenset[str]:
    """Return the addresses that are polled; none where nothing was ever stored."""
    try:
        async with reading_store() as store:
            feeds = await store.feeds.list(Scope())
    except StoreError as error:
        if error.key != "store.missing":
            raise
        return frozenset()
    return frozenset(feed.url for feed in feeds if feed.url and not feed.stopped)


async def _read(path: str) -> Listed:
    from bot.ingest.addresses import Guard, completed
    from bot.ingest.document import file_pieces
    from bot.ingest.worker import Workers

    chosen = settings()
    guard = Guard(chosen.allow_private_feeds, chosen.feed_ports)
    head = Reading("", (), 0)
    async with Workers(1) as workers:
        async for piece in workers.parts(file_pieces, path):
            if isinstance(piece, Reading):
                head = piece
    feeds: dict[str, ListedFeed] = {}
    problems = list(head.problems)
    for offer in head.offers:
        url = completed(offer.url)
        try:
            guard.checked(url)
            feeds.setdefault(url, ListedFeed(url, offer.title or urlsplit(url).netloc))
        except TagwireError as error:
            problems.append(Problem(offer.title or offer.url, error.key, error.params))
    if not feeds and not problems:
        raise TagwireError("cli.opml_none", path=path)
    return Listed(tuple(feeds.values()), tuple(problems))


async def export_opml() -> str:
    """Return the polled feeds of the public archive as an OPML document."""
    from bot.ingest.formats.opml import write_opml

    async with reading_store() as store:
        feeds = await store.feeds.list(Scope())
    return write_opml((feed for feed in feeds if not feed.stopped), "Tagwire")
