"""A whole site of a loopback WordPress: paged, capped, cut off, gone on with, refused, lied to."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from aiohttp import web

from bot.errors import FetchError
from bot.ingest.addresses import Guard
from bot.ingest.fetch import Fetcher, open_session
from bot.ingest.pace import Pace, Patience
from bot.ingest.poll import Poller
from bot.ingest.sync import Sources, Syncer, SyncReport, Wanted
from bot.ingest.taken_down import is_due
from bot.ingest.worker import Workers
from bot.messages import catalogue
from bot.model import Article, Feed, Note, Scope
from bot.query.language import parse
from bot.store import Store
from tests.ingest.blog import Blog, polled
from tests.ingest.loopback import Site

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
DAY = timedelta(days=1)
POSTS = 250
API = "/wp-json/wp/v2/posts"


@dataclass
class Yard:
    """A store with one feed of a blog of 250 posts, and everything that reads it."""

    store: Store
    fetcher: Fetcher
    workers: Workers
    poller: Poller
    blog: Blog
    notes: list[Note] = field(default_factory=list)
    progress: list[tuple[int, int]] = field(default_factory=list)

    async def sync(
        self, wanted: Wanted | None = None, now: datetime = NOW, wait_s: float = 0.0
    ) -> SyncReport:
        syncer = Syncer(
            self.store,
            self.fetcher,
            self.workers,
            now,
            Patience(0.0, wait_s, 3),
            lambda _, done, total: self.progress.append((done, total)),
            self.notes.append,
        )
        feed = await self.feed()
        report = await syncer.sync(feed, await syncer.sources(feed), wanted or Wanted())
        for problem in report.problems:
            assert catalogue().say(problem.key, **problem.params)
        return report

    async def feed(self) -> Feed:
        [feed] = await self.store.feeds.list(Scope())
        return feed

    async def count(self) -> int:
        return (await self.store.counts()).articles

    async def titled(self, title: str) -> list[Article]:
        page = await self.store.articles.search(parse(f'title:"{title}"'), Scope(), now=NOW)
        ids = [hit.id for hit in page.hits if hit.title == title]
        return list(await self.store.articles.get_many(ids, Scope()))


@pytest.fixture
async def yard(tmp_path: Path, workers: Workers, site: Site) -> AsyncIterator[Yard]:
    blog = Blog(site)
    blog.publish(POSTS, NOW - 300 * DAY, every=DAY)
    async with polled(tmp_path, workers, blog, NOW, 900) as parts:
        yield Yard(parts.store, parts.fetcher, workers, parts.poller, blog)


async def test_a_whole_site_is_read_in_large_pages_and_nothing_is_announced(yard: Yard) -> None:
    report = await yard.sync()
    assert (report.way, report.new, report.is_whole) == ("api", POSTS - 10, True)
    assert await yard.count() == POSTS
    assert (await yard.store.outbox.status(None)).owed == 0
    asked = yard.blog.asked()
    assert all(query["per_page"] == "100" for query in asked)
    assert len(asked) == 4, "three pages, and one that tells the end"
    assert yard.progress[0] == (100, POSTS)
    [article] = await yard.titled("Post 17")
    assert [tag.name for tag in article.tags] == ["Harbour", "R&D"]
    assert article.poster == "Mara Quay"
    assert article.published_at == NOW - 300 * DAY + 16 * DAY, "UTC, not the site's own clock"


async def test_a_second_sync_asks_only_for_what_was_changed(yard: Yard) -> None:
    await yard.sync()
    asked = len(yard.blog.asked())
    post = yard.blog.posts[40]
    post.body, post.modified_at = "Put right.", NOW + 2 * DAY
    report = await yard.sync(now=NOW + 3 * DAY)
    assert (report.read, report.updated, report.new) == (1, 1, 0)
    later = yard.blog.asked()[asked:]
    assert "modified_after" in later[0]
    assert all("_fields" in query for query in later[2:]), "ids alone, to see what was taken down"
    assert len(later) <= 6
    [article] = await yard.titled("Post 41")
    assert article.blocks[0].text == "Put right."


async def test_a_post_seen_by_feed_and_api_is_one_article(yard: Yard) -> None:
    await yard.sync()
    assert len(await yard.titled(f"Post {POSTS}")) == 1
    report = await yard.sync(Wanted(whole=True))
    assert (report.new, report.updated, report.unchanged) == (0, 0, POSTS)


async def test_an_interrupted_sync_goes_on_where_it_stopped(yard: Yard) -> None:
    hang = asyncio.Event()

    async def breaks_off(request: web.Request) -> web.StreamResponse:
        if len(yard.blog.asked()) == 3:
            hang.set()
            await asyncio.sleep(60)
        return await yard.blog.list_posts(request)

    yard.blog.before(API, breaks_off)
    killed = asyncio.create_task(yard.sync())
    await hang.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    assert await yard.count() == 199, "what was recorded stands"

    yard.blog.before(API, yard.blog.list_posts)
    first = len(yard.blog.asked())
    report = await yard.sync(now=NOW + DAY)
    assert (report.resumed, report.new, report.is_whole) == (True, 51, True)
    assert "before" in yard.blog.asked()[first], "it does not begin again"
    assert [note.key for note in yard.notes] == ["ingest.sync_resumed"]
    assert await yard.count() == POSTS


async def test_a_cap_ends_a_sync_and_the_next_goes_on(yard: Yard) -> None:
    report = await yard.sync(Wanted(most=100))
    assert (report.read, report.is_whole) == (100, False)
    asked = len(yard.blog.asked())
    assert not (await yard.sync(Wanted(most=50))).is_whole
    assert len(yard.blog.asked()) == asked + 1, "it ends after the page that reaches the cap"
    assert (await yard.sync()).is_whole
    assert await yard.count() == POSTS


async def test_nothing_older_than_wanted_is_read(yard: Yard) -> None:
    since_at = NOW - 300 * DAY + 130 * DAY
    report = await yard.sync(Wanted(since=since_at))
    assert (report.read, report.is_whole) == (120, True)
    assert len(yard.blog.asked()) == 2
    assert await yard.store.walks.get(f"sync:{(await yard.feed()).id}") is None


async def test_posts_that_come_and_go_meanwhile_move_no_page(yard: Yard) -> None:
    async def shifting(request: web.Request) -> web.StreamResponse:
        answer = await yard.blog.list_posts(request)
        if len(yard.blog.asked()) == 1:
            for post in yard.blog.posts[-30:]:
                post.status = "draft"
            yard.blog.publish(3, NOW - DAY, every=timedelta(hours=1))
        return answer

    yard.blog.before(API, shifting)
    await yard.sync()
    titles = {f"Post {n}" for n in range(1, POSTS + 1)}
    page = await yard.store.articles.search(parse(""), Scope(), now=NOW, limit=1000)
    assert titles <= {hit.title for hit in page.hits}


@pytest.mark.parametrize("total", [0, 7, 1_000_000])
async def test_a_total_that_lies_neither_ends_nor_prolongs_a_sync(yard: Yard, total: int) -> None:
    yard.blog.total = total
    assert (await yard.sync()).is_whole
    assert await yard.count() == POSTS
    assert len(yard.blog.asked()) == 4


async def test_a_site_that_heeds_no_dates_is_read_by_page_number(yard: Yard) -> None:
    yard.blog.heeds_before = False
    assert (await yard.sync()).is_whole
    assert await yard.count() == POSTS
    # Past the end is a 400, which ends it.
    assert len(yard.blog.asked()) <= 6


async def test_posts_of_one_second_are_all_read(yard: Yard) -> None:
    at = NOW - 10 * DAY
    for post in yard.blog.posts[:230]:
        post.at = at
    assert (await yard.sync()).is_whole
    assert await yard.count() == POSTS


async def test_a_site_that_gives_fewer_a_page_is_read_to_its_end(yard: Yard) -> None:
    yard.blog.most_a_page = 30
    assert (await yard.sync()).is_whole
    assert await yard.count() == POSTS


async def test_too_large_pages_are_asked_for_smaller(yard: Yard) -> None:
    async def heavy(request: web.Request) -> web.StreamResponse:
        if int(request.query["per_page"]) > 20:
            return web.Response(status=500)
        return await yard.blog.list_posts(request)

    yard.blog.before(API, heavy)
    assert (await yard.sync()).is_whole
    assert await yard.count() == POSTS


async def test_names_that_come_not_with_the_posts_are_looked_up_in_batches(yard: Yard) -> None:
    yard.blog.embeds = False
    await yard.sync()
    [article] = await yard.titled("Post 17")
    assert [tag.name for tag in article.tags] == ["Harbour", "R&D"]
    assert article.poster is None, "accounts are hidden, and that stops nothing"
    assert [q["include"] for q in yard.blog.asked("/wp-json/wp/v2/tags")] == ["7,8"]
    assert len(yard.blog.asked("/wp-json/wp/v2/users")) == 1


async def test_unpublished_and_protected_posts_are_left_out(yard: Yard) -> None:
    yard.blog.posts[20].status = "draft"
    yard.blog.posts[21].protected = True
    await yard.sync()
    assert await yard.titled("Post 21") == []
    assert await yard.titled("Post 22") == []
    assert await yard.count() == POSTS - 2


async def test_what_the_site_took_down_is_hidden_and_returns_with_it(yard: Yard) -> None:
    await yard.sync()
    yard.blog.posts[20].status = "draft"
    report = await yard.sync()
    assert (report.withdrawn, report.read) == (1, 0), (
        "the ids that are listed tell, not the changes"
    )
    assert await yard.titled("Post 21") == []
    yard.blog.posts[20].status = "publish"
    await yard.sync(Wanted(whole=True))
    assert len(await yard.titled("Post 21")) == 1


@pytest.mark.parametrize("way", [Wanted(), Wanted(whole=True)])
async def test_a_post_that_got_a_password_is_hidden(yard: Yard, way: Wanted) -> None:
    await yard.sync()
    yard.blog.posts[20].protected = True
    assert (await yard.sync(way)).withdrawn == 1
    assert await yard.titled("Post 21") == []


async def test_ids_that_cannot_be_asked_for_hide_nothing_and_are_told(yard: Yard) -> None:
    await yard.sync()
    yard.blog.posts[20].status = "draft"
    whole = yard.blog.list_posts

    async def no_ids(request: web.Request) -> web.StreamResponse:
        return web.Response(status=403) if "_fields" in request.query else await whole(request)

    yard.blog.before(API, no_ids)
    report = await yard.sync()
    assert (report.withdrawn, report.is_whole) == (0, True)
    assert [problem.key for problem in report.problems] == ["ingest.fetch_forbidden"]
    assert await yard.count() == POSTS


def test_a_large_sites_ids_are_compared_once_a_week() -> None:
    assert is_due(2_000, NOW, NOW)
    assert is_due(2_001, None, NOW)
    assert not is_due(2_001, NOW - 6 * DAY, NOW)
    assert is_due(2_001, NOW - 7 * DAY, NOW)


async def test_a_site_that_seems_to_have_lost_most_of_itself_hides_nothing(yard: Yard) -> None:
    await yard.sync()
    for post in yard.blog.posts[:100]:
        post.status = "draft"
    report = await yard.sync(Wanted(whole=True))
    assert (report.withdrawn, report.problems[0].key) == (0, "ingest.sync_many_gone")
    assert await yard.count() == POSTS


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, b'{"code":"rest_not_logged_in","message":"No."}'),
        (403, b"<html><title>Forbidden</title></html>"),
        (404, b'{"code":"rest_no_route","message":"No route."}'),
        (200, b"<!doctype html><title>Just a moment...</title>cdn-cgi/challenge-platform"),
        (200, b"<!doctype html><title>Welcome</title><p>A page.</p>"),
        (200, b'{"code":"rest_disabled","message":"The API is off."}'),
    ],
    ids=["401", "403", "404", "challenge", "page", "disabled"],
)
async def test_an_api_that_is_off_is_told_and_the_feeds_pages_are_read(
    yard: Yard, status: int, body: bytes
) -> None:
    yard.blog.instead(API, status, body)
    report = await yard.sync()
    assert (report.way, report.is_whole) == ("feed", True)
    assert await yard.count() == POSTS
    assert len(report.problems) == 1
    assert [note.key for note in yard.notes] == ["ingest.sync_by_feed"]
    paged = [query["paged"] for query in yard.blog.asked("/feed/")[2:]]
    assert paged == [str(n) for n in range(2, 27)]


async def test_a_site_without_pretty_links_is_asked_by_its_route(yard: Yard) -> None:
    yard.blog.instead(API, 404, b"<html>Nothing here.</html>")
    home = yard.blog.home

    async def routed(request: web.Request) -> web.StreamResponse:
        if request.query.get("rest_route") == "/wp/v2/posts":
            return await yard.blog.list_posts(request)
        return await home(request)

    yard.blog.before("/", routed)
    report = await yard.sync()
    assert (report.way, report.is_whole) == ("api", True)
    assert await yard.count() == POSTS


async def test_an_api_that_moved_is_asked_at_its_new_address_from_then_on(yard: Yard) -> None:
    async def moved(request: web.Request) -> web.StreamResponse:
        raise web.HTTPMovedPermanently(f"/news{request.path_qs}")

    yard.blog.before(API, moved)
    yard.blog.before(f"/news{API}", yard.blog.list_posts)
    assert (await yard.sync()).is_whole
    assert await yard.count() == POSTS
    assert (len(yard.blog.asked()), len(yard.blog.asked(f"/news{API}"))) == (1, 4)


async def test_feed_pages_are_gone_on_with_too(yard: Yard) -> None:
    yard.blog.instead(API, 403)
    report = await yard.sync(Wanted(most=60))
    assert (report.read, report.is_whole) == (60, False)
    report = await yard.sync()
    assert (report.resumed, report.new, report.is_whole) == (True, POSTS - 60, True)


async def test_a_request_to_wait_is_kept_to_within_patience(yard: Yard, site: Site) -> None:
    times = 0

    async def busy(request: web.Request) -> web.StreamResponse:
        nonlocal times
        times += 1
        if times == 2:
            return web.Response(status=429, headers={"Retry-After": "1"})
        return await yard.blog.list_posts(request)

    yard.blog.before(API, busy)
    assert (await yard.sync(wait_s=5)).is_whole
    assert await yard.count() == POSTS
    site.answers("/busy", b"", 429, Retry_After="3600")
    with pytest.raises(FetchError) as caught:
        await Pace(yard.fetcher, NOW, Patience(0.0, 60.0, 5)).get(site.base + "/busy")
    assert caught.value.retry_after_s == 3600
    assert len([r for r in site.requests if r.path == "/busy"]) == 1, "not asked again before"


async def test_a_site_that_breaks_off_keeps_what_was_read_and_the_place(yard: Yard) -> None:
    async def breaks(request: web.Request) -> web.StreamResponse:
        if "before" in request.query:
            return web.Response(status=403, body=b"<html>Enough.</html>")
        return await yard.blog.list_posts(request)

    yard.blog.before(API, breaks)
    report = await yard.sync()
    assert (report.way, report.read, report.is_whole) == ("api", 100, False)
    assert report.problems[0].key == "ingest.fetch_forbidden"
    yard.blog.before(API, yard.blog.list_posts)
    assert (await yard.sync()).resumed
    assert await yard.count() == POSTS


@pytest.mark.parametrize("target", ["http://127.0.0.1:9/x", "http://[::ffff:127.0.0.1]:9/x"])
async def test_a_redirect_to_a_private_address_is_refused(
    yard: Yard, site: Site, target: str
) -> None:
    site.answers(API, b"", 302, Location=target)
    guard = PickyGuard(site.base)
    async with open_session(guard) as session:
        strict = replace(yard, fetcher=Fetcher(session, guard))
        report = await strict.sync()
    assert report.way == "feed"
    assert report.problems[0].key in ("ingest.fetch_refused", "ingest.fetch_port")


class PickyGuard(Guard):
    """The rules as they are, but for the one loopback site that the test itself runs."""

    def __init__(self, base: str) -> None:
        super().__init__(allow_private=False, ports=frozenset({int(base.rpartition(":")[2]), 9}))

    def _open(self, info):  # type: ignore[no-untyped-def]
        import socket

        if info[4][1] in self.ports - {9}:
            return socket.socket(family=info[0], type=info[1], proto=info[2])
        return super()._open(info)


async def test_what_is_newer_than_the_feed_brought_is_announced_once(yard: Yard) -> None:
    feed = await yard.feed()
    yard.blog.publish(2, NOW - DAY, every=timedelta(hours=1))
    await yard.sync()
    assert (await yard.store.outbox.status(None)).owed == 2
    await yard.poller.poll(feed, NOW + DAY)
    await yard.sync(Wanted(whole=True))
    assert (await yard.store.outbox.status(None)).owed == 2


async def test_a_later_reading_of_feed_pages_ends_where_all_is_known(yard: Yard) -> None:
    yard.blog.instead(API, 403)
    await yard.sync()
    asked = len(yard.blog.asked("/feed/"))
    report = await yard.sync(now=NOW + DAY)
    assert (report.read, report.unchanged, report.is_whole) == (10, 10, True)
    assert len(yard.blog.asked("/feed/")) == asked + 1


async def test_a_feed_without_older_pages_says_so_and_no_api_is_guessed(
    yard: Yard, site: Site
) -> None:
    yard.blog.generator = ""
    plain = b"<!doctype html><title>Quay</title><p>No WordPress here.</p>"
    yard.blog.instead("/", 200, plain)
    feed = (await yard.blog.feed(_FirstPage())).body  # type: ignore[attr-defined, arg-type]
    yard.blog.instead("/feed/", 200, feed.replace(b"?p=", b"#"))
    report = await yard.sync()
    assert (report.way, report.read, report.problems) == ("feed", 10, ())
    assert [note.key for note in yard.notes] == ["ingest.sync_no_older"]
    assert yard.blog.asked() == []


class _FirstPage:
    query: ClassVar[dict[str, str]] = {}


async def test_a_tags_feed_is_read_by_its_own_pages(yard: Yard, site: Site) -> None:
    site.handlers["/tag/harbour/feed/"] = yard.blog.feed
    url = f"{site.base}/tag/harbour/feed/"
    syncer = Syncer(yard.store, yard.fetcher, yard.workers, NOW, Patience(0.0))
    tagged = await yard.store.feeds.add(url, "Harbour", 900, NOW)
    assert await syncer.sources(tagged) == Sources(None, url)
    report = await syncer.sync(tagged, Sources(None, url), Wanted())
    assert (report.way, report.new) == ("feed", POSTS)
    assert yard.blog.asked() == []
