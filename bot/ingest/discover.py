"""Finds the feeds of a site from one of its pages: what the page names, then where feeds lie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from bot.ingest.limits import MAX_LINK, MAX_OFFERS
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
