"""Slows a crash loop: Discord resets the token of a bot that logs in a thousand times a day."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from bot.store import Store

KEY = "starts"
FREE_STARTS = 5
WINDOW = timedelta(minutes=10)
# 720 logins a day at most, beside the free ones.
GAP = timedelta(minutes=2)

_log = logging.getLogger(__name__)


def pause(starts: Sequence[datetime], now: datetime) -> timedelta:
    """Return how long to wait before the next login, by the moments of those before it.

    The first five within ten minutes are free. A start that lies ahead (the clock was set back) is
    of unknown age and counts as one just now.
    """
    past = sorted(min(start, now) for start in starts)
    recent = [start for start in past if now - start < WINDOW]
    if len(recent) < FREE_STARTS:
        return timedelta()
    return max(timedelta(), recent[-1] + GAP - now)


async def take_turn(store: Store, now: datetime, stop: asyncio.Event) -> datetime:
    """Wait until it is safe to log in, note the start, return its moment. `stop` ends the wait."""
    kept = await store.meta.get(KEY)
    starts = [datetime.fromisoformat(text) for text in json.loads(kept or "[]")]
    wait = pause(starts, now)
    if wait:
        _log.warning("app.start_delayed", extra={"seconds": round(wait.total_seconds())})
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait.total_seconds())
    at = now + wait
    latest = [start.isoformat() for start in (*starts, at)][-FREE_STARTS:]
    await store.meta.set(KEY, json.dumps(latest))
    return at
