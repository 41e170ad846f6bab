"""How often something may happen within a span of time, by key; kept in memory alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)


class Allowance(Generic[_Key]):
    """At most `times` within `span` for each key."""

    def __init__(self, times: int, span: timedelta) -> None:
        self._span = span
        self._times = times
        self._taken: dict[_Key, deque[datetime]] = {}

    def take(self, key: _Key, now: datetime) -> float:
        """Count one more and return 0, or return the seconds to wait and count nothing."""
        self._forget(now)
        taken = self._taken.setdefault(key, deque())
        if len(taken) >= self._times:
            return (taken[0] + self._span - now).total_seconds()
        taken.append(now)
        return 0.0

    def _forget(self, now: datetime) -> None:
        for key, taken in list(self._taken.items()):
            # A clock that was set back must lock nobody out.
            while taken and not now - self._span < taken[0] <= now:
                taken.popleft()
            if not taken:
                del self._taken[key]
