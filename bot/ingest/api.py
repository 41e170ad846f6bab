"""Walks the posts of a WordPress site through its API, newest first, place by place.

Pages go by date, not by number: what is published or deleted meanwhile moves no page. Totals are
shown, never believed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from bot.errors import FetchError, UnreadableError
from bot.ingest.api_page import Facts, Listed, Name, Names, read_names, read_page
from bot.ingest.fetch import Fetched
from bot.ingest.hosted import HostedWalk, hosted_posts
from bot.ingest.pace import Pace
from bot.ingest.place import MOST_PAGES, ApiPage, Place, gathered, smaller
from bot.ingest.worker import Workers
from bot.model import Keyed, Reading

_LOOKED_UP = 100
_MOST_NAMES = 20_000
_POSTS = "/wp/v2/posts"
_EMBED = "author,wp:term,wp:featuredmedia"
_LEAN = "id,date,modified,title,link,guid,status,type,content.protected,_links.self"
_HOSTED = "public-api.wordpress.com"
_MOST_OF_A_MOMENT = 200
"""Pages of one second: a site moved in one go has some, one that makes posts up has any number."""


@dataclass(slots=True)
class ApiWalk:
    """A walk over one site's posts. `feed_url` scopes the posts' ids, as those of its feed.

    `lean` asks for what tells posts apart and nothing else.
    """

    pace: Pace
    workers: Workers
    posts_url: str
    feed_url: str | None = None
    lean: bool = False
    _names: dict[str, dict[int, Name]] = field(default_factory=dict)
    _has_answered: bool = False
    _refusal: FetchError | None = None

    async def pages(self, place: Place | None = None) -> AsyncIterator[ApiPage]:
        """Yield page after page. Raises FetchError or UnreadableError where it cannot go on."""
        place = place or Place()
        for _ in range(MOST_PAGES):
            fetched, place = await self._page(place)
            if fetched is None:
                return
            try:
                facts, reading, keyed = await self._read(fetched)
            except UnreadableError:
                if self._refusal is None or self._has_answered:
                    raise
                # The other address shows any page of the site: what the first said is what counts.
                raise self._refusal from None
            self._has_answered = True
            after = advanced(place, facts.listed)
            # A page begins with the moment that the one before it ended with.
            fresh = tuple(k for k in keyed if k.entry.post_id not in place.seen)
            yield ApiPage(reading, fresh, after, _left(fetched.total, place, len(facts.listed)))
            if after is None:
                return
            place = after

    async def _page(self, place: Place) -> tuple[Fetched | None, Place]:
        """Fetch the page at a place, smaller where that helps; None when it lies past the end."""
        while True:
            try:
                fetched = await self.pace.get(_page_url(self.posts_url, place, self.lean))
            except FetchError as error:
                if error.status == 400 and _is_past_end(error, place):
                    return None, place
                less = smaller(place, error)
                if less is not None:
                    place = less
                elif not self._try_plain_links(error):
                    raise
            else:
                self._follow_move(fetched)
                return fetched, place

    def _follow_move(self, fetched: Fetched) -> None:
        if fetched.permanent_url is not None and _POSTS in fetched.permanent_url:
            # A site that moved or adds a slash is asked where it answers from now on.
            self.posts_url = _without_paging(fetched.permanent_url)

    def _try_plain_links(self, error: FetchError) -> bool:
        """Turn to the address that works where a site's links are not pretty."""
        parts = urlsplit(self.posts_url)
        home, found, _ = parts.path.partition("/wp-json/")
        if error.status != 404 or self._has_answered or not found:
            return False
        self._refusal = error
        self.posts_url = urlunsplit(
            (parts.scheme, parts.netloc, f"{home}/", urlencode({"rest_route": _POSTS}), "")
        )
        return True

    async def _read(self, fetched: Fetched) -> tuple[Facts, Reading, tuple[Keyed, ...]]:
        facts, reading, keyed = await self._parts(fetched, whole=self.lean)
        if facts.lacking:
            await self._look_up(facts.lacking)
            facts, reading, keyed = await self._parts(fetched, whole=True)
        assert reading is not None  # noqa: S101 - only a page that lacks names has none
        return facts, reading, keyed

    async def _parts(
        self, fetched: Fetched, *, whole: bool
    ) -> tuple[Facts, Reading | None, tuple[Keyed, ...]]:
        names: Names = self._names
        arguments = (fetched.body, fetched.content_type, fetched.url, self.feed_url, names, whole)
        told = self.workers.parts(read_page, *arguments)
        facts, reading, keyed = await gathered(told, Facts)
        return Facts((), {}) if facts is None else facts, reading, keyed

    async def _look_up(self, lacking: Mapping[str, Sequence[int]]) -> None:
        """Ask for names in batches; what the site does not tell stays unknown and is not asked."""
        for route, ids in lacking.items():
            known = self._names.setdefault(route, {})
            if len(known) > _MOST_NAMES:
                known.clear()
            for start in range(0, len(ids), _LOOKED_UP):
                batch = ids[start : start + _LOOKED_UP]
                known.update({number: {} for number in batch})
                known.update(await self._told(route, batch))

    async def _told(self, route: str, ids: Sequence[int]) -> Mapping[int, Name]:
        query = {"include": ",".join(map(str, ids)), "per_page": str(_LOOKED_UP)}
        address = _with(self.posts_url.removesuffix("posts") + route, query)
        if "rest_route=" in self.posts_url:
            address = _with(self.posts_url, {"rest_route": f"/wp/v2/{route}", **query})
        try:
            fetched = await self.pace.get(address)
            arguments = (fetched.body, fetched.content_type, fetched.url, route)
            async for part in self.workers.parts(read_names, *arguments):
                if isinstance(part, dict):
                    return part
        except (FetchError, UnreadableError):
            # Accounts are often hidden: a post without its poster is a post all the same.
            return {}
        return {}


def walk_of(
    pace: Pace, workers: Workers, posts_url: str, feed_url: str | None, *, lean: bool = False
) -> ApiWalk | HostedWalk:
    """Return a walk over the posts that an API lists at an address, whichever API it is."""
    kind = ApiWalk if hosted_posts(posts_url) is None else HostedWalk
    return kind(pace, workers, posts_url, feed_url, lean)


def advanced(place: Place, listed: Sequence[Listed]) -> Place | None:
    """Return the place after a page that was read, or None when nothing is left."""
    ids = tuple(post.id for post in listed)
    fresh = [post for post in listed if post.id not in place.seen]
    if place.by_number:
        over = place.changed is not None and any(p.modified < place.changed for p in fresh)
        if not fresh or over:
            return None
        return replace(place, page=place.page + 1, seen=ids)
    if place.page > _MOST_OF_A_MOMENT:
        return None
    if not fresh:
        # A whole page of one moment may have another of it behind it; any other is the end.
        full = len(listed) >= place.size
        return replace(place, page=place.page + 1, seen=(*place.seen, *ids)) if full else None
    if place.cursor is not None and any(post.date >= place.cursor for post in fresh):
        # The site does not heed `before`: this was its first page once more.
        return Place(page=2, seen=ids, by_number=True, size=place.size)
    oldest = min(post.date for post in fresh)
    cursor = _second_after(oldest)
    if cursor is None:
        return Place(page=2, seen=ids, by_number=True, size=place.size)
    if cursor == place.cursor:
        return replace(place, page=place.page + 1, seen=(*place.seen, *ids))
    moment = tuple(post.id for post in listed if post.date == oldest)
    return Place(cursor, 1, moment, size=place.size)


def changed_since(moment: datetime) -> Place:
    """Return the place to begin a walk over what was modified since a moment, a day to be safe."""
    since = (moment - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    return Place(by_number=True, changed=since)


def posts_address(api: str) -> str:
    """Return where an API lists its posts, from its root as sites name it, or as it is given."""
    hosted = hosted_posts(api)
    if hosted is not None:
        return hosted
    parts = urlsplit(api)
    route = dict(parse_qsl(parts.query)).get("rest_route")
    if route is not None:
        return _with(_bare(api), {"rest_route": _POSTS})
    path = parts.path.rstrip("/")
    if parts.netloc == _HOSTED:
        site = path.partition("/sites/")[2].split("/")[0]
        return f"https://{_HOSTED}/wp/v2/sites/{site}/posts"
    path = path.removesuffix(_POSTS).removesuffix("/wp/v2")
    return urlunsplit((parts.scheme, parts.netloc, path + _POSTS, "", ""))


def is_posts_address(url: str) -> bool:
    """Whether an address is that of an API's whole list of posts."""
    parts = urlsplit(url)
    if not parts.query:
        return hosted_posts(url) is not None or parts.path.rstrip("/").endswith(_POSTS)
    return parse_qsl(parts.query) == [("rest_route", _POSTS)]


def _page_url(posts_url: str, place: Place, lean: bool) -> str:
    shown = {"_fields": _LEAN} if lean else {"_embed": _EMBED}
    query = {"per_page": str(place.size), **shown, "order": "desc", "orderby": "date"}
    if place.cursor is not None:
        query["before"] = place.cursor
    if place.changed is not None:
        query |= {"orderby": "modified", "modified_after": f"{place.changed}Z"}
    if place.page > 1:
        query["page"] = str(place.page)
    return _with(posts_url, query)


def _with(url: str, query: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    pairs = {**dict(parse_qsl(parts.query)), **query}
    return urlunsplit(parts._replace(query=urlencode(pairs, safe=",:/")))


def _bare(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))


def _without_paging(url: str) -> str:
    route = dict(parse_qsl(urlsplit(url).query)).get("rest_route")
    return _bare(url) if route is None else _with(_bare(url), {"rest_route": route})


def _left(total: int | None, place: Place, listed: int) -> int | None:
    return None if total is None else max(0, total - (place.page - 1) * place.size - listed)


def _is_past_end(error: FetchError, place: Place) -> bool:
    return place.page > 1 and error.reason in (None, "rest_post_invalid_page_number")


def _second_after(date: str) -> str | None:
    try:
        moment = datetime.fromisoformat(date) + timedelta(seconds=1)
    except (ValueError, OverflowError):
        return None
    return moment.isoformat(timespec="seconds")
