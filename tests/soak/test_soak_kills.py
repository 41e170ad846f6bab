"""The bot killed at random instants under load: nothing lost, nothing doubled, the file sound."""

from __future__ import annotations

import asyncio
import os
import random
import time

import pytest

from tests.soak.conftest import Works

KILLS = int(os.environ.get("SOAK_KILLS", "200"))
ARTICLES_A_SECOND = 3.0
# Every so many kills the bot comes back half an hour later, when no nonce answers any more.
LATE_EVERY = 5
SETTLE_EVERY = 20
SETTLE_S = 180.0
HALF_AN_HOUR_MS = 30 * 60 * 1000
DOUBT = "SELECT count(*) FROM posts WHERE state = 'sending' OR (state = 'ready' AND doubtful)"


async def settle(works: Works) -> None:
    """Let all that is owed go out, and compare what stands with what should."""
    read = "SELECT count(*) FROM articles"
    published = len(works.press.published)
    await works.member.until(lambda: works.rows(read) == [(published,)], SETTLE_S)
    await works.member.until(lambda: not works.unsettled(), SETTLE_S)
    assert works.lost() == {}
    assert works.doubled() == {}
    assert works.stray() == {}
    failed = "SELECT state, reason FROM posts WHERE state IN ('dead', 'unknown')"
    assert works.rows(failed) == []


async def killed_at_random(works: Works, kills: int, chance: random.Random) -> dict[str, float]:
    """Kill the bot so often, start it again each time; return what it was about."""
    seen = {"kills": 0.0, "in doubt": 0.0, "late": 0.0}
    started = time.monotonic()
    await works.start()
    ready_s = time.monotonic() - started
    await works.until_primed()
    works.begin_load(ARTICLES_A_SECOND)
    for kill in range(1, kills + 1):
        await works.child.start()
        await asyncio.sleep(chance.uniform(0.6 * ready_s, ready_s + 2.5))
        works.child.kill()
        await works.killed()
        works.check()
        assert works.doubled() == {}, f"after kill {kill}"
        seen["kills"] += 1
        seen["in doubt"] += works.rows(DOUBT)[0][0]
        if kill % LATE_EVERY == 0:
            seen["late"] += works.rows(DOUBT)[0][0]
            works.change(f"UPDATE posts SET started_at = started_at - {HALF_AN_HOUR_MS}")
            works.server.hub.nonces.clear()
        if kill % SETTLE_EVERY == 0 or kill == kills:
            await works.end_load()
            await works.start()
            await settle(works)
            works.begin_load(ARTICLES_A_SECOND)
    await works.end_load()
    seen["articles"] = len(works.press.published)
    seen["messages"] = sum(sum(works.standing(f"desk-{n}").values()) for n in range(10))
    seen["seconds"] = round(time.monotonic() - started)
    return seen


@pytest.mark.timeout(120)
@pytest.mark.fault("F4")
async def test_three_kills_at_random_instants_lose_and_double_nothing(
    works: Works, chance: random.Random
) -> None:
    seen = await killed_at_random(works, 3, chance)
    assert seen["messages"] > 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.fault("F4")
async def test_two_hundred_kills_at_random_instants_lose_and_double_nothing(
    works: Works, chance: random.Random
) -> None:
    seen = await killed_at_random(works, KILLS, chance)
    print(seen)
    assert seen["in doubt"] > 0, "no kill hit a post on its way"
