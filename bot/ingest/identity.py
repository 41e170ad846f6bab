"""By which keys an item is known again, strongest first, and what makes its content the same.

Scoped guid, WordPress site and post number, canonical link, title with date; what was
found without link and date, as in a saved text page, by its title and the beginning of its text.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC

from bot.ingest.links import fold_link, fold_site, wordpress_post
from bot.model import BlockType, Entry
from bot.query.tags import tag_key

_BEGINNING = 120
_ENOUGH = 400
_SHARED_BY = 3
_NOT_WORDS = re.compile(r"[\W_]+")


def keys(
    entry: Entry,
    feed_url: str | None,
    site_url: str | None = None,
    ignore: frozenset[str] = frozenset(),
) -> tuple[str, ...]:
    """Return every key an item is known by, strongest first and never none.

    A guid is scoped to its feed, or to its site for a file. `ignore` holds the guids and folded
    links that are no identity in this document: see shared().
    """
    found: list[str] = []
    home = fold_site(site_url or "")
    guid = None if entry.guid in ignore or _is_copied(entry) else entry.guid
    if guid and not _is_home(guid, home, feed_url):
        scope = fold_link(feed_url or "") or home
        # A file that names no site: "1" is in many feeds, an address or a tag: URI is not.
        named = scope or ":" in guid
        found.append(_key("guid", scope, guid if named else f"{guid} {fold_words(entry.title)}"))
    if entry.site and entry.post_id:
        found.append(_key("post", fold_site(entry.site), str(entry.post_id)))
    numbered = wordpress_post(guid or "") or wordpress_post(entry.url or "")
    if numbered is not None:
        found.append(_key("post", numbered[0], str(numbered[1])))
    link = fold_link(entry.url or "")
    if link and link not in ignore and not _is_home(entry.url or "", home, feed_url):
        found.append(_key("link", link))
    title = fold_words(entry.title)
    if entry.published_at is not None and title:
        moment = entry.published_at.astimezone(UTC).isoformat(timespec="seconds")
        found.append(_key("dated", title, moment))
    found.extend(_text_keys(entry, title, has_other=bool(found)))
    return tuple(dict.fromkeys(found))


def link_key(url: str) -> str:
    """Return the key that an article with this address is filed under."""
    return _key("link", fold_link(url))


def shared(entries: Sequence[Entry]) -> frozenset[str]:
    """Return the guids and folded links that stand on different items, and so identify none.

    A guid on items with different links (or titles, without links) is none; a link is none when
    three items or more, and over half of the document, have it under different titles.
    """
    links: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        links[fold_link(entry.url or "")].append(entry.title)
    weak = {
        link
        for link, titles in links.items()
        if len(titles) >= _SHARED_BY and len(titles) * 2 > len(entries) and len(set(titles)) > 1
    }
    guids: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        link = fold_link(entry.url or "")
        # A home page says no more of an item than no link.
        place = link if "/" in link and link not in weak else entry.title
        guids[entry.guid or ""].add(place)
    weak |= {guid for guid, places in guids.items() if len(places) > 1}
    return frozenset(weak - {""})


def content_hash(entry: Entry) -> bytes:
    """Return a hash of what a reader sees; equal means that an item has not changed.

    Dates are left out, so that a feed that re-dates its items changes nothing.
    """
    seen = "\x00".join(_seen(entry)).encode("utf-8", "replace")
    return hashlib.blake2b(seen, digest_size=16).digest()


def fold_words(text: str) -> str:
    """Return the words of a text without case, spaces and punctuation."""
    return _NOT_WORDS.sub("", text.casefold())


def _seen(entry: Entry) -> Iterable[str]:
    yield entry.title
    yield "\x01".join(entry.authors)
    yield entry.source or ""
    yield "\x01".join(sorted(tag_key(term.name) for term in entry.tags))
    for block in entry.blocks:
        yield block.type
        yield block.text
        yield block.url or ""


def _is_copied(entry: Entry) -> bool:
    """Tell whether a post carries the guid of the one it was copied from, on the same site."""
    numbered = wordpress_post(entry.guid or "")
    if numbered is None or not entry.site or not entry.post_id:
        return False
    return numbered[0] == fold_site(entry.site) and numbered[1] != entry.post_id


def _text_keys(entry: Entry, title: str, *, has_other: bool) -> list[str]:
    if not title and has_other:
        return []
    beginning = _beginning(entry)
    # Twice as many characters hold so many letters nearly always.
    text = fold_words(beginning[: 2 * _BEGINNING])
    if len(text) < _BEGINNING:
        text = fold_words(beginning)
    if len(text) >= _BEGINNING:
        return [_key("text", title, text[:_BEGINNING])]
    if not text and entry.source:
        return [_key("text", title, fold_words(entry.source))]
    return [] if has_other else [_key("text", title, text, entry.url or "", entry.guid or "")]


def _beginning(entry: Entry) -> str:
    """Return enough of an entry's text for _BEGINNING letters, most often its first paragraphs."""
    parts: list[str] = []
    size = 0
    for block in entry.blocks:
        if block.type is not BlockType.IMAGE:
            parts.append(block.text[:_ENOUGH])
            size += len(parts[-1])
            if size >= _ENOUGH:
                break
    return "".join(parts)


def _is_home(link: str, home: str, feed_url: str | None) -> bool:
    folded = fold_link(link)
    if not folded or "?" in folded:
        return False
    return "/" not in folded or folded == home or folded == fold_link(feed_url or "")


def _key(kind: str, *parts: str) -> str:
    joined = "\x00".join(parts).encode("utf-8", "replace")
    return f"{kind}:{hashlib.blake2b(joined, digest_size=16).hexdigest()}"
