"""A small live feed on loopback: RSS that gains an item now and then, from a pool it goes round."""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from html import escape
from importlib import resources

from aiohttp import web

from bot.playground.hub import Hub

EVERY_S = 20.0
KEPT_ITEMS = 30
FIRST_ITEMS = 3
CORRECTION = "Correction: an earlier version of this article left this line out."
PATH = "/feed/live.xml"
WIRE_PATH = "/feed/wire.xml"
TITLE = "The Loopback Ledger"
WIRE_TITLE = "The Carrier Wire"
LINK = re.compile(r"/feed/(item|copy)/(\d+)")


@dataclass(frozen=True, slots=True)
class Item:
    """An article that the feed can publish."""

    title: str
    authors: tuple[str, ...]
    source: str
    tags: tuple[str, ...]
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """An item that is out, with its number and time."""

    number: int
    title: str
    item: Item
    at: datetime
    copy: bool = False

    @property
    def name(self) -> str:
        """Return what the side panel calls it: item 3, copy 3."""
        return f"{'copy' if self.copy else 'item'} {self.number}"


def sample_pool() -> tuple[Item, ...]:
    """Return the items of the sample that comes with the playground."""
    text = resources.files("bot.playground").joinpath("sample", "live.json").read_text("utf-8")
    return tuple(
        Item(
            one["title"],
            tuple(one["authors"]),
            one["source"],
            tuple(one["tags"]),
            tuple(one["paragraphs"]),
        )
        for one in json.loads(text)
    )


@dataclass(slots=True)
class Feed:
    """The feed and what it has published; `down` makes it answer 503."""

    hub: Hub
    pool: Sequence[Item]
    every_s: float = EVERY_S
    # Told when the feed gains an item by itself, before it does.
    on_tick: Callable[[], object] | None = None
    published: list[Published] = field(default_factory=list)
    copies: list[Published] = field(default_factory=list)
    down: bool = False
    requests: int = 0
    wire_read: int = 0
    _count: int = 0
    _read: int = 0

    @property
    def url(self) -> str:
        """Return the feed's address."""
        return self.hub.address + PATH

    def publish(self) -> Published:
        """Add the pool's next item; after a whole round titles get a number."""
        item = self.pool[self._count % len(self.pool)]
        turn = self._count // len(self.pool)
        title = item.title if turn == 0 else f"{item.title} ({turn + 1})"
        self._count += 1
        new = Published(self._count, title, item, self.hub.clock.now())
        self.published = [new, *self.published][:KEPT_ITEMS]
        self.hub.note("feed", f"Published: {title}", {"number": new.number}, new.name)
        return new

    @property
    def wire_url(self) -> str:
        """Return the address of the second feed, which holds copies of the first one's items."""
        return self.hub.address + WIRE_PATH

    @property
    def read(self) -> int:
        """Return the number of the newest item that left with an answer."""
        return self._read

    def correct(self, number: int | None = None) -> Published:
        """Change an item's title and text (the newest's), as a newsroom that corrects itself."""
        newest = self.published[0] if self.published else self.publish()
        old = next((one for one in self.published if one.number == number), newest)
        paragraphs = (*old.item.paragraphs, CORRECTION)
        title = f"Corrected: {old.title.removeprefix('Corrected: ')}"
        new = replace(old, title=title, item=replace(old.item, paragraphs=paragraphs))
        self.published = [new if one is old else one for one in self.published]
        self.hub.note("feed", f"Changed: {title}", {"number": new.number}, new.name)
        return new

    def copy(self, number: int | None = None) -> Published:
        """Let the second feed carry an item of the first (the newest), under its own name."""
        newest = self.published[0] if self.published else self.publish()
        of = next((one for one in self.published if one.number == number), newest)
        new = replace(of, at=self.hub.clock.now(), copy=True)
        self.copies = [new, *(one for one in self.copies if one.number != of.number)][:KEPT_ITEMS]
        self.hub.note("feed", f"Copied by {WIRE_TITLE}: {of.title}", None, new.name)
        return new

    async def tick_for_ever(self) -> None:
        """Publish an item every so many seconds."""
        while True:
            await asyncio.sleep(self.every_s)
            if self.on_tick is not None:
                self.on_tick()
            self.publish()

    def add_routes(self, app: web.Application) -> None:
        """Serve the feed and a page for each of its items."""
        app.router.add_get(PATH, self._serve)
        app.router.add_get(WIRE_PATH, self._serve_wire)
        app.router.add_get(r"/feed/{kind:item|copy}/{number:\d+}", self._serve_item)

    async def _serve(self, request: web.Request) -> web.Response:
        self.requests += 1
        if self.down:
            self.hub.note("feed", "GET live.xml → 503 (down on purpose)")
            return web.Response(status=503, headers={"Retry-After": "5"})
        body = self.document().encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache"}
        changed_at = self.published[0].at.replace(microsecond=0) if self.published else None
        if changed_at:
            headers["Last-Modified"] = format_datetime(changed_at, usegmt=True)
        unchanged = _is_unchanged(request, etag, changed_at)
        if unchanged or not self._note_read(etag):
            self.hub.note("feed", f"GET live.xml → {304 if unchanged else 200}", {"etag": etag})
        if unchanged:
            return web.Response(status=304, headers=headers)
        kind = {"Content-Type": "application/rss+xml; charset=utf-8"}
        return web.Response(body=body, headers=headers | kind)

    def _note_read(self, etag: str) -> bool:
        """Note for each item that leaves with an answer for the first time; whether any did."""
        new = [one for one in reversed(self.published) if one.number > self._read]
        for one in new:
            text = "Read by Tagwire: GET live.xml → 200"
            self.hub.note("feed", text, {"etag": etag}, f"item {one.number}")
        self._read = self._count
        return bool(new)

    async def _serve_wire(self, request: web.Request) -> web.Response:
        kind = "application/rss+xml"
        self.wire_read = max((one.number for one in self.copies), default=0)
        return web.Response(text=self.document(self.copies, WIRE_TITLE), content_type=kind)

    def document(self, published: Sequence[Published] | None = None, title: str = TITLE) -> str:
        """Return the feed as RSS 2.0, newest first."""
        items = "".join(
            self._item(one) for one in (self.published if published is None else published)
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
            ' xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
            f"<title>{escape(title)}</title><link>{self.hub.address}/feed/</link>"
            "<description>Gains an item while you watch</description>"
            f"{items}</channel></rss>\n"
        )

    def _link(self, one: Published) -> str:
        return f"{self.hub.address}/feed/{one.name.replace(' ', '/')}"

    def _item(self, one: Published) -> str:
        tags = "".join(f"<category>{escape(tag)}</category>" for tag in one.item.tags)
        authors = " and ".join(one.item.authors)
        creator = f"<dc:creator>{escape(authors)}</dc:creator>" if authors else ""
        paper = "carrier-wire" if one.copy else "loopback-ledger"
        return (
            f"<item><title>{escape(one.title)}</title><link>{self._link(one)}</link>"
            f'<guid isPermaLink="false">{paper}-{one.number}</guid>'
            f"<pubDate>{format_datetime(one.at.astimezone(UTC), usegmt=True)}</pubDate>"
            f"{creator}{tags}<content:encoded>{escape(_body(one.item))}</content:encoded></item>\n"
        )

    async def _serve_item(self, request: web.Request) -> web.Response:
        name = f"{request.match_info['kind']} {request.match_info['number']}"
        for one in (*self.published, *self.copies):
            if one.name == name:
                head = f"<!doctype html><meta charset=utf-8><title>{escape(one.title)}</title>"
                page = f"{head}<h1>{escape(one.title)}</h1>{_body(one.item)}"
                return web.Response(text=page, content_type="text/html")
        raise web.HTTPNotFound


def item_in(text: str) -> str | None:
    """Return the trace's name of the item that a text links to, or None."""
    found = LINK.search(text)
    return f"{found[1]} {found[2]}" if found else None


def item_of(form: object) -> str | None:
    """Return the trace's name of the item that a message's form links to, or None."""
    return item_in(json.dumps(form)) if form else None


def _body(item: Item) -> str:
    authors = " and ".join(item.authors)
    byline = f"<p>{escape(authors)} wrote . . . . .</p>" if authors else ""
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in item.paragraphs)
    source = f"<p>Source : {escape(item.source)}</p>" if item.source else ""
    return byline + paragraphs + source


def _is_unchanged(request: web.Request, etag: str, changed_at: datetime | None) -> bool:
    if given := request.headers.get("If-None-Match"):
        return etag in given
    since = request.headers.get("If-Modified-Since")
    if since is None or changed_at is None:
        return False
    try:
        return parsedate_to_datetime(since) >= changed_at
    except (TypeError, ValueError):
        return False
