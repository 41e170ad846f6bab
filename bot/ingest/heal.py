"""Fetches what passed unseen between two polls, from the API or the feed's own pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.errors import FetchError, UnreadableError
from bot.ingest.api import posts_address, walk_of
from bot.ingest.fetch import Fetcher
from bot.ingest.pace import Pace, Patience
from bot.ingest.paged import FeedWalk, is_main_feed, older_url
from bot.ingest.reading import Document
from bot.ingest.worker import Workers
from bot.model import Feed, Keyed
from bot.store import Store
from bot.store.walks import Overlap

_BUSY = (429, 503)
_TRIED_FOR = timedelta(days=14)
OPEN = "ingest.gap_open"
MOST = 300
"""Articles that one poll fetches beyond its feed's document; `tagwire sync` fetches the rest."""


@dataclass(frozen=True, slots=True)
class Healed:
    """What was found of a gap, and the notice about it: a message key with parameters, or None.

    The notice of a gap that could not be looked into for a passing reason says since when it is
    open, and the next document of the feed has it looked into again.
    """

    keyed: tuple[Keyed, ...] = ()
    notice: str | None = None
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(slots=True)
class Healer:
    """Looks for gaps in front of what a poll is about to record."""

    store: Store
    fetcher: Fetcher
    workers: Workers
    gap_s: float = 1.0
    most: int = MOST

    async def heal(self, feed: Feed, document: Document, now: datetime) -> Healed:
        """Return the articles between what is known of a feed and its document.

        Nothing on a first fetch, and where the document reaches back to what is known. Never
        raises for what the site does: then the notice says that articles may have been missed.
        """
        if not feed.primed or not document.keyed:
            return Healed()
        keys = [key for item in document.keyed for key in item.keys]
        overlap = await self.store.walks.overlap(feed.id, feed.scope_id, keys)
        since_at = _left_open_at(feed, now)
        if since_at is None and overlap.gap and overlap.newest_at is not None:
            since_at = min(filter(None, (overlap.newest_at, feed.last_success_at)))
        if since_at is None:
            # Items without dates cannot be placed between others; that some are gone can be told.
            is_lost = overlap.gap and not overlap.known
            return Healed((), OPEN, {"id": feed.id}) if is_lost else Healed()
        pace = Pace(self.fetcher, now, Patience(self.gap_s), asked_before=True)
        healed = await self._look(feed, document, since_at, pace, overlap)
        if pace.requests:
            # The host is not free for its other feeds before its gap is over.
            await asyncio.sleep(self.gap_s)
        return healed

    async def _look(
        self, feed: Feed, document: Document, since_at: datetime, pace: Pace, overlap: Overlap
    ) -> Healed:
        passing = False
        tried = 0
        for walk in self._ways(feed, document, pace):
            tried += 1
            try:
                healed = await self._between(feed, document, since_at, walk())
            except FetchError as error:
                passing = passing or _is_passing(error)
                if error.status in _BUSY:
                    break  # A site that is asked too often already gets no second question.
                continue
            except UnreadableError:
                continue
            if healed is not None:
                return healed
        # Items without order meet nothing newest either: only where nothing at all is known any
        # more is it likely that something was missed.
        if overlap.known and not tried:
            return Healed()
        params: dict[str, str | int] = {"id": feed.id}
        if passing:
            params["since"] = int(since_at.timestamp())
        return Healed((), OPEN, params)

    def _ways(
        self, feed: Feed, document: Document, pace: Pace
    ) -> list[Callable[[], AsyncIterator[tuple[Keyed, ...]]]]:
        ways: list[Callable[[], AsyncIterator[tuple[Keyed, ...]]]] = []
        url, home = feed.url or "", document.reading.site_url or feed.site_url
        for offer in document.reading.offers:
            # The API knows the whole site: a tag's feed would be healed with what it never held.
            if offer.kind == "wordpress" and home and is_main_feed(url, home):
                ways.append(lambda api=offer.url: self._from_api(pace, api, url))  # type: ignore[misc]
        if older_url(document, url, 1) is not None:
            ways.append(lambda: self._from_pages(pace, url, document))
        return ways

    async def _from_api(
        self, pace: Pace, api: str, feed_url: str
    ) -> AsyncIterator[tuple[Keyed, ...]]:
        async for page in walk_of(pace, self.workers, posts_address(api), feed_url).pages():
            yield page.keyed

    async def _from_pages(
        self, pace: Pace, url: str, first: Document
    ) -> AsyncIterator[tuple[Keyed, ...]]:
        async for page in FeedWalk(pace, self.workers, url).pages(first=first):
            yield page.document.keyed

    async def _between(
        self,
        feed: Feed,
        document: Document,
        since_at: datetime,
        pages: AsyncIterator[tuple[Keyed, ...]],
    ) -> Healed | None:
        """Gather what is newer than all that is known, up to the cap; the newest come first.

        None for pages that end with neither anything new nor anything known.
        """
        taken = {key for item in document.keyed for key in item.keys}
        found: list[Keyed] = []
        closed = False
        async for page in pages:
            missed = [item for item in page if _is_missed(item, since_at)]
            new = [item for item in missed if not taken.intersection(item.keys)]
            unknown = await self.store.walks.unknown(
                feed.scope_id, (key for item in new for key in item.keys)
            )
            found.extend(item for item in new if unknown.issuperset(item.keys))
            taken.update(key for item in page for key in item.keys)
            # A pinned item may be old; the last one tells how far a page reaches back.
            closed = bool(page) and not _is_missed(page[-1], since_at)
            if closed or len(found) >= self.most:
                break
        else:
            if not found and not closed:
                return None
            closed = True
        found = found[: self.most]
        if not closed:
            return Healed(tuple(found), "ingest.gap_capped", {"count": len(found), "id": feed.id})
        if not found:
            return Healed()
        return Healed(tuple(found), "ingest.gap_healed", {"count": len(found)})


def _is_missed(item: Keyed, since_at: datetime) -> bool:
    published_at = item.entry.published_at
    return published_at is not None and published_at >= since_at


def _left_open_at(feed: Feed, now: datetime) -> datetime | None:
    """Return since when a gap is open that an earlier poll could not look into for a while."""
    since = feed.notice_params.get("since") if feed.notice == OPEN else None
    if not isinstance(since, int):
        return None
    since_at = datetime.fromtimestamp(since, UTC)
    return since_at if now - since_at < _TRIED_FOR else None


def _is_passing(error: FetchError) -> bool:
    return error.status is None or error.status == 429 or error.status >= 500
