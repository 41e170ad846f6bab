"""Logs: the standard library's loggers, one event a line, secrets redacted by shape.

Everyone logs with `logging.getLogger(__name__)` and an event's name as the message, ids in
`extra`: `_log.info("feed.polled", extra={"feed_id": 3})`. EVENTS lists every name once, and a test
keeps code and list together. Text of members is never logged.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

EVENTS: Mapping[str, str] = {
    "app.started": "the bot is up: version, process id",
    "app.start_delayed": "many starts in a short time: the login waits, to spare Discord's limit",
    "app.reloaded": "settings were read again; names those that changed",
    "app.reload_failed": "settings could not be read again, the old ones hold",
    "app.postings_made": "what makes search quick was made anew; in how many seconds",
    "app.names_sorted": "the lists that names are suggested from were made anew; of what",
    "app.postings_failed": "it could not be made; search is right without, and tried again later",
    "vectors.failed": "the package with word vectors cannot be used; results are ordered without",
    "app.tidied": "what the rules do not keep was let go",
    "guild.blocked": "a server of the block list was left",
    "app.stopping": "a stop was asked for",
    "app.stopped": "everything is closed",
    "app.task_failed": "a task of the bot ended with an error and is started again",
    "commands.sync_failed": "Discord did not take the slash commands; the old ones stay",
    "interaction.failed": "a command ended with an unexpected error",
    "interaction.lost": "an error could not be shown to the one who asked",
    "interaction.twice": "an interaction was delivered again and is done once",
    "interaction.too_late": "an interaction was older than Discord lets us answer",
    "cli.failed": "a verb ended with an unexpected error",
    "poll.crashed": "a round of polling ended with an error, the next is tried",
    "poll.worker_lost": "a parsing worker was killed or hung and is replaced",
    "poll.worker_absent": "no worker process can be started, parsing runs in a thread",
    "feed.polled": "a feed brought a document",
    "feed.unchanged": "a feed had nothing new",
    "feed.failed": "a feed could not be fetched or read",
    "feed.recovered": "a failing feed works again",
    "feed.moved": "a feed's address changed for good",
    "feed.gap_healed": "articles had passed unseen between two polls and were fetched",
    "feed.gap_open": "articles may have passed unseen, and there is no way to look them up",
    "feed.stopped": "a feed is gone and polled no more",
    "feed.crashed": "polling a feed ended with an unexpected error",
    "delivery.sent": "a post was sent",
    "delivery.retried": "a post failed and will be tried again",
    "delivery.dead": "a post cannot be sent as it is",
    "delivery.unknown": "whether a post arrived could not be told",
    "delivery.reconciled": "a post of unknown fate was found or sent again",
    "delivery.target_paused": "a channel cannot be posted to, its backlog is kept",
    "delivery.target_closed": "a channel no longer exists, its subscriptions are switched off",
    "delivery.target_resumed": "a paused channel works again",
    "delivery.crashed": "sending a post ended with an unexpected error",
    "upkeep.amended": "a message that stands was edited or deleted",
    "upkeep.ended": "a message that stands cannot be changed any more",
    "upkeep.not_told": "a server's alert channel could not be written to",
    "upkeep.crashed": "a round of corrections ended with an error, the next is tried",
    "delivery.blocked": "Discord blocks this address for a while, nothing is sent",
}

_REDACTIONS: tuple[tuple[re.Pattern[str], str], ...] = (
    # A bot token: the account's id in base64, a time stamp, a signature.
    (re.compile(r"\b[\w-]{20,32}\.[\w-]{5,8}\.[\w-]{25,}"), "***"),
    (re.compile(r"(?i)\b(bot|bearer|basic)\s+[\w.~+/=-]{16,}"), r"\1 ***"),
    # Webhooks' tokens and interactions' tokens stand in the path of Discord's addresses.
    (re.compile(r"(?i)/(webhooks|interactions)/(\d+)/[\w.~%=-]{8,}"), r"/\1/\2/***"),
    (re.compile(r"aW50ZXJhY3Rpb24[\w=-]{16,}"), "***"),
    # Discord hands a webhook's token over in JSON.
    (re.compile(r"""(?i)(["']token["']\s*:\s*["'])[\w.-]{16,}"""), r"\1***"),
    (re.compile(r"(?i)([a-z][a-z0-9+.-]*://)[^\s/?#@'\"]+@"), r"\1***@"),
    (
        re.compile(
            r"(?i)([?&;][\w.-]*(?:token|key|secret|passw|pwd|auth|sig|session|code)[\w.-]*=)"
            r"[^\s&#'\"<>)]+"
        ),
        r"\1***",
    ),
    # What looks like a key whatever its name: long, letters and digits mixed.
    (
        re.compile(
            r"([?&;][\w.-]+=)(?=[\w.~-]*\d)(?=[\w.~-]*[A-Za-z])[\w.~-]{20,}(?=[\s&#'\"<>)]|$)"
        ),
        r"\1***",
    ),
)

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_OURS = {"bot", "cogs"}


def redact(text: str) -> str:
    """Return the text with everything that has the shape of a secret replaced by `***`."""
    for pattern, mask in _REDACTIONS:
        text = pattern.sub(mask, text)
    return text


def set_level(level: str) -> None:
    """Change the least level that is logged, in a running process too."""
    least = logging.getLevelName(level.upper())
    logging.getLogger().setLevel(least)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    # Below a warning, libraries tell of their own affairs: some of it is what members wrote.
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] in _OURS


def set_up(level: str = "info", form: str = "human", stream: TextIO | None = None) -> None:
    """Send all logs of this process to a stream (standard error) in one form, redacted."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else HumanLines())
    handler.addFilter(_is_worth_a_line)
    logging.basicConfig(handlers=[handler], force=True)
    set_level(level)


class HumanLines(logging.Formatter):
    """A line for people: time, level, event, `name=value` pairs; a traceback follows indented."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line, and its traceback if it has one."""
        pairs = "".join(f" {k}={_shown(v)}" for k, v in _fields(record).items())
        line = f"{_moment(record)} {record.levelname:<7} {_one_line(record.getMessage())}{pairs}"
        if record.exc_info:
            traceback = self.formatException(record.exc_info)
            line += "".join(f"\n    {row}" for row in traceback.splitlines())
        return redact(line)


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, logger, event, the fields, and a traceback as text."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        shown: dict[str, object] = {
            "at": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": redact(record.getMessage()),
        }
        shown.update({k: _plain(v) for k, v in _fields(record).items()})
        if record.exc_info:
            shown["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps(shown, ensure_ascii=False)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {k: v for k, v in vars(record).items() if k not in _OWN}


def _moment(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: object) -> object:
    # Redacted before it is encoded: a backslash of JSON would break the shapes apart.
    return value if isinstance(value, int | float | None) else redact(str(value))


def _shown(value: object) -> str:
    text = _one_line(str(value))
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")
