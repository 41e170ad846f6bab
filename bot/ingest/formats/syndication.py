"""RSS, Atom and RDF by feedparser: the parser that passes most of its own 1,699 tests.

It gets UTF-8 bytes as a stream (a string it could take for a path), with its sanitising and
resolving off: html is turned to blocks here, and that halves its time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import feedparser

from bot.errors import UnreadableError
from bot.ingest.byline import trails_off
from bot.ingest.clean import Markup, plain_markup, read_html, title_text
from bot.ingest.compose import Parts, compose
from bot.ingest.dates import parse_date
from bot.ingest.formats.mending import mended
from bot.ingest.limits import MAX_ITEMS
from bot.ingest.links import fold_site, safe_link, wordpress_post
from bot.model import Entry, Offer, Problem, Reading, Term

_FORMS = {
    **{"rss": "RSS", "rss090": "RSS 0.90", "rss091n": "RSS 0.91", "rss091u": "RSS 0.91"},
    **{"rss092": "RSS 0.92", "rss093": "RSS 0.93", "rss094": "RSS 0.94", "rss10": "RSS 1.0"},
    **{"rss20": "RSS 2.0", "atom": "Atom", "atom01": "Atom 0.1", "atom02": "Atom 0.2"},
    **{"atom03": "Atom 0.3", "atom10": "Atom 1.0"},
}
_COMMENT_TITLE = re.compile(
    r"(?:comments? (?:on|for)\b|comentarios? (?:en|de)\b|kommentare (?:zu|für)\b"
    r"|commentaires? (?:sur|pour)\b"
    r"|commenti (?:su|a)\b|comentários sobre\b|reacties op\b).*",
    re.IGNORECASE,
)
_MAIL = re.compile(r"(?:mailto:)?\S+@[\w.-]+")
_SKIP_HOURS = re.compile(r"<skipHours>(.{0,2000}?)</skipHours>", re.IGNORECASE | re.DOTALL)
_SKIP_DAYS = re.compile(r"<skipDays>(.{0,2000}?)</skipDays>", re.IGNORECASE | re.DOTALL)
_DAY = re.compile(r"<day>\s*([a-z]{6,9})\s*</day>", re.IGNORECASE)
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOUR = re.compile(r"<hour>\s*(\d{1,2})\s*</hour>", re.IGNORECASE)
_PERIODS_S = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000}
_Item = dict[str, Any]


def read(
    text: str,
    *,
    url: str | None = None,
    where: str = "",
    allow_comments: bool = False,
    limit: int = MAX_ITEMS,
) -> Reading:
    """Read a feed from its text: at most `limit` items; `url` resolves relative links.

    Raises UnreadableError for what holds no feed and, unless allowed, for a feed of comments.
    """
    parsed = _parse(mended(text), url)
    feed = parsed["feed"]
    items: Sequence[_Item] = parsed["entries"]
    title = title_text(_text(feed, "title")) or None
    if not parsed.get("version") and not items and title is None:
        raise UnreadableError("ingest.form_broken_feed")
    if not allow_comments and _is_comment_feed(title or "", items):
        raise UnreadableError("ingest.comment_feed", title=title or url or "")
    site_url = safe_link(feed.get("link"), url)
    entries = [_entry(item, feed, site_url or url) for item in items[:limit]]
    problems = [
        Problem(where, "ingest.form_bad_item", {"number": number})
        for number, entry in enumerate(entries, start=1)
        if _is_empty(entry)
    ]
    if (over := len(items) - len(entries)) > 0:
        left = {"count": over, "limit": limit}
        problems.append(Problem(where, "ingest.form_items_left", left))
    return Reading(
        form=_FORMS.get(parsed.get("version") or "", "RSS"),
        entries=tuple(entry for entry in entries if not _is_empty(entry)),
        read=len(items),
        title=title,
        site_url=site_url,
        language=_text(feed, "language") or None,
        problems=tuple(problems),
        offers=_offers(feed, url),
        ttl_s=_ttl_s(feed),
        skip_hours=_skip_hours(text),
        skip_days=_skip_days(text),
        next_url=_next_url(feed, url),
        icon_url=_icon_url(feed, site_url or url),
    )


def _icon_url(feed: _Item, base: str | None) -> str | None:
    """Return a feed's own picture: Atom's icon is square, a logo and RSS's image often are not."""
    places = (feed.get("icon"), (feed.get("image") or {}).get("href"), feed.get("logo"))
    return next((url for place in places if (url := safe_link(place, base)) is not None), None)


def _parse(text: str, url: str | None) -> Any:
    headers = {"content-type": "application/xml; charset=utf-8"}
    if url is not None:
        headers["content-location"] = url
    return feedparser.parse(
        BytesIO(text.encode("utf-8", "replace")),
        response_headers=headers,
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def _is_comment_feed(title: str, items: Sequence[_Item]) -> bool:
    if _COMMENT_TITLE.fullmatch(title):
        return True
    links = [str(item.get("link") or "") for item in items]
    return bool(links) and all("#comment-" in link for link in links)


def _entry(item: _Item, feed: _Item, site_url: str | None) -> Entry:
    markup = _body(item, site_url)
    people = _people(item) or _people(feed, inherited=True)
    guid = _text(item, "id").strip() or None
    numbered = wordpress_post(guid or "")
    return compose(
        Parts(
            title=_text(item, "title"),
            blocks=markup.blocks,
            truncated=markup.truncated,
            declared=people,
            poster=people[0] if people else None,
            terms=_terms(item),
            published_at=parse_date(_text(item, "published")),
            updated_at=parse_date(_text(item, "updated")),
            url=_text(item, "feedburner_origlink") or _text(item, "link"),
            base=site_url,
            guid=guid,
            site=numbered[0] if numbered and numbered[0] else None,
            post_id=numbered[1] if numbered and numbered[0] else None,
            image_url=_image(item),
        )
    )


def _is_empty(entry: Entry) -> bool:
    return not (entry.title or entry.blocks or entry.url or entry.guid)


def _text(item: _Item, name: str) -> str:
    # feedparser's own get() answers "updated" with the published date, and warns.
    value = dict.get(item, name)
    return value if isinstance(value, str) else ""


def _body(item: _Item, base: str | None) -> Markup:
    """Return content, else the summary: an excerpt when it trails off or the content is empty."""
    for detail in item.get("content") or ():
        markup = _markup(detail, base)
        if markup.blocks:
            return markup
    detail = item.get("summary_detail")
    if not detail:
        return Markup(())
    markup = _markup(detail, base)
    return Markup(markup.blocks, markup.truncated or trails_off(markup.blocks))


def _markup(detail: _Item, base: str | None) -> Markup:
    value = detail.get("value") or ""
    if detail.get("type") == "text/plain":
        return plain_markup(value)
    return read_html(value, detail.get("base") or base)


def _people(item: _Item, *, inherited: bool = False) -> list[str]:
    """Return the names of an item's authors, without mail addresses."""
    author = _text(item, "author")
    if "@" in author and len(item.get("authors") or ()) < 2:
        # feedparser parts an address from a name only where the domain's ending is short.
        return [name] if (name := _MAIL.sub(" ", author).strip(" ()<>,:")) else []
    found = [str(one.get("name") or "") for one in item.get("authors") or () if one]
    names = [name for name in found if name.strip()]
    return names if names or inherited or not author else [author]


def _terms(item: _Item) -> list[Term]:
    names = (str(tag.get("label") or tag.get("term") or "") for tag in item.get("tags") or ())
    # Blogger states an entry's type as a category that is an address.
    return [Term(name) for name in names if "://" not in name]


def _image(item: _Item) -> str | None:
    places = [one.get("url") for one in item.get("media_thumbnail") or ()]
    for one in [*(item.get("media_content") or ()), *(item.get("enclosures") or ())]:
        if str(one.get("medium") or one.get("type") or "").startswith("image"):
            places.append(one.get("url") or one.get("href"))
    places.append((item.get("image") or {}).get("href"))
    return next((str(place) for place in places if place), None)


def _offers(feed: _Item, url: str | None) -> tuple[Offer, ...]:
    """Offer the API of the WordPress site that a feed's generator names."""
    if "wordpress.org" not in _text(feed, "generator"):
        return ()
    site = safe_link(feed.get("link"), url)
    if site is None or not fold_site(site):
        return ()
    return (Offer("wordpress", f"{site.rstrip('/')}/wp-json/", title_text(_text(feed, "title"))),)


def _next_url(feed: _Item, url: str | None) -> str | None:
    """Return where older items are: the next page, else the archive before (RFC 5005)."""
    links = {str(one.get("rel") or ""): one.get("href") for one in feed.get("links") or ()}
    return safe_link(links.get("next") or links.get("prev-archive"), url)


def _ttl_s(feed: _Item) -> int | None:
    ttl = _text(feed, "ttl").strip()
    if ttl.isdigit() and len(ttl) < 7:
        return int(ttl) * 60 or None
    period = _PERIODS_S.get(_text(feed, "sy_updateperiod").strip().lower())
    often = _text(feed, "sy_updatefrequency").strip()
    if period is None:
        return None
    return period // max(1, int(often)) if often.isdigit() and len(often) < 5 else period


def _skip_hours(text: str) -> frozenset[int]:
    found = _SKIP_HOURS.search(text)
    if found is None:
        return frozenset()
    # RSS 0.91 counted 1 to 24, RSS 2.0 counts 0 to 23.
    return frozenset(int(hour) % 24 for hour in _HOUR.findall(found[1]) if int(hour) <= 24)


def _skip_days(text: str) -> frozenset[int]:
    found = _SKIP_DAYS.search(text)
    named = [day.lower() for day in _DAY.findall(found[1])] if found else []
    return frozenset(_WEEK.index(day) for day in named if day in _WEEK)
