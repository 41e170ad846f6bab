"""When a feed is asked next: pure rules over what the server said and how the feed behaves.

Sources: RFC 9111 (max-age, Age, Expires), RFC 9110 (Retry-After), RSS 2.0 (ttl, skipHours).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from statistics import median

USUAL_S = 900.0
LONGEST_S = 86_400.0
SLOWEST_RHYTHM_S = 4 * 3600.0
UNWELCOME_S = 4 * 3600.0
ABSENT_AFTER = timedelta(days=30)

_SECONDS = re.compile(r"\d{1,12}")
_MAX_AGE = re.compile(r"max-age\s*=\s*\"?(\d{1,12})")


def next_poll(
    now: datetime,
    feed_id: int,
    *,
    headers: Mapping[str, str],
    ttl_s: int | None = None,
    skip_hours: frozenset[int] = frozenset(),
    rhythm_s: float = USUAL_S,
    fixed_s: float | None = None,
) -> datetime:
    """Return when to ask again after a good answer. Header names are lower case.

    The longest of the feed's own rhythm, its ttl and the freshness the server promised, at most a
    day; `fixed_s`, the operator's interval, replaces all three. Hours it excludes are skipped.
    """
    if fixed_s is not None:
        return _after_skipped_hours(now + timedelta(seconds=fixed_s), skip_hours)
    wanted_s = max(rhythm_s, ttl_s or 0.0, fresh_s(headers, now))
    wanted_s = min(wanted_s * (1 + 0.1 * spread(feed_id)), LONGEST_S)
    return _after_skipped_hours(now + timedelta(seconds=wanted_s), skip_hours)


def after_failure(
    now: datetime,
    feed_id: int,
    *,
    failures: int,
    status: int | None = None,
    retry_after_s: int | None = None,
    fixed_s: float | None = None,
) -> datetime:
    """Return when to try again after the `failures`-th failure in a row (1 for the first).

    Doubles from the usual interval up to a day, spread by feed. A server's Retry-After is waited
    for whole; one that refuses us (401, 403, 429) without a word on when is left alone for hours.
    """
    first_s = USUAL_S if fixed_s is None else fixed_s
    wait_s = first_s * 2.0 ** min(max(failures - 1, 0), 30)
    if retry_after_s is None and status in (401, 403, 429):
        wait_s = max(wait_s, UNWELCOME_S)
    wait_s *= 1 + 0.1 * spread(feed_id)
    return now + timedelta(seconds=min(max(wait_s, retry_after_s or 0), LONGEST_S))


def retry_after_s(headers: Mapping[str, str], now: datetime) -> int | None:
    """Return the seconds of a Retry-After, capped at a day, or None when absent or unreadable.

    A date is measured against the server's own Date, whose clock may differ from ours.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return int(min(int(value), LONGEST_S))
    moment = _http_date(value)
    if moment is None:
        return None
    wait_s = (moment - (_http_date(headers.get("date", "")) or now)).total_seconds()
    return int(min(wait_s, LONGEST_S)) if wait_s > 0 else None


def fresh_s(headers: Mapping[str, str], now: datetime) -> float:
    """Return for how many seconds the server says its answer stays current, 0 when it says not."""
    control = headers.get("cache-control", "").lower()
    if "no-cache" in control or "no-store" in control:
        return 0.0
    if given := _MAX_AGE.search(control):
        age = headers.get("age", "").strip()
        return max(0.0, float(given[1]) - (float(age) if _SECONDS.fullmatch(age) else 0.0))
    expires = _http_date(headers.get("expires", ""))
    if expires is None:
        return 0.0
    return max(0.0, (expires - (_http_date(headers.get("date", "")) or now)).total_seconds())


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


def _after_skipped_hours(moment: datetime, skip_hours: frozenset[int]) -> datetime:
    moment = moment.astimezone(UTC)
    if len(skip_hours & set(range(24))) >= 24:
        return moment
    while moment.hour in skip_hours:
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return moment


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
