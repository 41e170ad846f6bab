"""Draws feeds for those who look after them: what stands at an address, and how each fares.

Never an address: one may hold a key, and a public feed's is the operator's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from bot.chat.escape import inert, isolated, linked
from bot.chat.room import Room, Say, facts_line, title_link
from bot.model import BlockType, Entry, Feed, FeedPreview

TITLE_CHARS = 120
TAGS_MOST = 6
TEXT_CHARS = 160
PREVIEW_CHARS = 3_000
# What the poller notes of a gap that only the command line closes.
FOR_OPERATOR = ("ingest.gap_capped", "ingest.gap_open")


def feed_title(title: str) -> str:
    """Return a feed's title, inert and short."""
    return isolated(inert(title, TITLE_CHARS, 3 * TITLE_CHARS))


def feed_preview(found: FeedPreview, say: Say) -> str:
    """Return what stands at an address: what it is, how much, the first items as stored."""
    host = inert(urlsplit(found.url).hostname or "", 100)
    facts = say("chat.feed_found", form=inert(found.form, 60), host=host, count=found.count)
    lines = [f"**{feed_title(found.title)}**", facts]
    if found.unread:
        lines.append(f"-# {say('chat.feed_unread', count=found.unread)}")
    if found.entries:
        lines.append(say("chat.feed_first"))
    room = Room(PREVIEW_CHARS, 2 * PREVIEW_CHARS).share(max(1, len(found.entries)))
    for entry in found.entries:
        lines += _entry(entry, found.title, room, say)
    return "\n".join(lines)


def _entry(entry: Entry, feed: str, room: Room, say: Say) -> list[str]:
    facts = facts_line(entry.authors, entry.source, feed, entry.published_at, room, say)
    names = [isolated(inert(term.name, 30, 90)) for term in entry.tags[:TAGS_MOST]]
    if len(entry.tags) > TAGS_MOST:
        names.append("…")
    lines = [title_link(entry.title, entry.url, room, say), f"-# {facts}"]
    if names:
        lines.append(f"-# {say('chat.feed_tags', tags=', '.join(names))}")
    text = next((b.text for b in entry.blocks if b.type is BlockType.PARAGRAPH), "")
    if text:
        lines.append(isolated(inert(text, TEXT_CHARS, 3 * TEXT_CHARS)))
    if entry.truncated or not entry.blocks:
        lines.append(f"-# {say('chat.feed_excerpts' if entry.blocks else 'chat.feed_bare')}")
    return lines


def feed_line(feed: Feed, say: Say) -> str:
    """Return a feed as one line: its title, its articles, what is wrong with it."""
    return f"- {_head(feed, feed_title(feed.title), say)}"


def _head(feed: Feed, title: str, say: Say) -> str:
    count = say("chat.count", count=feed.article_count)
    parts = (linked(title, feed.site_url), count, _trouble(feed, say))
    return " · ".join(part for part in parts if part)


def feed_health(feed: Feed, say: Say) -> str:
    """Return how a feed fares: its state, last success, next poll, and what a person can do.

    Of a public feed only that it fails: the reason names what its operator keeps to themself.
    """
    lines = [_head(feed, f"**{feed_title(feed.title)}**", say)]
    polled = [
        say(f"chat.feed_{name}", when=_ago(at))
        for name, at in (("success", feed.last_success_at), ("next", feed.next_check_at))
        if at is not None
    ]
    if feed.url is None:
        polled.append(say("chat.feed_imported"))
    if polled:
        lines.append(f"-# {' · '.join(polled)}")
    lines += [f"-# {line}" for line in _what_to_do(feed, say)]
    return "\n".join(lines)


def _what_to_do(feed: Feed, say: Say) -> list[str]:
    is_troubled = feed.stopped is not None or feed.failing_since_at is not None
    if not feed.scope_id:
        return [say("chat.feed_public_trouble")] if is_troubled else []
    lines = []
    if feed.stopped is not None:
        host = urlsplit(feed.url or "").hostname or feed.title
        lines.append(say(feed.stopped, **_safe({"host": host, **feed.error_params})))
        lines.append(say("chat.feed_take_up"))
    elif feed.error is not None:
        lines.append(say(feed.error, **_safe(feed.error_params)))
    if feed.notice is not None and feed.notice_at is not None:
        lines.append(f"{_ago(feed.notice_at)}: {say(feed.notice, **_safe(feed.notice_params))}")
        if feed.notice in FOR_OPERATOR:
            lines.append(say("chat.feed_for_operator"))
    return lines


def _trouble(feed: Feed, say: Say) -> str:
    if feed.stopped is not None:
        return say("cogs.feed_stopped")
    if feed.failing_since_at is not None:
        return say("cogs.feed_failing", since=_ago(feed.failing_since_at))
    return ""


def _safe(params: Mapping[str, str | int]) -> dict[str, str | int]:
    """Return a sentence's parameters inert, an address among them cut down to its host."""
    return {
        key: inert(_hostly(value), 300, 900) if isinstance(value, str) else value
        for key, value in params.items()
    }


def _hostly(text: str) -> str:
    if "://" not in text:
        return text
    try:
        return urlsplit(text.strip()).hostname or "…"
    except ValueError:
        return "…"


def _ago(at: datetime) -> str:
    return f"<t:{int(at.timestamp())}:R>"
