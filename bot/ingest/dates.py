"""Dates as sites write them, to aware UTC moments; None for what is unknown or undecidable.

An own parser, since feedparser's turns 31 February into March and guesses the order of 06/09/2022.
dateparser is asked only for the name of a month it alone knows.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

_ZONES_H = {
    **{"UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "BST": 1, "WEST": 1, "CET": 1, "MEZ": 1},
    **{"CEST": 2, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "JST": 9, "KST": 9, "AEST": 10},
    **{"AEDT": 11, "AST": -4, "ADT": -3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5},
    **{"MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10},
}
_MONTHS = {
    **{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6},
    **{"jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12},
    **{"january": 1, "february": 2, "march": 3, "april": 4, "june": 6, "july": 7, "august": 8},
    **{"september": 9, "october": 10, "november": 11, "december": 12},
}
# Asked of dateparser in this order; all of its 200 languages would cost a tenth of a second a word.
_LANGUAGES = ["de", "es", "fr", "it", "pt", "nl", "pl", "ru", "uk", "cs", "tr", "sv", "da", "nb"]
_LANGUAGES += ["fi", "hu", "ro", "el", "ca", "id", "vi", "hr", "bg", "sk", "ar", "he", "fa", "hi"]

_TIME = (
    r"(?:\s*,?\s*(?:T|at|um|à|a las)?\s*(?P<h>\d{1,2})[:.](?P<mi>\d{2})(?:[:.](?P<s>\d{2}))?"
    r"(?:[.,]\d+)?\s*(?P<half>[ap]\.?m\.?)?)?"
)
_ZONE = r"\s*(?P<zone>[+-]\d{2}:?\d{2}|[+-]\d{2}|\(?[A-Za-z]{1,5}\)?)?(?:\s*\([^()]*\))?"
_DAY_NAME = r"(?:[^\W\d_]+\.?\s*,?\s+)?"
_ORDINAL = r"(?:st|nd|rd|th|er|º|\.)?"
_ISO = re.compile(
    rf"(?P<y>\d{{4}})[-/.](?P<m>\d{{1,2}})(?:[-/.](?P<d>\d{{1,2}}))?{_TIME}{_ZONE}", re.IGNORECASE
)
_COMPACT = re.compile(
    rf"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)(?:T(?P<h>\d\d)(?P<mi>\d\d)(?P<s>\d\d)?)?{_ZONE}"
)
_DAY_FIRST = re.compile(
    rf"{_DAY_NAME}(?P<d>\d{{1,2}}){_ORDINAL}[\s-]+(?:de\s+)?(?P<name>[^\W\d_]+)\.?,?[\s-]+"
    rf"(?:del?\s+)?(?P<y>\d{{4}}|\d{{2}})(?![\d:]){_TIME}{_ZONE}",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"{_DAY_NAME}(?P<name>[^\W\d_]+)\.?\s+(?P<d>\d{{1,2}}){_ORDINAL},?\s+"
    rf"(?P<y>\d{{4}})(?![\d:]){_TIME}{_ZONE}",
    re.IGNORECASE,
)
_ASCTIME = re.compile(
    r"[A-Za-z]{3}\s+(?P<name>[A-Za-z]{3})\s+(?P<d>\d{1,2})\s+"
    r"(?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d)\s+(?P<zone>[A-Z]{1,5}\s+)?(?P<y>\d{4})"
)
_SLASHED = re.compile(rf"(?P<a>\d{{1,2}})[/.](?P<b>\d{{1,2}})[/.](?P<y>\d{{4}}){_TIME}{_ZONE}")
_EAST = re.compile(
    r"(?P<y>\d{4})\s*[年년]\s*(?P<m>\d{1,2})\s*[月월]\s*(?P<d>\d{1,2})\s*[日일]"
    r"(?:\s*(?P<h>\d{1,2}):(?P<mi>\d\d)(?::(?P<s>\d\d))?)?"
)
_EPOCH = re.compile(r"\d{9,10}|\d{13}")
_FORMS = (_ISO, _COMPACT, _DAY_FIRST, _MONTH_FIRST, _ASCTIME, _EAST)
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


def parse_date(text: object) -> datetime | None:
    """Return the moment a date text names, in UTC; a date without time is its first moment.

    None for no date, an impossible one, 1970-01-01 (the usual mark of "unknown"), a year outside
    1900-2200, and an order of day and month that cannot be decided. A time without a zone is UTC.
    """
    if not isinstance(text, str):
        return None
    text = " ".join(text[:100].split())
    if not text or text.startswith("0000"):
        return None
    if _EPOCH.fullmatch(text):
        return epoch_date(int(text))
    for form in _FORMS:
        found = form.fullmatch(text)
        if found is not None:
            return _moment(found.groupdict())
    slashed = _SLASHED.fullmatch(text)
    return None if slashed is None else _slashed_moment(slashed.groupdict())


def epoch_date(seconds: float) -> datetime | None:
    """Return the moment of a Unix time in seconds, or milliseconds where it is that large."""
    try:
        return _known(datetime.fromtimestamp(seconds / (1000 if seconds > 1e11 else 1), UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _slashed_moment(parts: dict[str, str | None]) -> datetime | None:
    first, second = int(parts["a"] or 0), int(parts["b"] or 0)
    if first <= 12 and second <= 12 and first != second:
        return None
    day, month = (first, second) if first > 12 or first == second else (second, first)
    return _moment({**parts, "d": str(day), "m": str(month)})


def _moment(parts: dict[str, str | None]) -> datetime | None:
    month = int(parts.get("m") or 0) or month_number(parts.get("name") or "")
    offset = _offset(parts.get("zone"))
    if not month or offset is None:
        return None
    try:
        moment = datetime(
            _year(parts["y"] or ""),
            month,
            int(parts.get("d") or 1),
            _hour(parts.get("h"), parts.get("half")),
            int(parts.get("mi") or 0),
            min(int(parts.get("s") or 0), 59),
            tzinfo=timezone(offset),
        )
        return _known(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _known(moment: datetime) -> datetime | None:
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return None
    return None if abs(moment.timestamp()) < 86_400 else moment


def _year(text: str) -> int:
    year = int(text)
    if len(text) > 2:
        return year
    # RFC 2822's two digits: below 50 is this century.
    return year + (2000 if year < 50 else 1900)


def _hour(text: str | None, half: str | None) -> int:
    hour = int(text or 0)
    if half and half[0] in "pP":
        return hour % 12 + 12
    return hour % 12 if half else hour


def _offset(zone: str | None) -> timedelta | None:
    name = (zone or "").strip(" ()")
    if name[:1] in ("+", "-"):
        digits = name[1:].replace(":", "").ljust(4, "0")
        hours, minutes = int(digits[:2]), int(digits[2:])
        if hours > 14 or minutes > 59:
            return None
        return timedelta(hours=hours, minutes=minutes) * (-1 if name[0] == "-" else 1)
    return timedelta(hours=_ZONES_H.get(name.upper(), 0))


def month_number(name: str) -> int:
    """Return the number of a month's name in any language dateparser knows, 0 for none."""
    key = name.casefold().rstrip(".")
    return _MONTHS.get(key) or _foreign_month(key)


@lru_cache(maxsize=256)
def _foreign_month(name: str) -> int:
    if not 2 < len(name) < 16:
        return 0
    import dateparser  # 0.3 s to import, and most feeds never need it

    found = dateparser.parse(
        f"15 {name} 2020",
        languages=_LANGUAGES,
        settings={"REQUIRE_PARTS": ["day", "month", "year"], "DATE_ORDER": "DMY"},
    )
    return found.month if found is not None and found.year == 2020 and found.day == 15 else 0
