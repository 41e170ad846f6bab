"""A stage for the cogs: a loopback Discord, a real store, a real client, a person at the keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.chat.client import Ports, TagwireClient
from bot.errors import FetchError
from bot.ingest.identity import link_key
from bot.model import (
    Block,
    BlockType,
    Entry,
    Feed,
    FeedPreview,
    Intake,
    Keyed,
    Reading,
    Term,
)
from bot.playground.driver import Driver
from bot.playground.server import Server
from bot.settings import Settings
from bot.store import Store

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def paragraph(text: str) -> Block:
    return Block(BlockType.PARAGRAPH, text)


def entries() -> list[Entry]:
    """Twelve articles about the UN, newest first, and three others."""
    made = [
        Entry(
            title=f"Council meets for session {number}",
            authors=("Ana Berg", "Tom Ito") if number % 2 else ("Ana Berg",),
            source="Reuters" if number % 2 else "Northern Wire",
            tags=(Term("UN"), Term("Diplomacy")),
            published_at=NOW - timedelta(days=12 - number + 1),
            url=f"https://news.example/council-{number}",
            guid=f"council-{number}",
            image_url="https://news.example/hall.png" if number == 12 else None,
            blocks=(
                paragraph(f"Delegates gathered in the hall for session {number}."),
                Block(BlockType.SUBHEADING, "What was said"),
                paragraph("The chair spoke of patience and of water. " * 40),
                Block(BlockType.SUBHEADING, "What comes next"),
                paragraph("A vote is expected within the month. " * 40),
            ),
        )
        for number in range(12, 0, -1)
    ]
    made += [
        Entry(
            title="Glacier lakes under watch",
            authors=("Mira Solheim",),
            source="Harbour Post",
            tags=(Term("Climate"),),
            published_at=NOW - timedelta(days=400),
            url="https://news.example/glacier",
            guid="glacier",
            blocks=(paragraph("Sensors measure the glacier lakes each hour."),),
        ),
        Entry(
            title="@everyone **free** [gift](https://evil.example) discord.gg/abc",
            source="Harbour Post",
            tags=(Term("Culture"),),
            guid="trick",
            blocks=(paragraph("<@1> # not a heading\n1. not a list ||hidden||"),),
        ),
        Entry(title="Harvest in figures", guid="chart", tags=(Term("Climate"),)),
    ]
    return made


async def record(
    store: Store, made: list[Entry], *, title: str, scope_id: int, url: str | None = None
) -> Feed:
    """Add a feed with these entries."""
    feed = await store.feeds.add(url or f"https://{title}.example/feed", title, scope_id, NOW)
    keyed = [Keyed(e, (f"{title}:{e.guid}",), str(e.guid).encode()) for e in made]
    reading = Reading("RSS 2.0", tuple(made), len(made), title=title)
    await store.intake.record(feed.id, reading, keyed, now=NOW, scope_id=scope_id, announce=False)
    return feed


LOCAL = "https://local.example/feed?key=hidden-pass"


class Desk:
    """The port that adds feeds: one address works, any other is not reached."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.refreshed: list[int] = []

    def _check(self, url: str) -> None:
        if url != LOCAL:
            raise FetchError("ingest.fetch_dns", host="nowhere.example")

    def _entries(self) -> list[Entry]:
        return [
            Entry(
                title="Town hall reopens",
                authors=("Ana Berg",),
                source="Harbour Post",
                guid="town",
                tags=(Term("Town"),),
                blocks=(paragraph("The hall."),),
            )
        ]

    async def preview(self, url: str, scope_id: int, now: datetime) -> FeedPreview:
        self._check(url)
        own = tuple(self._entries())
        return FeedPreview(url, "Local Gazette", "RSS 2.0", own, len(own), unread=2)

    async def add(
        self, url: str, scope_id: int, now: datetime, added_by: int | None = None
    ) -> Feed:
        self._check(url)
        own = self._entries()
        await self.store.feeds.add(url, "Local Gazette", scope_id, now, added_by)
        feed = await record(self.store, own, title="Local Gazette", scope_id=scope_id, url=url)
        feeds = await self.store.feeds.list(scope_of(scope_id))
        return next(f for f in feeds if f.id == feed.id)

    async def refresh(self, feed_id: int, now: datetime, scope_id: int | None = None) -> Intake:
        feed = await self.store.feeds.anywhere(feed_id)
        assert scope_id == feed.scope_id, "a command asks for its own server"
        self.refreshed.append(feed_id)
        return Intake(read=3, new=2, updated=1, unchanged=0)


def scope_of(guild_id: int) -> Any:
    from bot.model import Scope

    return Scope(guild_id)


class Stage:
    """Everything a test of the cogs needs at hand."""

    def __init__(self, server: Server, store: Store) -> None:
        self.server = server
        self.store = store
        self.desk = Desk(store)
        self.client: TagwireClient | None = None
        self._task: asyncio.Task[None] | None = None
        self.now = NOW

    @property
    def guild_id(self) -> int:
        return int(self.server.world.guild_id)

    def person(self, name: str = "mina", channel: str = "general") -> Driver:
        return Driver(self.server, name, channel)

    async def start(self, store: Any = None) -> None:
        """Log a client in, as a process that starts does."""
        shown = store or self.store
        ports = Ports(shown, self.desk, lambda: self.now, Settings(), link_key=link_key)
        self.client = TagwireClient(ports, api=self.server.api)
        self._task = asyncio.create_task(self.client.start(self.server.token))
        await self.server.wait_for_bot()
        await self.client.wait_until_ready()

    async def stop(self) -> None:
        if self.client is None or self._task is None:
            return
        await self.client.close()
        await self._task
        self.client = None


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(tmp_path) as opened:
        await record(opened, entries(), title="World Desk", scope_id=0)
        yield opened


@pytest.fixture
async def stage(store: Store) -> AsyncIterator[Stage]:
    async with Server() as server:
        stage = Stage(server, store)
        await stage.start()
        yield stage
        await stage.stop()
