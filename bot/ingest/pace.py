"""Asks one site for many documents: one at a time, spaced, and waiting when it asks us to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from bot.errors import FetchError
from bot.ingest.fetch import Fetched, Fetcher

_UNSAID_S = 60.0
_PASSING = frozenset({"ingest.fetch_connect", "ingest.fetch_broken", "ingest.fetch_server"})


@dataclass(frozen=True, slots=True)
class Patience:
    """How much a reading bears: seconds between requests, the longest wait asked for, tries."""

    gap_s: float = 1.0
    wait_s: float = 0.0
    tries: int = 1


class Pace:
    """Fetches a site's documents one after the other."""

    def __init__(
        self, fetcher: Fetcher, now: datetime, patience: Patience, *, asked_before: bool = False
    ) -> None:
        self._fetcher = fetcher
        self._now = now
        self._patience = patience
        self._is_first = not asked_before
        self.requests = 0

    async def get(self, url: str) -> Fetched:
        """Return a document. Raises FetchError for what does not pass within the patience."""
        tries = 0
        while True:
            await self._space()
            tries += 1
            self.requests += 1
            try:
                return await self._fetcher.get(url, now=self._now)
            except FetchError as error:
                wait_s = self._wait_s(error, tries)
                if wait_s is None:
                    raise
            await asyncio.sleep(wait_s)

    async def _space(self) -> None:
        if not self._is_first:
            await asyncio.sleep(self._patience.gap_s)
        self._is_first = False

    def _wait_s(self, error: FetchError, tries: int) -> float | None:
        """Return the wait before the next try, None to give up."""
        if tries >= self._patience.tries:
            return None
        if error.retry_after_s is not None or error.status == 429:
            asked_s = _UNSAID_S if error.retry_after_s is None else float(error.retry_after_s)
            return asked_s if asked_s <= self._patience.wait_s else None
        return self._patience.gap_s * 2.0**tries if error.key in _PASSING else None
