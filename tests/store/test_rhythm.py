"""When a subscription posts: digests, quiet hours and delays, across changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.errors import TagwireError
from bot.store import rhythm
from bot.store.rhythm import Rhythm, due_at, is_held, quiet_until, rhythm_of

BERLIN = {"zone": "Europe/Berlin"}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(owed: str, **stored: object) -> datetime:
    return due_at(rhythm_of({**BERLIN, **stored}), utc(owed))


def test_at_once_is_at_once_and_a_delay_puts_it_off() -> None:
    assert due("2026-06-01 12:00") == utc("2026-06-01 12:00")
    assert due("2026-06-01 12:00", delay_s=300) == utc("2026-06-01 12:05")


def test_an_hourly_digest_goes_out_at_the_full_hour_of_its_zone() -> None:
    assert due("2026-06-01 12:00", mode="hourly") == utc("2026-06-01 12:00")
    assert due("2026-06-01 12:01", mode="hourly") == utc("2026-06-01 13:00")
    assert due("2026-06-01 12:01", mode="hourly", zone="Asia/Kolkata") == utc("2026-06-01 12:30")


def test_a_daily_digest_keeps_its_local_time_when_the_clock_changes() -> None:
    # In 2026 Berlin changes on 29 March (01:00 UTC) and on 25 October (01:00 UTC).
    daily = {"mode": "daily", "at": "08:00"}
    assert due("2026-03-28 07:00", **daily) == utc("2026-03-28 07:00")
    assert due("2026-03-28 07:01", **daily) == utc("2026-03-29 06:00")
    assert due("2026-10-24 06:01", **daily) == utc("2026-10-25 07:00")


def test_a_time_that_the_spring_skips_comes_after_the_gap_and_only_once() -> None:
    skipped = {"mode": "daily", "at": "02:30"}
    assert due("2026-03-28 22:00", **skipped) == utc("2026-03-29 01:30")
    assert due("2026-03-29 01:31", **skipped) == utc("2026-03-30 00:30")


def test_a_time_that_the_autumn_shows_twice_counts_once() -> None:
    twice = {"mode": "daily", "at": "02:30"}
    assert due("2026-10-24 22:00", **twice) == utc("2026-10-25 00:30")
    assert due("2026-10-25 00:31", **twice) == utc("2026-10-26 01:30")


def test_a_weekly_digest_goes_out_on_its_day() -> None:
    weekly = {"mode": "weekly", "at": "09:00", "weekday": 4}
    assert due("2026-06-01 12:00", **weekly) == utc("2026-06-05 07:00")
    assert due("2026-06-05 07:00", **weekly) == utc("2026-06-05 07:00")
    assert due("2026-06-05 07:01", **weekly) == utc("2026-06-12 07:00")


def test_quiet_hours_hold_what_comes_until_they_end() -> None:
    quiet = {"quiet": "22:00-07:00"}
    assert due("2026-06-01 21:00", **quiet) == utc("2026-06-02 05:00")
    assert due("2026-06-01 04:59", **quiet) == utc("2026-06-01 05:00")
    assert due("2026-06-01 05:00", **quiet) == utc("2026-06-01 05:00")
    night = rhythm_of({**BERLIN, **quiet})
    assert is_held(night, utc("2026-06-01 21:00")) and not is_held(night, utc("2026-06-01 12:00"))


def test_a_delay_that_ends_in_the_quiet_hours_is_held_too() -> None:
    night = rhythm_of({**BERLIN, "quiet": "22:00-07:00", "delay_s": 600})
    assert is_held(night, utc("2026-06-01 19:55"))
    assert due_at(night, utc("2026-06-01 19:55")) == utc("2026-06-02 05:00")


def test_quiet_hours_last_longer_or_shorter_on_the_nights_of_the_change() -> None:
    night = {"quiet": "01:00-05:00"}
    assert due("2026-03-29 00:30", **night) == utc("2026-03-29 03:00")
    assert due("2026-10-24 23:30", **night) == utc("2026-10-25 04:00")


def test_the_second_showing_of_an_hour_is_not_quiet_again() -> None:
    night = rhythm_of({**BERLIN, "quiet": "22:00-02:30"})
    assert quiet_until(night, utc("2026-10-25 00:10")) == utc("2026-10-25 00:30")
    assert quiet_until(night, utc("2026-10-25 01:10")) is None


def test_a_digest_that_falls_in_the_quiet_hours_waits_for_their_end() -> None:
    assert due("2026-06-01 21:30", mode="hourly", quiet="22:00-07:00") == utc("2026-06-02 05:00")


def test_what_cannot_be_read_is_at_once() -> None:
    odd = {"mode": "fortnightly", "at": "25:00", "zone": "Mars/Olympus", "quiet": "x", "cap": -1}
    assert rhythm_of(odd) == Rhythm()


@pytest.mark.parametrize(
    ("typed", "text"),
    [("8", "08:00"), ("08:30", "08:30"), ("22.15", "22:15"), ("7h05", "07:05")],
)
def test_clock_times_are_read_as_people_write_them(typed: str, text: str) -> None:
    assert rhythm.clock_text(typed) == text


def test_spans_and_zones_are_read_and_wrong_ones_refused() -> None:
    assert rhythm.span_text("22 – 7") == "22:00-07:00"
    assert rhythm.zone_text("europe/berlin") == "Europe/Berlin"
    assert rhythm.zone_text("utc") == "UTC"
    for call, typed in (
        (rhythm.clock_text, "25"),
        (rhythm.span_text, "7-7"),
        (rhythm.span_text, "night"),
        (rhythm.zone_text, "../etc/passwd"),
    ):
        with pytest.raises(TagwireError):
            call(typed)
