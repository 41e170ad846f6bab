"""Trouble on purpose: what goes wrong with which request, when, and how often."""

import asyncio
import fnmatch
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Moment(StrEnum):
    """When in a request's life: it arrived, its effect is stored, its answer is written."""

    RECEIVED = "received"
    STORED = "stored"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Status:
    """Answer with a server error, before or after the effect is stored."""

    status: int = 500
    after: bool = False
    body: str = '{"message": "Internal Server Error", "code": 0}'


@dataclass(frozen=True, slots=True)
class Drop:
    """Cut the connection, before or after the effect is stored."""

    after: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """Never answer."""

    after: bool = False


@dataclass(frozen=True, slots=True)
class HalfJson:
    """Store the effect, answer 200 with JSON that stops in the middle."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Refuse with one of Discord's codes."""

    status: int
    code: int
    message: str = "Refused"


@dataclass(frozen=True, slots=True)
class TooMany:
    """Answer 429: for a bucket, for the whole bot, or as Cloudflare's page without JSON."""

    retry_after_s: float = 1.0
    everywhere: bool = False
    cloudflare: bool = False
    scope: str = "user"


@dataclass(frozen=True, slots=True)
class Slow:
    """Wait before the request is looked at."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Call:
    """Call back at a moment: a test kills the bot's process there."""

    callback: Callable[[], None]
    moment: Moment = Moment.RECEIVED


Action = Status | Drop | Silence | HalfJson | Refuse | TooMany | Slow | Call


@dataclass(slots=True)
class Fault:
    """An action for requests that match "METHOD /path", with * as in a shell."""

    match: str | Callable[[str, str], bool]
    action: Action
    times: int | None = 1
    skip: int = 0
    hits: int = 0

    def applies(self, method: str, path: str) -> bool:
        """Whether it is this request's turn; counts it when so."""
        if self.times is not None and self.hits >= self.times:
            return False
        matches = (
            self.match(method, path)
            if callable(self.match)
            else fnmatch.fnmatchcase(f"{method} {path}", self.match)
        )
        if not matches:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.hits += 1
        return True


Hook = Callable[[str, str, object], None]


@dataclass(slots=True)
class Faults:
    """The plan of faults and the hooks of tests; both may change while the server runs."""

    plan: list[Fault] = field(default_factory=list)
    hooks: dict[Moment, list[Hook]] = field(default_factory=dict)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    def add(
        self,
        match: str | Callable[[str, str], bool],
        action: Action,
        *,
        times: int | None = 1,
        skip: int = 0,
    ) -> Fault:
        """Plan a fault for the next `times` matching requests (None: all) after `skip` of them."""
        fault = Fault(match, action, times, skip)
        self.plan.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """Take a fault back; harmless when it is gone."""
        if fault in self.plan:
            self.plan.remove(fault)

    def clear(self) -> None:
        """Take all faults back."""
        self.plan.clear()

    def on(self, moment: Moment | str, hook: Hook) -> Callable[[], None]:
        """Call hook(method, path, body or answer) at each such moment; returns how to stop it."""
        hooks = self.hooks.setdefault(Moment(moment), [])
        hooks.append(hook)
        return lambda: hooks.remove(hook)

    def take(self, method: str, path: str) -> list[Action]:
        """Return the actions whose turn this request is."""
        return [fault.action for fault in list(self.plan) if fault.applies(method, path)]

    def tell(self, moment: Moment, method: str, path: str, about: object) -> None:
        """Call the hooks of a moment."""
        for hook in list(self.hooks.get(moment, ())):
            hook(method, path, about)
