"""JSON Feed 1.0 and 1.1 by the standard library: feedparser 6.0 reads none of its items."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.errors import UnreadableError
from bot.ingest.byline import trails_off
from bot.ingest.clean import Markup, plain_markup, read_html, title_text
from bot.ingest.compose import Parts, compose
from bot.ingest.dates import epoch_date, parse_date
from bot.ingest.limits import MAX_ITEMS
from bot.ingest.links import safe_link, wordpress_post
from bot.model import Entry, Problem, Reading, Term


def is_json_feed(document: object) -> bool:
    """Tell whether a decoded document is a JSON Feed of any version."""
    if not isinstance(document, dict):
        return False
    version = str(document.get("version"))
    # Some writers state the bare number.
    bare = version in ("1", "1.0", "1.1") and isinstance(document.get("items"), list)
    return bare or "jsonfeed.org" in version


def read(
    document: dict[str, Any], *, url: str | None = None, where: str = "", limit: int = MAX_ITEMS
) -> Reading:
    """Read a JSON Feed, at most `limit` items; one of a wrong type is reported, not the feed."""
    items = document.get("items", [])
    if not isinstance(items, list):
        raise UnreadableError("ingest.form_json_no_items")
    site_url = safe_link(document.get("home_page_url"), url)
    people = _people(document)
    entries: list[Entry] = []
    problems: list[Problem] = []
    for number, item in enumerate(items[:limit], start=1):
        entry = _entry(item, people, site_url or url) if isinstance(item, dict) else None
        if entry is None:
            problems.append(Problem(where, "ingest.form_bad_item", {"number": number}))
        else:
            entries.append(entry)
    over = len(items) - limit
    if over > 0:
        problems.append(Problem(where, "ingest.form_items_left", {"count": over, "limit": limit}))
    return Reading(
        form=f"JSON Feed {_version(document)}",
        entries=tuple(entries),
        read=len(items),
        title=title_text(_string(document, "title")) or None,
        site_url=site_url,
        language=_string(document, "language") or None,
        problems=tuple(problems),
        next_url=safe_link(document.get("next_url"), url),
        icon_url=safe_link(document.get("icon") or document.get("favicon"), site_url or url),
    )


def _version(document: dict[str, Any]) -> str:
    return "1.1" if "1.1" in str(document.get("version")) else "1.0"


def _entry(item: dict[str, Any], inherited: Sequence[str], base: str | None) -> Entry | None:
    guid = _identifier(item.get("id"))
    link = _string(item, "url") or _string(item, "external_url")
    markup = _body(item, base)
    title = _string(item, "title")
    if not (guid or link or title or markup.blocks):
        return None
    people = _people(item) or inherited
    guid = guid or link or None
    numbered = wordpress_post(guid or "")
    return compose(
        Parts(
            title=title,
            blocks=markup.blocks,
            truncated=markup.truncated,
            declared=people,
            poster=people[0] if people else None,
            terms=[Term(name) for name in _list(item, "tags") if isinstance(name, str)],
            published_at=_date(item.get("date_published")),
            updated_at=_date(item.get("date_modified")),
            url=link,
            base=base,
            guid=guid,
            site=numbered[0] if numbered else None,
            post_id=numbered[1] if numbered else None,
            image_url=_string(item, "image") or _string(item, "banner_image"),
        )
    )


def _body(item: dict[str, Any], base: str | None) -> Markup:
    if html := _string(item, "content_html"):
        return read_html(html, base)
    if text := _string(item, "content_text"):
        return plain_markup(text)
    summary = plain_markup(_string(item, "summary"))
    return Markup(summary.blocks, summary.truncated or trails_off(summary.blocks))


def _identifier(value: object) -> str | None:
    """Return an id as text; numbers are allowed in the wild, 7.0 being 7."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return str(int(value)) if value == int(value) else str(value)
    except (ValueError, OverflowError):
        return None


def _people(holder: dict[str, Any]) -> list[str]:
    """Return the names of 1.1's `authors` and 1.0's `author`."""
    found = [*_list(holder, "authors"), holder.get("author")]
    names = (one.get("name") if isinstance(one, dict) else one for one in found)
    return list(dict.fromkeys(name for name in names if isinstance(name, str) and name.strip()))


def _date(value: object) -> datetime | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return epoch_date(value)
    return parse_date(value)


def _string(holder: dict[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _list(holder: dict[str, Any], name: str) -> list[Any]:
    value = holder.get(name)
    return value if isinstance(value, list) else []
