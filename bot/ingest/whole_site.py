"""Takes a site's address for the whole site: finds its API and feeds, reads the best of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from bot.ingest import discover
from bot.ingest.api import is_posts_address, posts_address
from bot.ingest.fetch import Fetched, Fetcher
from bot.ingest.hosted import hosted_site
from bot.ingest.pace import Patience
from bot.ingest.paged import is_main_feed
from bot.ingest.sync import MOST, Progress, Sources, Syncer, SyncReport, Wanted
from bot.ingest.worker import Workers
from bot.model import PUBLIC_SCOPE_ID, Feed, Note, Scope
from bot.store import Store

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class SiteReader:
    """Imports whole sites into a scope. `tell` hears what was found before anything is read."""

    store: Store
    fetcher: Fetcher
    workers: Workers
    now: datetime
    scope_id: int
    patience: Patience
    progress: Progress
    tell: Callable[[Note], None]
    most: int = MOST

    async def look(self, fetched: Fetched) -> discover.SiteFacts | None:
        """Return what a fetched page says of its site, None for a document of its own."""
        if is_posts_address(fetched.url):
            return discover.SiteFacts(hosted_site(fetched.url), None, (fetched.url,), ())
        arguments = (fetched.body, fetched.content_type, fetched.url)
        async for part in self.workers.parts(discover.site, *arguments):
            if isinstance(part, discover.SiteFacts):
                return part
        return None

    async def read(self, where: str, facts: discover.SiteFacts) -> SyncReport:
        """Read the site whole: by its API, else by its first feed that can be walked."""
        for url in facts.apis[:1]:
            self.tell(Note("ingest.site_api", {"url": posts_address(url)}))
        for url in facts.feeds[:_SHOWN]:
            self.tell(Note("ingest.site_feed", {"url": url}))
        api = facts.apis[0] if facts.apis else None
        feed_url = facts.feeds[0] if facts.feeds else None
        feed = await self._feed(facts)
        syncer = Syncer(
            self.store,
            self.fetcher,
            self.workers,
            self.now,
            self.patience,
            lambda _, done, total: self.progress(where, done, total),
            self.tell,
        )
        report = await syncer.sync(feed, Sources(api, feed_url), Wanted(most=self.most))
        if report.read >= self.most == MOST:
            self.tell(Note("ingest.site_goes_on", {"count": report.read}))
        return report

    async def _feed(self, facts: discover.SiteFacts) -> Feed:
        """Return the polled feed of the site where the scope has one, else one for what is read."""
        scope = Scope() if self.scope_id == PUBLIC_SCOPE_ID else Scope(self.scope_id)
        for feed in await self.store.feeds.list(scope):
            if feed.url is None or feed.stopped or feed.scope_id != self.scope_id:
                continue
            if feed.url in facts.feeds[:1] or (facts.home and is_main_feed(feed.url, facts.home)):
                return feed
        return await self.store.feeds.ensure_import(
            facts.title or urlsplit(facts.home or facts.apis[0]).netloc,
            facts.home,
            self.scope_id,
            self.now,
        )
