"""What is told about the whole: its counts, its history of changes, its health."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Counts:
    """How large the archive is that a reader may see. `undated` have no known date."""

    articles: int
    tags: int
    authors: int
    sources: int
    feeds: int
    undated: int
    oldest_at: datetime | None = None
    newest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change somebody made: who, when, what, and how it was before and after."""

    id: int
    guild_id: int
    actor_id: int
    at: datetime
    action: str
    subject: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report. `remedy` is None only when the state is ok or skipped."""

    check: str
    state: Literal["ok", "warning", "error", "skipped"]
    key: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    remedy: str | None = None
