"""What a query is answered with: pages of hits, and the views that ask for them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.model.article import Copy
from bot.model.entry import Kind
from bot.model.scope import Scope


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of a page of results: an article's head and the excerpt that answers the query.

    `also` are the wire copies of its story, which the page does not list by themselves. `block` is
    the place of the quoted block among the article's, None where it answers nothing; `heading` is
    the sub-heading over it.
    """

    id: int
    title: str
    authors: tuple[str, ...]
    source: str | None
    feed: str
    tags: tuple[str, ...]
    published_at: datetime | None
    url: str | None
    kind: Kind
    truncated: bool
    image_url: str | None
    excerpt: str
    sort_at: int
    score: float = 0.0
    also: tuple[Copy, ...] = ()
    block: int | None = None
    heading: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something to say above results (a repair, a cut, "nearest"): a message key and parameters.

    `query` is the query that a way back would ask, in canonical form, or None.
    """

    key: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    query: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list of results: show what lies after it, or before it when `back`."""

    sort_at: int
    score: float | None = None
    back: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of results. `total` counts all matches; `first` is the number of the first hit.

    `next` and `previous` are the cursors of the neighbouring pages, None where there is none.
    `until` is the newest article's id when asked: handed back, later arrivals stay off the pages.
    `read` is the canonical query that found them, None where it is the one that was asked.
    """

    hits: tuple[Hit, ...]
    total: int
    next: Cursor | None = None
    previous: Cursor | None = None
    notes: tuple[Note, ...] = ()
    first: int = 1
    until: int | None = None
    read: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A page someone was shown: what its buttons ask again, as it was when it was asked."""

    key: str
    kind: str
    query: str
    scope: Scope
    user_id: int
    asked_at: datetime
    until: int | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
