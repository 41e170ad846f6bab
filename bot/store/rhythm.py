"""When a subscription posts: at once, as a digest, not at night, and how much an hour. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from bot.errors import TagwireError

Mode = Literal["once", "hourly", "daily", "weekly"]
MODES: tuple[Mode, ...] = ("once", "hourly", "daily", "weekly")

DEFAULT_CAP = 10
DEFAULT_AT = time(8)
DELAY_MOST_S = 24 * 3600
PER_HOUR_MOST = 100
# A week and the day on which it is asked.
_DAYS_AHEAD = 8
_CLOCK = re.compile(r"([01]?\d|2[0-3])(?:[:.h]([0-5]\d))?")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A subscription's rhythm as typed values. `weekday` is 0 for Monday; times are local.

    `copies` posts each wire copy of a story, not only the first.
    """

    mode: Mode = "once"
    at: time = DEFAULT_AT
    weekday: int = 0
    zone: tzinfo = UTC
    quiet: tuple[time, time] | None = None
    per_hour: int | None = None
    delay_s: int = 0
    cap: int = DEFAULT_CAP
    copies: bool = False

    @property
    def is_digest(self) -> bool:
        """Whether it gathers articles into one post."""
        return self.mode != "once"


def rhythm_of(stored: Mapping[str, object]) -> Rhythm:
    """Read what is stored; what cannot be read is left at its default, so that posts still go."""
    quiet = stored.get("quiet")
    parts = quiet.split("-") if isinstance(quiet, str) else []
    span = [clock for part in parts if (clock := _clock(part)) is not None]
    mode: Mode = next((known for known in MODES if known == stored.get("mode")), "once")
    return Rhythm(
        mode=mode,
        at=_clock(str(stored.get("at", ""))) or DEFAULT_AT,
        weekday=_whole(stored, "weekday", 0) % 7,
        zone=_zone(str(stored.get("zone") or "UTC")) or UTC,
        quiet=(span[0], span[1]) if len(span) == 2 and span[0] != span[1] else None,
        per_hour=_whole(stored, "per_hour", 0) or None,
        delay_s=min(_whole(stored, "delay_s", 0), DELAY_MOST_S),
        cap=_whole(stored, "cap", 0) or DEFAULT_CAP,
        copies=stored.get("copies") is True,
    )


def due_at(rhythm: Rhythm, owed_at: datetime) -> datetime:
    """Return when an article that is owed since `owed_at` may be posted, in UTC."""
    earliest = owed_at + timedelta(seconds=rhythm.delay_s)
    at = _next_digest(rhythm, earliest) if rhythm.is_digest else earliest
    return (quiet_until(rhythm, at) or at).astimezone(UTC)


def is_held(rhythm: Rhythm, owed_at: datetime) -> bool:
    """Whether an article came in quiet hours, so that it is told in a digest after them."""
    earliest = owed_at + timedelta(seconds=rhythm.delay_s)
    return not rhythm.is_digest and quiet_until(rhythm, earliest) is not None


def quiet_until(rhythm: Rhythm, at: datetime) -> datetime | None:
    """Return when the quiet hours that `at` lies in end, or None outside of them."""
    if rhythm.quiet is None:
        return None
    start, end = rhythm.quiet
    today = at.astimezone(rhythm.zone).date()
    # Compared as instants: a clock that is set back shows an hour twice, but is quiet in it once.
    for day in (today - timedelta(days=1), today):
        begun = _instant(day, start, rhythm.zone)
        ended = _instant(day if start < end else day + timedelta(days=1), end, rhythm.zone)
        if begun <= at < ended:
            return ended
    return None


def _next_digest(rhythm: Rhythm, earliest: datetime) -> datetime:
    local = earliest.astimezone(rhythm.zone)
    if rhythm.mode == "hourly":
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return earliest if not past else earliest + timedelta(hours=1) - past
    for ahead in range(_DAYS_AHEAD + 1):
        day = local.date() + timedelta(days=ahead)
        at = _instant(day, rhythm.at, rhythm.zone)
        if at >= earliest and (rhythm.mode == "daily" or day.weekday() == rhythm.weekday):
            return at
    raise AssertionError(rhythm)


def _instant(day: date, clock: time, zone: tzinfo) -> datetime:
    # A local time that is skipped in spring moves on by the gap; one shown twice is its first.
    return datetime.combine(day, clock, zone).astimezone(UTC)


def clock_text(typed: str) -> str:
    """Return "08:00" for "8", "8:00" or "08.00". Raises TagwireError `store.bad_clock`."""
    clock = _clock(typed)
    if clock is None:
        raise TagwireError("store.bad_clock", typed=typed)
    return f"{clock:%H:%M}"


def span_text(typed: str) -> str:
    """Return "22:00-07:00" for "22-7". Raises TagwireError `store.bad_span`."""
    parts = [_clock(part) for part in re.split(r"\s*(?:-|–|to)\s*", typed.strip())]
    if len(parts) != 2 or parts[0] is None or parts[1] is None or parts[0] == parts[1]:
        raise TagwireError("store.bad_span", typed=typed)
    return f"{parts[0]:%H:%M}-{parts[1]:%H:%M}"


def zone_text(typed: str) -> str:
    """Return the name of a time zone as the database writes it. Raises `store.bad_zone`."""
    name = "/".join(part.strip().replace(" ", "_") for part in typed.strip().split("/"))
    for tried in (name, name.title(), name.upper()):
        if _zone(tried) is not None:
            return tried
    raise TagwireError("store.bad_zone", typed=typed)


def _clock(typed: str) -> time | None:
    found = _CLOCK.fullmatch(typed.strip())
    return time(int(found[1]), int(found[2] or 0)) if found else None


def _zone(name: str) -> tzinfo | None:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _whole(stored: Mapping[str, object], key: str, default: int) -> int:
    value = stored.get(key)
    return value if isinstance(value, int) and value > 0 else default
