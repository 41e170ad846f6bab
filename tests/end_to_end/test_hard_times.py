"""The real bot beside another writer of its database, and with everything logged."""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from collections import deque
from contextlib import closing
from urllib.parse import quote

import pytest

from bot.playground.driver import text_of
from bot.store import DATABASE
from tests.end_to_end.conftest import Newsroom

pytestmark = pytest.mark.timeout(90)

SECRET = "s3cret-of-the-feed"


@pytest.mark.fault("F31")
async def test_a_database_locked_for_ten_seconds_loses_nothing_and_ends_no_loop(
    newsroom: Newsroom,
) -> None:
    await newsroom.subscribe("newsroom")
    path = newsroom.folder / DATABASE
    with closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        first = await newsroom.publish()
        await asyncio.sleep(10)
        other.execute("ROLLBACK")
    await newsroom.until_posted(first)
    second = await newsroom.publish()
    await newsroom.until_posted(second)
    await newsroom.until_settled()
    assert [len(newsroom.posted(title)) for title in (first, second)] == [1, 1]
    assert not [line for line in newsroom.child.lines if "task_failed" in line]
    newsroom.check()


@pytest.mark.fault("F50")
async def test_no_secret_is_logged_kept_or_answered_even_when_everything_is_logged(
    newsroom: Newsroom,
) -> None:
    await newsroom.child.stop()
    url = newsroom.server.feed.url.replace("://", f"://reader:{SECRET}@") + f"?key={SECRET}"
    await newsroom.child.run_once("feeds", "add", url)
    newsroom.child.environment["TAGWIRE_LOG_LEVEL"] = "debug"
    newsroom.child.lines = deque()
    await newsroom.start()
    await newsroom.subscribe("newsroom")
    await newsroom.until_posted(await newsroom.publish())
    newsroom.server.feed.down = True
    answers = [
        text_of((await newsroom.moderator.command(name)).message or {})
        for name in ("feed list", "status", "latest")
    ]
    await asyncio.sleep(1.5)
    await newsroom.child.stop()
    with closing(sqlite3.connect(newsroom.folder / DATABASE)) as database:
        dump = "\n".join(database.iterdump())
    tokens = [i.token for i in newsroom.server.interactions.by_token.values()]
    said = "\n".join([*newsroom.child.lines, *answers])
    assert "DEBUG" in said
    for secret in (newsroom.server.token, *tokens):
        for form in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()):
            assert form not in said
            assert form not in dump
    for form in (SECRET, base64.b64encode(f"reader:{SECRET}".encode()).decode()):
        assert form not in said
