"""Answers of a WordPress site's REST API, and of wordpress.com's v1.1, as decoded JSON.

Told apart by shape: a list of posts, one post, the list of wordpress.com, the API's own
description, an error, a term.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from bot.errors import UnreadableError
from bot.ingest.byline import trails_off
from bot.ingest.clean import Markup, cut, read_html, title_text
from bot.ingest.compose import Parts, compose
from bot.ingest.dates import parse_date
from bot.ingest.limits import MAX_FILE_ITEMS
from bot.ingest.links import fold_site, safe_link, wordpress_post
from bot.model import Entry, Offer, Problem, Reading, Term

FORM = "WordPress API"
FORM_HOSTED = "WordPress.com API"
_Json = dict[str, Any]
_LONGEST_MESSAGE = 200


def read(document: object, *, url: str | None = None, where: str = "") -> Reading:
    """Read posts of a WordPress API; names come only with _embed, ids alone name no tag.

    Raises UnreadableError for an error answer, a term, and JSON of any other kind.
    """
    if isinstance(document, dict):
        if isinstance(document.get("posts"), list):
            return _reading(FORM_HOSTED, document["posts"], url, where)
        if "routes" in document or "namespaces" in document:
            return _description(document, url)
        if _is_post(document):
            return _reading(FORM, [document], url, where)
        raise _refusal(document)
    if isinstance(document, list) and (not document or any(map(_is_post, document))):
        return _reading(FORM, document, url, where)
    raise UnreadableError("ingest.form_json_unknown")


def _refusal(document: _Json) -> UnreadableError:
    # wordpress.com calls it `error`.
    code, message = document.get("code") or document.get("error"), document.get("message")
    if isinstance(code, str) and isinstance(message, str):
        shown = cut(title_text(message), _LONGEST_MESSAGE)
        return UnreadableError("ingest.form_rest_error", code=cut(code, 60), message=shown)
    if "taxonomy" in document:
        return UnreadableError("ingest.form_rest_term")
    return UnreadableError("ingest.form_json_unknown")


def _description(document: _Json, url: str | None) -> Reading:
    """Return what the API says of itself: no posts, and the API as a source."""
    home = safe_link(document.get("home") or document.get("url"))
    address = url or (f"{home.rstrip('/')}/wp-json/" if home else None)
    title = title_text(_string(document.get("name"))) or None
    offers = (Offer("wordpress", address, title),) if address else ()
    return Reading(FORM, (), 0, title=title, site_url=home, offers=offers)


def _is_post(item: object) -> bool:
    if not isinstance(item, dict) or "taxonomy" in item:
        return False
    return "title" in item and not {"content", "excerpt", "link", "URL"}.isdisjoint(item)


def _reading(form: str, items: Sequence[object], url: str | None, where: str) -> Reading:
    entries: list[Entry] = []
    problems: list[Problem] = []
    for number, item in enumerate(items[:MAX_FILE_ITEMS], start=1):
        if not isinstance(item, dict) or not _is_post(item):
            problems.append(Problem(where, "ingest.form_bad_item", {"number": number}))
        elif _is_public(item):
            entries.append(_hosted(item) if "ID" in item else _own(item))
    site = next((entry.site for entry in entries if entry.site), None)
    return Reading(
        form=form,
        entries=tuple(entries),
        read=len(items),
        site_url=f"https://{site}/" if site else None,
        problems=tuple(problems),
    )


def _is_public(item: _Json) -> bool:
    """Tell whether an item is a published post without a password; pages are none of ours."""
    content = item.get("content")
    protected = isinstance(content, dict) and content.get("protected")
    kind, status = item.get("type") or "post", item.get("status") or "publish"
    return kind == "post" and status == "publish" and not (protected or item.get("password"))


def _own(item: _Json) -> Entry:
    """Return a post of wp/v2; `date` is site-local without an offset, so the GMT fields count."""
    link = safe_link(item.get("link"))
    guid = _rendered(item.get("guid"))
    people = [_string(one.get("name")) for one in _embedded(item, "author")]
    body = _body(_rendered(item.get("content")), _rendered(item.get("excerpt")), link)
    return compose(
        Parts(
            title=_rendered(item.get("title")),
            blocks=body.blocks,
            truncated=body.truncated,
            declared=people,
            poster=people[0] if people else None,
            terms=list(_embedded_terms(item)),
            published_at=_gmt(item, "date"),
            updated_at=_gmt(item, "modified"),
            url=link,
            guid=guid or None,
            site=_site(item, guid, link),
            post_id=_number(item.get("id")),
            image_url=_image(item),
        )
    )


def _hosted(item: _Json) -> Entry:
    """Return a post of wordpress.com's v1.1: titles are strings, tags are dicts by name."""
    link = safe_link(item.get("URL"))
    guid = _string(item.get("guid"))
    author = item.get("author")
    name = _string(author.get("name")) if isinstance(author, dict) else ""
    body = _body(_string(item.get("content")), _string(item.get("excerpt")), link)
    return compose(
        Parts(
            title=_string(item.get("title")),
            blocks=body.blocks,
            truncated=body.truncated,
            declared=[name],
            poster=name,
            terms=[*_named_terms(item, "categories"), *_named_terms(item, "tags")],
            published_at=parse_date(item.get("date")),
            updated_at=parse_date(item.get("modified")),
            url=link,
            guid=guid or None,
            site=_site(item, guid, link),
            post_id=_number(item.get("ID")),
            image_url=_string(item.get("featured_image")),
        )
    )


def _site(item: _Json, guid: str, link: str | None) -> str | None:
    """Return the site's host and path by the API's address, the guid, else the link's host."""
    links = item.get("_links")
    own = links.get("self") if isinstance(links, dict) else None
    if isinstance(own, list) and own and isinstance(own[0], dict):
        address = _string(own[0].get("href"))
        if "/wp-json/" in address:
            return fold_site(address.split("/wp-json/")[0]) or None
    numbered = wordpress_post(guid)
    if numbered is not None:
        return numbered[0]
    return fold_site(link).split("/")[0] if link else None


def _body(content: str, excerpt: str, base: str | None) -> Markup:
    markup = read_html(content, base)
    if markup.blocks:
        return markup
    short = read_html(excerpt, base)
    return Markup(short.blocks, bool(short.blocks) or trails_off(short.blocks))


def _gmt(item: _Json, name: str) -> datetime | None:
    moment = parse_date(item.get(f"{name}_gmt"))
    # Without the GMT field the local one is better than none; it is hours off at most.
    return moment if moment is not None else parse_date(item.get(name))


def _embedded(item: _Json, name: str) -> list[_Json]:
    """Return what _embed added under a name; absent, or an error object, is nothing."""
    holder = item.get("_embedded")
    found = holder.get(name) if isinstance(holder, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _embedded_terms(item: _Json) -> Iterator[Term]:
    holder = item.get("_embedded")
    groups = holder.get("wp:term") if isinstance(holder, dict) else None
    for group in groups if isinstance(groups, list) else ():
        for term in group if isinstance(group, list) else ():
            taxonomy = term.get("taxonomy") if isinstance(term, dict) else None
            if taxonomy == "category":
                yield Term(_string(term.get("name")), "category", _string(term.get("slug")) or None)
            elif taxonomy == "post_tag":
                yield Term(_string(term.get("name")), "tag", _string(term.get("slug")) or None)


def _named_terms(item: _Json, name: str) -> Iterator[Term]:
    found = item.get(name)
    for label, facts in found.items() if isinstance(found, dict) else ():
        slug = _string(facts.get("slug")) if isinstance(facts, dict) else ""
        yield Term(str(label), "tag" if name == "tags" else "category", slug or None)


def _image(item: _Json) -> str | None:
    media = _embedded(item, "wp:featuredmedia")
    shown = _string(media[0].get("source_url")) if media else ""
    return shown or _string(item.get("jetpack_featured_media_url")) or None


def _rendered(value: object) -> str:
    """Return the text of {"rendered": …}, of {"raw": …} (2016), or of a bare string."""
    if isinstance(value, dict):
        return _string(value.get("rendered")) or _string(value.get("raw"))
    return _string(value)


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and 0 < value < 1 << 62 else None
