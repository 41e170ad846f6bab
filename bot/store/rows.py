"""How rows become nouns and nouns become values: times, JSON, articles, feeds, targets."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from bot.model import (
    Article,
    Block,
    Copy,
    Feed,
    Kind,
    Scope,
    Subscription,
    Tag,
    Target,
    TargetKind,
)
from bot.query.packing import unpacked
from bot.store.quote import quoted


def moment(seconds: int | None) -> datetime | None:
    """Return the UTC time of a stored second."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def at(seconds: int) -> datetime:
    """Return the UTC time of a stored second that is never null."""
    return datetime.fromtimestamp(seconds, UTC)


def seconds(time: datetime | None) -> int | None:
    """Return the second to store for a time."""
    return None if time is None else second(time)


def second(time: datetime) -> int:
    """Return the whole second a time lies in."""
    return int(time.timestamp() // 1)


def milliseconds(time: datetime) -> int:
    """Return the millisecond a time lies in."""
    return int(time.timestamp() * 1000 // 1)


def many(values: Iterable[int | str]) -> str:
    """Return values as a JSON array, to be read in SQL by json_each."""
    return json.dumps(list(values), ensure_ascii=False)


def visible(scope: Scope) -> str:
    """Return the scope ids a reader may see, for json_each."""
    return many(scope.visible)


def shown_blocks(row: sqlite3.Row) -> tuple[tuple[Block, ...], bool]:
    """Return what is shown of a row's `blocks`, and whether that is less than there is.

    Of a feed with `excerpts_only` it is a beginning.
    """
    blocks = unpacked(row["blocks"])
    shown = quoted(blocks) if row["excerpts_only"] else blocks
    return shown, shown != blocks


def article(
    row: sqlite3.Row, authors: Sequence[str], tags: Sequence[Tag], also: Sequence[Copy] = ()
) -> Article:
    """Return an article from its row (with `feed`, `excerpts_only` and `source` joined in)."""
    blocks, is_cut = shown_blocks(row)
    return Article(
        id=row["id"],
        scope_id=row["scope_id"],
        feed_id=row["feed_id"],
        feed=row["feed"],
        title=row["title"],
        authors=tuple(authors),
        source=row["source"],
        poster=row["poster"],
        tags=tuple(tags),
        published_at=moment(row["published_at"]),
        updated_at=moment(row["updated_at"]),
        url=row["url"],
        kind=Kind(row["kind"]),
        truncated=bool(row["truncated"]) or is_cut,
        blocks=blocks,
        image_url=row["image_url"],
        found_at=at(row["found_at"]),
        sort_at=row["sort_at"],
        revision=row["revision"],
        also=tuple(also),
        withdrawn=row["hidden"] is not None,
    )


@lru_cache(maxsize=256)
def _numbers(stored: str) -> frozenset[int]:
    # Most feeds name none: thousands of them share the one empty set.
    return frozenset(json.loads(stored))


def feed(row: sqlite3.Row) -> Feed:
    """Return a feed from its row (with `article_count` counted in)."""
    return Feed(
        id=row["id"],
        scope_id=row["scope_id"],
        url=row["url"],
        title=row["title"],
        site_url=row["site_url"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        next_check_at=moment(row["next_check_at"]),
        last_success_at=moment(row["last_success_at"]),
        failing_since_at=moment(row["failing_since_at"]),
        failures=row["failures"],
        error=row["error"],
        error_params=json.loads(row["error_params"]),
        stopped=row["stopped"],
        primed=bool(row["primed"]),
        interval_s=row["interval_s"],
        excerpts_only=bool(row["excerpts_only"]),
        article_count=row["article_count"],
        skip_hours=_numbers(row["skip_hours"]),
        skip_days=_numbers(row["skip_days"]),
        moved_url=row["moved_url"],
        notice=row["notice"],
        notice_params=json.loads(row["notice_params"]),
        notice_at=moment(row["notice_at"]),
    )


def target(row: sqlite3.Row) -> Target:
    """Return a target from columns named target_id, target_kind, channel_id, …"""
    return Target(
        id=row["target_id"],
        kind=TargetKind(row["target_kind"]),
        channel_id=row["channel_id"],
        guild_id=row["guild_id"],
        user_id=row["user_id"],
        paused_reason=row["target_paused"],
        language=row["language"],
    )


def subscription(row: sqlite3.Row) -> Subscription:
    """Return a subscription from its row joined with its target's."""
    return Subscription(
        id=row["id"],
        target=target(row),
        query=row["query"],
        created_by=row["created_by"],
        created_at=at(row["created_at"]),
        paused=row["paused"],
        look=json.loads(row["look"]),
        rhythm=json.loads(row["rhythm"]),
        mention_role_id=row["mention_role_id"],
        mention_query=row["mention_query"],
    )


def packed_json(value: Mapping[str, Any]) -> str:
    """Return a JSON object in the one form that is stored."""
    return json.dumps(dict(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
