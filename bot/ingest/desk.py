"""Where feeds are looked at, added and refreshed on a person's behalf (the port FeedDesk)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.errors import FetchError, NotFoundError, TagwireError, UnreadableError
from bot.ingest import discover
from bot.ingest.addresses import completed
from bot.ingest.allowance import Allowance
from bot.ingest.fetch import Fetched, Fetcher
from bot.ingest.links import fold_link
from bot.ingest.poll import Poller
from bot.ingest.reading import Document
from bot.ingest.worker import Workers
from bot.model import PUBLIC_SCOPE_ID, Feed, FeedPreview, Intake, Offer, Scope
from bot.store import Store

_REMEMBERED_FOR = timedelta(minutes=15)
_REMEMBERED = 16
_TRIED = 8
_SHOWN = 3
# What one server's moderators may ask of other people's sites.
_LOOKS, _LOOKS_WITHIN = 10, timedelta(minutes=10)
_REFRESHED_WITHIN = timedelta(minutes=5)
_UNWELCOME = "ingest.fetch_too_often"


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
        self._looks: Allowance[int] = Allowance(_LOOKS, _LOOKS_WITHIN)
        self._refreshes: Allowance[int] = Allowance(1, _REFRESHED_WITHIN)

    async def preview(self, url: str, scope_id: int, now: datetime) -> FeedPreview:
        """Read an address once and say what it holds; a site's address leads to its feed.

        Raises TagwireError when it holds no feed, and when a server looks at too many.
        """
        await self._check_room(scope_id)
        if scope_id != PUBLIC_SCOPE_ID and not self._is_remembered(url, now):
            wait_s = self._looks.take(scope_id, now)
            if wait_s:
                raise TagwireError("ingest.feed_looks", count=_minutes(wait_s))
        found = await self._find(url, now)
        reading, keyed = found.document.reading, found.document.keyed
        return FeedPreview(
            found.url,
            reading.title or _host(found.url),
            reading.form,
            tuple(each.entry for each in keyed[:_SHOWN]),
            len(keyed),
            max(0, reading.read - len(keyed)),
            tuple(offer for offer in found.offers if offer.url != found.url),
        )

    async def known(self, url: str, scope_id: int) -> Feed | None:
        """Return the feed that a scope polls at an address, None where it polls none there."""
        asked = fold_link(completed(url))
        for feed in await self._store.feeds.list(_scope(scope_id)):
            polled = feed.scope_id == scope_id and not feed.stopped
            if polled and feed.url is not None and fold_link(feed.url) == asked:
                return feed
        return None

    async def add(
        self, url: str, scope_id: int, now: datetime, added_by: int | None = None
    ) -> Feed:
        """Add a feed and record its first fetch; nothing of it is announced.

        `added_by` is the member on whose word it is done, as the server's trail names them.
        A feed that the scope has already is returned as it is, unasked. Raises TagwireError.
        """
        known = await self.known(url, scope_id)
        if known is not None:
            return known
        found = await self._find(url, now)
        scope = _scope(scope_id)
        for feed in await self._store.feeds.list(scope):
            if (feed.url, feed.scope_id) == (found.url, scope_id) and not feed.stopped:
                return feed
        await self._check_room(scope_id)
        title = found.document.reading.title or _host(found.url)
        feed = await self._store.feeds.add(found.url, title, scope_id, now, added_by)
        await self._poller.keep(feed, found.document, now)
        self._forget(found)
        return await self._store.feeds.get(feed.id, scope)

    async def refresh(self, feed_id: int, now: datetime, scope_id: int | None = None) -> Intake:
        """Poll one feed now, whatever its schedule. Raises TagwireError, and notes it.

        On behalf of a server (`scope_id`) only its own feed, and not soon after the last time.
        """
        feed = await self._store.feeds.anywhere(feed_id)
        if scope_id not in (None, feed.scope_id):
            raise NotFoundError("store.no_feed", id=feed_id)
        if feed.url is None:
            raise TagwireError("ingest.feed_not_polled", title=feed.title)
        if scope_id is not None:
            self._check_pace(feed, now)
        return await self._poller.hurry(feed, now)

    def _check_pace(self, feed: Feed, now: datetime) -> None:
        """Raise TagwireError where the feed was asked just now, or wants to be asked later."""
        if feed.stopped is not None:
            raise TagwireError("ingest.feed_is_stopped", title=feed.title)
        wait_s = 0.0
        if feed.error == _UNWELCOME and feed.next_check_at is not None:
            # The site named a time or showed that it is asked too often already.
            wait_s = (feed.next_check_at - now).total_seconds()
        elif feed.last_success_at is not None:
            wait_s = (feed.last_success_at + _REFRESHED_WITHIN - now).total_seconds()
        wait_s = max(0.0, wait_s) or self._refreshes.take(feed.id, now)
        if wait_s:
            raise TagwireError("ingest.feed_too_soon", title=feed.title, count=_minutes(wait_s))

    async def _check_room(self, scope_id: int) -> None:
        if scope_id == PUBLIC_SCOPE_ID:
            return
        feeds = await self._store.feeds.list(_scope(scope_id))
        own = [f for f in feeds if f.scope_id == scope_id and f.url and not f.stopped]
        if len(own) >= self._feeds_per_guild:
            raise TagwireError("ingest.feed_limit", limit=self._feeds_per_guild)

    def _is_remembered(self, typed: str, now: datetime) -> bool:
        known = self._remembered.get(completed(typed))
        return known is not None and now - known.at < _REMEMBERED_FOR

    async def _find(self, typed: str, now: datetime) -> _Found:
        guessed = completed(typed)
        if self._is_remembered(typed, now):
            return self._remembered[guessed]
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


def _minutes(wait_s: float) -> int:
    return max(1, math.ceil(wait_s / 60))


def _host(url: str) -> str:
    return urlsplit(url).netloc
