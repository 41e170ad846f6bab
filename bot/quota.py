"""Discord's limits for all of the bot's requests together: paced, held, or silent in a block."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

# Discord's limit for all of a bot's requests together, and a grain of salt.
REQUESTS_MOST = 50
REQUESTS_WINDOW_S = 1.005


class Silenced(OSError):
    """A request was not sent: Discord's wall has blocked this address."""


class Pace:
    """Keeps all requests of the process together under a limit, without ever being told off.

    A place is free again a window after the answer came: whatever the network's delays, no more
    than `most` requests reach Discord within one.
    """

    def __init__(
        self,
        most: int = REQUESTS_MOST,
        window_s: float = REQUESTS_WINDOW_S,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._clock = clock or _loop_time
        self._free = asyncio.Semaphore(most)
        self._window_s = window_s
        self._silent_until_s = 0.0
        self._held_until_s = 0.0
        self.waiting = 0

    @property
    def silent_s(self) -> float:
        """Return for how many seconds more nothing may go out."""
        return max(0.0, self._silent_until_s - self._clock())

    async def take(self) -> None:
        """Wait for a place, first come first served. Raises Silenced while nothing may go out."""
        self.check()
        self.waiting += 1
        try:
            await self._free.acquire()
            try:
                await self._rest()
                self.check()
            except BaseException:
                self._free.release()
                raise
        finally:
            self.waiting -= 1

    async def _rest(self) -> None:
        while self._clock() < self._held_until_s:  # noqa: ASYNC110 (it may be put off meanwhile)
            await asyncio.sleep(self._held_until_s - self._clock())

    def be_silent(self, seconds: float) -> None:
        """Let nothing out for so long, nor what waits already: it would prolong a block."""
        until_s = self._clock() + seconds
        self._silent_until_s = max(self._silent_until_s, until_s)

    def hold(self, seconds: float) -> None:
        """Keep everything waiting for so long: Discord's limit for the whole bot was met."""
        until_s = self._clock() + seconds
        self._held_until_s = max(self._held_until_s, until_s)

    def check(self) -> None:
        """Raise Silenced while nothing may go out."""
        if self.silent_s > 0:
            raise Silenced

    def give_back(self) -> None:
        """Free the place once the window has passed."""
        asyncio.get_running_loop().call_later(self._window_s, self._free.release)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
