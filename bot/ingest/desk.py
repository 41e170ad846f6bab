"""Where feeds are looked at, added and refreshed on a person's behalf (the port FeedDesk)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.errors import FetchError, TagwireError, UnreadableError
from bot.ingest import discover
from bot.ingest.addresses import completed
from bot.ingest.fetch import Fetched, Fetcher
from bot.ingest.poll import Poller
from bot.ingest.reading import Document
from bot.ingest.worker import Workers
from bot.model import PUBLIC_SCOPE_ID, Feed, FeedPreview, Intake, Offer, Scope
from bot.store import Store

_REMEMBERED_FOR = timedelta(minutes=15)
_REMEMBERED = 16
_TRIED = 8
_TITLES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Found:
    """A feed that was fetched: kept a while, so that adding it after a preview asks nothing."""

    url: str
    document: Document
    offers: tuple[Offer, ...]
    at: datetime


class Desk:
    """Fulfils FeedDesk: an address is asked once without conditions, however it is added."""

    def __init__(
        self,
        store: Store,
        fetcher: Fetcher,
        workers: Workers,
        poller: Poller,
        *,
        feeds_per_guild: int = 20,
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._workers = workers
        self._poller = poller
        self._feeds_per_guild = feeds_per_guild
        self._remembered: dict[str, _Found] = {}

    async def preview(self, url: str, scope_id: int, now: datetime) -> FeedPreview:
        """Read an address once and say what it holds; a site's address leads to its feed.

        Raises TagwireError when it holds no feed.
        """
        await self._check_room(scope_id)
        found = await self._find(url, now)
        reading = found.document.reading
        titles = tuple(k.entry.title for k in found.document.keyed[:_TITLES_SHOWN])
        title = reading.title or _host(found.url)
        others = tuple(offer for offer in found.offers if offer.url != found.url)
        return FeedPreview(found.url, title, reading.form, titles, reading.read, others)

    async def add(self, url: str, scope_id: int, now: datetime) -> Feed:
        """Add a feed and record its first fetch; nothing of it is announced.

        A feed that the scope has already is returned as it is. Raises TagwireError.
        """
        found = await self._find(url, now)
        scope = _scope(scope_id)
        for feed in await self._store.feeds.list(scope):
            if (feed.url, feed.scope_id) == (found.url, scope_id) and not feed.stopped:
                return feed
        await self._check_room(scope_id)
        title = found.document.reading.title or _host(found.url)
        feed = await self._store.feeds.add(found.url, title, scope_id, now)
        await self._poller.keep(feed, found.document, now)
        self._forget(found)
        return await self._store.feeds.get(feed.id, scope)

    async def refresh(self, feed_id: int, now: datetime) -> Intake:
        """Poll one feed now, whatever its schedule. Raises TagwireError, and notes it."""
        feed = await self._store.feeds.anywhere(feed_id)
        if feed.url is None:
            raise TagwireError("ingest.feed_not_polled", title=feed.title)
        return await self._poller.poll(feed, now)

    async def _check_room(self, scope_id: int) -> None:
        if scope_id == PUBLIC_SCOPE_ID:
            return
        feeds = await self._store.feeds.list(_scope(scope_id))
        own = [f for f in feeds if f.scope_id == scope_id and f.url and not f.stopped]
        if len(own) >= self._feeds_per_guild:
            raise TagwireError("ingest.feed_limit", limit=self._feeds_per_guild)

    async def _find(self, typed: str, now: datetime) -> _Found:
        guessed = completed(typed)
        known = self._remembered.get(guessed)
        if known is not None and now - known.at < _REMEMBERED_FOR:
            return known
        fetched, address = await self._first(typed, guessed, now)
        url = fetched.permanent_url or address
        try:
            document = await self._poller.read(fetched, url)
            found = _Found(url, document, document.reading.offers, now)
        except UnreadableError as error:
            found = await self._discover(fetched, error, now)
        self._remember(guessed, found)
        return found

    def _remember(self, address: str, found: _Found) -> None:
        for key in (address, found.url):
            self._remembered[key] = found
        while len(self._remembered) > _REMEMBERED:
            del self._remembered[next(iter(self._remembered))]

    def _forget(self, found: _Found) -> None:
        # Only this one: what others are looking at must not be asked for a second time.
        kept = {key: other for key, other in self._remembered.items() if other is not found}
        self._remembered = kept

    async def _first(self, typed: str, address: str, now: datetime) -> tuple[Fetched, str]:
        """Return what was fetched, and the address that answered."""
        try:
            return await self._fetcher.get(address, now=now), address
        except FetchError as error:
            # https was our guess where nothing was typed: a site may have only http.
            is_guess = address == "https://" + typed.strip().strip("<>")
            if not is_guess or error.key not in ("ingest.fetch_tls", "ingest.fetch_connect"):
                raise
            plain = "http" + address.removeprefix("https")
            return await self._fetcher.get(plain, now=now), plain

    async def _discover(self, page: Fetched, error: UnreadableError, now: datetime) -> _Found:
        """Try what the page names, then the usual places. Raises the page's own error if none."""
        arguments = (page.body, page.content_type, page.url)
        named: tuple[Offer, ...] = ()
        async for part in self._workers.parts(discover.offers, *arguments):
            if isinstance(part, tuple):
                named = part
        feeds = [offer for offer in named if offer.kind == "feed"] or list(discover.usual(page.url))
        for offer in feeds[:_TRIED]:
            try:
                fetched = await self._fetcher.get(offer.url, now=now)
                url = fetched.permanent_url or offer.url
                return _Found(url, await self._poller.read(fetched, url), named, now)
            except TagwireError:
                continue
        raise UnreadableError("ingest.feed_none_found", host=_host(page.url)) from error


def _scope(scope_id: int) -> Scope:
    return Scope() if scope_id == PUBLIC_SCOPE_ID else Scope(scope_id)


def _host(url: str) -> str:
    return urlsplit(url).netloc
