"""When a feed is asked next: pure rules over what the server said and how the feed behaves.

Pure: no clock, no state. ttl and skipHours are RSS 2.0's; HTTP's part comes read by fetch.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

USUAL_S = 900.0
LONGEST_S = 86_400.0
SLOWEST_RHYTHM_S = 4 * 3600.0
UNWELCOME_S = 4 * 3600.0
ABSENT_AFTER = timedelta(days=30)


def next_poll(
    now: datetime,
    feed_id: int,
    *,
    fresh_s: float = 0.0,
    skip_hours: frozenset[int] = frozenset(),
    skip_days: frozenset[int] = frozenset(),
    rhythm_s: float = USUAL_S,
    fixed_s: float | None = None,
) -> datetime:
    """Return when to ask again after a good answer.

    The longer of the feed's own rhythm (its ttl counted in) and the freshness the server promised,
    at most a day; `fixed_s`, the operator's interval, replaces both. Excluded hours, and days
    (Monday is 0), are skipped.
    """
    if fixed_s is not None:
        return _after_skipped(now + timedelta(seconds=fixed_s), skip_hours, skip_days)
    wanted_s = max(rhythm_s, fresh_s)
    wanted_s = min(wanted_s * (1 + 0.1 * spread(feed_id)), LONGEST_S)
    return _after_skipped(now + timedelta(seconds=wanted_s), skip_hours, skip_days)


def after_failure(
    now: datetime,
    feed_id: int,
    *,
    failures: int,
    status: int | None = None,
    retry_after_s: int | None = None,
    skip_hours: frozenset[int] = frozenset(),
    skip_days: frozenset[int] = frozenset(),
    rhythm_s: float = USUAL_S,
    fixed_s: float | None = None,
) -> datetime:
    """Return when to try again after the `failures`-th failure in a row (1 for the first).

    Doubles from the usual interval up to a day, spread by feed. A server's Retry-After is waited
    for whole; one that refuses us (401, 403, 429) without a word on when is left alone for hours.
    One that is asked too much (429, 503) is asked no sooner than its feed's rhythm, ttl counted in.
    Excluded hours and days are skipped.
    """
    first_s = USUAL_S if fixed_s is None else fixed_s
    wait_s = first_s * 2.0 ** min(max(failures - 1, 0), 30)
    if retry_after_s is None and status in (401, 403, 429):
        wait_s = max(wait_s, UNWELCOME_S)
    if status in (429, 503) and fixed_s is None:
        wait_s = max(wait_s, rhythm_s)
    wait_s *= 1 + 0.1 * spread(feed_id)
    wait_s = min(max(wait_s, retry_after_s or 0), LONGEST_S)
    return _after_skipped(now + timedelta(seconds=wait_s), skip_hours, skip_days)


def rhythm_s(published_at: Sequence[datetime | None], now: datetime) -> float:
    """Return a feed's own interval from its items' dates: often for the busy, rarely for the still.

    A quarter of the usual gap, more the longer it has been quiet; between 15 minutes and 4 hours.
    """
    dates = sorted((d for d in published_at if d is not None and d <= now), reverse=True)[:20]
    if not dates:
        return USUAL_S
    gaps = [(a - b).total_seconds() for a, b in pairwise(dates)]
    quiet_s = (now - dates[0]).total_seconds()
    wanted_s = max(median(gaps) / 4 if gaps else 0.0, quiet_s / 24)
    return min(max(wanted_s, USUAL_S), SLOWEST_RHYTHM_S)


def spread(feed_id: int) -> float:
    """Return a number in [0, 1) that is always the same for a feed, and even over all feeds."""
    return zlib.crc32(feed_id.to_bytes(8, "big")) / 2**32


def _after_skipped(
    moment: datetime, skip_hours: frozenset[int], skip_days: frozenset[int]
) -> datetime:
    moment = moment.astimezone(UTC)
    # A feed that excludes every hour or day would never be polled: that it cannot mean.
    hours = skip_hours if len(skip_hours & set(range(24))) < 24 else frozenset()
    days = skip_days if len(skip_days & set(range(7))) < 7 else frozenset()
    while moment.hour in hours or moment.weekday() in days:
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return moment
