"""A week in which one request in ten fails, with restarts: what was owed stands once, and no more
memory or files are held at its end than at its beginning.

The seconds in which nobody has anything to do pass at once (tests/virtual_time.py).
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from bot.playground import owner
from bot.playground.faults import Action, Drop, HalfJson, Silence, Status, TooMany
from bot.playground.server import Server
from bot.store import DATABASE, Store
from tests.chat.conftest import Desk
from tests.virtual_time import LoopClock

HOURS = int(os.environ.get("SOAK_HOURS", "168"))
SHARE_FAILING = 0.1
RESTARTS_A_DAY = 4
ARTICLES_AN_HOUR = 6
DESKS = tuple(f"desk-{n}" for n in range(5))
CHANNELS = ("newsroom", "general", "announcements", "stories", "story ideas", *DESKS)
# F6 to F14, each as often as its number says.
FAULTS: tuple[tuple[Action, int], ...] = (
    (Status(500, after=True), 10),
    (Status(502), 10),
    (Status(503), 10),
    (Status(520, after=True), 10),
    (Status(529, body="<html>overloaded</html>"), 10),
    (Drop(), 10),
    (Drop(after=True), 10),
    (Silence(), 5),
    (Silence(after=True), 5),
    (HalfJson(), 10),
    (TooMany(2.5), 10),
    (TooMany(3600.0), 2),
    (TooMany(5.5, everywhere=True), 3),
    (TooMany(60.0, cloudflare=True), 1),
)
TITLE = re.compile(r"Week item \d+")


class Week:
    """The server, the folder, and one life of the bot after another."""

    def __init__(self, server: Server, folder: Path, chance: random.Random) -> None:
        self.server = server
        self.folder = folder
        self.chance = chance
        self.titles: list[str] = []
        self.fresh: list[str] = []
        self.lives = 0
        self.crashes = 0
        self.hit = 0
        self.asked = 0
        self.held: list[tuple[int, int]] = []

    async def live(self, life: Callable[[Desk], object], *, crash: bool) -> None:
        """Start the bot, let it live, and end it in order or in the middle of things."""
        self.lives += 1
        self.crashes += crash
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(Store.open(self.folder))
            desk = await stack.enter_async_context(Desk(self.server, store).online())
            desk.begin()
            work = life(desk)
            assert asyncio.iscoroutine(work)
            await work
            if crash:
                await desk.crash()

    def break_things(self) -> None:
        """Let one request in ten fail from now on."""
        whole = sum(weight for _, weight in FAULTS)

        def of(share: float) -> Callable[[str, str], bool]:
            def hits(_: str, path: str) -> bool:
                hit = path.startswith("/channels/") and self.chance.random() < share
                self.hit += hit
                return hit

            return hits

        for action, weight in FAULTS:
            self.server.faults.add(of(SHARE_FAILING * weight / whole), action, times=None)

    async def hour(self, desk: Desk, *, settled: bool) -> None:
        """Publish what an hour brings; wait until all of it is out, or until a crash."""
        made = [
            f"Week item {len(self.titles) + n}"
            for n in range(self.chance.randint(1, ARTICLES_AN_HOUR))
        ]
        self.titles += made
        self.fresh += made
        await desk.owe(made)
        if not settled:
            await asyncio.sleep(self.chance.uniform(0.0, 6.0))
            return
        await desk.until(self._is_over(desk), skip_s=5.0)
        await desk.later(self.chance.uniform(600, 3000))

    def _is_over(self, desk: Desk) -> Callable[[], object]:
        async def is_over() -> bool:
            publishing = self.rows("SELECT count(*) FROM posts WHERE follow_up = 'publish'")
            return await desk.is_settled() and publishing == [(0,)]

        return is_over

    def check(self, desk: Desk) -> None:
        """Compare what stands with what should, in every channel and in the database."""
        for channel in CHANNELS:
            shown = Counter(title for text in desk.shown(channel) for title in TITLE.findall(text))
            doubled = {title: count for title, count in shown.items() if count > 1}
            assert not doubled, (channel, doubled, self._asked_about(desk, channel, [*doubled]))
            assert set(shown) == set(self.fresh), channel
        announced = desk.member.messages("announcements")
        assert all(m["flags"] & 1 for m in announced if TITLE.search(str(m)))
        assert self.rows("SELECT DISTINCT state FROM posts") == [("sent",)]
        assert self.rows("PRAGMA integrity_check") == [("ok",)]
        assert self.rows("PRAGMA foreign_key_check") == []

    def _asked_about(self, desk: Desk, channel: str, titles: list[str]) -> list[object]:
        """Return what was asked of Discord about titles in a channel, to see what went wrong."""
        place = f"/channels/{desk.channel_id(channel)}/"
        return [
            (round(r.seconds, 1), r.method, r.status, r.stored, (r.body or {}).get("nonce"))
            for r in self.server.hub.requests
            if r.path.startswith(place)
            and (r.method == "GET" or any(f"{title}" in str(r.body) for title in titles))
        ]

    def forget(self, desk: Desk) -> None:
        """Take away what the server keeps of the day, which is not the bot's to hold."""
        self.fresh.clear()
        self.asked += len(self.server.hub.requests)
        self.server.hub.requests.clear()
        for channel in CHANNELS:
            self.server.world.in_channel(str(desk.channel_id(channel))).clear()
        for post in desk.member.posts("stories"):
            owner.remove_channel(self.server.hub, post)

    def weigh(self) -> None:
        """Note the memory in KiB and the open files of this process."""
        gc.collect()
        status = Path("/proc/self/status").read_text("utf-8")
        anonymous = re.search(r"RssAnon:\s+(\d+)", status)
        assert anonymous is not None
        self.held.append((int(anonymous[1]), len(list(Path("/proc/self/fd").iterdir()))))

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Read the database beside the bot."""
        address = f"file:{self.folder / DATABASE}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=5)) as database:
            return database.execute(sql).fetchall()


async def compressed(folder: Path, chance: random.Random, hours: int) -> Week:
    """Let so many hours pass, checked at the end of each day."""
    async with Server(clock=LoopClock()) as server:
        week = Week(server, folder, chance)
        for name in DESKS:
            owner.add_channel(server.hub, name)

        async def begin(desk: Desk) -> None:
            await desk.subscribe(*CHANNELS)

        async def stretch(desk: Desk) -> None:
            for _ in range(24 // RESTARTS_A_DAY - 1):
                await week.hour(desk, settled=True)
            await week.hour(desk, settled=False)

        async def evening(desk: Desk) -> None:
            await desk.until(week._is_over(desk), skip_s=5.0)
            week.check(desk)
            week.forget(desk)

        await week.live(begin, crash=False)
        week.break_things()
        stretches = max(1, hours * RESTARTS_A_DAY // 24)
        for n in range(1, stretches + 1):
            await week.live(stretch, crash=chance.random() < 0.6)
            if n % RESTARTS_A_DAY == 0 or n == stretches:
                await week.live(evening, crash=False)
                week.weigh()
        return week


@pytest.mark.virtual_time
@pytest.mark.timeout(120)
@pytest.mark.fault("F54")
async def test_half_a_day_of_failing_requests_loses_and_doubles_nothing(
    tmp_path: Path, chance: random.Random
) -> None:
    week = await compressed(tmp_path / "data", chance, 12)
    assert week.hit > 0


@pytest.mark.soak
@pytest.mark.virtual_time
@pytest.mark.timeout(3600)
@pytest.mark.fault("F54")
async def test_a_week_of_failing_requests_loses_and_doubles_nothing_and_holds_nothing(
    tmp_path: Path, chance: random.Random
) -> None:
    week = await compressed(tmp_path / "data", chance, HOURS)
    print(
        {
            "articles": len(week.titles),
            "messages": len(week.titles) * len(CHANNELS),
            "requests": week.asked,
            "failed": week.hit,
            "lives": week.lives,
            "crashes": week.crashes,
            "memory in KiB, open files by day": week.held,
        }
    )
    settled = week.held[1:]
    if len(settled) > 2:
        # A day's growth beyond a hundredth of the whole would be a leak within a quarter.
        slope = (settled[-1][0] - settled[0][0]) / (len(settled) - 1)
        assert slope < 0.01 * settled[0][0], week.held
        assert max(files for _, files in settled) - min(files for _, files in settled) <= 4
