"""Walks the posts of a site that a host of many serves by WordPress.com's own API, v1 and v1.1.

Its pages are gone through by the handle that each gives of the next; a page without one is followed
by its number. What is published or deleted meanwhile moves no page.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from bot.errors import FetchError
from bot.ingest.api_page import HostedFacts, read_hosted
from bot.ingest.fetch import Fetched
from bot.ingest.pace import Pace
from bot.ingest.place import MOST_PAGES, ApiPage, Place, gathered, smaller
from bot.ingest.worker import Workers
from bot.model import Keyed, Reading

_LISTED = re.compile(r"(?P<site>/rest/v1(?:\.\d)?/sites/(?P<name>[^/]+))(?:/posts)?/?")
_LEAN = "ID,date,modified,title,URL,guid,status,type,password"


@dataclass(slots=True)
class HostedWalk:
    """A walk over one site's posts. `feed_url` scopes the posts' ids, as those of its feed.

    `lean` asks for what tells posts apart and nothing else.
    """

    pace: Pace
    workers: Workers
    posts_url: str
    feed_url: str | None = None
    lean: bool = False

    async def pages(self, place: Place | None = None) -> AsyncIterator[ApiPage]:
        """Yield page after page. Raises FetchError or UnreadableError where it cannot go on."""
        place = place or Place()
        for _ in range(MOST_PAGES):
            fetched, place = await self._page(place)
            facts, reading, keyed = await self._read(fetched)
            after = advanced(place, facts)
            fresh = tuple(k for k in keyed if k.entry.post_id not in place.seen)
            read = (place.page - 1) * place.size + len(facts.ids)
            left = None if facts.found is None else max(0, facts.found - read)
            yield ApiPage(reading, fresh, after, left)
            if after is None:
                return
            place = after

    async def _page(self, place: Place) -> tuple[Fetched, Place]:
        while True:
            try:
                return await self.pace.get(_page_url(self.posts_url, place, self.lean)), place
            except FetchError as error:
                less = smaller(place, error)
                if less is None:
                    raise
                place = less

    async def _read(self, fetched: Fetched) -> tuple[HostedFacts, Reading, tuple[Keyed, ...]]:
        arguments = (fetched.body, fetched.content_type, fetched.url, self.feed_url)
        told = self.workers.parts(read_hosted, *arguments)
        facts, reading, keyed = await gathered(told, HostedFacts)
        assert facts is not None  # noqa: S101 - the first two parts, or an error was raised
        assert reading is not None  # noqa: S101
        return facts, reading, keyed


def advanced(place: Place, facts: HostedFacts) -> Place | None:
    """Return the place after a page that was read, or None when nothing is left."""
    if not set(facts.ids) - set(place.seen):
        return None
    if facts.next_page is not None:
        if facts.next_page == place.handle:
            return None
        return replace(place, page=place.page + 1, handle=facts.next_page, seen=facts.ids)
    if place.handle is not None or facts.found is None:
        return None
    if place.page * place.size >= facts.found:
        return None
    return replace(place, page=place.page + 1, seen=facts.ids, by_number=True)


def hosted_posts(api: str) -> str | None:
    """Return where such an API lists a site's posts, None for an address of another kind."""
    parts = urlsplit(api)
    found = _LISTED.fullmatch(parts.path)
    if found is None:
        return None
    return urlunsplit((parts.scheme, parts.netloc, f"{found['site']}/posts/", "", ""))


def hosted_site(api: str) -> str | None:
    """Return the host or number that such an API knows a site by."""
    found = _LISTED.fullmatch(urlsplit(api).path)
    return found["name"] if found else None


def _page_url(posts_url: str, place: Place, lean: bool) -> str:
    query = {"number": str(place.size), "type": "post", "order": "DESC", "order_by": "date"}
    if place.changed is not None:
        query |= {"order_by": "modified", "modified_after": f"{place.changed}Z"}
    if lean:
        query["fields"] = _LEAN
    if place.handle is not None:
        query["page_handle"] = place.handle
    elif place.page > 1:
        query["page"] = str(place.page)
    return f"{posts_url}?{urlencode(query, safe=',:', quote_via=quote)}"
