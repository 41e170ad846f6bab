import ast
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot
from bot.log import EVENTS, redact, set_up

BOT_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB"
SECRETS = [
    f"login with {BOT_TOKEN} failed",
    f"Authorization: Bot {BOT_TOKEN}",
    "POST https://discord.com/api/v10/webhooks/12345/S3cretS3cret-token_x?wait=true",
    "POST https://discord.com/api/v10/interactions/99/aW50ZXJhY3Rpb246S3cretS3cretS3cret/callback",
    "token aW50ZXJhY3Rpb246S3cretS3cretS3cret expired",
    "GET https://reader:S3cret@example.org/feed",
    "GET https://example.org/feed?a=1&api_key=S3cret&b=2",
    "GET https://example.org/feed?x=S3cretabcdefghij0123456789",
]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield io.StringIO()
    root.handlers[:] = before[0]
    root.setLevel(before[1])


@pytest.mark.parametrize("text", SECRETS)
@pytest.mark.fault("F50")
def test_secrets_are_redacted_by_shape(text: str) -> None:
    assert "S3cret" not in redact(text)
    assert BOT_TOKEN not in redact(text)
    assert "***" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/2026/05/a-long-title-with-many-words-2026/feed?paged=2",
        "https://example.org/?feed=rss2&cat=12",
        "feed.polled feed_id=3 new=5 www.example.org",
        "version 1.2.3 at bot.ingest.poll.Poller",
    ],
)
def test_ordinary_addresses_and_words_stay_as_they_are(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("form", ["human", "json"])
@pytest.mark.parametrize("text", SECRETS)
@pytest.mark.fault("F50")
def test_a_traceback_holds_no_secret(form: str, text: str, stream: io.StringIO) -> None:
    set_up("info", form, stream)
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("bot.x").exception("feed.crashed", extra={"what": text})
    written = stream.getvalue()
    assert "ValueError" in written
    assert "S3cret" not in written
    assert BOT_TOKEN not in written


def test_json_form_is_one_object_a_line_with_the_fields(stream: io.StringIO) -> None:
    set_up("info", "json", stream)
    logging.getLogger("bot.x").info("feed.polled", extra={"feed_id": 3, "host": "a\nb"})
    [line] = stream.getvalue().splitlines()
    shown = json.loads(line)
    assert (shown["event"], shown["feed_id"], shown["host"]) == ("feed.polled", 3, "a\nb")
    assert shown["at"].endswith("Z")


def test_human_form_keeps_one_event_on_one_line(stream: io.StringIO) -> None:
    set_up("info", "human", stream)
    logging.getLogger("bot.x").info("feed.polled", extra={"title": "two\nlines", "feed_id": 3})
    [line] = stream.getvalue().splitlines()
    assert "feed.polled" in line
    assert "feed_id=3" in line


def test_below_the_level_nothing_is_written(stream: io.StringIO) -> None:
    set_up("warning", "human", stream)
    logging.getLogger("bot.x").info("feed.polled")
    assert stream.getvalue() == ""


def test_libraries_are_heard_from_a_warning_on_whatever_the_level(stream: io.StringIO) -> None:
    set_up("debug", "human", stream)
    for library in ("aiosqlite", "discord.gateway", "aiohttp.access", "botany"):
        logging.getLogger(library).debug("executing with what a member typed")
        logging.getLogger(library).info("answered with what a member typed")
    assert stream.getvalue() == ""
    logging.getLogger("discord.gateway").warning("heartbeat blocked")
    logging.getLogger("cogs.x").debug("commands.synced")
    assert [line.split()[2] for line in stream.getvalue().splitlines()] == [
        "heartbeat",
        "commands.synced",
    ]


def test_every_event_that_code_logs_is_listed() -> None:
    root = Path(str(bot.__file__)).parent.parent
    unlisted = [
        f"{path.relative_to(root)}:{line} {event}"
        for folder in ("bot", "cogs")
        for path in sorted((root / folder).rglob("*.py"))
        for line, event in _logged(path)
        if event not in EVENTS
    ]
    assert unlisted == []


def _logged(path: Path) -> Iterator[tuple[int, str]]:
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in levels
            and isinstance(node.func.value, ast.Name)
            and re.fullmatch(r"_?log(ger)?", node.func.value.id, re.IGNORECASE)
        ):
            event = node.args[0]
            # A name taken from a table is checked where the table's own constants are listed.
            if isinstance(event, ast.Constant):
                yield node.lineno, str(event.value)
