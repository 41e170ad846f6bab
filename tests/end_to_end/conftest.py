"""The real bot as a process, on the loopback Discord, with an archive imported by its own verb."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.playground.child import Child
from bot.playground.driver import Driver, text_of
from bot.playground.faults import Moment
from bot.playground.feed import Item
from bot.playground.server import Server
from bot.store import DATABASE

SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "tag-archive.txt"
POOL = tuple(
    Item(f"Harbour bulletin {word}", ("Ada Thornquist",), "Harbour Wire", ("Tides",), (f"{word}.",))
    for word in ("one", "two", "three", "four", "five", "six")
)
PATIENCE_S = 15.0


class Newsroom:
    """A server, a bot's process and what its database says."""

    patience_s = PATIENCE_S

    def __init__(self, server: Server, child: Child, folder: Path) -> None:
        self.server = server
        self.child = child
        self.folder = folder
        self.moderator = Driver(server, "ravi", "general")
        self.member = Driver(server, "mina", "general")

    async def start(self) -> None:
        """Start the bot and wait until it answers commands."""
        await self.child.start()
        await self.server.wait_for_bot(self.patience_s)
        await self.member.until(lambda: "tag" in self.member.commands(), self.patience_s)

    async def subscribe(self, channel: str, query: str = "tag:Tides") -> None:
        """Subscribe a channel as a moderator does."""
        asked = await self.moderator.command("subscription add", channel=channel, query=query)
        assert asked.message is not None, asked
        await self.moderator.press(asked.message, "Confirm")

    async def publish(self) -> str:
        """Let the feed gain an item; return its title."""
        return self.server.feed.publish().title

    def posted(self, title: str, channel: str = "newsroom") -> list[Any]:
        """Return the messages of a channel (or the posts of a forum) that carry a title."""
        if channel == "stories":
            return [post for post in self.member.posts(channel) if post.name == title]
        return [m for m in self.member.messages(channel) if title in text_of(m)]

    async def until_posted(self, title: str, channel: str = "newsroom") -> None:
        """Wait for the title to stand in a channel and for the database to know it."""
        await self.member.until(lambda: self.posted(title, channel), PATIENCE_S)

    async def until_settled(self) -> None:
        """Wait until nothing is owed, ready or being sent."""
        await self.member.until(lambda: not self.unsettled(), PATIENCE_S)

    def unsettled(self) -> int:
        """Count deliveries owed and posts on their way."""
        return int(
            self.rows(
                """
                SELECT (SELECT count(*) FROM deliveries WHERE state = 'owed')
                     + (SELECT count(*) FROM posts WHERE state IN ('ready', 'sending'))
                     + (SELECT count(*) FROM posts WHERE follow_up = 'publish')
                """
            )[0][0]
        )

    def rows(self, sql: str) -> list[Any]:
        """Read the database beside the bot."""
        address = f"file:{self.folder / DATABASE}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=5)) as database:
            return database.execute(sql).fetchall()

    def change(self, sql: str) -> None:
        """Change the database while the bot is dead: its clock then seems to have moved."""
        assert not self.child.is_running
        with closing(sqlite3.connect(self.folder / DATABASE)) as database, database:
            database.execute(sql)

    def check(self) -> None:
        """Fail when SQLite finds anything wrong with the file."""
        assert self.rows("PRAGMA integrity_check") == [("ok",)]
        assert self.rows("PRAGMA foreign_key_check") == []

    async def killed(self) -> None:
        """Wait for the process to be gone."""
        await asyncio.wait_for(self.child.wait(), self.patience_s)

    def kill_when(self, moment: Moment, method: str, ending: str) -> None:
        """Kill the bot when the server reaches a moment of the next such request, once."""
        done: list[Callable[[], None]] = []

        def hook(seen: str, path: str, _: object) -> None:
            if seen == method and path.endswith(ending) and done:
                done.pop()()
                self.child.kill()

        done.append(self.server.faults.on(moment, hook))


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the sample page imported, to be copied."""
    folder = tmp_path_factory.mktemp("imported")
    environment = {**os.environ, "TAGWIRE_DATA": str(folder), "TAGWIRE_HOME": str(folder)}
    verb = [sys.executable, "-m", "bot", "import", str(SAMPLE)]
    root = Path(__file__).parents[2]
    subprocess.run(verb, env=environment, cwd=root, check=True, timeout=30)
    return folder


@pytest.fixture
async def newsroom(imported: Path, tmp_path: Path) -> AsyncIterator[Newsroom]:
    """A running bot that polls the server's feed."""
    folder = tmp_path / "data"
    shutil.copytree(imported, folder)
    async with Server(pool=POOL) as server:
        environment = server.environment(folder)
        # A feed is asked twice a second, so that no test waits for a poll.
        environment |= {"TAGWIRE_POLL_INTERVAL": "0.5", "TAGWIRE_HOST_GAP": "0"}
        environment["TAGWIRE_CORRECTION_DELAY"] = "0"
        child = Child(environment, folder=folder)
        server.feed.publish()
        code, printed = await child.run_once("feeds", "add", server.feed.url)
        assert code == 0, printed
        room = Newsroom(server, child, folder)
        await room.start()
        yield room
        await child.stop()
