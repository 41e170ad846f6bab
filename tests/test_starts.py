"""A crash loop never comes near Discord's limit of logins."""

import asyncio
from datetime import datetime, timedelta

from bot.starts import GAP, pause, take_turn
from bot.store import Store
from tests.conftest import NOW

S = timedelta(seconds=1)


def test_a_crash_loop_of_a_day_stays_below_discords_thousand_logins() -> None:
    now = NOW
    starts: list[datetime] = []
    while now < NOW + timedelta(days=1):
        now += pause(starts[-5:], now)
        starts.append(now)
        now += S
    assert 400 < len(starts) < 800


def test_a_few_restarts_by_hand_wait_for_nothing() -> None:
    assert pause([NOW - 9 * S, NOW - 6 * S, NOW - 3 * S, NOW], NOW) == timedelta()
    assert pause([NOW - timedelta(minutes=m) for m in (11, 12, 13, 14, 15)], NOW) == timedelta()


def test_a_clock_that_was_set_back_makes_the_wait_no_longer() -> None:
    assert pause([NOW + timedelta(days=3)] * 5, NOW) == GAP


async def test_starts_are_kept_and_a_stop_ends_the_wait(store: Store) -> None:
    stop = asyncio.Event()
    for n in range(5):
        assert await take_turn(store, NOW + n * S, stop) == NOW + n * S
    waiting = asyncio.create_task(take_turn(store, NOW + 5 * S, stop))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    stop.set()
    assert await waiting == NOW + 4 * S + GAP
