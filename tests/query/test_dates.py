"""Spans of time: which moments a date admits in a zone, and what newer means."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.query.dates import is_date
from bot.query.language import since, span
from bot.query.nodes import Dated, DateField, Newer, Unit

TOKYO = ZoneInfo("Asia/Tokyo")
NEW_YORK = ZoneInfo("America/New_York")


def utc(year: int, month: int = 1, day: int = 1, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "text", "first", "after"),
    [
        ("after", "2022", utc(2022), None),
        ("after", "2022-08", utc(2022, 8), None),
        ("after", "2022-08-31", utc(2022, 8, 31), None),
        ("before", "2022-09-01", None, utc(2022, 9)),
        ("before", "2022-08", None, utc(2022, 8)),
        ("on", "2022", utc(2022), utc(2023)),
        ("on", "2022-12", utc(2022, 12), utc(2023)),
        ("on", "2024-02-29", utc(2024, 2, 29), utc(2024, 3)),
        ("on", "9999", utc(9999), None),
        ("on", "9999-12", utc(9999, 12), None),
        ("on", "9999-12-31", utc(9999, 12, 31), None),
    ],
)
def test_date_admits(
    field: DateField, text: str, first: datetime | None, after: datetime | None
) -> None:
    assert span(Dated(field, text), UTC) == (first, after)


def test_days_are_those_of_the_zone() -> None:
    assert span(Dated("on", "2022-08-31"), TOKYO) == (utc(2022, 8, 30, 15), utc(2022, 8, 31, 15))
    # The day on which clocks go forward has 23 hours.
    assert span(Dated("on", "2024-03-10"), NEW_YORK) == (utc(2024, 3, 10, 5), utc(2024, 3, 11, 4))


def test_first_day_of_the_calendar_is_no_error_east_of_greenwich() -> None:
    earliest = datetime.min.replace(tzinfo=UTC)
    assert span(Dated("before", "0001"), TOKYO) == (None, earliest)


@pytest.mark.parametrize(
    "text",
    [
        "2022-02-30",
        "2022-13",
        "2022-00",
        "0000",
        "22",
        "2022-8",
        "2022-08-31T10",
        "٢٠٢٢",
        "2022-",
        "",
    ],
)
def test_not_a_date(text: str) -> None:
    assert not is_date(text)
    with pytest.raises(ValueError):
        span(Dated("on", text), UTC)


@settings(deadline=None)
@given(st.dates(), st.sampled_from([UTC, TOKYO, NEW_YORK]))
def test_a_day_lies_between_before_and_after(day: datetime, zone: ZoneInfo) -> None:
    text = f"{day.year:04}-{day.month:02}-{day.day:02}"
    first, _ = span(Dated("on", text), zone)
    assert span(Dated("after", text), zone) == (first, None)
    assert span(Dated("before", text), zone) == (None, first)


@pytest.mark.parametrize(
    ("amount", "unit", "moment"),
    [
        (1, "h", utc(2024, 3, 31, 11)),
        (7, "d", utc(2024, 3, 24, 12)),
        (2, "w", utc(2024, 3, 17, 12)),
        (1, "mo", utc(2024, 2, 29, 12)),
        (13, "mo", utc(2023, 2, 28, 12)),
        (1, "y", utc(2023, 3, 31, 12)),
        (99999, "y", datetime.min.replace(tzinfo=UTC)),
        (99999, "w", utc(107, 9, 25, 12)),
    ],
)
def test_newer_counts_back_from_now(amount: int, unit: Unit, moment: datetime) -> None:
    assert since(Newer(amount, unit), utc(2024, 3, 31, 12)) == moment


def test_newer_than_a_leap_day_a_year_ago() -> None:
    assert since(Newer(1, "y"), utc(2024, 2, 29)) == utc(2023, 2, 28)
