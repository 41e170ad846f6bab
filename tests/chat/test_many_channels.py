"""One feed for 500 channels of 200 servers: fetched once, and posted below Discord's limit."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from bot.ingest.addresses import Guard
from bot.ingest.fetch import Fetcher, open_session
from bot.ingest.poll import Poller, Rhythm
from bot.ingest.worker import Workers
from bot.metrics import Metrics
from bot.model import PUBLIC_SCOPE_ID, TargetKind
from bot.playground import limits, owner
from bot.playground.faults import Silence
from tests.chat.conftest import Desk
from tests.ingest.conftest import site
from tests.ingest.loopback import Site

__all__ = ["site"]

CHANNELS = 500
# So many of them get the second article, too: each in order.
BOTH = 20
GUILDS = 200
FIRST, SECOND = "Harbour opens", "Lighthouse lit"
MINUTE = timedelta(minutes=1)


def rss(*titles: str) -> bytes:
    """Return a feed of articles, the first one being the oldest."""
    items = "".join(
        f"<item><title>{title}</title><link>https://quay.example/{n}</link><guid>{n}</guid>"
        f"<pubDate>Mon, 04 May 2026 08:{n:02d}:00 GMT</pubDate></item>"
        for n, title in enumerate(titles)
    )
    return f"<rss version='2.0'><channel><title>Quay</title>{items}</channel></rss>".encode()


async def subscribe_all(desk: Desk, now: datetime) -> list[str]:
    """Make the channels and subscribe each in one of the servers; return their ids."""
    # All stand in the playground's one server; whose they are is for the store to tell apart.
    channels = [owner.add_channel(desk.server.hub, f"wire-{n}").id for n in range(CHANNELS)]
    for number, channel_id in enumerate(channels):
        query = "" if number < BOTH else "title:harbour"
        await desk.store.subscriptions.add(
            TargetKind.TEXT, 9_000 + number % GUILDS, int(channel_id), query, 5, now
        )
    return channels


async def polled(desk: Desk, site: Site, now: datetime) -> None:
    """Let a feed bring two articles, and be asked for whenever it is due for a quarter hour."""
    url = site.answers("/feed", rss("Before"))
    await desk.store.feeds.add(url, "Quay", PUBLIC_SCOPE_ID, now - 16 * MINUTE)
    guard = Guard(allow_private=True)
    async with open_session(guard) as session, Workers(1) as workers:
        poller = Poller(
            desk.store,
            Fetcher(session, guard),
            workers,
            metrics=Metrics(),
            rhythm=Rhythm(900.0, 0.0),
        )
        await poller.tick(now - 16 * MINUTE)
        site.answers("/feed", rss("Before", FIRST, SECOND))
        for minute in range(-15, 1):
            await poller.tick(now + minute * MINUTE)


def most_within(moments: Sequence[float], window_s: float) -> int:
    """Return the most of some ascending moments that lie within a window."""
    return max(bisect_right(moments, at + window_s) - n for n, at in enumerate(moments))


@pytest.mark.timeout(60)
@pytest.mark.fault("F47")
async def test_a_feed_for_500_channels_is_fetched_once_and_posted_in_order_below_the_limit(
    desk: Desk, site: Site
) -> None:
    now, world, hub = desk.now(), desk.server.world, desk.server.hub
    slow, *others = await subscribe_all(desk, now - timedelta(hours=1))
    await polled(desk, site, now)
    assert len(site.requests) == 2, "the first fetch, and one in the quarter hour after it"
    # A channel that gets no answer: its minute must be over last.
    desk.server.faults.add(f"POST /channels/{slow}/messages", Silence())
    seen = len(hub.requests)
    desk.begin()
    owed = {c: [FIRST, SECOND][: 2 if n < BOTH - 1 else 1] for n, c in enumerate(others)}
    while any(len(world.in_channel(c)) < len(owed[c]) for c in others):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    assert len(world.in_channel(slow)) == 0
    await desk.crash()
    for channel_id, titles in owed.items():
        shown = [str(m.components) for m in world.in_channel(channel_id).values()]
        assert [t for text in shown for t in (FIRST, SECOND) if t in text] == titles
    posts = [r for r in hub.requests[seen:] if r.method == "POST" and "/messages" in r.path]
    assert [r.status for r in posts if r.status == 429] == []
    most, window_s = limits.GLOBAL_RATE
    assert most_within(sorted(r.at.timestamp() for r in posts), window_s * 0.99) <= most
