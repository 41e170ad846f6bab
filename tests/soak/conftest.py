"""Twenty papers, ten channels and the bot's own process between them."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.model import PUBLIC_SCOPE_ID, TargetKind
from bot.playground import owner
from bot.playground.child import Child
from bot.playground.driver import text_of
from bot.playground.server import Server
from bot.store import Store
from tests.end_to_end.conftest import Newsroom
from tests.soak.press import Press, number_in
from tests.virtual_time import pytest_asyncio_loop_factories

__all__ = ["pytest_asyncio_loop_factories"]

PAPERS = 20
CHANNELS = tuple(f"desk-{n}" for n in range(10))


def tag_of(channel: str) -> str:
    """Return the tag that a channel is subscribed to."""
    return f"T{channel.removeprefix('desk-')}"


class Works(Newsroom):
    """A newsroom under load: papers that publish, and a count of what stands in each channel."""

    # It runs for long, and other work may come to share the machine.
    patience_s = 90.0

    def __init__(self, server: Server, child: Child, folder: Path, press: Press) -> None:
        super().__init__(server, child, folder)
        self.press = press
        self._load: asyncio.Task[None] | None = None

    async def set_up(self) -> None:
        """Write the feeds and subscriptions that a moderator would make, and publish a first."""
        now, guild_id = datetime.now(UTC), int(self.server.world.guild_id)
        async with Store.open(self.folder) as store:
            for url in self.press.urls():
                await store.feeds.add(url, url, PUBLIC_SCOPE_ID, now)
            for channel in CHANNELS:
                place = int(owner.add_channel(self.server.hub, channel).id)
                await store.subscriptions.add(
                    TargetKind.TEXT,
                    guild_id,
                    place,
                    f"tag:{tag_of(channel)}",
                    5,
                    now,
                    rhythm={"cap": 100_000},
                )

    async def until_primed(self, timeout_s: float = 60.0) -> None:
        """Wait until each feed was read once: what comes from then on is announced."""
        unread = "SELECT count(*) FROM feeds WHERE last_success_at IS NULL"
        await self.member.until(lambda: self.rows(unread) == [(0,)], timeout_s)

    def begin_load(self, a_second: float) -> None:
        """Let the papers publish so many articles a second."""

        async def publish() -> None:
            while True:
                self.press.publish()
                await asyncio.sleep(self.press.chance.expovariate(a_second))

        self._load = asyncio.create_task(publish())

    async def end_load(self) -> None:
        """Let the papers rest."""
        if self._load is not None:
            self._load.cancel()
            with suppress(asyncio.CancelledError):
                await self._load

    def standing(self, channel: str) -> Counter[int | None]:
        """Count each article's messages in a channel."""
        return Counter(number_in(text_of(m)) for m in self.member.messages(channel))

    def doubled(self) -> dict[str, list[int | None]]:
        """Return the articles that stand more than once, by channel."""
        found = {c: [n for n, k in self.standing(c).items() if k > 1] for c in CHANNELS}
        return {channel: numbers for channel, numbers in found.items() if numbers}

    def lost(self) -> dict[str, list[int]]:
        """Return the articles that do not stand where they should, by channel."""
        found = {
            c: sorted(set(self.press.numbers_for(tag_of(c))) - set(self.standing(c)))
            for c in CHANNELS
        }
        return {channel: numbers for channel, numbers in found.items() if numbers}

    def stray(self) -> dict[str, list[int | None]]:
        """Return what stands where it should not."""
        found = {
            c: [n for n in self.standing(c) if n not in self.press.numbers_for(tag_of(c))]
            for c in CHANNELS
        }
        return {channel: numbers for channel, numbers in found.items() if numbers}


@pytest.fixture
def chance() -> random.Random:
    """A generator whose seed is printed, and may be given: SOAK_SEED=5 ./tagwire soak."""
    seed = int(os.environ.get("SOAK_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    print(f"SOAK_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
async def works(tmp_path: Path, chance: random.Random) -> AsyncIterator[Works]:
    """The works, set up and not yet running."""
    folder = tmp_path / "data"
    tags = [tag_of(channel) for channel in CHANNELS]
    async with Server() as server, Press(PAPERS, tags, chance) as press:
        environment = server.environment(folder)
        environment |= {"TAGWIRE_POLL_INTERVAL": "0.5", "TAGWIRE_HOST_GAP": "0"}
        room = Works(server, Child(environment, folder=folder), folder, press)
        await room.set_up()
        yield room
        await room.end_load()
        await room.child.stop()
