"""A WordPress site in miniature on a loopback server: its posts by API, by feed and by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.ingest.addresses import Guard
from bot.ingest.desk import Desk
from bot.ingest.fetch import Fetcher, open_session
from bot.ingest.poll import Poller, Rhythm
from bot.ingest.worker import Workers
from bot.metrics import Metrics
from bot.model import PUBLIC_SCOPE_ID, TargetKind
from bot.store import Store
from tests.ingest.loopback import Handler, Site

ZONE = timedelta(hours=2)
TAGS = {7: ("Harbour", "harbour"), 8: ("R&amp;D", "r-d")}
PEOPLE = {1: "Mara Quay"}


@dataclass
class Post:
    """A post as its writer sees it; `at` is UTC, the site's own clock is two hours ahead."""

    id: int
    title: str
    at: datetime
    modified_at: datetime
    status: str = "publish"
    protected: bool = False
    body: str = ""


@dataclass
class Blog:
    """What the site holds and how well it keeps to the API's rules."""

    site: Site
    posts: list[Post] = field(default_factory=list)
    embeds: bool = True
    heeds_before: bool = True
    total: int | None = None
    most_a_page: int = 100
    feed_items: int = 10
    numbers_pages: bool = True
    generator: str = "https://wordpress.org/?v=6.4"

    def __post_init__(self) -> None:
        for path, handler in {
            "/wp-json/wp/v2/posts": self.list_posts,
            "/wp-json/wp/v2/tags": self.list_tags,
            "/wp-json/wp/v2/users": self.list_users,
            "/feed/": self.feed,
            "/": self.home,
        }.items():
            self.site.handlers[path] = handler

    @property
    def feed_url(self) -> str:
        return f"{self.site.base}/feed/"

    def publish(self, count: int, first_at: datetime, *, every: timedelta) -> None:
        """Add posts, oldest first, numbered on from those there are."""
        for place in range(count):
            number = len(self.posts) + 1
            at = first_at + place * every
            self.posts.append(Post(number, f"Post {number}", at, at))

    def asked(self, path: str = "/wp-json/wp/v2/posts") -> list[dict[str, str]]:
        """Return the queries a path was asked with, in order."""
        return [dict(r.query) for r in self.site.requests if r.path == path]

    def instead(self, path: str, status: int, body: bytes = b"", **headers: str) -> None:
        """Answer a path otherwise from now on."""
        self.site.answers(path, body, status, **headers)

    def before(self, path: str, handler: Handler) -> None:
        """Let a handler answer a path as it sees fit."""
        self.site.handlers[path] = handler

    async def list_posts(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        size = int(query.get("per_page", "10"))
        if size > 100:
            return _error(400, "rest_invalid_param", "Invalid parameter(s): per_page")
        size, page = min(size, self.most_a_page), int(query.get("page", "1"))
        key = "modified_at" if query.get("orderby") == "modified" else "at"
        posts = sorted(self.posts, key=lambda p: (getattr(p, key), p.id), reverse=True)
        posts = [p for p in posts if p.status == "publish"]
        if self.heeds_before and (before := query.get("before")):
            posts = [p for p in posts if _local(p.at) < before]
        if since := query.get("modified_after"):
            posts = [p for p in posts if p.modified_at > datetime.fromisoformat(since)]
        total = len(posts) if self.total is None else self.total
        shown = posts[(page - 1) * size : page * size]
        if page > 1 and not shown:
            return _error(400, "rest_post_invalid_page_number", "The page number is too large.")
        headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(-(-total // size))}
        embeds = self.embeds and "_embed" in query
        return web.json_response([self._json(p, embeds) for p in shown], headers=headers)

    async def list_tags(self, request: web.Request) -> web.StreamResponse:
        wanted = [int(number) for number in request.query["include"].split(",")]
        found = [(n, *TAGS[n]) for n in wanted if n in TAGS]
        return web.json_response([{"id": n, "name": name, "slug": s} for n, name, s in found])

    async def list_users(self, _: web.Request) -> web.StreamResponse:
        return _error(401, "rest_user_cannot_view", "Sorry, you are not allowed to list users.")

    async def feed(self, request: web.Request) -> web.StreamResponse:
        posts = sorted(self.posts, key=lambda p: (p.at, p.id), reverse=True)
        posts = [p for p in posts if p.status == "publish" and not p.protected]
        page = int(request.query.get("paged", "1")) if self.numbers_pages else 1
        shown = posts[(page - 1) * self.feed_items : page * self.feed_items]
        if not shown:
            return web.Response(status=404)
        generator = f"<generator>{self.generator}</generator>" if self.generator else ""
        items = "".join(map(self._item, shown))
        body = (
            "<?xml version='1.0'?><rss version='2.0'><channel><title>Quay</title>"
            f"<link>{self.site.base}</link>{generator}{items}</channel></rss>"
        )
        return web.Response(body=body.encode(), content_type="application/rss+xml")

    async def home(self, _: web.Request) -> web.StreamResponse:
        page = (
            "<!doctype html><html><head><title>Quay &#8211; news</title>"
            "<link rel='alternate' type='application/rss+xml' title='Quay' href='/feed/'>"
            f"<link rel='https://api.w.org/' href='{self.site.base}/wp-json/'></head>"
            "<body><article><h2><a href='/?p=1'>Newest</a></h2><p>A start.</p></article></body>"
        )
        return web.Response(body=page.encode(), content_type="text/html")

    def _json(self, post: Post, embeds: bool) -> dict[str, Any]:
        base = self.site.base
        found: dict[str, Any] = {
            "id": post.id,
            "date": _local(post.at),
            "date_gmt": _plain(post.at),
            "modified": _local(post.modified_at),
            "modified_gmt": _plain(post.modified_at),
            "guid": {"rendered": f"{base}/?p={post.id}"},
            "link": f"{base}/{post.id}/",
            "status": post.status,
            "type": "post",
            "title": {"rendered": post.title},
            "content": {
                "rendered": "" if post.protected else f"<p>{self._text(post)}</p>",
                "protected": post.protected,
            },
            "excerpt": {"rendered": "", "protected": post.protected},
            "author": 1,
            "tags": [7, 8],
            "categories": [],
            "_links": {"self": [{"href": f"{base}/wp-json/wp/v2/posts/{post.id}"}]},
        }
        if embeds:
            terms = [
                {"id": n, "name": name, "slug": slug, "taxonomy": "post_tag"}
                for n, (name, slug) in TAGS.items()
            ]
            found["_embedded"] = {
                "author": [{"id": 1, "name": PEOPLE[1]}],
                "wp:term": [[], terms],
            }
        return found

    def _item(self, post: Post) -> str:
        base = self.site.base
        return (
            f"<item><title>{post.title}</title><link>{base}/{post.id}/</link>"
            f"<guid isPermaLink='false'>{base}/?p={post.id}</guid>"
            f"<pubDate>{post.at:%a, %d %b %Y %H:%M:%S} +0000</pubDate>"
            f"<category>Harbour</category><description>{self._text(post)}</description></item>"
        )

    def _text(self, post: Post) -> str:
        return post.body or f"What post {post.id} tells of the harbour."


def _error(status: int, code: str, message: str) -> web.Response:
    answer = {"code": code, "message": message, "data": {"status": status}}
    return web.json_response(answer, status=status)


def _local(moment: datetime) -> str:
    return _plain(moment + ZONE)


def _plain(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


@asynccontextmanager
async def polled(
    folder: Path, workers: Workers, blog: Blog, now: datetime, guild_id: int
) -> AsyncIterator[Polled]:
    """Add a blog's feed to a new store, with a channel that wants everything of it."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store.open(folder))
        guard = Guard(allow_private=True)
        session = await stack.enter_async_context(open_session(guard))
        fetcher = Fetcher(session, guard)
        poller = Poller(store, fetcher, workers, metrics=Metrics(), rhythm=Rhythm(None, 0.0))
        desk = Desk(store, fetcher, workers, poller)
        await store.subscriptions.add(TargetKind.TEXT, guild_id, 7, "", 1, now)
        await desk.add(blog.feed_url, PUBLIC_SCOPE_ID, now)
        yield Polled(store, fetcher, poller, desk)


@dataclass(frozen=True)
class Polled:
    """A store that polls a blog, and what does so."""

    store: Store
    fetcher: Fetcher
    poller: Poller
    desk: Desk
