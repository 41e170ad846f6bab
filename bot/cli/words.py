"""How articles, reports and feeds look on a terminal and in JSON for programs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from bot.cli.parts import say
from bot.log import redact
from bot.model import Article, BlockType, Feed, JsonObject, Problem

if TYPE_CHECKING:
    from bot.ingest.archive import ImportReport

_WIDTH = 80


def json_line(value: object) -> str:
    """Return a value as one line of JSON, readable as it is."""
    return json.dumps(value, ensure_ascii=False)


def print_json(value: object) -> None:
    """Print a value as indented JSON, the only thing on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def report_json(report: ImportReport) -> JsonObject:
    """Return an import's report in the shape that others script against."""
    return {
        "read": report.read,
        "new": report.new,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "problems": problems_json(report.problems),
    }


def problems_json(problems: Sequence[Problem]) -> list[JsonObject]:
    """Return problems as where they are and what they are, in words."""
    return [
        {"where": redact(problem.where), "what": redact(say(problem.key, **problem.params))}
        for problem in problems
    ]


def problem_words(problem: Problem) -> str:
    """Return a problem as a line: where it is, and what."""
    return redact(f"{problem.where}: {say(problem.key, **problem.params)}")


def report_words(report: ImportReport) -> str:
    """Return an import's report as a sentence; one that changed nothing says so."""
    if not report.documents:
        return say("cli.import_nothing")
    if not report.read:
        return say("cli.import_empty")
    counts = {"new": report.new, "updated": report.updated, "unchanged": report.unchanged}
    key = "cli.import_done" if report.new or report.updated else "cli.import_same"
    return say(key, count=report.read, **counts)


def head(article: Article) -> str:
    """Return an article's first line: title, who, whence, when."""
    when = article.published_at
    parts = [
        ", ".join(article.authors),
        article.source or article.feed,
        f"{when:%Y-%m-%d}" if when else say("cli.no_date"),
    ]
    return _plain(f"{article.title}  ({', '.join(part for part in parts if part)})")


def article_words(article: Article) -> str:
    """Return an article to be read on a terminal."""
    rows = [
        _plain(article.title),
        head(article).removeprefix(_plain(article.title)).strip(),
        _plain(" · ".join(tag.name for tag in article.tags)),
        _plain(article.url or ""),
    ]
    paragraphs = [_block_words(block.type, _plain(block.text)) for block in article.blocks]
    return "\n\n".join(["\n".join(row for row in rows if row), *paragraphs])


def feed_json(feed: Feed) -> JsonObject:
    """Return a feed as a row for programs; what looks like a secret in its address is masked."""
    return {
        "id": feed.id,
        "title": feed.title,
        "url": None if feed.url is None else redact(feed.url),
        "site_url": feed.site_url,
        "articles": feed.article_count,
        "excerpts_only": feed.excerpts_only,
        "next_check_at": _iso(feed.next_check_at),
        "last_success_at": _iso(feed.last_success_at),
        "failing_since_at": _iso(feed.failing_since_at),
        "error": None if feed.error is None else say(feed.error, **feed.error_params),
        "stopped": None if feed.stopped is None else _stopped(feed),
        "notice": None if feed.notice is None else say(feed.notice, **feed.notice_params),
        "notice_at": _iso(feed.notice_at),
    }


def feed_line(feed: Feed) -> str:
    """Return a feed as a line: id, title, articles, address."""
    where = say("cli.feed_imported") if feed.url is None else redact(feed.url)
    return _plain(f"{feed.id}  {feed.title}  ({feed.article_count})  {where}")


def feed_health(feed: Feed) -> str:
    """Return how a feed fares, in lines that say what to do."""
    rows = [feed_line(feed)]
    if feed.last_success_at:
        rows.append(say("cli.feed_success", at=f"{feed.last_success_at:%Y-%m-%d %H:%M}"))
    if feed.stopped:
        rows.append(_stopped(feed))
    elif feed.next_check_at:
        rows.append(say("cli.feed_next", at=f"{feed.next_check_at:%Y-%m-%d %H:%M}"))
    if feed.error:
        rows.append(say(feed.error, **feed.error_params))
    if feed.notice and feed.notice_at:
        rows.append(
            f"{feed.notice_at:%Y-%m-%d %H:%M} UTC: {say(feed.notice, **feed.notice_params)}"
        )
    return "\n    ".join(_plain(row) for row in rows)


def _stopped(feed: Feed) -> str:
    # A 410's sentence names the host, which only the last error's parameters know.
    return say(feed.stopped or "", **{"host": feed.title, **feed.error_params})


def _block_words(kind: BlockType, text: str) -> str:
    match kind:
        case BlockType.SUBHEADING:
            return f"## {text}"
        case BlockType.LIST:
            return "\n".join(f"- {row}" for row in text.split("\n"))
        case BlockType.QUOTE:
            return textwrap.fill(text, _WIDTH, initial_indent="> ", subsequent_indent="> ")
        case BlockType.IMAGE:
            return f"[{text}]"
        case BlockType.TABLE:
            return text
        case _:
            return textwrap.fill(text, _WIDTH)


def _plain(text: str) -> str:
    # A title could otherwise move the cursor or colour the terminal.
    return "".join(c for c in text if c == "\n" or c.isprintable() or c == "\u00a0")


def _iso(moment: object) -> str | None:
    return moment.isoformat() if hasattr(moment, "isoformat") else None
