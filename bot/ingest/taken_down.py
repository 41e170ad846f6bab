"""Finds what a site took down by comparing ids, and hides it: it returns when a feed shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import TagwireError
from bot.ingest.api import ApiWalk
from bot.ingest.hosted import HostedWalk
from bot.model import Feed, Keyed
from bot.store import Store

# More posts than this share of a feed's that a site no longer lists look like a fault of the site.
_GONE_AT_MOST = 0.2
_GONE_ALWAYS = 5
_LISTED_ALWAYS = 2_000
_LISTED_AGAIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class TakenDown:
    """The comparison for one feed, at a moment."""

    store: Store
    feed: Feed
    now: datetime

    @property
    def _name(self) -> str:
        return f"listed:{self.feed.id}"

    async def is_due(self) -> bool:
        """Tell whether to ask for all ids again; nothing stored needs none."""
        _, known = await self.store.walks.unlisted(self.feed.id, ())
        kept = await self.store.walks.get(self._name)
        return known > 0 and is_due(known, kept.completed_at if kept else None, self.now)

    async def listed(self, walk: ApiWalk | HostedWalk) -> set[str]:
        """Return the keys of all posts that a site lists. Raises FetchError, UnreadableError."""
        listed: set[str] = set()
        async for page in walk.pages():
            listed.update(post_keys(page.keyed))
        await self.store.walks.finish(self._name, self.now, self.now)
        return listed

    async def hide(self, listed: set[str]) -> int:
        """Hide the feed's posts that are not listed, and return how many.

        Raises TagwireError, and hides nothing, where so many are gone that it looks like a fault.
        """
        gone, known = await self.store.walks.unlisted(self.feed.id, listed)
        if len(gone) > max(_GONE_ALWAYS, known * _GONE_AT_MOST):
            raise TagwireError("ingest.sync_many_gone", count=len(gone))
        for article_id in gone:
            await self.store.articles.hide(article_id, "withdrawn")
        return len(gone)


def is_due(known: int, last_at: datetime | None, now: datetime) -> bool:
    """Tell whether a site's ids are asked for: twenty requests always, more once a week."""
    return known <= _LISTED_ALWAYS or last_at is None or now - last_at >= _LISTED_AGAIN


def post_keys(keyed: Sequence[Keyed]) -> Iterator[str]:
    """Yield the keys that name posts by their site and number."""
    return (key for item in keyed for key in item.keys if key.startswith("post:"))
