"""Where articles come from, and the port by which a command adds and refreshes feeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.model.entry import Entry, Offer, Problem


@dataclass(frozen=True, slots=True)
class Feed:
    """Where articles come from. `url` is None for what was imported from files.

    `error` is the last failure as a message key (None while healthy), with `failing_since_at`.
    `notice` is a message key on items that had passed unseen. `skip_hours` and `skip_days` are what
    its last document asked for; `moved_url` is a permanent redirect that is not believed yet.
    """

    id: int
    scope_id: int
    url: str | None
    title: str
    site_url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    next_check_at: datetime | None = None
    last_success_at: datetime | None = None
    failing_since_at: datetime | None = None
    failures: int = 0
    error: str | None = None
    error_params: Mapping[str, str | int] = field(default_factory=dict)
    stopped: str | None = None
    primed: bool = False
    interval_s: int | None = None
    article_count: int = 0
    excerpts_only: bool = False
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    moved_url: str | None = None
    notice: str | None = None
    notice_params: Mapping[str, str | int] = field(default_factory=dict)
    notice_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Validators:
    """A feed's ETag and Last-Modified exactly as it sent them, to be echoed byte for byte."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """What one recording did: counts, the ids of new articles, and how many deliveries it owes."""

    read: int
    new: int
    updated: int
    unchanged: int
    new_ids: tuple[int, ...] = ()
    owed: int = 0
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedPreview:
    """What stands at an address before it is added: its first items, better offers.

    `entries` are the first as they would be stored, `count` how many would be; `unread` counts the
    items that hold nothing to be read.
    """

    url: str
    title: str
    form: str
    entries: tuple[Entry, ...]
    count: int
    unread: int = 0
    offers: tuple[Offer, ...] = ()


class FeedDesk(Protocol):
    """Adds and refreshes feeds on behalf of a command; ingest fulfils it."""

    async def preview(self, url: str, scope_id: int, now: datetime) -> FeedPreview:
        """Read the address once and say what it holds. Raises TagwireError when it holds none."""
        ...

    async def add(
        self, url: str, scope_id: int, now: datetime, added_by: int | None = None
    ) -> Feed:
        """Add the feed and record its first fetch (nothing is announced), noting who wanted it."""
        ...

    async def refresh(self, feed_id: int, now: datetime, scope_id: int | None = None) -> Intake:
        """Poll one feed now, whatever its schedule; for a server only its own, and not often."""
        ...
