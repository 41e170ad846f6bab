"""One Entry from the parts a format found: the same rules for every form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from bot.ingest.byline import declared_names, kind_of, read_body
from bot.ingest.limits import MAX_BLOCKS, MAX_CONTENT, MAX_TAGS
from bot.ingest.links import safe_link
from bot.ingest.plain import clean_text, cut, name_text, title_text
from bot.model import Block, BlockType, Entry, Term
from bot.query.tags import is_default_category, tag_display, tag_key

_LONGEST_MADE_TITLE = 80


@dataclass(frozen=True, slots=True)
class Parts:
    """What a format found of one item, raw: titles and names may hold entities and tags.

    `declared` are the authors it names, `poster` the account; `base` resolves a relative link.
    `plain` marks text without markup.
    """

    title: str
    blocks: Sequence[Block]
    truncated: bool = False
    plain: bool = False
    declared: Sequence[str | None] = ()
    poster: str | None = None
    terms: Sequence[Term] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None
    url: str | None = None
    base: str | None = None
    guid: str | None = None
    site: str | None = None
    post_id: int | None = None
    image_url: str | None = None


def compose(parts: Parts) -> Entry:
    """Return the entry of an item: byline and source read, names and tags cleaned, kind told."""
    blocks = _within_limits(parts.blocks)
    cut_off = len(blocks) < len(parts.blocks)
    body = read_body(blocks, plain=parts.plain, truncated=parts.truncated or cut_off)
    title = title_text(parts.title) or _made_title(body.blocks)
    return Entry(
        title=title,
        authors=declared_names(parts.declared) if body.authors is None else body.authors,
        source=body.source,
        poster=name_text(parts.poster or "") or None,
        tags=distinct_terms(parts.terms),
        published_at=parts.published_at,
        updated_at=parts.updated_at,
        url=safe_link(parts.url, parts.base),
        guid=parts.guid or None,
        site=parts.site or None,
        post_id=parts.post_id,
        image_url=safe_link(parts.image_url, parts.base) or _first_image(body.blocks),
        kind=kind_of(title),
        truncated=body.truncated,
        blocks=body.blocks,
        byline_raw=body.byline_raw,
        source_raw=body.source_raw,
    )


def distinct_terms(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Return the terms, each normal form once in order, the site's default category dropped."""
    kept: dict[str, Term] = {}
    for term in terms:
        key, cleaned = _cleaned(term)
        if cleaned is None or key in kept:
            continue
        kept[key] = cleaned
        if len(kept) == MAX_TAGS:
            break
    return tuple(kept.values())


@lru_cache(maxsize=4096)
def _cleaned(term: Term) -> tuple[str, Term | None]:
    """Return the key and the cleaned form of a term, None where it is no tag at all."""
    name = tag_display(name_text(term.name))
    key = tag_key(name)
    if not key or is_default_category(name, term.slug):
        return key, None
    return key, Term(name, term.kind, clean_text(term.slug or "") or None)


def _within_limits(blocks: Sequence[Block]) -> Sequence[Block]:
    room = MAX_CONTENT
    for index, block in enumerate(blocks[:MAX_BLOCKS]):
        room -= len(block.text)
        if room < 0:
            return blocks[:index]
    return blocks[:MAX_BLOCKS]


def _made_title(blocks: Sequence[Block]) -> str:
    """Return the beginning of the text for an item without a title, "" where there is no text."""
    text = next((b.text for b in blocks if b.text and b.type is not BlockType.IMAGE), "")
    return cut(text.split("\n")[0], _LONGEST_MADE_TITLE)


def _first_image(blocks: Sequence[Block]) -> str | None:
    return next((block.url for block in blocks if block.type is BlockType.IMAGE), None)
