"""A poster and a courier on a real client, a real store and the loopback Discord, by its clock."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from discord.gateway import KeepAliveHandler

from bot.app import WIRE, paced
from bot.chat.client import Ports, TagwireClient
from bot.chat.post import DiscordPoster
from bot.delivery import Courier
from bot.metrics import Metrics
from bot.model import Parcel, TargetKind
from bot.playground.driver import Driver, text_of
from bot.playground.server import Server
from bot.quota import Pace
from bot.settings import Settings
from bot.store import Store
from tests.conftest import Newsroom, make_entry
from tests.virtual_time import LoopClock, VirtualLoop, pytest_asyncio_loop_factories

__all__ = ["pytest_asyncio_loop_factories"]

POST = "POST /channels/*/messages"
PUBLISH = "POST /channels/*/messages/*/crosspost"
START = "POST /channels/*/threads"
KINDS = {
    "newsroom": TargetKind.TEXT,
    "general": TargetKind.TEXT,
    "announcements": TargetKind.ANNOUNCEMENT,
    "stories": TargetKind.FORUM,
    "story ideas": TargetKind.THREAD,
}
# In seconds of the loop: the longest that anything here waits for, and how often one looks.
LONG_S = 4 * 86_400.0
LOOK_EVERY_S = 0.5


def end_heartbeats() -> None:
    """End the threads that would send heartbeats into a loop that is gone.

    They count the machine's seconds. A connection that is made while its client is being closed, as
    happens when hours pass at once, leaves its thread behind.
    """
    for thread in threading.enumerate():
        if isinstance(thread, KeepAliveHandler):
            thread.stop()


class NoFeeds:
    """Stands where a desk for feeds is asked for and none is used."""


class Desk:
    """A courier at work on one server; `member` looks at what stands there."""

    def __init__(self, server: Server, store: Store, shards: int = 0) -> None:
        self.server = server
        self.store = store
        self.now = server.clock.now
        self.pace = Pace()
        metrics = Metrics()
        no_feeds: Any = NoFeeds()
        ports = Ports(store, no_feeds, self.now, Settings(), metrics)
        self.client = TagwireClient(
            ports,
            api=server.api,
            http_trace=paced(self.pace, metrics),
            shards=shards,
            extensions=["cogs.guild"],
        )
        self.poster = DiscordPoster(self.client, WIRE)
        self.courier = Courier(store, self.poster, now=self.now, metrics=metrics, pace=self.pace)
        self.member = Driver(server, "mina", "newsroom")
        self.stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def online(self) -> AsyncIterator[Desk]:
        """Be logged in while the block runs."""
        login = asyncio.create_task(self.client.start(self.server.token))
        try:
            await self.server.wait_for_bot(LONG_S)
            await self.client.wait_until_ready()
            yield self
        finally:
            await self.halt()
            await self.client.close()
            await asyncio.gather(login, return_exceptions=True)
            end_heartbeats()

    def begin(self) -> None:
        """Let the courier work from now on."""
        self._running = asyncio.create_task(self.courier.run(self.stop))

    async def halt(self) -> None:
        """Let the courier end in order."""
        self.stop.set()
        if self._running is not None:
            await self._running
            self._running = None
            await self.courier.drain(6.0)

    async def crash(self) -> None:
        """End in the middle of things: nothing of what is on its way is written down."""
        tasks = [task for task in (self._running, *self.courier._in_flight.values()) if task]
        self._running = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def subscribe(self, *channels: str, cap: int = 100) -> None:
        """Subscribe channels to everything, with room for all of it unless the cap is less."""
        for channel in channels:
            kind, where = KINDS.get(channel, TargetKind.TEXT), self.channel_id(channel)
            guild_id = int(self.server.world.guild_id)
            await self.store.subscriptions.add(
                kind, guild_id, where, "", 5, self.now(), rhythm={"cap": cap}
            )

    async def owe(self, titles: Iterable[str]) -> None:
        """Record articles that are owed, in this order."""
        newsroom = Newsroom(self.store, self.now())
        await newsroom.publish(make_entry("Before", guid="before"))
        for title in titles:
            entry = make_entry(title, guid=title, published_at=self.now())
            await newsroom.publish(entry, announce=True, now=self.now())

    async def parcel(self, channel: str, title: str = "Harbour opens") -> Parcel:
        """Owe one article to a channel and return the parcel as the courier would claim it."""
        await self.subscribe(channel)
        await self.owe([title])
        await self.store.outbox.form(self.now())
        (parcel,) = await self.store.outbox.claim(self.now())
        return parcel

    def channel_id(self, channel: str) -> int:
        return int(self.server.world.channel_named(channel).id)

    def shown(self, channel: str) -> list[str]:
        """Return the texts of what stands in a channel (names of posts in a forum), in order."""
        if channel == "stories":
            return [post.name for post in self.member.posts(channel)]
        bot_id = self.server.world.bot_id
        return [text_of(m) for m in self.member.messages(channel) if m["author"]["id"] == bot_id]

    def count(self, title: str, channel: str = "newsroom") -> int:
        """Return how often a title stands in a channel."""
        return sum(title in text for text in self.shown(channel))

    def posts(self, channel: str | None = None) -> list[Any]:
        """Return the requests that would make a message."""
        made = self.member.requests_to("POST", "/messages")
        place = f"/channels/{self.channel_id(channel)}/" if channel else "/"
        return [request for request in made if request.path.startswith(place)]

    async def until(self, condition: Any, skip_s: float = 0.0) -> None:
        """Wait by the loop's time until a condition holds, awaiting it if it has to be.

        `skip_s` passes at once between two looks, without the courier's ticks within it.
        """
        async with asyncio.timeout(LONG_S):
            while True:
                value = condition()
                if await value if asyncio.iscoroutine(value) else value:
                    return
                await self.later(skip_s)

    async def later(self, seconds: float) -> None:
        """Let time pass at once, then give everyone their turn."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.skip(seconds)
        await asyncio.sleep(LOOK_EVERY_S)

    async def is_settled(self) -> bool:
        """Whether nothing is owed, waiting, on its way or to be published."""
        status = await self.store.outbox.status()
        return not (status.owed or status.ready or status.sending)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server(clock=LoopClock()) as running:
        yield running


@pytest.fixture
async def desk(server: Server, tmp_path: Path) -> AsyncIterator[Desk]:
    async with Store.open(tmp_path / "data") as store, Desk(server, store).online() as desk:
        yield desk
