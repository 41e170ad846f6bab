"""The nouns of Tagwire as frozen dataclasses, and the ports that app hands around.

Imports nothing of ours: every floor may use these words, and no floor adds meaning to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol

PUBLIC_SCOPE_ID = 0


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose archive is read: the public one, and with a guild also that guild's own feeds."""

    guild_id: int | None = None

    @property
    def visible(self) -> tuple[int, ...]:
        """The scope ids a reader may see, the public one first."""
        return (PUBLIC_SCOPE_ID,) if self.guild_id is None else (PUBLIC_SCOPE_ID, self.guild_id)


PUBLIC_SCOPE = Scope()


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

    `url` is the address of an image, and empty for every other type.
    """

    type: BlockType
    text: str
    url: str | None = None

    # As it is sent between processes: the way of a frozen dataclass takes four times as long.
    def __reduce__(self) -> tuple[object, ...]:
        return Block, (self.type, self.text, self.url)


class Kind(StrEnum):
    """What an article is, told by the marker in its title (formats.md section 7)."""

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

    `also` are the wire copies of its story that the reader may see.
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
class Sequel:
    """One message that follows a post, in its thread; number 0 starts the thread.

    `content` is what it shows, as chat.longread drew it when the post was sent.
    """

    number: int
    content: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """One post ready to be sent: what the courier hands to the poster.

    `nonce` is at most 25 characters and the same for every try of one generation (discord.md 1.5).
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
    """What became of one try to post (discord.md 1.8 and 3.2)."""

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


JsonObject = dict[str, object]
"""A decoded JSON object on its way out (command line, export)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report. `remedy` is None only when the state is ok or skipped."""

    check: str
    state: Literal["ok", "warning", "error", "skipped"]
    key: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    remedy: str | None = None


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
    return shown


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _texts(blocks: Sequence[Block], kind: BlockType) -> list[str]:
    return [block.text for block in blocks if block.type is kind]
