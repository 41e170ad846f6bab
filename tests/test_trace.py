"""What the bot tells the playground: queries and statements, each with the action it belongs to."""

import asyncio
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.model import PUBLIC_SCOPE
from bot.query import language
from bot.store import Store
from bot.trace import LINE_BYTES, Trace

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Pipe:
    """A pipe with a trace at one end and what came out at the other."""

    def __init__(self) -> None:
        self.reads, self.writes = os.pipe()
        os.set_blocking(self.reads, False)
        self.trace = Trace(self.writes)

    def lines(self) -> list[dict[str, Any]]:
        try:
            return [json.loads(line) for line in os.read(self.reads, 1 << 20).splitlines()]
        except BlockingIOError:
            return []


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    os.close(made.reads)
    os.close(made.writes)


async def test_a_query_comes_with_its_statements_and_its_asker(pipe: Pipe, tmp_path: Path) -> None:
    async with Store.open(tmp_path) as store:
        store.trace(pipe.trace.tell)

        async def asked(number: int, words: str) -> None:
            pipe.trace.begin(number)
            await store.articles.search(language.parse(words), PUBLIC_SCOPE, now=NOW)

        await asyncio.gather(asked(1, "tag:UN"), asked(2, "harbour"))
    of_first = [line for line in pipe.lines() if line["of"] == "1"]
    assert [line["kind"] for line in of_first[:2]] == ["query", "sql"]
    assert of_first[0]["text"] == "tag:UN"
    assert of_first[-1]["kind"] == "read" and of_first[-1]["ms"] > 0
    assert all(line["text"].startswith(("SELECT", "WITH")) for line in of_first[1:-1])


def test_a_line_of_any_length_stays_whole(pipe: Pipe) -> None:
    pipe.trace.tell("sql", "SELECT " + "雪" * 5000)
    (line,) = pipe.lines()
    assert line["text"].startswith("SELECT 雪")
    assert len(json.dumps(line).encode()) < LINE_BYTES


def test_a_reader_that_sleeps_never_holds_up_the_bot(pipe: Pipe) -> None:
    for _ in range(5000):
        pipe.trace.tell("sql", "SELECT 1" * 100)
    assert pipe.lines(), "what fits the pipe is there, the rest is let go"
