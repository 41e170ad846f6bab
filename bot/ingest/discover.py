"""Finds the feeds of a site from one of its pages: what the page names, then where feeds lie."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from bot.ingest.limits import MAX_LINK, MAX_OFFERS
from bot.ingest.links import fold_site
from bot.ingest.plain import title_text
from bot.model import Offer

_FEED_TYPES = re.compile(r"application/(rss|atom|rdf|feed)\+?(xml|json)?|application/json")
_FEED_LINK = re.compile(r"(?i)(/feed/?$|/rss|/atom|\.rss$|\.atom$|feed\.(xml|json)|feed=rss)")
_COMMENTS = re.compile(r"(?i)/comments?/|comments|kommentare|commentaires|comentarios")
_WORDPRESS = "https://api.w.org/"
_USUAL = ("feed/", "rss.xml", "atom.xml", "feed.xml", "index.xml", "feed.json", "rss", "feed.atom")


def offers(data: bytes, content_type: str | None, url: str) -> Iterator[tuple[Offer, ...]]:
    """Yield once what a page offers, best first: named feeds, linked feeds, the WordPress API.

    Feeds of comments are left out. Runs in a worker, as every page does.
    """
    # The bot's own process hands this function to a worker and never parses a page.
    from selectolax.lexbor import LexborHTMLParser

    from bot.ingest.decode import decode

    page = LexborHTMLParser(decode(data, content_type))
    named = [
        Offer("feed", urljoin(url, href), node.attributes.get("title"))
        for node in page.css("link[rel~=alternate][href]")
        if _FEED_TYPES.match((node.attributes.get("type") or "").lower())
        and (href := node.attributes.get("href") or "")
        and "wp-json" not in href
        and not _COMMENTS.search(f"{href} {node.attributes.get('title') or ''}")
    ]
    linked = [
        Offer("feed", urljoin(url, href))
        for node in page.css("a[href]")
        if (href := node.attributes.get("href") or "")
        and _FEED_LINK.search(href)
        and not _COMMENTS.search(href)
    ]
    api = [
        Offer("wordpress", urljoin(url, node.attributes.get("href") or ""))
        for node in page.css(f'link[rel="{_WORDPRESS}"][href]')
    ]
    yield _distinct([*named, *linked, *api])


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What a site says of itself: its title and home, its APIs and feeds, best first."""

    title: str | None
    home: str | None
    apis: tuple[str, ...]
    feeds: tuple[str, ...]


def site(data: bytes, content_type: str | None, url: str) -> Iterator[SiteFacts]:
    """Yield once what a site's home page, or its API's index, says of the site.

    Nothing for any other document, which is read for itself. Runs in a worker.
    """
    from bot.ingest.decode import decode
    from bot.ingest.formats.archive_html import page_title
    from bot.ingest.formats.sniff import Form, sniff

    text = decode(data, content_type)
    form = sniff(text)
    if form is Form.JSON:
        yield from _index(text, url)
    if form is not Form.HTML:
        return
    found = next(offers(data, content_type, url))
    title = title_text(page_title(text)) or None
    apis = tuple(offer.url for offer in found if offer.kind == "wordpress")
    feeds = tuple(offer.url for offer in found if offer.kind == "feed")
    own = next((api for api in apis if fold_site(api_home(api)) == fold_site(url)), None)
    if own is not None:
        # WordPress has its feed there, whether the page names it or not.
        yield SiteFacts(title, url, apis, feeds or (api_home(own) + "feed/",))
    elif found and urlsplit(url).path in ("", "/"):
        yield SiteFacts(title, url, apis, feeds)


def _index(text: str, url: str) -> Iterator[SiteFacts]:
    try:
        index = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return
    if isinstance(index, dict) and ("routes" in index or "namespaces" in index):
        name = index.get("name")
        title = title_text(name) if isinstance(name, str) else ""
        yield SiteFacts(title or None, api_home(url), (url,), (api_home(url) + "feed/",))


def api_home(api: str) -> str:
    """Return the home of the site that an API belongs to."""
    parts = urlsplit(api)
    path = parts.path.partition("/wp-json")[0].rstrip("/") + "/"
    return f"{parts.scheme}://{parts.netloc}{path}"


def usual(url: str) -> tuple[Offer, ...]:
    """Return where a site's feed usually lies: below the page's own path, then below the root."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}/"
    folder = url.split("?")[0].rstrip("/") + "/"
    below = [folder + "feed/"] if folder != root else []
    return tuple(Offer("feed", found) for found in [*below, *(root + path for path in _USUAL)])


def _distinct(found: list[Offer]) -> tuple[Offer, ...]:
    by_url: dict[str, Offer] = {}
    for offer in found:
        if urlsplit(offer.url).scheme in ("http", "https") and len(offer.url) <= MAX_LINK:
            by_url.setdefault(offer.url, offer)
    return tuple(by_url.values())[:MAX_OFFERS]
