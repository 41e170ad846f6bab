"""Lists of feeds: taken over from other readers, and given to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from bot.cli.parts import reading_store, settings, writing_store
from bot.errors import TagwireError
from bot.model import PUBLIC_SCOPE_ID, Problem, Reading, Scope


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """A line of a list: its address, its title, and whether it was added now."""

    url: str
    title: str
    added: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list holds, and the lines that cannot be used."""

    feeds: tuple[ListedFeed, ...]
    problems: tuple[Problem, ...]


async def import_opml(path: str, add: bool, now: datetime) -> Listed:
    """Return the feeds of a list, added to the public archive when `add`; nothing is fetched."""
    listed = await _read(path)
    if not add:
        return listed
    async with writing_store() as store:
        known = {feed.url for feed in await store.feeds.list(Scope()) if not feed.stopped}
        feeds = []
        for feed in listed.feeds:
            if feed.url not in known:
                await store.feeds.add(feed.url, feed.title, PUBLIC_SCOPE_ID, now)
                known.add(feed.url)
                feeds.append(replace(feed, added=True))
            else:
                feeds.append(feed)
    return Listed(tuple(feeds), listed.problems)


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
    async with reading_store() as store:
        feeds = [f for f in await store.feeds.list(Scope()) if f.url and not f.stopped]
    rows = [
        f'    <outline type="rss" text={quoteattr(feed.title)} title={quoteattr(feed.title)}'
        f" xmlUrl={quoteattr(feed.url or '')}"
        + (f" htmlUrl={quoteattr(feed.site_url)}" if feed.site_url else "")
        + "/>"
        for feed in feeds
    ]
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<opml version="2.0">',
            "  <head><title>Tagwire</title></head>",
            "  <body>",
            *rows,
            "  </body>",
            "</opml>",
        ]
    )
