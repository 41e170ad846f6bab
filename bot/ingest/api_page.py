"""One page of a WordPress API's posts: what the walk over the pages goes by, then the posts.

Pure: runs in a worker process, as the reading of every document does; what reads the form is
imported there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from bot.errors import UnreadableError
from bot.ingest import identity
from bot.model import Entry, Keyed, Reading

PIECE = 50
ROUTES = {"tags": "post_tag", "categories": "category"}
"""Where an API lists the names of a post's terms, and the taxonomy each is."""

Name = Mapping[str, str]
Names = Mapping[str, Mapping[int, Name]]
"""Names by route (tags, categories, users) and id, for posts that bring only ids."""
_Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    """A post as the API lists it, whether it is read or not. The times are the site's own."""

    id: int
    date: str
    modified: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a page holds; with `lacking` names to look up (ids by route) no post follows."""

    listed: tuple[Listed, ...]
    lacking: Mapping[str, tuple[int, ...]]


def read_page(
    data: bytes, content_type: str | None, url: str, feed_url: str | None, names: Names, whole: bool
) -> Iterator[Facts | Reading | tuple[Keyed, ...]]:
    """Yield a page's facts, its reading without entries, then its posts a piece at a time.

    Nothing follows the facts of a page that lacks names, unless `whole`. Raises UnreadableError.
    """
    from bot.ingest.formats import rest

    posts = _list(data, content_type, url)
    facts = Facts(tuple(_listed(posts)), {} if whole else _lacking(posts, names))
    yield facts
    if facts.lacking:
        return
    reading = rest.read([_completed(post, names) for post in posts], url=url, where=url)
    yield replace(reading, entries=(), site_url=None)
    items = iter(reading.entries)
    while piece := tuple(islice(items, PIECE)):
        yield tuple(_keyed(piece, feed_url))


@dataclass(frozen=True, slots=True)
class HostedFacts:
    """What a page of WordPress.com's own API holds: its posts' ids, how many posts were found.

    `next_page` is its handle of the next page, None on the last.
    """

    ids: tuple[int, ...]
    found: int | None
    next_page: str | None


def read_hosted(
    data: bytes, content_type: str | None, url: str, feed_url: str | None
) -> Iterator[HostedFacts | Reading | tuple[Keyed, ...]]:
    """Yield the facts of such a page, its reading without entries, then its posts in pieces.

    Raises UnreadableError.
    """
    from bot.ingest.formats import rest

    document = _json(data, content_type)
    reading = rest.read(document, url=url, where=url)
    posts = document.get("posts") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(posts, list):
        raise UnreadableError("ingest.form_json_unknown")
    ids = [post.get("ID") for post in posts if isinstance(post, dict)]
    found, meta = document.get("found"), document.get("meta")
    handle = meta.get("next_page") if isinstance(meta, dict) else None
    yield HostedFacts(
        tuple(number for number in ids if isinstance(number, int)),
        found if isinstance(found, int) else None,
        handle if isinstance(handle, str) and handle else None,
    )
    yield replace(reading, entries=(), site_url=None)
    items = iter(reading.entries)
    while piece := tuple(islice(items, PIECE)):
        yield tuple(_keyed(piece, feed_url))


def read_names(
    data: bytes, content_type: str | None, url: str, route: str
) -> Iterator[Mapping[int, Name]]:
    """Yield once the names of an API's list of tags, categories or users by their ids."""
    found: dict[int, Name] = {}
    for item in _list(data, content_type, url):
        number, name = item.get("id"), item.get("name")
        if isinstance(number, int) and isinstance(name, str):
            found[number] = {"name": name, "slug": str(item.get("slug") or "")}
    yield found


def _list(data: bytes, content_type: str | None, url: str) -> list[_Json]:
    from bot.ingest.formats import rest

    found = _json(data, content_type)
    if isinstance(found, dict):
        # An error answer says why; anything else that is one object is no list of posts.
        rest.read(found, url=url)
        raise UnreadableError("ingest.form_json_unknown")
    if not isinstance(found, list):
        raise UnreadableError("ingest.form_json_unknown")
    return [item for item in found if isinstance(item, dict)]


def _json(data: bytes, content_type: str | None) -> Any:
    from bot.ingest.decode import decode, inflate

    try:
        return json.loads(decode(inflate(data), content_type).lstrip("\ufeff"))
    except (json.JSONDecodeError, RecursionError) as error:
        raise UnreadableError("ingest.api_no_json") from error


def _listed(posts: Sequence[_Json]) -> Iterator[Listed]:
    for post in posts:
        number = post.get("id")
        if isinstance(number, int):
            yield Listed(number, _string(post, "date"), _string(post, "modified"))


def _lacking(posts: Sequence[_Json], names: Names) -> dict[str, tuple[int, ...]]:
    wanted: dict[str, dict[int, None]] = {}
    for post in posts:
        shown = {number for term in _terms(post) if isinstance(number := term.get("id"), int)}
        for route in ROUTES:
            ids = post.get(route)
            for number in ids if isinstance(ids, list) else ():
                if isinstance(number, int) and number not in shown | names.get(route, {}).keys():
                    wanted.setdefault(route, {})[number] = None
        author = post.get("author")
        if isinstance(author, int) and author not in names.get("users", {}) and not _people(post):
            wanted.setdefault("users", {})[author] = None
    return {route: tuple(ids) for route, ids in wanted.items()}


def _completed(post: _Json, names: Names) -> _Json:
    """Return the post with the names that were looked up, where _embed would have put them."""
    shown = {term.get("id") for term in _terms(post)}
    added = [
        {**name, "taxonomy": taxonomy}
        for route, taxonomy in ROUTES.items()
        for number in post.get(route) or ()
        if number not in shown and (name := names.get(route, {}).get(number))
    ]
    author = names.get("users", {}).get(post.get("author") or 0)
    if not added and not author:
        return post
    held = post.get("_embedded")
    embedded: _Json = dict(held) if isinstance(held, dict) else {}
    embedded["wp:term"] = [_terms(post), added]
    if author and not _people(post):
        embedded["author"] = [author]
    return {**post, "_embedded": embedded}


def _terms(post: _Json) -> list[_Json]:
    held = post.get("_embedded")
    groups = held.get("wp:term") if isinstance(held, dict) else None
    return [
        term
        for group in (groups if isinstance(groups, list) else ())
        for term in (group if isinstance(group, list) else ())
        if isinstance(term, dict)
    ]


def _people(post: _Json) -> list[_Json]:
    held = post.get("_embedded")
    people = held.get("author") if isinstance(held, dict) else None
    return [one for one in people or () if isinstance(one, dict) and one.get("name")]


def _keyed(entries: Iterable[Entry], feed_url: str | None) -> Iterator[Keyed]:
    for entry in entries:
        yield Keyed(entry, identity.keys(entry, feed_url), identity.content_hash(entry))


def _string(item: _Json, name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""
