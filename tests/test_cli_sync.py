"""`tagwire sync` and importing a site's address, against a small blog served from a thread."""

import asyncio
import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from bot.cli import main
from tests.ingest.blog import Blog
from tests.ingest.loopback import Handler, Site

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


def test_a_killed_sync_goes_on_where_it_stopped(run: Run, blog: Blog) -> None:
    run("feeds", "add", blog.feed_url)
    reached = Event()

    async def hangs(request: web.Request) -> web.StreamResponse:
        if "before" in request.query:
            reached.set()
            await asyncio.sleep(60)
        return await blog.list_posts(request)

    blog.before(API, hangs)
    killed = subprocess.Popen([sys.executable, "-m", "bot", "sync", "1"])
    try:
        assert reached.wait(15)
    finally:
        killed.kill()
        killed.wait()
    [listed] = printed(run("feeds", "list", "--json"))
    assert listed["articles"] == 100, "the first page stands"
    blog.before(API, blog.list_posts)
    report = printed(run("sync", "1", "--json"))
    assert (report["resumed"], report["new"], report["whole"]) == (True, POSTS - 100, True)


def test_two_processes_are_never_at_a_site_at_once(run: Run, blog: Blog) -> None:
    """A feed asked anew while another process syncs its site: what the bot's poll does, too."""
    run("feeds", "add", blog.feed_url)
    syncing, inside, most = Event(), 0, 0

    def slowly(handler: Handler) -> Handler:
        async def counted(request: web.Request) -> web.StreamResponse:
            nonlocal inside, most
            syncing.set()
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.2)
            inside -= 1
            return await handler(request)

        return counted

    blog.before(API, slowly(blog.list_posts))
    blog.before("/feed/", slowly(blog.feed))
    other = subprocess.Popen([sys.executable, "-m", "bot", "sync", "1"])
    try:
        assert syncing.wait(15)
        while other.poll() is None:
            assert run("feeds", "refresh", "1").exit_code == 0
    finally:
        other.kill()
        other.wait()
    assert most == 1
    assert printed(run("feeds", "list", "--json"))[0]["articles"] == POSTS


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


def test_a_single_feed_is_read_and_the_whole_site_offered(run: Run, blog: Blog) -> None:
    result = run("import", blog.feed_url)
    assert "10 articles read: 10 new" in result.stdout
    assert f"tagwire import {blog.site.base}/" in result.stderr


def test_a_gap_stands_in_the_feeds_status(run: Run, blog: Blog) -> None:
    run("feeds", "add", blog.feed_url)
    blog.publish(30, FIRST_AT + timedelta(days=60), every=timedelta(minutes=5))
    run("feeds", "refresh", "1")
    assert "20 articles had passed unseen" in run("feeds", "status").stdout
    [feed] = printed(run("feeds", "status", "--json"))
    assert "20 articles" in feed["notice"]


def export_of(count: int) -> str:
    items = "".join(
        f"<item><title>Entry {n}</title><link>https://quay.example/{n}/</link>"
        f"<guid isPermaLink='false'>https://quay.example/?p={n}</guid>"
        f"<content:encoded><![CDATA[What entry {n} tells.]]></content:encoded>"
        f"<wp:post_id>{n}</wp:post_id><wp:post_date_gmt>2026-01-01 {n // 3600:02d}:"
        f"{n // 60 % 60:02d}:{n % 60:02d}</wp:post_date_gmt><wp:status>publish</wp:status>"
        "<wp:post_type>post</wp:post_type></item>"
        for n in range(1, count + 1)
    )
    return (
        "<?xml version='1.0'?><rss version='2.0' xmlns:wp='http://wordpress.org/export/1.2/' "
        "xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><title>Quay</title>"
        "<link>https://quay.example</link><wp:wxr_version>1.2</wp:wxr_version>"
        f"{items}</channel></rss>"
    )


def test_a_killed_import_goes_on_where_it_stopped(run: Run, tmp_path: Path) -> None:
    export = tmp_path / "export.xml"
    export.write_text(export_of(6_000))
    killed = subprocess.Popen([sys.executable, "-m", "bot", "import", str(export)])
    try:
        while not stored_of_file(tmp_path):
            assert killed.poll() is None, "it ended before anything was kept"
            time.sleep(0.01)
    finally:
        killed.kill()
        killed.wait()
    result = run("import", str(export))
    assert "Going on after the" in result.stderr
    assert "6000 articles read" in result.stdout
    [feed] = printed(run("feeds", "list", "--json"))
    assert feed["articles"] == 6_000


def stored_of_file(folder: Path) -> int:
    path = folder / "data" / "tagwire.db"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        try:
            return int(database.execute("SELECT coalesce(max(done), 0) FROM walks").fetchone()[0])
        except sqlite3.Error:
            return 0


def test_on_a_terminal_a_bar_shows_rate_and_time_left(run: Run, tmp_path: Path) -> None:
    export = tmp_path / "export.xml"
    export.write_text(export_of(8_000))
    ours, theirs = os.openpty()
    importing = subprocess.Popen([sys.executable, "-m", "bot", "import", export], stderr=theirs)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # What a terminal reads as its end.
        while piece := os.read(ours, 4096):
            shown += piece
    os.close(ours)
    assert importing.wait() == 0
    wanted = r"export\.xml .* \d+/8000 +\d\d:\d\d:\d\d +\d+/s"
    assert any(re.search(wanted, line) for line in shown.decode().split("\r"))
