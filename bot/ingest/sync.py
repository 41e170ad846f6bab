"""Brings a whole site up to date: through its API, else through its feed's own pages.

Each page is recorded before the place behind it is kept, so an interrupted reading goes on where it
stopped and reads one page twice at most.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from bot.errors import FetchError, TagwireError, UnreadableError
from bot.ingest import discover
from bot.ingest.api import changed_since, posts_address, walk_of
from bot.ingest.fetch import Fetcher
from bot.ingest.pace import Pace, Patience
from bot.ingest.paged import FeedWalk, is_main_feed
from bot.ingest.place import Place
from bot.ingest.taken_down import TakenDown, post_keys
from bot.ingest.worker import Workers
from bot.model import Feed, Intake, Keyed, Note, Offer, Problem, Reading
from bot.store import Store

Way = Literal["api", "feed"]
Progress = Callable[[str, int, int], None]
"""Told (where, articles read, articles expected or 0) after each page."""

MOST = 100_000
"""Articles of one run, where nobody asks for another number."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did. `way` is how the site was read, None when it could not be.

    `is_whole` when nothing of what was wanted is left, `resumed` when an earlier sync went on.
    """

    way: Way | None = None
    read: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    owed: int = 0
    resumed: bool = False
    is_whole: bool = False
    problems: tuple[Problem, ...] = ()

    def plus(self, intake: Intake) -> SyncReport:
        """Return the report with one recording's counts added."""
        return replace(
            self,
            new=self.new + intake.new,
            updated=self.updated + intake.updated,
            unchanged=self.unchanged + intake.unchanged,
            owed=self.owed + intake.owed,
        )

    def troubled(self, where: str, error: TagwireError) -> SyncReport:
        """Return the report with what went wrong at an address."""
        return replace(
            self, problems=(*self.problems, Problem(where, error.key, dict(error.params)))
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much of a site is read: nothing older than `since`, `most` articles in this run.

    `whole` reads everything again and hides what the site no longer lists.
    """

    since: datetime | None = None
    most: int | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a site can be read from: the addresses of its API and of its main feed, or None."""

    api: str | None = None
    feed: str | None = None


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of either way: its articles, and the place behind it (None: it was the last)."""

    reading: Reading
    keyed: tuple[Keyed, ...]
    place: Mapping[str, Any] | None
    left: int | None = None


@dataclass(slots=True)
class Syncer:
    """Reads sites into the store. `tell` is called with what a person may want to hear at once."""

    store: Store
    fetcher: Fetcher
    workers: Workers
    now: datetime
    patience: Patience
    progress: Progress = lambda where, done, total: None
    tell: Callable[[Note], None] = lambda note: None

    async def sources(self, feed: Feed) -> Sources:
        """Return where a feed's site can be read from, asking its page for the API."""
        if feed.url is None:
            return Sources()
        home = feed.site_url
        if home is None or not is_main_feed(feed.url, home):
            return Sources(None, feed.url)
        usual = f"{home.rstrip('/')}/wp-json/"
        try:
            page = await Pace(self.fetcher, self.now, self.patience).get(home)
            named: str | None = None
            arguments = (page.body, page.content_type, page.url)
            async for part in self.workers.parts(discover.offers, *arguments):
                named = _named_api(part)
        except TagwireError:
            # A page that shows nothing to programs may have an API that does.
            return Sources(usual, feed.url)
        is_wordpress = b"/wp-content/" in page.body
        return Sources(named or (usual if is_wordpress else None), feed.url)

    async def sync(self, feed: Feed, sources: Sources, wanted: Wanted) -> SyncReport:
        """Read a site into a feed, and return what was done; trouble is told in the report."""
        report = SyncReport()
        ways: list[tuple[Way, str]] = []
        if sources.api is not None:
            ways.append(("api", posts_address(sources.api)))
        if sources.feed is not None:
            ways.append(("feed", sources.feed))
        for way, address in ways:
            run = _Run(self, feed, wanted, way, address)
            try:
                return await run.through(replace(report, way=way))
            except (FetchError, UnreadableError) as error:
                report = run.report.troubled(address, error)
                if run.report.read:
                    return report
                report = replace(report, way=None)
                if way == "api" and sources.feed is not None:
                    self.tell(Note("ingest.sync_by_feed", {"url": sources.feed}))
        return report


@dataclass(slots=True)
class _Run:
    """One way through one site."""

    syncer: Syncer
    feed: Feed
    wanted: Wanted
    way: Way
    address: str
    report: SyncReport = SyncReport()
    _began_at: datetime | None = None
    _done: int = 0
    _listed: set[str] | None = None
    _news_only: bool = False
    _changes: int = 0
    _asked: str = ""

    @property
    def _name(self) -> str:
        return f"sync:{self.feed.id}"

    async def through(self, report: SyncReport) -> SyncReport:
        """Read page after page until the end, the cap, or what is older than wanted."""
        self.report = report
        place = await self._start()
        newest_at = await self.syncer.store.walks.newest_at(self.feed.id)
        pages = self._api(place) if self.way == "api" else self._feed(place)
        async for page in pages:
            keyed, reached = self._wanted(page.keyed)
            await self._record(page, keyed, newest_at)
            self._note(page)
            ended = page.place is None or reached or (self._news_only and self._is_known(page))
            if not ended and self.wanted.since is None:
                await self._keep(page.place or {})
            expected = 0 if page.left is None else self._done + page.left
            self.syncer.progress(self.address, self._done, expected)
            if ended:
                break
            if self.wanted.most is not None and self.report.read >= self.wanted.most:
                return self.report
        return await self._finished()

    async def _start(self) -> Mapping[str, Any]:
        """Return the place to begin at: where the last sync stopped, else what changed since."""
        store = self.syncer.store
        self._began_at = self.syncer.now
        if self.wanted.since is not None:
            return {}
        kept = await store.walks.get(self._name)
        if kept is not None and kept.place.get("way") == self.way and not self.wanted.whole:
            self._done = kept.done
            self._began_at = datetime.fromisoformat(kept.place["began_at"])
            self.report = replace(self.report, resumed=True)
            self.syncer.tell(Note("ingest.sync_resumed", {"count": kept.done}))
            return kept.place
        if self.way == "api" and not self.wanted.whole and kept and kept.completed_at:
            return changed_since(kept.completed_at).as_json()
        # A feed's pages do not tell what was changed: they are read until all is known.
        self._news_only = bool(kept and kept.completed_at) and not self.wanted.whole
        # Only a reading from start to end in one run can tell what is missing.
        self._listed = set() if self.way == "api" else None
        return {}

    async def _api(self, place: Mapping[str, Any]) -> AsyncIterator[_Page]:
        pace = Pace(self.syncer.fetcher, self.syncer.now, self.syncer.patience)
        self._asked = address = str(place.get("address") or self.address)
        walk = walk_of(pace, self.syncer.workers, address, self.feed.url)
        kept = {name: value for name, value in place.items() if name in Place.__slots__}
        start = Place.from_json(kept) if kept else Place()
        if self.wanted.most is not None and self.wanted.most < start.size:
            start = replace(start, size=max(10, self.wanted.most)) if not kept else start
        async for page in walk.pages(start):
            self._asked = walk.posts_url
            after = None if page.place is None else page.place.as_json()
            if after is not None:
                after["address"] = walk.posts_url
            yield _Page(page.reading, page.keyed, after, page.left)

    async def _feed(self, place: Mapping[str, Any]) -> AsyncIterator[_Page]:
        pace = Pace(self.syncer.fetcher, self.syncer.now, self.syncer.patience)
        walk = FeedWalk(pace, self.syncer.workers, self.address)
        async for page in walk.pages(place.get("url"), int(place.get("number", 1))):
            document = page.document
            after = None
            if page.next_url is not None:
                after = {"url": page.next_url, "number": page.number}
            elif page.number == 2:
                self.syncer.tell(Note("ingest.sync_no_older", {"count": len(document.keyed)}))
            yield _Page(replace(document.reading, site_url=None), document.keyed, after)

    def _wanted(self, keyed: Sequence[Keyed]) -> tuple[tuple[Keyed, ...], bool]:
        """Return what is young enough and within the cap, and whether all that follows is older."""
        since, most = self.wanted.since, self.wanted.most
        if since is not None:
            young = [k for k in keyed if k.entry.published_at and k.entry.published_at >= since]
            # A pinned item may be old; the last one tells how far a page reaches back.
            last_at = keyed[-1].entry.published_at if keyed else None
            return tuple(young), last_at is not None and last_at < since
        if most is not None and self.feed.url is None:
            return tuple(keyed[: max(0, most - self.report.read)]), False
        return tuple(keyed), False

    async def _record(
        self, page: _Page, keyed: tuple[Keyed, ...], newest_at: datetime | None
    ) -> None:
        """Record a page; what is newer than all that the feed brought is told as a poll would."""
        polled = self.feed.url is not None
        newer = tuple(k for k in keyed if polled and newest_at and _is_newer(k, newest_at))
        older = tuple(k for k in keyed if k not in newer) if newer else keyed
        self.report = replace(
            self.report,
            read=self.report.read + len(keyed),
            problems=(*self.report.problems, *page.reading.problems),
        )
        self._done += len(keyed)
        for part, announce in ((older, False), (newer, True)):
            if not part:
                continue
            intake = await self.syncer.store.intake.record(
                self.feed.id,
                replace(page.reading, read=len(part)),
                part,
                now=self.syncer.now,
                scope_id=self.feed.scope_id,
                announce=announce,
                bulk=not announce,
            )
            self.report = self.report.plus(intake)

    def _is_known(self, page: _Page) -> bool:
        before, self._changes = self._changes, self.report.new + self.report.updated
        return bool(page.keyed) and self._changes == before

    def _note(self, page: _Page) -> None:
        if self._listed is not None:
            self._listed.update(post_keys(page.keyed))

    async def _keep(self, place: Mapping[str, Any]) -> None:
        assert self._began_at is not None  # noqa: S101 - set before the first page
        kept = {**place, "way": self.way, "began_at": self._began_at.isoformat()}
        await self.syncer.store.walks.keep(self._name, kept, self._done, self.syncer.now)

    async def _finished(self) -> SyncReport:
        self.report = replace(self.report, is_whole=True)
        if self.wanted.since is not None:
            return self.report
        assert self._began_at is not None  # noqa: S101 - set before the first page
        await self.syncer.store.walks.finish(self._name, self._began_at, self.syncer.now)
        await self.syncer.store.walks.notice(self.feed.id, None, {}, self.syncer.now)
        if self.way == "api":
            await self._withdraw()
        return self.report

    async def _withdraw(self) -> None:
        """Hide what the site lists no more; what was changed since names none that was deleted."""
        syncer = self.syncer
        gone = TakenDown(syncer.store, self.feed, syncer.now)
        try:
            if self._listed is None and await gone.is_due():
                pace = Pace(syncer.fetcher, syncer.now, syncer.patience, asked_before=True)
                walk = walk_of(pace, syncer.workers, self._asked, self.feed.url, lean=True)
                self._listed = await gone.listed(walk)
            if self._listed:
                self.report = replace(self.report, withdrawn=await gone.hide(self._listed))
        except TagwireError as error:
            self.report = self.report.troubled(self._asked, error)


def _named_api(part: object) -> str | None:
    offers = part if isinstance(part, tuple) else ()
    found = (o.url for o in offers if isinstance(o, Offer) and o.kind == "wordpress")
    return next(found, None)


def _is_newer(item: Keyed, newest_at: datetime) -> bool:
    published_at = item.entry.published_at
    return published_at is not None and published_at > newest_at
