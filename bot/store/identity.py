"""Whether an entry is an article the store holds already, and what it changes in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from bot.model import Block, Entry, Keyed, Kind, Term
from bot.query import tags
from bot.query.packing import unpacked
from bot.store.filing import Filed
from bot.store.rows import many, seconds

# A body this much shorter that begins like the stored one is an excerpt of it.
_EXCERPT_SHARE = 0.8
# Keys of words alone; see ingest.identity.
_BY_WORDS = ("dated:", "text:")


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored article as an entry, with what only the store knows."""

    id: int
    feed_id: int
    entry: Entry
    filed: Filed
    content_hash: bytes
    hidden: str | None
    sort_at: int
    found_at: int
    published_at: int | None
    updated_at: int | None


def known(
    connection: sqlite3.Connection, scope_id: int, entries: Iterable[Keyed]
) -> dict[str, int]:
    """Return which of the entries' keys belong to which articles of the scope."""
    rows = connection.execute(
        """
        SELECT k.key, k.article_id
        FROM json_each(:keys) j CROSS JOIN article_keys k ON k.scope_id = :scope AND k.key = j.value
        """,
        {"keys": many(key for keyed in entries for key in keyed.keys), "scope": scope_id},
    )
    return {row["key"]: row["article_id"] for row in rows}


def find(
    connection: sqlite3.Connection,
    known_keys: Mapping[str, int],
    keyed: Keyed,
    met: set[int],
    feed_id: int,
) -> Stored | None:
    """Return the article this entry is by the keys that are known, or None for a new one.

    `met` holds the articles that earlier entries of the same document were, `feed_id` its feed.
    """
    for rank, key in enumerate(keyed.keys):
        article_id = known_keys.get(key)
        if article_id is None:
            continue
        stored = load(connection, article_id)
        if key.startswith(_BY_WORDS) and _is_elsewhere(connection, stored, keyed, feed_id):
            continue
        if rank == 0 or _same_by_weak_key(stored, keyed, met):
            return stored
    return None


def _is_elsewhere(
    connection: sqlite3.Connection, stored: Stored, keyed: Keyed, feed_id: int
) -> bool:
    """Whether two feeds have it at places of their own: wire copies, which stories.py groups."""
    mine, theirs = keyed.entry.url, stored.entry.url
    if stored.feed_id == feed_id or not mine or not theirs or mine == theirs:
        return False
    if not _is_one_site(_host(mine), _host(theirs)):
        return True
    # A saved page of a site may know an article by another address than its feed does.
    (polled,) = connection.execute(
        "SELECT count(*) FROM feeds WHERE id IN (:one, :other) AND url IS NOT NULL",
        {"one": feed_id, "other": stored.feed_id},
    ).fetchone()
    return bool(polled == 2)


def _is_one_site(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower().removeprefix("www.")
    except ValueError:
        return ""


def _same_by_weak_key(stored: Stored, keyed: Keyed, met: set[int]) -> bool:
    # Some feeds link every item to one page: an own id, another title and another date is another
    # article, however alike the link.
    if stored.content_hash == keyed.content_hash:
        return True
    if stored.id in met:
        return False
    same_title = tags.tag_key(stored.entry.title) == tags.tag_key(keyed.entry.title)
    published_at = seconds(keyed.entry.published_at)
    return same_title or (published_at is not None and published_at == stored.published_at)


def load(connection: sqlite3.Connection, article_id: int) -> Stored:
    """Return a stored article in the shape of an entry."""
    (row,) = connection.execute(
        """
        SELECT a.*, s.name AS source
        FROM articles a LEFT JOIN sources s ON s.id = a.source_id WHERE a.id = :id
        """,
        {"id": article_id},
    ).fetchall()
    authors = connection.execute(
        """
        SELECT n.id, n.name FROM article_authors l JOIN authors n ON n.id = l.author_id
        WHERE l.article_id = :id ORDER BY l.position
        """,
        {"id": article_id},
    ).fetchall()
    terms = connection.execute(
        """
        SELECT n.id, n.name, l.kind FROM article_tags l JOIN tags n ON n.id = l.tag_id
        WHERE l.article_id = :id ORDER BY l.position
        """,
        {"id": article_id},
    ).fetchall()
    entry = Entry(
        title=row["title"],
        authors=tuple(author["name"] for author in authors),
        source=row["source"],
        poster=row["poster"],
        tags=tuple(Term(term["name"], term["kind"]) for term in terms),
        url=row["url"],
        image_url=row["image_url"],
        kind=Kind(row["kind"]),
        truncated=bool(row["truncated"]),
        blocks=unpacked(row["blocks"]),
        byline_raw=row["byline_raw"],
        source_raw=row["source_raw"],
    )
    return Stored(
        row["id"],
        row["feed_id"],
        entry,
        Filed(
            tuple(author["id"] for author in authors),
            row["source_id"],
            tuple((term["id"], term["kind"]) for term in terms),
        ),
        row["content_hash"],
        row["hidden"],
        row["sort_at"],
        row["found_at"],
        row["published_at"],
        row["updated_at"],
    )


def merged(stored: Stored, entry: Entry, *, same_feed: bool, polled: bool) -> Entry:
    """Return the article as it stands after the entry; what it lacks keeps its stored value.

    A truncated text or an excerpt never replaces a full body, nor does the same text with less
    markup (a page saved as plain text). Another feed's copy only fills in what was cut, unless it
    says that it is newer.
    """
    old = stored.entry
    newer = seconds(entry.updated_at) or 0
    takes = same_feed or newer > max(stored.updated_at or 0, stored.published_at or 0)
    fills_in = old.truncated and not entry.truncated
    lesser = _is_excerpt(entry, old) or _is_plainer(entry, old)
    keeps_body = lesser or not (takes or fills_in)
    base = entry if takes else old
    other = old if takes else entry
    return replace(
        base,
        authors=base.authors or other.authors,
        source=base.source or other.source,
        poster=base.poster or other.poster,
        tags=(base.tags or old.tags) if same_feed and polled else _union(old.tags, entry.tags),
        url=base.url or other.url,
        image_url=base.image_url or other.image_url,
        blocks=old.blocks if keeps_body else entry.blocks,
        truncated=old.truncated if keeps_body else entry.truncated,
        byline_raw=base.byline_raw or other.byline_raw,
        source_raw=base.source_raw or other.source_raw,
    )


def _is_excerpt(entry: Entry, old: Entry) -> bool:
    if entry.truncated and not old.truncated:
        return True
    new_text, old_text = _flat(entry.blocks), _flat(old.blocks)
    shorter = len(new_text) < len(old_text) * _EXCERPT_SHARE
    return shorter and old_text.startswith(new_text.rstrip("….[] "))


def _is_plainer(entry: Entry, old: Entry) -> bool:
    types, old_types = ({block.type for block in blocks} for blocks in (entry.blocks, old.blocks))
    return types < old_types and _flat(entry.blocks) == _flat(old.blocks)


def _flat(blocks: Sequence[Block]) -> str:
    return " ".join(" ".join(block.text for block in blocks).split())


def _union(old: tuple[Term, ...], new: tuple[Term, ...]) -> tuple[Term, ...]:
    by_key = {tags.tag_key(term.name): term for term in (*new, *old)}
    # The stored order stands; what is new follows it.
    keys = dict.fromkeys(tags.tag_key(term.name) for term in (*old, *new))
    return tuple(by_key[key] for key in keys if key)


def differs(stored: Stored, entry: Entry, filed: Filed) -> bool:
    """Return whether an entry (merged, filed) shows a reader anything else than what is stored."""
    old = stored.entry
    return (
        (old.title, old.url, old.image_url, old.kind, old.truncated, old.blocks)
        != (entry.title, entry.url, entry.image_url, entry.kind, entry.truncated, entry.blocks)
        or (stored.filed.author_ids, stored.filed.source_id) != (filed.author_ids, filed.source_id)
        or {tag_id for tag_id, _ in stored.filed.tags} != {tag_id for tag_id, _ in filed.tags}
        or (stored.published_at is None and entry.published_at is not None)
    )


def known_unchanged(stored: Stored, keyed: Keyed) -> bool:
    """Return whether the entry is what was stored last, with no tag that is not filed yet."""
    tag_keys = {tags.tag_key(term.name) for term in stored.entry.tags}
    return (
        stored.hidden is None
        and stored.content_hash == keyed.content_hash
        and (stored.published_at is not None or keyed.entry.published_at is None)
        and all(tags.tag_key(term.name) in tag_keys for term in keyed.entry.tags)
    )
