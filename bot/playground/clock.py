"""The time the playground lives by: the real one, or one that a test moves by hand."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

DISCORD_EPOCH_MS = 1_420_070_400_000


class Timer(Protocol):
    """Something that was set to happen later."""

    def cancel(self) -> None:
        """Stop it from happening; harmless when it already has."""


class Clock(Protocol):
    """Where the server reads the time and sets its timers."""

    def now(self) -> datetime:
        """Return the time as an aware UTC datetime."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Call back once when that many seconds have passed."""


class RealClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the time as an aware UTC datetime."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Call back once on the running loop."""
        return asyncio.get_running_loop().call_later(delay_s, callback)


class HandTimer:
    """A timer of a clock that is moved by hand."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Stop it from happening."""
        self.callback = None


class HandClock:
    """A clock that stands still until `advance` is called."""

    def __init__(self, start_at: datetime | None = None) -> None:
        self.at = start_at or datetime.now(UTC)
        self.seconds = 0.0
        self._timers: list[tuple[float, int, HandTimer]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self.at

    def monotonic(self) -> float:
        """Return the seconds it was advanced by."""
        return self.seconds

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Remember a callback until the clock gets there."""
        timer = HandTimer(callback)
        heapq.heappush(self._timers, (self.seconds + delay_s, next(self._order), timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Move on by seconds, calling what falls due on the way in its order."""
        target = self.seconds + seconds
        while self._timers and self._timers[0][0] <= target:
            due, _, timer = heapq.heappop(self._timers)
            self._move_to(due)
            if timer.callback is not None:
                timer.callback()
        self._move_to(target)

    def _move_to(self, seconds: float) -> None:
        self.at += timedelta(seconds=max(0.0, seconds - self.seconds))
        self.seconds = max(self.seconds, seconds)


class Snowflakes:
    """Makes Discord's ids: milliseconds since 2015 in the upper bits, always rising."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        """Return an id that is larger than every one before."""
        ms = int(self._clock.now().timestamp() * 1000) - DISCORD_EPOCH_MS
        self._last = max(ms << 22, self._last + 1)
        return str(self._last)

    def raise_to(self, snowflake: str) -> None:
        """Never again return an id up to this one."""
        self._last = max(self._last, int(snowflake))
