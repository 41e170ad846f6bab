"""A store, a poller and a desk on one loopback site, for the tests of polling."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from bot.errors import TagwireError
from bot.ingest.desk import Desk
from bot.ingest.fetch import Fetcher
from bot.ingest.poll import Poller, Rhythm
from bot.ingest.worker import Workers
from bot.messages import catalogue
from bot.metrics import Metrics
from bot.model import PUBLIC_SCOPE_ID, Feed, Scope
from bot.query.language import parse
from bot.store import Store

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
EIGHT = datetime(2026, 5, 4, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
GUILD_ID = 900


def rss(
    *titles: str,
    link: str = "https://quay.example",
    guid: str = "g",
    extra: str = "",
    at: datetime | None = None,
) -> bytes:
    """Return a feed of items a minute apart since eight, or all of the moment `at`."""
    items = "".join(
        f"<item><title>{title}</title><link>{link}/{title}</link>"
        f"<guid isPermaLink='false'>{guid}-{title}</guid>"
        f"<pubDate>{format_datetime(at or EIGHT + timedelta(minutes=i))}</pubDate>"
        f"<description>What {title} tells.</description></item>"
        for i, title in enumerate(titles)
    )
    return (
        "<?xml version='1.0'?><rss version='2.0'><channel><title>Quay</title>"
        f"<link>https://quay.example/</link>{extra}{items}</channel></rss>"
    ).encode()


class Bench:
    """A store, a poller and a desk that work on each other."""

    def __init__(self, store: Store, fetcher: Fetcher, workers: Workers) -> None:
        self.store = store
        self.fetcher = fetcher
        self.workers = workers
        self.metrics = Metrics()
        self.poller = self.new_poller()
        self.desk = Desk(store, fetcher, workers, self.poller, feeds_per_guild=2)

    def new_poller(
        self, fixed_s: float | None = None, gap_s: float = 0.0, workers: Workers | None = None
    ) -> Poller:
        return Poller(
            self.store,
            self.fetcher,
            self.workers if workers is None else workers,
            metrics=self.metrics,
            rhythm=Rhythm(fixed_s, gap_s),
        )

    async def only_feed(self) -> Feed:
        [feed] = await self.store.feeds.list(Scope())
        return feed

    async def titles(self, scope: Scope | None = None) -> list[str]:
        page = await self.store.articles.search(parse(""), scope or Scope(), now=NOW, limit=100)
        return [hit.title for hit in page.hits]

    async def owed(self) -> int:
        return (await self.store.outbox.status(None)).owed

    async def failure(self, url: str, scope_id: int = PUBLIC_SCOPE_ID) -> TagwireError:
        with pytest.raises(TagwireError) as caught:
            await self.desk.add(url, scope_id, NOW)
        assert catalogue().say(caught.value.key, **caught.value.params)
        return caught.value


def wait_s(feed: Feed, now: datetime = NOW) -> float:
    assert feed.next_check_at is not None
    return (feed.next_check_at - now).total_seconds()
