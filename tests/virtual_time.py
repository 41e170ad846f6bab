"""An event loop whose idle seconds pass at once, for tests of what waits on real sockets.

Nothing is patched: timers, timeouts and the clock handed in all ask the loop. While a socket or a
thread has something to say, time is the machine's; when nobody has, it jumps to the next timer.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.playground.clock import Timer

# What is on its way between sockets of this process, or in a thread, arrives within it.
GRACE_S = 0.002
# A thread that waits for the disk must not be outrun by a request's whole minute.
MOST_S = 0.5

Ready = list[tuple[selectors.SelectorKey, int]]


class SkippingSelector(selectors.DefaultSelector):
    """Waits a moment for sockets, then takes the rest of the time as passed."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped_s = 0.0

    def select(self, timeout: float | None = None) -> Ready:
        """Return what is ready; without anything ready, the timeout or a part of it is over."""
        if timeout is None or timeout <= GRACE_S:
            return super().select(timeout)
        ready = super().select(GRACE_S)
        if not ready:
            self.skipped_s += min(timeout - GRACE_S, MOST_S)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that nobody has to wait for."""

    def __init__(self) -> None:
        self._skipping = SkippingSelector()
        super().__init__(self._skipping)

    def time(self) -> float:
        """Return seconds that never run backwards, those that were skipped counted in."""
        return super().time() + self._skipping.skipped_s

    def skip(self, seconds: float) -> None:
        """Let time pass at once, as when a machine was asleep."""
        self._skipping.skipped_s += seconds


class LoopClock:
    """The playground's clock by the running loop's time, which may be virtual."""

    def __init__(self, start_at: datetime | None = None) -> None:
        self._start_at = start_at or datetime.now(UTC)
        self._started = asyncio.get_running_loop().time()

    def now(self) -> datetime:
        """Return the time as an aware UTC datetime."""
        return self._start_at + timedelta(seconds=self.monotonic() - self._started)

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return asyncio.get_running_loop().time()

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Call back once on the running loop."""
        return asyncio.get_running_loop().call_later(delay_s, callback)


def pytest_asyncio_loop_factories(item: Any) -> Mapping[str, Callable[[], Any]]:
    """Give tests marked `virtual_time` such a loop; for a conftest to import."""
    if item.get_closest_marker("virtual_time"):
        return {"virtual": VirtualLoop}
    return {"real": asyncio.new_event_loop}
