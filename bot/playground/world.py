"""The state of the loopback Discord: one guild, its channels, people and messages, in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TEXT, DIRECT, ANNOUNCEMENT, ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD = 0, 1, 5, 10, 11, 12
FORUM, MEDIA = 15, 16
THREADS = (ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD)
FORUMS = (FORUM, MEDIA)

CROSSPOSTED, EPHEMERAL, LOADING, HAS_THREAD, V2 = 1 << 0, 1 << 6, 1 << 7, 1 << 5, 1 << 15
SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS = 1 << 2, 1 << 12
REQUIRE_TAG = 1 << 4


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account, the bot included."""

    id: str
    username: str
    global_name: str | None = None
    bot: bool = False
    locale: str = "en-GB"


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the guild; the one with the guild's id is @everyone."""

    id: str
    name: str
    permissions: int
    position: int = 0
    color: int = 0
    managed: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A user in the guild."""

    user_id: str
    joined_at: datetime
    role_ids: tuple[str, ...] = ()
    nick: str | None = None
    timed_out_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What a channel allows and denies to a role (type 0) or a member (type 1)."""

    id: str
    type: int
    allow: int = 0
    deny: int = 0


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag that posts of a forum may carry."""

    id: str
    name: str
    moderated: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, a thread or a direct conversation, by its type."""

    id: str
    type: int
    name: str
    parent_id: str | None = None
    topic: str | None = None
    position: int = 0
    overwrites: tuple[Overwrite, ...] = ()
    tags: tuple[Tag, ...] = ()
    flags: int = 0
    rate_limit_per_user: int = 0
    applied_tag_ids: tuple[str, ...] = ()
    owner_id: str | None = None
    archived: bool = False
    locked: bool = False
    archive_minutes: int = 1440
    changed_at: datetime | None = None
    recipient_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """Which interaction a message answers."""

    id: str
    type: int
    user_id: str
    name: str | None = None
    message_id: str | None = None
    original_id: str | None = None


@dataclass(frozen=True, slots=True)
class Pinged:
    """Whom a message really notified."""

    user_ids: tuple[str, ...] = ()
    role_ids: tuple[str, ...] = ()
    everyone: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message; embeds, components and attachments stay in Discord's own JSON shape."""

    id: str
    channel_id: str
    author_id: str
    created_at: datetime
    type: int = 0
    content: str = ""
    embeds: tuple[dict[str, Any], ...] = ()
    components: tuple[dict[str, Any], ...] = ()
    attachments: tuple[dict[str, Any], ...] = ()
    flags: int = 0
    edited_at: datetime | None = None
    pinged: Pinged = field(default_factory=Pinged)
    pinned: bool = False
    webhook_id: str | None = None
    username: str | None = None
    avatar_url: str | None = None
    application_id: str | None = None
    asked: Asked | None = None
    reply_to_id: str | None = None
    for_user_id: str | None = None

    def is_by(self, user_id: str) -> bool:
        """Whether an account wrote it itself, and not a webhook in its name."""
        return self.author_id == user_id and self.webhook_id is None

    @property
    def is_ephemeral(self) -> bool:
        """Whether one person alone sees it."""
        return bool(self.flags & EPHEMERAL)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A way to post into a channel without being a member."""

    id: str
    token: str
    channel_id: str
    name: str


@dataclass(slots=True)
class World:
    """Everything there is; changed only by the modules of this package."""

    guild_id: str
    guild_name: str
    owner_id: str
    bot_id: str
    users: dict[str, User] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    messages: dict[str, dict[str, Message]] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    commands: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    # Files that people gave to commands and forms, in Discord's shape.
    uploads: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Up to which message a person has read a channel: by person, then channel.
    read_marks: dict[str, dict[str, str]] = field(default_factory=dict)
    in_guild: bool = True

    def in_channel(self, channel_id: str) -> dict[str, Message]:
        """Return the messages of a channel by id, oldest first."""
        return self.messages.setdefault(channel_id, {})

    def mark_read(self, user_id: str, channel_id: str) -> None:
        """Note that a person has read a channel to its end."""
        newest = max(self.in_channel(channel_id), key=int, default="0")
        self.read_marks.setdefault(user_id, {})[channel_id] = newest

    def unread(self, user_id: str, channel_id: str) -> int:
        """Return how many messages of others a person has not read in a channel."""
        mark = int(self.read_marks.get(user_id, {}).get(channel_id, "0"))
        return sum(
            1
            for message in self.in_channel(channel_id).values()
            if int(message.id) > mark
            and message.author_id != user_id
            and not message.flags & (EPHEMERAL | LOADING)
        )

    def threads_of(self, channel_id: str) -> Iterator[Channel]:
        """Yield the threads below a channel."""
        return (
            channel
            for channel in self.channels.values()
            if channel.type in THREADS and channel.parent_id == channel_id
        )

    def find_message(self, message_id: str) -> Message | None:
        """Return a message by its id alone, or None."""
        for messages in self.messages.values():
            if message_id in messages:
                return messages[message_id]
        return None

    def channel_named(self, name: str) -> Channel:
        """Return the channel with this name, with or without its #; raises KeyError."""
        wanted = name.removeprefix("#")
        for channel in self.channels.values():
            if wanted in (channel.name, channel.id):
                return channel
        raise KeyError(name)

    def user_named(self, name: str) -> User:
        """Return the user with this name or id; raises KeyError."""
        for user in self.users.values():
            if name.lower() in (user.id, user.username.lower(), (user.global_name or "").lower()):
                return user
        raise KeyError(name)
