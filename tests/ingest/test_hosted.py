"""A site behind WordPress.com's own API on loopback: handles, changes, deletions, its address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.ingest.addresses import Guard
from bot.ingest.api_page import HostedFacts
from bot.ingest.fetch import Fetcher, open_session
from bot.ingest.hosted import advanced
from bot.ingest.pace import Patience
from bot.ingest.place import Place
from bot.ingest.sync import Sources, Syncer, SyncReport, Wanted
from bot.ingest.whole_site import SiteReader
from bot.ingest.worker import Workers
from bot.model import PUBLIC_SCOPE_ID, Article, Feed, Note, Scope
from bot.query.language import parse
from bot.store import Store
from tests.ingest.loopback import Site

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
POSTS = 230
PATH = "/rest/v1.1/sites/quay.example/posts/"


@dataclass
class Hosted:
    """What the host has of one site; `handles` says whether its pages name the next one."""

    site: Site
    posts: list[dict[str, Any]] = field(default_factory=list)
    handles: bool = True

    def __post_init__(self) -> None:
        self.site.handlers[PATH] = self.list
        for number in range(1, POSTS + 1):
            at = NOW - timedelta(days=POSTS - number)
            self.posts.append(_post(number, at))

    @property
    def api(self) -> str:
        return f"{self.site.base}{PATH}"

    def asked(self) -> list[dict[str, str]]:
        return [dict(r.query) for r in self.site.requests if r.path == PATH]

    async def list(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        key = "modified" if query.get("order_by") == "modified" else "date"
        posts = sorted(self.posts, key=lambda p: (p[key], p["ID"]), reverse=True)
        if since := query.get("modified_after"):
            posts = [p for p in posts if _utc(p["modified"]) > _utc(since)]
        found, size = len(posts), int(query.get("number", "20"))
        if handle := query.get("page_handle"):
            value, _, number = handle.removeprefix("value=").partition("&id=")
            after = (value.replace("%3A", ":").replace("%2B", "+"), int(number))
            posts = [p for p in posts if (p[key], p["ID"]) < after]
        start = (int(query.get("page", "1")) - 1) * size
        shown = posts[start : start + size]
        meta: dict[str, Any] = {"links": {}, "wpcom": True}
        if self.handles and len(posts) > size:
            value = shown[-1][key].replace(":", "%3A").replace("+", "%2B")
            meta["next_page"] = f"value={value}&id={shown[-1]['ID']}"
        if fields := query.get("fields"):
            shown = [{k: v for k, v in p.items() if k in fields.split(",")} for p in shown]
        return web.json_response({"found": found, "posts": shown, "meta": meta})


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _post(number: int, at: datetime) -> dict[str, Any]:
    moment = at.strftime("%Y-%m-%dT%H:%M:%S+02:00")
    return {
        "ID": number,
        "site_ID": 70,
        "author": {"ID": 3, "login": "mq", "email": False, "name": "Mara Quay"},
        "date": moment,
        "modified": moment,
        "title": f"Post {number} &#8211; quay",
        "URL": f"https://quay.example/{number}/",
        "content": f"<p>What post {number} tells of the harbour.</p>\n<p>Source : The Quay</p>",
        "excerpt": "",
        "guid": f"https://quay.example/?p={number}",
        "status": "publish",
        "type": "post",
        "password": "",
        "tags": {"R&amp;D": {"ID": 1, "name": "R&amp;D", "slug": "r-d", "post_count": 9}},
        "categories": {"Harbour": {"ID": 2, "name": "Harbour", "slug": "harbour"}},
    }


@dataclass
class Yard:
    """A store and what reads the hosted site into it."""

    store: Store
    fetcher: Fetcher
    workers: Workers
    hosted: Hosted
    notes: list[Note] = field(default_factory=list)

    async def sync(self, wanted: Wanted | None = None, now: datetime = NOW) -> SyncReport:
        syncer = Syncer(self.store, self.fetcher, self.workers, now, Patience(0.0))
        return await syncer.sync(await self.feed(), Sources(self.hosted.api), wanted or Wanted())

    async def imported(self) -> SyncReport:
        """Do what `import URL` does with an address."""
        reader = SiteReader(
            self.store,
            self.fetcher,
            self.workers,
            NOW,
            PUBLIC_SCOPE_ID,
            Patience(0.0),
            lambda *_: None,
            self.notes.append,
        )
        fetched = await self.fetcher.get(self.hosted.api, now=NOW)
        facts = await reader.look(fetched)
        assert facts is not None
        return await reader.read(self.hosted.api, facts)

    async def feed(self) -> Feed:
        return await self.store.feeds.ensure_import("Quay", None, PUBLIC_SCOPE_ID, NOW)

    async def all(self) -> list[Article]:
        hits = (await self.store.articles.search(parse(""), Scope(), now=NOW, limit=20)).hits
        return list(await self.store.articles.get_many([hit.id for hit in hits], Scope()))

    async def count(self) -> int:
        return (await self.store.counts()).articles


@pytest.fixture
async def yard(tmp_path: Path, workers: Workers, site: Site) -> AsyncIterator[Yard]:
    guard = Guard(allow_private=True)
    async with Store.open(tmp_path) as store, open_session(guard) as session:
        yield Yard(store, Fetcher(session, guard), workers, Hosted(site))


async def test_a_site_is_read_whole_by_the_handles_of_its_pages(yard: Yard) -> None:
    report = await yard.sync()
    assert (report.way, report.new, report.is_whole) == ("api", POSTS, True)
    asked = yard.hosted.asked()
    assert ["page_handle" in query for query in asked] == [False, True, True]
    assert all(query["number"] == "100" for query in asked)
    newest = (await yard.all())[0]
    assert newest.title == f"Post {POSTS} – quay"
    assert {tag.name for tag in newest.tags} == {"R&D", "Harbour"}
    assert (newest.poster, newest.source) == ("Mara Quay", "The Quay")
    assert newest.published_at == NOW - timedelta(hours=2)


async def test_pages_without_handles_are_followed_by_their_numbers(yard: Yard) -> None:
    yard.hosted.handles = False
    report = await yard.sync()
    assert (report.new, report.is_whole) == (POSTS, True)
    assert [query.get("page") for query in yard.hosted.asked()] == [None, "2", "3"]


async def test_a_capped_reading_goes_on_at_its_handle(yard: Yard) -> None:
    report = await yard.sync(Wanted(most=100))
    assert (report.read, report.is_whole) == (100, False)
    report = await yard.sync()
    assert (report.resumed, report.read, report.is_whole) == (True, POSTS - 100, True)
    assert await yard.count() == POSTS


async def test_later_only_changes_are_read_and_what_was_deleted_is_hidden(yard: Yard) -> None:
    await yard.sync()
    first = len(yard.hosted.asked())
    changed, deleted = yard.hosted.posts[40], yard.hosted.posts[50]
    changed["content"], changed["modified"] = "<p>Put right.</p>", "2026-05-06T10:00:00+00:00"
    yard.hosted.posts.remove(deleted)
    report = await yard.sync(now=NOW + timedelta(days=3))
    assert (report.read, report.updated, report.withdrawn) == (2, 1, 1)
    later = yard.hosted.asked()[first:]
    assert "modified_after" in later[0]
    assert all("content" not in query["fields"] for query in later[1:])
    assert await yard.count() == POSTS - 1


async def test_the_address_of_the_list_is_taken_for_the_whole_site(yard: Yard) -> None:
    report = await yard.imported()
    assert (report.new, report.is_whole) == (POSTS, True)
    assert yard.notes[0] == Note("ingest.site_api", {"url": yard.hosted.api})
    [feed] = await yard.store.feeds.list(Scope())
    assert feed.title == "quay.example", "the site's name, not the host's of many"


async def test_an_unknown_site_is_told_in_the_hosts_words(yard: Yard) -> None:
    body = b'{"error":"unknown_blog","message":"Unknown blog"}'
    yard.hosted.site.answers(PATH, body, 200, content_type="application/json")
    report = await yard.sync()
    assert report.way is None
    assert report.problems[0].params == {"code": "unknown_blog", "message": "Unknown blog"}


def test_pages_that_repeat_themselves_end_a_walk() -> None:
    place = Place(handle="a", page=2, seen=(1, 2))
    assert advanced(place, HostedFacts((1, 2), 900, "b")) is None
    assert advanced(place, HostedFacts((3, 4), 900, "a")) is None
    assert advanced(place, HostedFacts((3, 4), 900, None)) is None
    assert advanced(Place(), HostedFacts((3, 4), None, None)) is None
