"""What an HTML page says of itself and of its parts: addresses, offers, dates, authors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.ingest.clean import clean_text
from bot.ingest.dates import parse_date
from bot.ingest.headings import Heading, read_heading
from bot.ingest.limits import MAX_OFFERS
from bot.ingest.links import fold_link, fold_site, safe_link
from bot.model import Offer, Term
from bot.query.tags import tag_key

_SAVED_FROM = re.compile(r"<!--\s*saved from url=\(\d+\)(\S{1,2000})", re.IGNORECASE)
_FEED_TYPES = (
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
)
_COMMENTS = re.compile(
    r"/comments/|comments? feed|comentarios|kommentar|commentaires|commenti|コメント"
    r"|\bcomments\b",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:^|[\s_-])(?:date|published|time|posted)(?:$|[\s_-])", re.IGNORECASE)
_PUBLISHED = re.compile(
    r"(?:^|[\s_-])(?:entry-date|published|post-date)(?:$|[\s_-])", re.IGNORECASE
)
_UPDATED = re.compile(r"(?:^|[\s_-])(?:updated|modified)(?:$|[\s_-])", re.IGNORECASE)
_AUTHOR = re.compile(r"(?:^|[\s_-])(?:author|byline|fn)(?:$|[\s_-])", re.IGNORECASE)
# The words before a name ("Posted on", "by") where a theme puts them into an element of their own.
_LEAD = re.compile(r"(?:^|[\s_-])(?:prep|prefix|label)(?:$|[\s_-])", re.IGNORECASE)
_BY = re.compile(r"^(?:by|por|von|par|di|da|door|written by|posted by)\s*:?\s+", re.IGNORECASE)
_TITLE_PARTS = re.compile(r"\s+[|–—»·•-]\s+|\s+archives?\b", re.IGNORECASE)
_NAME_END = " \t-–—|·•,:"
_LONGEST_NAME = 100
Kind = Literal["tag", "category"]


@dataclass(frozen=True, slots=True)
class Page:
    """A page's own statements. `site` is a WordPress site's host and path, where it is known."""

    base: str | None
    address: str | None
    site: str | None
    site_url: str | None
    site_title: str | None
    heading: Heading | None
    language: str | None
    offers: tuple[Offer, ...]

    def resolve(self, link: str) -> str | None:
        """Return a link of the page absolute; a mirror's index.html is taken off."""
        shown = safe_link(link, self.base)
        if shown is not None and "://" not in link and shown.endswith("/index.html"):
            return shown.removesuffix("index.html")
        return shown


def read_page(tree: LexborHTMLParser, text: str, url: str | None) -> Page:
    """Read the head and heading of a page; `url` is where it was fetched, when it was."""
    address = _address(tree, text, url)
    given = tree.css_first("base[href]")
    base = (
        safe_link(given.attributes.get("href") if given is not None else None, address) or address
    )
    api = _api(tree, base)
    site_url = _home(api, address)
    root = tree.css_first("html")
    return Page(
        base=base,
        address=address,
        site=(fold_site(site_url) or None) if site_url else None,
        site_url=site_url,
        site_title=_site_title(tree),
        heading=_heading(tree),
        language=(root.attributes.get("lang") or None) if root is not None else None,
        offers=tuple(_offers(tree, base, api))[:MAX_OFFERS],
    )


def classes(node: LexborNode) -> list[str]:
    """Return the class names of an element."""
    return (node.attributes.get("class") or "").split()


def matches(node: LexborNode, form: re.Pattern[str]) -> bool:
    """Tell whether an element's class or id names what a pattern looks for."""
    found = node.attributes
    return any(form.search(found.get(name) or "") is not None for name in ("class", "id"))


def published_at(part: LexborNode) -> datetime | None:
    """Return when a part of a page was published: machine-readable first, else in words."""
    return _first_date(node for node in _dated(part) if not _is_update(node))


def updated_at(part: LexborNode) -> datetime | None:
    """Return when a part of a page says it was last changed."""
    return _first_date(node for node in _dated(part) if _is_update(node))


def author(part: LexborNode) -> str | None:
    """Return the name of a part's author, without "by" and dashes."""
    named = (node for node in _named(part, _AUTHOR) if not matches(node, _LEAD))
    nodes = [*part.css("a[rel~=author], [itemprop=author]"), *named]
    # The innermost element holds the name alone, those around it "by" and a date too.
    for node in sorted(nodes, key=lambda node: len(node.text(deep=True) or "")):
        name = _BY.sub("", clean_text(node.text(deep=True) or "")).strip(_NAME_END)
        if name and len(name) <= _LONGEST_NAME and parse_date(name) is None:
            return name
    return None


def image(part: LexborNode) -> str | None:
    """Return the address of a part's first picture as written."""
    for node in part.css("img"):
        for name in ("src", "data-src", "data-lazy-src"):
            link = node.attributes.get(name) or ""
            if link and not link.startswith("data:"):
                return link
    return None


def linked_terms(part: LexborNode) -> Iterator[Term]:
    """Yield the terms that a part links with rel="tag", with the slugs their links end in."""
    for node in part.css("a[rel~=tag]"):
        name = clean_text(node.text(deep=True) or "")
        link = node.attributes.get("href") or ""
        relation = (node.attributes.get("rel") or "").split()
        is_category = "category" in relation or "/category/" in link
        slug = unquote(
            urlsplit(link).path.removesuffix("index.html").rstrip("/").rpartition("/")[2]
        )
        if name:
            yield Term(name, "category" if is_category else "tag", slug or None)


def _is_update(node: LexborNode) -> bool:
    if node.attributes.get("itemprop") == "dateModified":
        return True
    # One date in both roles ("entry-date published updated") is that of publication.
    return matches(node, _UPDATED) and not matches(node, _PUBLISHED)


def _dated(part: LexborNode) -> Iterator[LexborNode]:
    yield from part.css("time[datetime], [itemprop=datePublished], [itemprop=dateModified]")
    yield from part.css("abbr[title], small, span[title]")
    yield from _named(part, _DATE)


def _named(part: LexborNode, form: re.Pattern[str]) -> Iterator[LexborNode]:
    return (node for node in part.css("[class]") if form.search(node.attributes.get("class") or ""))


def _first_date(nodes: Iterable[LexborNode]) -> datetime | None:
    for node in nodes:
        found = node.attributes
        stated = found.get("datetime") or found.get("content") or found.get("title")
        moment = parse_date(stated) or parse_date(clean_text(node.text(deep=True) or ""))
        if moment is not None:
            return moment
    return None


def _address(tree: LexborHTMLParser, text: str, url: str | None) -> str | None:
    """Return the page's own absolute address from what it states, else where it was fetched."""
    stated = [("link[rel=canonical]", "href"), ("meta[property='og:url']", "content")]
    for selector, name in stated:
        node = tree.css_first(selector)
        link = safe_link(node.attributes.get(name)) if node is not None else None
        if link is not None:
            return link
    saved = _SAVED_FROM.search(text[:20_000])
    return (safe_link(saved[1]) if saved is not None else None) or safe_link(url)


def _api(tree: LexborHTMLParser, base: str | None) -> str | None:
    node = tree.css_first("link[rel='https://api.w.org/']")
    link = None if node is None else safe_link(node.attributes.get("href"), base)
    # A mirror's copy ends in a file name.
    return link if link is None else re.sub(r"/wp-json/index\.\w+$", "/wp-json/", link)


def _home(api: str | None, address: str | None) -> str | None:
    if api is not None:
        return f"{api.split('?')[0].split('/wp-json')[0].rstrip('/')}/"
    if address is None:
        return None
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/"


def _site_title(tree: LexborHTMLParser) -> str | None:
    node = tree.css_first("meta[property='og:site_name']")
    name = clean_text(node.attributes.get("content") or "") if node is not None else ""
    if name:
        return name
    node = tree.css_first(
        "[class~=site-title], [class~=wp-block-site-title], [class~=blog-title], [id=site-title]"
        ", [id=blog-title]"
    )
    return (clean_text(node.text(deep=True)) or None) if node is not None else None


def _heading(tree: LexborHTMLParser) -> Heading | None:
    """Return what the page is an archive of: by its heading's words, else by its body's classes."""
    headings = [
        clean_text(node.text(deep=True) or "") for node in tree.css("h1, [class*=archive-title]")
    ]
    for text in headings:
        found = read_heading(text)
        if found is not None:
            return replace(found, slug=_slug(tree, found.kind))
    for node in tree.css("h2, [class*=page-title], [class*=status-msg]"):
        found = read_heading(clean_text(node.text(deep=True) or ""))
        if found is not None:
            return replace(found, slug=_slug(tree, found.kind))
    named = _body_classes(tree)
    kind: Kind | None = "tag" if "tag" in named else "category" if "category" in named else None
    slug = _slug(tree, kind)
    name = next((text for text in reversed(headings) if text), None) or _titled(tree, slug)
    return None if kind is None or name is None else Heading(name, kind, slug)


def _titled(tree: LexborHTMLParser, slug: str | None) -> str | None:
    """Return a term's name from the page's title, where a part of it makes its slug; else that."""
    node = tree.css_first("title")
    parts = _TITLE_PARTS.split(node.text(deep=True) or "") if node is not None and slug else []
    for part in map(clean_text, parts):
        if tag_key(part).replace(" ", "-") == slug:
            return part
    return slug


def _body_classes(tree: LexborHTMLParser) -> list[str]:
    return [] if tree.body is None else classes(tree.body)


def _slug(tree: LexborHTMLParser, kind: Kind | None) -> str | None:
    """Return the slug of the archive's term from body_class() ("category-news category-10")."""
    found = [
        name.removeprefix(f"{kind}-") for name in _body_classes(tree) if name.startswith(f"{kind}-")
    ]
    return next((slug for slug in found if not slug.isdigit()), None) if kind else None


def _offers(tree: LexborHTMLParser, base: str | None, api: str | None) -> Iterator[Offer]:
    """Yield the page's feeds, none of comments, and its API: better sources than the page."""
    seen: set[str] = set()
    for node in tree.css("link[rel~=alternate][href]"):
        link = safe_link(node.attributes.get("href"), base)
        kind = (node.attributes.get("type") or "").lower()
        title = clean_text(node.attributes.get("title") or "")
        if link is None or kind not in _FEED_TYPES or _COMMENTS.search(f"{link} {title}"):
            continue
        if fold_link(link) not in seen:
            seen.add(fold_link(link))
            yield Offer("feed", link, title or None)
    if api is not None:
        yield Offer("wordpress", api)
