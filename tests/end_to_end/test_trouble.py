"""The real bot in the trouble that the playground's page can make: each check turns green."""

import pytest

from bot.playground.feed import sample_pool
from tests.end_to_end.conftest import Newsroom

SLOW_S = 60.0


async def shown(newsroom: Newsroom, kind: str) -> tuple[str, str]:
    """Make a trouble and give what became of its check."""
    bench = newsroom.server.bench
    await bench.make(kind, newsroom.server.world.channel_named("newsroom").id)
    check = bench.checks.kept[-1]
    await newsroom.member.until(lambda: check.state != "waiting", SLOW_S)
    return check.state, check.found


@pytest.mark.timeout(120)
async def test_nothing_is_lost_and_nothing_comes_twice(newsroom: Newsroom) -> None:
    bench = newsroom.server.bench
    bench.bot, bench.feed_down_s, bench.quiet_s = newsroom.child, 1.5, 1.0
    # Long enough to be known again as one story.
    bench.feed.pool = sample_pool()
    await newsroom.subscribe("newsroom", "-nothing")
    for kind in (
        *("rest_500", "disconnect", "rate_limit", "feed_down", "feed_changed", "wire_copy"),
        *("gateway_cut", "bot_kill", "bot_start", "permission_lost", "permission_back"),
        "channel_delete",
    ):
        state, found = await shown(newsroom, kind)
        assert state == "good", (kind, found)
    assert not [line for line in newsroom.child.lines if "task_failed" in line]
