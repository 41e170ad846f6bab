"""Gaps between two polls of a loopback site: seen, filled once, told to channels and to people."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.ingest.desk import Desk
from bot.ingest.poll import Poller
from bot.ingest.worker import Workers
from bot.messages import catalogue
from bot.model import PUBLIC_SCOPE_ID, Feed, Scope
from bot.query.language import parse
from bot.store import Store
from tests.ingest.blog import Blog, polled
from tests.ingest.loopback import Site

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
BEFORE = NOW - 20 * HOUR
MINUTE = timedelta(minutes=1)
GUILD_ID = 900


class Watch:
    """A store with one polled feed of a small blog, and a channel that wants everything."""

    def __init__(self, store: Store, poller: Poller, desk: Desk, blog: Blog) -> None:
        self.store = store
        self.poller = poller
        self.desk = desk
        self.blog = blog

    async def feed(self) -> Feed:
        [feed] = await self.store.feeds.list(Scope())
        return feed

    async def titles(self) -> set[str]:
        page = await self.store.articles.search(parse(""), Scope(), now=NOW, limit=1000)
        return {hit.title for hit in page.hits}

    async def owed(self) -> int:
        return (await self.store.outbox.status(None)).owed

    async def notice(self) -> str | None:
        feed = await self.feed()
        return feed.notice and catalogue().say(feed.notice, **feed.notice_params)


@pytest.fixture
async def watch(tmp_path: Path, workers: Workers, site: Site) -> AsyncIterator[Watch]:
    blog = Blog(site)
    blog.publish(12, BEFORE, every=MINUTE)
    async with polled(tmp_path, workers, blog, NOW, GUILD_ID) as parts:
        yield Watch(parts.store, parts.poller, parts.desk, blog)


async def test_what_passed_unseen_is_fetched_from_the_api_once_and_delivered(watch: Watch) -> None:
    assert len(watch.blog.asked()) == 0, "a first fetch has no gap"
    watch.blog.publish(35, NOW, every=MINUTE)
    await watch.poller.tick(NOW + 5 * HOUR)
    # The feed shows 10 of the 35; posts 1 and 2 were never in it and are no part of the gap.
    assert await watch.titles() == {f"Post {n}" for n in range(3, 48)}
    assert await watch.owed() == 35
    assert len(watch.blog.asked()) == 1
    assert "25 articles had passed unseen" in str(await watch.notice())

    watch.blog.publish(1, NOW + 6 * HOUR, every=MINUTE)
    await watch.poller.tick(NOW + 10 * HOUR)
    assert len(watch.blog.asked()) == 1, "the gap is closed"
    assert await watch.owed() == 36


async def test_a_flood_is_cut_to_the_channels_cap(watch: Watch) -> None:
    watch.blog.publish(35, NOW, every=MINUTE)
    await watch.poller.tick(NOW + 5 * HOUR)
    formed = await watch.store.outbox.form(NOW + 5 * HOUR)
    assert formed == 10, "the newest, and one line about the others"
    assert await watch.owed() == 0


async def test_no_gap_is_seen_where_the_feed_reaches_back(watch: Watch) -> None:
    watch.blog.publish(9, NOW, every=MINUTE)
    await watch.poller.tick(NOW + 5 * HOUR)
    # The newest ones are withdrawn, and one more comes: that is no gap either.
    for post in watch.blog.posts[-4:]:
        post.status = "draft"
    watch.blog.publish(1, NOW + 6 * HOUR, every=MINUTE)
    await watch.poller.tick(NOW + 10 * HOUR)
    assert watch.blog.asked() == []
    assert (await watch.feed()).notice is None


async def test_a_pinned_old_post_hides_no_gap(watch: Watch) -> None:
    old = watch.blog.posts[3]

    async def pinned(request: web.Request) -> web.StreamResponse:
        answer = await watch.blog.feed(request)
        assert isinstance(answer, web.Response)
        assert isinstance(answer.body, bytes)
        item = watch.blog._item(old).encode()
        return web.Response(body=answer.body.replace(b"<item>", item + b"<item>", 1))

    for n in range(12):
        watch.blog.publish(1, NOW + n * HOUR, every=MINUTE)
        await watch.poller.tick(NOW + (n + 1) * 5 * HOUR)
    watch.blog.before("/feed/", pinned)
    watch.blog.publish(15, NOW + 100 * HOUR, every=MINUTE)
    await watch.poller.tick(NOW + 200 * HOUR)
    assert "5 articles" in str(await watch.notice())


async def test_without_an_api_the_feeds_own_pages_heal(watch: Watch) -> None:
    watch.blog.instead("/wp-json/wp/v2/posts", 401, b'{"code":"rest_not_logged_in"}')
    watch.blog.publish(35, NOW, every=MINUTE)
    await watch.poller.tick(NOW + 5 * HOUR)
    assert await watch.owed() == 35
    assert [q.get("paged") for q in watch.blog.asked("/feed/")] == [None, None, "2", "3", "4"]


async def test_a_gap_that_cannot_be_looked_up_is_told_and_stops_nothing(watch: Watch) -> None:
    watch.blog.instead("/wp-json/wp/v2/posts", 403, b"<html>No.</html>")
    watch.blog.numbers_pages = False
    watch.blog.publish(35, NOW, every=MINUTE)
    await watch.poller.tick(NOW + 5 * HOUR)
    assert await watch.owed() == 10
    feed = await watch.feed()
    assert (feed.error, feed.notice) == (None, "ingest.gap_open")
    assert f"tagwire sync {feed.id}" in str(await watch.notice())


async def test_a_site_that_is_busy_is_asked_nothing_more(watch: Watch) -> None:
    watch.blog.instead("/wp-json/wp/v2/posts", 429, Retry_After="600")
    watch.blog.publish(35, NOW, every=MINUTE)
    await watch.poller.tick(NOW + 5 * HOUR)
    assert await watch.owed() == 10, "what the feed shows is kept"
    assert (await watch.feed()).notice == "ingest.gap_open"
    assert len(watch.blog.asked("/feed/")) == 2

    watch.blog.before("/wp-json/wp/v2/posts", watch.blog.list_posts)
    watch.blog.publish(1, NOW + 6 * HOUR, every=MINUTE)
    await watch.poller.tick(NOW + 10 * HOUR)
    assert await watch.owed() == 36, "the gap was kept open and is filled by the next document"
    assert "25 articles had passed unseen" in str(await watch.notice())
    watch.blog.publish(1, NOW + 11 * HOUR, every=MINUTE)
    await watch.poller.tick(NOW + 15 * HOUR)
    assert len(watch.blog.asked()) == 2, "once"


async def test_healing_ends_at_its_cap_and_says_how_to_go_on(watch: Watch) -> None:
    watch.blog.publish(450, NOW, every=timedelta(seconds=10))
    await watch.poller.tick(NOW + 5 * HOUR)
    assert await watch.owed() == 10 + 300
    assert "there are more" in str(await watch.notice())


async def test_a_tags_feed_is_not_healed_with_what_the_whole_site_holds(
    watch: Watch, site: Site
) -> None:
    # A feed of the guild's own, so that nothing is known of it by the public one.
    site.handlers["/tag/harbour/feed/"] = watch.blog.feed
    url = f"{site.base}/tag/harbour/feed/"
    tagged = await watch.desk.add(url, GUILD_ID, NOW)
    watch.blog.publish(35, NOW, every=MINUTE)
    await watch.poller.poll(tagged, NOW + 5 * HOUR)
    assert watch.blog.asked() == []
    assert await watch.owed() == 35


async def test_a_poll_cut_off_while_it_heals_leaves_the_gap_to_the_next(watch: Watch) -> None:
    asked, released = asyncio.Event(), asyncio.Event()

    async def hangs(request: web.Request) -> web.StreamResponse:
        asked.set()
        await released.wait()
        return await watch.blog.list_posts(request)

    watch.blog.before("/wp-json/wp/v2/posts", hangs)
    watch.blog.publish(35, NOW, every=MINUTE)
    poll = asyncio.create_task(watch.poller.poll(await watch.feed(), NOW + 5 * HOUR))
    await asked.wait()
    poll.cancel()
    await asyncio.gather(poll, return_exceptions=True)
    released.set()
    assert await watch.owed() == 0, "nothing was kept, so nothing is lost"
    await watch.poller.poll(await watch.feed(), NOW + 5 * HOUR)
    assert await watch.owed() == 35


async def test_a_withdrawn_article_returns_with_the_feed_and_is_not_told_again(
    watch: Watch,
) -> None:
    watch.blog.publish(2, NOW, every=MINUTE)
    await watch.poller.tick(NOW + 5 * HOUR)
    await watch.store.outbox.form(NOW + 5 * HOUR)
    page = await watch.store.articles.search(parse("14"), Scope(), now=NOW)
    await watch.store.articles.hide(page.hits[0].id, "withdrawn")
    assert "Post 14" not in await watch.titles()
    watch.blog.publish(1, NOW + 6 * HOUR, every=MINUTE)
    await watch.poller.tick(NOW + 10 * HOUR)
    assert "Post 14" in await watch.titles()
    assert await watch.owed() == 1, "the new one alone"


async def test_items_without_dates_that_are_gone_are_told(watch: Watch, site: Site) -> None:
    def undated(numbers: range) -> bytes:
        items = "".join(
            f"<item><title>Note {n}</title><link>https://a.example/{n}</link></item>"
            for n in numbers
        )
        return (f"<rss version='2.0'><channel><title>Notes</title>{items}</channel></rss>").encode()

    feed = await watch.desk.add(site.answers("/notes", undated(range(5))), GUILD_ID, NOW)
    site.answers("/notes", undated(range(3, 8)))
    await watch.poller.poll(feed, NOW + 5 * HOUR)
    assert (await watch.store.feeds.get(feed.id, Scope(GUILD_ID))).notice is None
    site.answers("/notes", undated(range(20, 25)))
    await watch.poller.poll(feed, NOW + 10 * HOUR)
    assert (await watch.store.feeds.get(feed.id, Scope(GUILD_ID))).notice == "ingest.gap_open"


async def test_next_links_heal_other_feeds(watch: Watch, site: Site) -> None:
    def atom(numbers: range, extra: str = "") -> bytes:
        entries = "".join(
            f"<entry><id>urn:x:{n}</id><title>Entry {n}</title><link href='https://a.example/{n}'/>"
            f"<updated>{NOW + n * MINUTE:%Y-%m-%dT%H:%M:%SZ}</updated>"
            f"<published>{NOW + n * MINUTE:%Y-%m-%dT%H:%M:%SZ}</published>"
            f"<content type='html'>Text {n}.</content></entry>"
            for n in reversed(numbers)
        )
        return (
            f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Wire</title>{extra}{entries}</feed>"
        ).encode()

    url = site.answers("/atom", atom(range(1, 11)))
    await watch.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    site.answers("/atom", atom(range(31, 41), "<link rel='next' href='/atom2'/>"))
    site.answers("/atom2", atom(range(16, 31), "<link rel='next' href='/atom3'/>"))
    site.answers("/atom3", atom(range(1, 16)))
    feeds = await watch.store.feeds.list(Scope())
    await watch.poller.poll(next(f for f in feeds if f.url == url), NOW + 5 * HOUR)
    assert {f"Entry {n}" for n in range(1, 41)} <= await watch.titles()
    assert await watch.owed() == 30
