"""Delivery through Discord's rate limits: one article to 1,000 channels, 40 articles to 25, and
whether a channel that is told to wait delays the others.

The bot is assembled as for `./tagwire run` and posts over a real socket to the loopback server,
which counts 50 requests a second in all and 5 per 5 seconds a channel and sends Discord's headers.
Both share this process. The ceiling is what nobody could beat: the first burst of each limit
counts as free, so it lies above the bare rates.
"""

from __future__ import annotations

import asyncio
import math
import statistics
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.pairs import Row
from bot.app import Parts, assembled
from bot.model import PUBLIC_SCOPE_ID, Entry, Keyed, Reading, TargetKind
from bot.playground import limits, owner
from bot.playground.driver import Driver
from bot.playground.faults import TooMany
from bot.playground.hub import Request
from bot.playground.server import Server
from bot.settings import Settings
from bot.store import Store

READY_S = 30.0
# A run that takes much longer than its ceiling has missed its promise and need not be waited for.
PATIENCE = 2.0
# What logging in asked must have left the limits' windows before the first post.
QUIET_S = 2 * limits.GLOBAL_RATE[1]
LEAST = 0.95
PAIRS = 5
# Longer than the others take: whoever waited for it would show.
TOLD_TO_WAIT_S = 4.0


@dataclass(frozen=True, slots=True)
class Load:
    """So many articles, each for all of so many channels."""

    articles: int
    channels: int

    @property
    def posts(self) -> int:
        """How many messages that are."""
        return self.articles * self.channels

    @property
    def rate_floor_s(self) -> float:
        """The larger of both limits as bare rates, without credit for a first burst."""
        most, window_s = limits.GLOBAL_RATE
        each, each_s = limits.MESSAGE_RATE
        return max(self.posts / most * window_s, self.articles / each * each_s)

    @property
    def floor_s(self) -> float:
        """The least seconds from first to last message where first bursts are free.

        A channel's last window cannot open earlier than after the full ones before it, and what
        all channels have left for it must then pass the limit of all requests together.
        """
        most, window_s = limits.GLOBAL_RATE
        each, each_s = limits.MESSAGE_RATE
        together = (math.ceil(self.posts / most) - 1) * window_s
        before = (math.ceil(self.articles / each) - 1) * each
        last = (self.articles - before) * self.channels
        alone = before / each * each_s + (math.ceil(last / most) - 1) * window_s
        return max(together, alone)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run did: seconds from the start of the courier, refusals, and whether all is well.

    `others_s` is the last message of all channels but the first one made.
    """

    seconds: float
    too_many: int
    in_order: bool
    posted: int
    others_s: float


def measure() -> Sequence[Row]:
    """Measure the promises one after the other; about two minutes together."""
    return asyncio.run(_measure())


async def _measure() -> list[Row]:
    wide, deep = Load(articles=1, channels=1_000), Load(articles=40, channels=25)
    beside = Load(articles=3, channels=40)
    return [
        _row("one article to 1,000 channels: share of the ceiling", wide, await _run(wide)),
        _row("40 articles to 25 channels, in order: share of the ceiling", deep, await _run(deep)),
        await _row_beside(beside),
    ]


async def _row_beside(load: Load) -> Row:
    """Let a channel be told to wait while the others get theirs, beside a run without it."""
    pairs: list[tuple[float, float]] = []
    for n in range(PAIRS):
        order = (False, True) if n % 2 else (True, False)
        took = {limited: (await _run(load, limited=limited)).others_s for limited in order}
        pairs.append((took[False], took[True]))
    calm, beside = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Row(
        "a 429 on one channel delays no other: the others' time without it to with it",
        f"{beside:.2f} s with it",
        f"{calm:.2f} s without it",
        statistics.median(without / with_it for without, with_it in pairs),
        LEAST,
        at_least=True,
        n=PAIRS,
        note=f"{load.channels - 1} other channels, {load.articles} articles each; "
        f"the one waits {TOLD_TO_WAIT_S:.0f} s",
    )


def _row(promise: str, load: Load, seen: Seen) -> Row:
    clean = seen.posted == load.posts and seen.in_order and not seen.too_many
    order = "in order in every channel" if seen.in_order else "OUT OF ORDER"
    return Row(
        promise,
        f"{seen.seconds:.2f} s ({seen.posted / seen.seconds:.1f} messages/s)",
        f"{load.floor_s:.0f} s",
        # A refusal, a gap or a wrong order fails the promise whatever the speed.
        load.floor_s / seen.seconds if clean else 0.0,
        LEAST,
        at_least=True,
        n=seen.posted,
        note=f"{seen.too_many} × 429; {order}; first bursts free in the floor "
        f"(as bare rates it is {load.rate_floor_s:.0f} s)",
    )


async def _run(load: Load, *, limited: bool = False) -> Seen:
    with tempfile.TemporaryDirectory(prefix="tagwire-bench-") as folder:
        async with Server() as server, _online(server, Path(folder)) as parts:
            channels = [
                int(owner.add_channel(server.hub, f"desk-{n}").id) for n in range(load.channels)
            ]
            await _owe(parts.store, int(server.world.guild_id), channels, load.articles)
            if limited:
                first = f"POST /channels/{channels[0]}/messages"
                server.faults.add(first, TooMany(TOLD_TO_WAIT_S))
            await asyncio.sleep(QUIET_S)
            return await _drained(server, parts, load)


@asynccontextmanager
async def _online(server: Server, folder: Path) -> AsyncIterator[Parts]:
    settings = Settings(data=folder, token=server.token, discord_api=server.api)
    async with assembled(settings) as parts, parts.client:
        login = asyncio.create_task(parts.client.start(server.token))
        try:
            await server.wait_for_bot(READY_S)
            await asyncio.wait_for(parts.client.wait_until_ready(), READY_S)
            yield parts
        finally:
            await parts.client.close()
            with suppress(asyncio.CancelledError):
                await login


async def _owe(store: Store, guild_id: int, channels: Sequence[int], articles: int) -> None:
    """Subscribe every channel to everything and record the articles, in one document."""
    now = datetime.now(UTC)
    for channel_id in channels:
        await store.subscriptions.add(
            TargetKind.TEXT, guild_id, channel_id, "", 1, now, rhythm={"cap": articles}
        )
    feed = await store.feeds.add("https://feed.example/bench", "Bench", PUBLIC_SCOPE_ID, now)
    # Nothing is owed on a feed's first recording.
    await _record(store, feed.id, [_keyed("Before", now - timedelta(days=1))], now)
    made = [_keyed(_title(n), now - timedelta(minutes=articles - n)) for n in range(articles)]
    await _record(store, feed.id, made, now)


async def _record(store: Store, feed_id: int, keyed: Sequence[Keyed], now: datetime) -> None:
    reading = Reading("bench", tuple(k.entry for k in keyed), len(keyed))
    await store.intake.record(
        feed_id, reading, keyed, now=now, scope_id=PUBLIC_SCOPE_ID, announce=True
    )


def _title(number: int) -> str:
    return f"Harbour report {number:03}"


def _keyed(title: str, published_at: datetime) -> Keyed:
    return Keyed(Entry(title, published_at=published_at), (f"guid:{title}",), title.encode())


async def _drained(server: Server, parts: Parts, load: Load) -> Seen:
    """Start the courier and wait until all is posted, or patience ends."""
    stop = asyncio.Event()
    started = server.clock.monotonic()
    before = len(server.hub.requests)
    running = asyncio.create_task(parts.courier.run(stop))
    try:
        with suppress(TimeoutError):
            await Driver(server).until(
                lambda: len(server.hub.requests) >= load.posts and _posted(server) >= load.posts,
                load.floor_s * PATIENCE + READY_S,
            )
    finally:
        stop.set()
        await running
        await parts.courier.drain(10.0)
    return _seen(server.hub.requests[before:], started, load)


def _posted(server: Server) -> int:
    return sum(map(_is_post, server.hub.requests))


def _is_post(request: Request) -> bool:
    return request.method == "POST" and request.path.endswith("/messages") and request.status == 200


def _seen(requests: Sequence[Request], started: float, load: Load) -> Seen:
    posts = [request for request in requests if _is_post(request)]
    by_channel: dict[str, list[str]] = {}
    for post in posts:
        by_channel.setdefault(post.path, []).append(str(post.body))
    in_order = len(by_channel) == load.channels and all(
        len(bodies) == load.articles and all(_title(n) in body for n, body in enumerate(bodies))
        for bodies in by_channel.values()
    )
    last = max((post.seconds for post in posts), default=math.inf)
    too_many = sum(request.status == 429 for request in requests)
    first = min(by_channel, default="")
    others = max((post.seconds for post in posts if post.path != first), default=math.inf)
    return Seen(last - started, too_many, in_order, len(posts), others - started)
