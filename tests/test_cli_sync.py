"""`tagwire sync` and importing a site's address, against a small blog served from a thread."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from bot.cli import main
from tests.ingest.blog import Blog
from tests.ingest.loopback import Site

POSTS = 130
FIRST_AT = datetime(2026, 1, 1, 8, tzinfo=UTC)
API = "/wp-json/wp/v2/posts"

Run = Callable[..., Result]


@pytest.fixture
def blog() -> Iterator[Blog]:
    """Serve a blog on an event loop of its own, as the verbs run one in the test's thread."""
    loop = asyncio.new_event_loop()
    site = Site()

    async def start() -> web.ServerRunner:
        runner = web.ServerRunner(web.Server(site), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        site.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    runner = loop.run_until_complete(start())
    thread = Thread(target=loop.run_forever)
    thread.start()
    blog = Blog(site)
    blog.publish(POSTS, FIRST_AT, every=timedelta(hours=6))
    yield blog
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("TAGWIRE_HOME", str(tmp_path))
    monkeypatch.setenv("TAGWIRE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TAGWIRE_ALLOW_PRIVATE_FEEDS", "true")
    monkeypatch.setenv("TAGWIRE_HOST_GAP", "0")
    monkeypatch.delenv("TAGWIRE_TOKEN", raising=False)
    runner = CliRunner()
    return lambda *words: runner.invoke(main, list(words))


def printed(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_sync_brings_the_whole_archive_of_a_feed_and_counts_it(run: Run, blog: Blog) -> None:
    feed = printed(run("feeds", "add", blog.feed_url, "--json"))
    report = printed(run("sync", str(feed["id"]), "--json"))
    assert (report["way"], report["new"], report["whole"]) == ("api", POSTS - 10, True)
    assert report["problems"] == []
    again = run("sync", blog.site.base)
    assert again.exit_code == 0, again.output
    assert "nothing changed" in again.stdout or "holds no articles" in again.stdout
    [listed] = printed(run("feeds", "list", "--json"))
    assert listed["articles"] == POSTS


def test_sync_stops_at_its_cap_and_goes_on_later(run: Run, blog: Blog) -> None:
    run("feeds", "add", blog.feed_url)
    first = run("sync", blog.feed_url, "--max", "40")
    assert "There may be more" in first.stdout
    second = run("sync", blog.feed_url)
    assert "Going on after the 40 articles" in second.stderr
    assert "There may be more" not in second.stdout
    [listed] = printed(run("feeds", "list", "--json"))
    assert listed["articles"] == POSTS


def test_sync_since_a_day_reads_no_further(run: Run, blog: Blog) -> None:
    run("feeds", "add", blog.feed_url)
    report = printed(run("sync", "1", "--since", "2026-01-31", "--json"))
    assert report["read"] == 11


def test_sync_of_a_feed_that_is_not_there_says_what_to_do(run: Run, blog: Blog) -> None:
    result = run("sync", "7")
    assert result.exit_code == 1
    assert "tagwire feeds add" in result.stderr


def test_a_site_that_cannot_be_read_at_all_ends_with_2_and_says_why(run: Run, blog: Blog) -> None:
    run("feeds", "add", blog.feed_url)
    blog.instead(API, 401, b'{"code":"rest_not_logged_in"}')
    blog.instead("/feed/", 403)
    result = run("sync", "1")
    assert result.exit_code == 2
    assert "refuses to show this address to programs" in result.stderr


def test_a_sites_address_imports_the_whole_archive_and_says_what_it_found(
    run: Run, blog: Blog
) -> None:
    result = run("import", blog.site.base)
    assert result.exit_code == 0, result.output
    assert f"{blog.site.base}/wp-json/wp/v2/posts" in result.stderr
    assert f"Found a feed: {blog.feed_url}" in result.stderr
    assert f"{POSTS} articles read: {POSTS} new" in result.stdout
    [feed] = printed(run("feeds", "list", "--json"))
    assert (feed["title"], feed["url"]) == ("Quay – news", None)
    assert printed(run("import", blog.site.base, "--json"))["new"] == 0


def test_an_apis_index_and_list_are_taken_for_the_whole_site(run: Run, blog: Blog) -> None:
    index = {"name": "Quay", "home": blog.site.base, "namespaces": ["wp/v2"], "routes": {}}
    blog.instead("/wp-json/", 200, json.dumps(index).encode())
    assert printed(run("import", f"{blog.site.base}/wp-json/", "--json"))["new"] == POSTS
    assert printed(run("import", f"{blog.site.base}{API}", "--json"))["unchanged"] == POSTS


def test_a_dry_run_of_a_site_shows_the_newest_and_asks_for_few(
    run: Run, blog: Blog, tmp_path: Path
) -> None:
    result = run("import", "--dry-run", blog.site.base)
    assert result.exit_code == 0, result.output
    assert f"Post {POSTS}" in result.stdout
    assert "20 articles would be imported" in result.stdout
    assert [query["per_page"] for query in blog.asked()] == ["20"]
    assert not (tmp_path / "data").exists()


def test_a_site_joins_the_feed_that_is_polled_already(run: Run, blog: Blog) -> None:
    run("feeds", "add", blog.feed_url)
    assert printed(run("import", blog.site.base, "--json"))["new"] == POSTS - 10
    [feed] = printed(run("feeds", "list", "--json"))
    assert (feed["url"], feed["articles"]) == (blog.feed_url, POSTS)


def test_a_site_without_an_api_is_imported_by_its_feeds_pages(run: Run, blog: Blog) -> None:
    blog.instead(API, 404, b"<html>No.</html>")
    result = run("import", blog.site.base, "--json")
    report = printed(result)
    assert report["new"] == POSTS
    assert "nothing at this address" in report["problems"][0]["what"]


def test_a_gap_stands_in_the_feeds_status(run: Run, blog: Blog) -> None:
    run("feeds", "add", blog.feed_url)
    blog.publish(30, FIRST_AT + timedelta(days=60), every=timedelta(minutes=5))
    run("feeds", "refresh", "1")
    assert "20 articles had passed unseen" in run("feeds", "status").stdout
    [feed] = printed(run("feeds", "status", "--json"))
    assert "20 articles" in feed["notice"]
