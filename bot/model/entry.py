"""What a format reads: entries and their blocks, on the way into the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal


class BlockType(StrEnum):
    """What a block of an article's text is."""

    PARAGRAPH = "paragraph"
    SUBHEADING = "subheading"
    LIST = "list"
    QUOTE = "quote"
    IMAGE = "image"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of text. A list or table holds a line per item or row; an image its description.

    `url` is the address of an image, and empty for every other type. `links` are where parts of
    the text link to, in order: the places they begin and end at, and the address. They are no part
    of what tells two blocks apart: an article is not corrected by the way it is linked.
    """

    type: BlockType
    text: str
    url: str | None = None
    links: tuple[tuple[int, int, str], ...] = field(default=(), compare=False)

    # As it is sent between processes: the way of a frozen dataclass takes four times as long.
    def __reduce__(self) -> tuple[object, ...]:
        return Block, (self.type, self.text, self.url, self.links)


class Kind(StrEnum):
    """What an article is, told by the marker in its title."""

    ARTICLE = "article"
    CHART = "chart"
    INFOGRAPHIC = "infographic"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Term:
    """A tag or category as a feed names it. `slug` is WordPress's, kept as an alias, or None."""

    name: str
    kind: Literal["tag", "category"] = "tag"
    slug: str | None = None

    def __reduce__(self) -> tuple[object, ...]:
        return Term, (self.name, self.kind, self.slug)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as a format reads it, cleaned and in blocks, before identity is decided.

    `guid` is the item's own id; `site` and `post_id` a WordPress site's host and post number.
    `authors` are the byline's names in order, else the declared ones that are no bare login.
    `poster` is the account that posted. Unknown dates are None, never the time of import.
    """

    title: str
    authors: tuple[str, ...] = ()
    source: str | None = None
    poster: str | None = None
    tags: tuple[Term, ...] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None
    url: str | None = None
    guid: str | None = None
    site: str | None = None
    post_id: int | None = None
    image_url: str | None = None
    kind: Kind = Kind.ARTICLE
    truncated: bool = False
    blocks: tuple[Block, ...] = ()
    byline_raw: str | None = None
    source_raw: str | None = None

    def __reduce__(self) -> tuple[object, ...]:
        return Entry, tuple(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Texts:
    """What the index holds of an article's own text (bot.query.indexing); names are not in it.

    `title_words` and `text_words` are the unstemmed words, as the index keeps them for prefixes.
    """

    title: str
    subheadings: str
    body: str
    title_words: str
    text_words: str

    def __reduce__(self) -> tuple[object, ...]:
        return Texts, (
            self.title,
            self.subheadings,
            self.body,
            self.title_words,
            self.text_words,
        )


@dataclass(frozen=True, slots=True)
class Ready:
    """What the store needs of a new article's text, made where it was read (bot.query.indexing).

    `blocks` as they are stored; `openings` are keys of the text's beginning (bot.store.likeness).
    """

    texts: Texts
    blocks: str
    has_image: bool
    openings: tuple[int, ...]

    def __reduce__(self) -> tuple[object, ...]:
        return Ready, (self.texts, self.blocks, self.has_image, self.openings)


@dataclass(frozen=True, slots=True)
class Keyed:
    """An entry with its identity: its keys, strongest first, and a hash of what a reader sees.

    `ready` is made beforehand where many entries come at once, and then holds the entry's blocks
    in place of the entry itself.
    """

    entry: Entry
    keys: tuple[str, ...]
    content_hash: bytes
    ready: Ready | None = None

    def __reduce__(self) -> tuple[object, ...]:
        return Keyed, (self.entry, self.keys, self.content_hash, self.ready)


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read and where: a message key with its parameters."""

    where: str
    key: str
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offer:
    """A better source that a page names itself: a feed or an API."""

    kind: Literal["feed", "wordpress"]
    url: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a format read from one document: its entries in page order, and what went wrong.

    `form` names the format for people ("RSS 2.0", "saved archive page"). `read` counts the items
    found before any were dropped. `ttl_s` is the feed's own wish for the time between polls;
    `skip_hours` are UTC hours in which it asks not to be polled, `skip_days` days (Monday is 0).
    `next_url` leads to the document with the items before these, where the feed names one, and
    `icon_url` to the picture it gives itself.
    """

    form: str
    entries: tuple[Entry, ...]
    read: int
    title: str | None = None
    site_url: str | None = None
    archive: str | None = None
    language: str | None = None
    problems: tuple[Problem, ...] = ()
    offers: tuple[Offer, ...] = ()
    ttl_s: int | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    next_url: str | None = None
    icon_url: str | None = None
