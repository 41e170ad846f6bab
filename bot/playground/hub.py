"""Holds one running Discord together: the world, its clock, what happened, and who listens."""

import secrets
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.playground.clock import Clock, Snowflakes
from bot.playground.faults import Faults
from bot.playground.limits import NONCE_WINDOW_S
from bot.playground.ratelimit import Limiter
from bot.playground.world import Channel, Message, World

Json = dict[str, Any]
TRACE_ENTRIES = 100


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, under the gateway's name or one of the page's own."""

    name: str
    data: Json
    for_user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One request that the bot made, and what it got."""

    at: datetime
    seconds: float
    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int
    answer: Any
    stored: bool = True


@dataclass(slots=True)
class Remembered:
    """A nonce that was used: when, and for which message."""

    seconds: float
    channel_id: str
    message_id: str


@dataclass(slots=True)
class Hub:
    """Everything that the parts of the server share."""

    world: World
    clock: Clock
    token: str
    ids: Snowflakes
    address: str = ""
    nonce_window_s: float = NONCE_WINDOW_S
    nonces: dict[tuple[str, str], Remembered] = field(default_factory=dict)
    listeners: list[Callable[[Event], None]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    trace: deque[Json] = field(default_factory=lambda: deque(maxlen=TRACE_ENTRIES))
    faults: Faults = field(default_factory=Faults)
    limiter: Limiter = field(init=False)
    bot_online: bool = False
    sees_content: bool = False
    sees_members: bool = False

    def __post_init__(self) -> None:
        self.limiter = Limiter(self.clock)

    def emit(self, name: str, data: Json, for_user_id: str | None = None) -> None:
        """Tell the gateway and the pages that something happened."""
        event = Event(name, data, for_user_id)
        for listener in list(self.listeners):
            listener(event)

    def note(
        self, kind: str, text: str, detail: Hashable | Json | None = None, of: str | None = None
    ) -> None:
        """Add a line to what the page's side panel shows; `of` names the action it belongs to."""
        entry = {"at": self.clock.now().isoformat(), "kind": kind, "text": text, "detail": detail}
        entry["of"] = of
        self.trace.append(entry)
        self.emit("TRACE", {"entry": entry})

    def put_message(self, message: Message) -> Message:
        """Store a message, new or changed."""
        self.world.in_channel(message.channel_id)[message.id] = message
        return message

    def put_channel(self, channel: Channel) -> Channel:
        """Store a channel, new or changed."""
        self.world.channels[channel.id] = channel
        return channel


def new_token() -> str:
    """Return a random text that is hard to guess and fit for an address."""
    return secrets.token_urlsafe(24)
