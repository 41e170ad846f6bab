"""Walks a feed's own pages: where its document leads, else the pages that WordPress numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from bot.errors import FetchError
from bot.ingest.pace import Pace
from bot.ingest.reading import Document, read_feed
from bot.ingest.worker import Workers

_MOST_PAGES = 10_000
_ENDED = frozenset({400, 404, 410})


@dataclass(frozen=True, slots=True)
class FeedPage:
    """One page of a feed, and the address and number of the next: None when it was the last."""

    document: Document
    next_url: str | None
    number: int


@dataclass(frozen=True, slots=True)
class FeedWalk:
    """A walk from a feed's newest items to its oldest."""

    pace: Pace
    workers: Workers
    feed_url: str

    async def pages(
        self, url: str | None = None, number: int = 1, first: Document | None = None
    ) -> AsyncIterator[FeedPage]:
        """Yield page after page from an address on; `first` is page 1 where it was fetched.

        Raises FetchError or UnreadableError where it cannot go on.
        """
        before: frozenset[str] = frozenset()
        asked: set[str] = set()
        document = first
        for page in range(number, number + _MOST_PAGES):
            address = url or self.feed_url
            if document is None:
                document = await self._page(address, page)
            if document is None or address in asked:
                return
            asked.add(address)
            keys = frozenset(key for item in document.keyed for key in item.keys)
            # A site that does not number its pages sends the same one whatever is asked.
            if not keys - before:
                return
            url = older_url(document, self.feed_url, page)
            yield FeedPage(document, url, page + 1)
            if url is None:
                return
            before, document = keys, None

    async def _page(self, url: str, number: int) -> Document | None:
        try:
            fetched = await self.pace.get(url)
        except FetchError as error:
            if number > 1 and error.status in _ENDED:
                return None
            raise
        return await read_feed(self.workers, fetched, self.feed_url)


def older_url(document: Document, feed_url: str, number: int) -> str | None:
    """Return where the items before a page's are, None where the feed offers no way.

    WordPress names none and numbers its pages.
    """
    if not document.keyed:
        return None
    if document.reading.next_url is not None:
        return document.reading.next_url
    if not _is_wordpress(document):
        return None
    parts = urlsplit(feed_url)
    pairs = [(name, value) for name, value in parse_qsl(parts.query) if name != "paged"]
    return urlunsplit(parts._replace(query=urlencode([*pairs, ("paged", str(number + 1))])))


def _is_wordpress(document: Document) -> bool:
    # Its generator is often hidden; the ids of its posts tell as well.
    return any(offer.kind == "wordpress" for offer in document.reading.offers) or any(
        item.entry.post_id for item in document.keyed
    )


def is_main_feed(feed_url: str, home: str) -> bool:
    """Whether a WordPress feed is that of the whole site, and not of a tag or an author."""
    feed, site = urlsplit(feed_url), urlsplit(home)
    if feed.netloc.lower().removeprefix("www.") != site.netloc.lower().removeprefix("www."):
        return False
    path = feed.path.rstrip("/")
    if not path.startswith(site.path.rstrip("/")):
        return False
    rest = path.removeprefix(site.path.rstrip("/")).removeprefix("/index.php")
    named = dict(parse_qsl(feed.query))
    if rest in ("", "/") and "feed" in named:
        return named.keys() <= {"feed"}
    ways = {"", "/rss2", "/rss", "/atom", "/rdf"}
    plain = rest in {f"/feed{way}" for way in ways} | {"/rss", "/rss2", "/atom", "/wp-rss2.php"}
    return plain and not named
