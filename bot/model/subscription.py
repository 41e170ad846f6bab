"""What is to be posted where: targets and the saved queries that lead to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class TargetKind(StrEnum):
    """What a subscription posts to."""

    TEXT = "text"
    ANNOUNCEMENT = "announcement"
    THREAD = "thread"
    FORUM = "forum"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Target:
    """Where posts go. `guild_id` is None and `user_id` set for a direct message.

    `language` is the member's as Discord names it ("es-ES"), None for a server's channel.
    """

    id: int
    kind: TargetKind
    channel_id: int
    guild_id: int | None = None
    user_id: int | None = None
    paused_reason: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A saved query and where its matches go. `paused` is None while it is active.

    `look` and `rhythm` are JSON objects (empty: the defaults: a card, at once).
    """

    id: int
    target: Target
    query: str
    created_by: int
    created_at: datetime
    paused: str | None = None
    look: Mapping[str, object] = field(default_factory=dict)
    rhythm: Mapping[str, object] = field(default_factory=dict)
    mention_role_id: int | None = None
    mention_query: str | None = None
