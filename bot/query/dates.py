"""Spans of time as queries name them: a day, month or year, and "newer than"."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, tzinfo

from bot.query.nodes import Dated, Newer, Unit

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_NEWER = re.compile(r"([0-9]{1,5})(h|d|w|mo|y)")
_EARLIEST = datetime.min.replace(tzinfo=UTC)

Span = tuple[datetime | None, datetime | None]


def is_date(text: str) -> bool:
    """Tell whether the text is YYYY, YYYY-MM or YYYY-MM-DD and exists in the calendar."""
    return _days(text) is not None


def read_newer(text: str) -> Newer | None:
    """Read an amount and a unit such as 7d; None when it is neither or the amount is zero."""
    found = _NEWER.fullmatch(text.lower())
    if found is None or int(found[1]) == 0:
        return None
    units: dict[str, Unit] = {"h": "h", "d": "d", "w": "w", "mo": "mo", "y": "y"}
    return Newer(int(found[1]), units[found[2]])


def span(dated: Dated, zone: tzinfo = UTC) -> Span:
    """Return the moments [from, to) in UTC that a date admits in a zone; None is no limit.

    Raises ValueError for a text that is no date, which the parser never lets through.
    """
    days = _days(dated.text)
    if days is None:
        raise ValueError(dated.text)
    first, after = days
    if dated.field == "after":
        return _midnight(first, zone), None
    if dated.field == "before":
        return None, _midnight(first, zone)
    return _midnight(first, zone), None if after is None else _midnight(after, zone)


def since(newer: Newer, now: datetime) -> datetime:
    """Return the moment (UTC) after which an article is newer than the span before `now`.

    Months and years are the calendar's: a month before 31 March is 28 or 29 February.
    """
    moment = now.astimezone(UTC)
    try:
        match newer.unit:
            case "h":
                return moment - timedelta(hours=newer.amount)
            case "d":
                return moment - timedelta(days=newer.amount)
            case "w":
                return moment - timedelta(weeks=newer.amount)
            case "mo":
                return _months_before(moment, newer.amount)
            case "y":
                return _months_before(moment, 12 * newer.amount)
    except (OverflowError, ValueError):
        return _EARLIEST


def _months_before(moment: datetime, months: int) -> datetime:
    year, month0 = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    day = min(moment.day, monthrange(year, month0 + 1)[1])
    return moment.replace(year=year, month=month0 + 1, day=day)


def _midnight(day: date, zone: tzinfo) -> datetime:
    try:
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return _EARLIEST


def _days(text: str) -> tuple[date, date | None] | None:
    """Return the first day and the day after the last one (None past the calendar's end)."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day = (1 if part is None else int(part) for part in found.groups())
    try:
        first = date(year, month, day)
    except ValueError:
        return None
    try:
        if found[3]:
            return first, first + timedelta(days=1)
        if found[2]:
            return first, date(year + month // 12, month % 12 + 1, 1)
        return first, date(year + 1, 1, 1)
    except (OverflowError, ValueError):
        return first, None


_UNIT_WORDS = re.compile(r"(hours?|hrs?|days?|weeks?|wks?|months?|years?|yrs?|m)")
_LOOSE_NEWER = re.compile(r"([0-9]{1,5})\s*([a-z]*)")
_LOOSE_DATE = re.compile(r"([0-9]{1,4})[-/.]([0-9]{1,2})(?:[-/.]([0-9]{1,4}))?")


def mended_date(text: str) -> str | None:
    """Return the date that an unreadable one probably means, or None.

    A day past its month's end becomes the last day; 08/09/2022 is read day first unless only
    the other order exists.
    """
    found = _LOOSE_DATE.fullmatch(text)
    if found is None:
        return None
    one, two, three = (int(part) if part else 0 for part in found.groups())
    if len(found[1]) == 4:
        year, month, day = one, two, three
    elif found[3] and len(found[3]) == 4:
        year, month, day = (three, two, one) if two <= 12 else (three, one, two)
    else:
        return None
    if not (1 <= year <= 9999 and 1 <= month <= 12):
        return f"{year:04}" if 1 <= year <= 9999 else None
    if found[3] is None:
        return f"{year:04}-{month:02}"
    return f"{year:04}-{month:02}-{max(1, min(day, monthrange(year, month)[1])):02}"


def mended_newer(text: str) -> str | None:
    """Return the amount and unit that an unreadable one probably means (7 days, 7), or None."""
    found = _LOOSE_NEWER.fullmatch(text)
    if found is None or int(found[1]) == 0:
        return None
    unit = found[2] or "d"
    if not _UNIT_WORDS.fullmatch(unit) and unit != "d":
        return None
    return f"{int(found[1])}{'mo' if unit[0] == 'm' else unit[0]}"
