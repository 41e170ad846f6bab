from datetime import UTC, datetime, timedelta

import pytest

from bot.ingest.schedule import (
    LONGEST_S,
    after_failure,
    next_poll,
    rhythm_s,
    spread,
)

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)


def wait_s(moment: datetime) -> float:
    return (moment - NOW).total_seconds()


def test_the_longest_wish_counts_and_none_beyond_a_day() -> None:
    six_hours = next_poll(NOW, 1, fresh_s=21_600, rhythm_s=7200)
    assert 21_600 <= wait_s(six_hours) <= 21_600 * 1.1
    assert 7200 <= wait_s(next_poll(NOW, 1, rhythm_s=7200)) <= 7200 * 1.1
    month = next_poll(NOW, 1, fresh_s=2_592_000)
    assert wait_s(month) == LONGEST_S


def test_the_operators_interval_replaces_rhythm_ttl_and_max_age() -> None:
    fixed = next_poll(NOW, 1, fresh_s=21_600, rhythm_s=9000, fixed_s=2)
    assert wait_s(fixed) == 2


def test_hours_a_feed_excludes_are_skipped() -> None:
    moment = next_poll(NOW, 1, skip_hours=frozenset({10, 11, 12}), fixed_s=60)
    assert moment == datetime(2026, 5, 4, 13, tzinfo=UTC)
    assert wait_s(next_poll(NOW, 1, skip_hours=frozenset(range(24)), fixed_s=60)) == 60


def test_failures_double_up_to_a_day_and_never_stop() -> None:
    waits = [wait_s(after_failure(NOW, 7, failures=n)) for n in range(1, 200)]
    assert waits == sorted(waits)
    assert 900 <= waits[0] <= 990
    assert waits[1] == pytest.approx(2 * waits[0])
    assert waits[-1] == LONGEST_S


@pytest.mark.parametrize("fixed", [None, 2.0])
def test_retry_after_is_never_shortened_by_the_operators_interval(fixed: float | None) -> None:
    moment = after_failure(NOW, 7, failures=1, status=429, retry_after_s=7200, fixed_s=fixed)
    assert wait_s(moment) >= 7200


def test_a_site_that_refuses_us_is_left_alone_for_hours() -> None:
    for status in (401, 403, 429):
        assert wait_s(after_failure(NOW, 7, failures=1, status=status)) >= 4 * 3600
    assert wait_s(after_failure(NOW, 7, failures=1, status=503)) < 3600


def test_feeds_are_spread_evenly_and_always_alike() -> None:
    places = sorted(spread(feed_id) for feed_id in range(1000))
    assert places[0] >= 0
    assert places[-1] < 1
    assert all(abs(place - index / 1000) < 0.06 for index, place in enumerate(places)), (
        "far from even"
    )
    assert spread(7) == spread(7)


def test_a_busy_feed_is_asked_often_and_a_still_one_rarely() -> None:
    busy = [NOW - timedelta(minutes=10 * n) for n in range(20)]
    daily = [NOW - timedelta(days=n, hours=2) for n in range(20)]
    still = [NOW - timedelta(days=400 + 30 * n) for n in range(20)]
    assert rhythm_s(busy, NOW) == 900
    assert rhythm_s(daily, NOW) == 4 * 3600
    assert rhythm_s(still, NOW) == 4 * 3600
    assert rhythm_s([], NOW) == 900
    assert rhythm_s([None, NOW + timedelta(days=3)], NOW) == 900
