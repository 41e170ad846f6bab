"""An article as it is stored, with its names, and the shape that others script against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.model.entry import Block, BlockType, Kind


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag as stored: its id, display name, key (normal form) and how many articles carry it."""

    id: int
    name: str
    key: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Name:
    """An author or source as stored, with the number of its articles a reader may see."""

    id: int
    name: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Copy:
    """Another article of the same story: its id, its publisher's name and its link."""

    id: int
    name: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """One article whole. `feed` is its feed's title; `sort_at` orders and is never shown.

    `also` are the wire copies of its story that the reader may see. What its source has withdrawn
    stands in no list any more, and opens from where it was shown before.
    """

    id: int
    scope_id: int
    feed_id: int
    feed: str
    title: str
    authors: tuple[str, ...]
    source: str | None
    poster: str | None
    tags: tuple[Tag, ...]
    published_at: datetime | None
    updated_at: datetime | None
    url: str | None
    kind: Kind
    truncated: bool
    blocks: tuple[Block, ...]
    image_url: str | None
    found_at: datetime
    sort_at: int
    revision: int = 1
    also: tuple[Copy, ...] = ()
    withdrawn: bool = False


JsonObject = dict[str, object]
"""A decoded JSON object on its way out (command line, export)."""


def article_json(article: Article) -> JsonObject:
    """Return an article in the shape that others script against (the command line's contract)."""
    blocks = [_block_json(block) for block in article.blocks]
    return {
        "id": article.id,
        "title": article.title,
        "authors": list(article.authors),
        "source": article.source,
        "poster": article.poster,
        "tags": [tag.name for tag in article.tags],
        "published_at": _iso(article.published_at),
        "updated_at": _iso(article.updated_at),
        "url": article.url,
        "feed": article.feed,
        "kind": str(article.kind),
        "truncated": article.truncated,
        "also_at": [copy.name for copy in article.also],
        "blocks": blocks,
        "paragraphs": _texts(article.blocks, BlockType.PARAGRAPH),
        "subheadings": _texts(article.blocks, BlockType.SUBHEADING),
    }


def _block_json(block: Block) -> JsonObject:
    shown: JsonObject = {"type": str(block.type), "text": block.text}
    if block.url is not None:
        shown["url"] = block.url
    if block.links:
        shown["links"] = [
            {"text": block.text[start:end], "url": url} for start, end, url in block.links
        ]
    return shown


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _texts(blocks: Sequence[Block], kind: BlockType) -> list[str]:
    return [block.text for block in blocks if block.type is kind]
