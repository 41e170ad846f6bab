"""What is on its way out: parcels, what became of them, and the port that posts them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.model.article import Article
from bot.model.subscription import Target


@dataclass(frozen=True, slots=True)
class Sequel:
    """One message that follows a post, in its thread; number 0 starts the thread.

    `content` is what it shows, as chat.longread drew it when the post was sent.
    """

    number: int
    content: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """One post ready to be sent: what the courier hands to the poster.

    `nonce` is at most 25 characters and the same for every try of one generation (Discord's limit).
    `marker` is the text a reconciliation looks for in the channel's own messages.
    `overflow` counts the articles left out by the cap; `query` opens them. `started_at` is when the
    first try whose fate is still unknown began, if there is one (`doubtful`); `degraded` asks for
    plain text, because the full form was rejected. `message_id` is set when the message stands and
    only has to be published, or to be followed by `sequel`; of its `pages` those in `followed_by`
    stand.
    `icon_url` is the picture of the articles' feed, where it is one; `webhook_id` the webhook that
    posted the message. `tried_by_webhook` is a doubtful try that went by one, whatever the look has
    become since.
    """

    post_id: int
    nonce: str
    marker: str
    target: Target
    articles: tuple[Article, ...]
    overflow: int
    query: str
    mention_role_ids: tuple[int, ...]
    look: Mapping[str, object]
    attempt: int
    started_at: datetime
    created_at: datetime
    message_id: int | None = None
    degraded: bool = False
    doubtful: bool = False
    sequel: Sequel | None = None
    followed_by: tuple[int, ...] = ()
    pages: int = 0
    icon_url: str | None = None
    webhook_id: int | None = None
    tried_by_webhook: bool = False

    @property
    def by_webhook(self) -> bool:
        """Whether it is to be posted by a webhook, in the name of its source."""
        return self.look.get("webhook") is True


class Fate(StrEnum):
    """What became of one try to post."""

    SENT = "sent"
    RETRY = "retry"
    REJECTED = "rejected"
    ACCESS_LOST = "access_lost"
    GONE = "gone"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"
    UNAUTHORISED = "unauthorised"
    ABSENT = "absent"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The fate of a try, with the message when sent, the wait when retried, the reason when not.

    `reason` is a message key with `params`; `code` Discord's own error code for the operator.
    `sequels` are what has to follow the message, each in a message of its own; `webhook_id` is
    the webhook that posted it.
    """

    fate: Fate
    message_id: int | None = None
    thread_id: int | None = None
    retry_after_s: float | None = None
    reason: str | None = None
    code: int | None = None
    params: Mapping[str, str | int] = field(default_factory=dict)
    published: bool | None = None
    sequels: tuple[str, ...] = ()
    webhook_id: int | None = None


class Poster(Protocol):
    """Sends parcels. Never raises for what a network or Discord does: that is an Outcome."""

    async def post(self, parcel: Parcel) -> Outcome:
        """Send the parcel with its nonce."""
        ...

    async def find(self, parcel: Parcel) -> Outcome:
        """Look for the parcel in its channel: SENT when found, ABSENT, or UNREADABLE."""
        ...

    async def publish(self, parcel: Parcel, message_id: int) -> Outcome:
        """Publish a message of an announcement channel; already published counts as SENT."""
        ...


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A post that could not be sent: where it was to go, what it held, and why not.

    `state` is dead or unknown; text_failed or text_unknown where the post stands and the whole text
    that was to follow it does not.
    """

    post_id: int
    target: Target
    titles: tuple[str, ...]
    state: str
    reason: str | None
    params: Mapping[str, str | int]
    code: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """What waits, what failed and why, what is unknown, and which targets are paused.

    `texts_waiting` and `texts_failed` count posts that an article's whole text is to follow, or did
    not for the reason `text_reason` (the last one's message key). `blocked_until` is the end of the
    last block of this machine's address by Discord, which may be over.
    """

    owed: int
    ready: int
    sending: int
    sent: int
    unknown: int
    dead: int
    oldest_at: datetime | None
    paused: tuple[Target, ...] = ()
    failed: tuple[DeadLetter, ...] = ()
    texts_waiting: int = 0
    texts_failed: int = 0
    text_reason: str | None = None
    blocked_until: datetime | None = None

    def shown_block(self, now: datetime) -> datetime | None:
        """Return the end of a block that lasts, or was over less than a day ago."""
        until = self.blocked_until
        return until if until is not None and until > now - timedelta(days=1) else None
