"""The self-check: facts are gathered once, judged by pure functions, told with their remedies."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from bot.errors import TagwireError
from bot.messages import Catalogue
from bot.model import Feed, Finding, JsonObject, Target
from bot.settings import Settings, unknown_names
from bot.store.checkup import Contents, Facts, Library, library, look

DiscordCheck = Callable[[Settings, Sequence[Target]], Awaitable[tuple[Finding, ...]]]
"""Looks at Discord with the token: gateway, permissions in the targets, commands in sync."""

OLDEST_PYTHON = (3, 11)
OLDEST_SQLITE = (3, 37, 0)
# SQLite's own list: the defect is in 3.7.0 to 3.51.2 but for these (sqlite.org/wal.html).
WAL_RESET_FIXED = (3, 51, 3)
WAL_RESET_BACKPORTS = ((3, 44, 6), (3, 50, 7))
LEAST_FREE_MB = 50
LITTLE_FREE_MB = 500
FAILING_TOO_LONG = timedelta(days=1)
POLLING_STANDS_STILL = timedelta(hours=2)
WORST_FEEDS = 10
# Before this version was written no clock can rightly stand.
EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)

_STATES = {"ok": "ok     ", "warning": "warning", "error": "ERROR  ", "skipped": "skipped"}


async def examine(
    settings: Settings, now: datetime, discord: DiscordCheck | None = None
) -> tuple[Finding, ...]:
    """Look at everything and return what was found, changing nothing.

    Without a token, or without `discord`, the Discord part is one finding that says so.
    """
    facts = await asyncio.to_thread(look, settings.data)
    contents = facts.contents
    findings = [
        check_python(sys.version_info[:3]),
        *check_sqlite(library()),
        check_settings(len(settings.given), unknown_names()),
        check_clock(now, contents.newest_at if contents else None),
        check_folder(facts),
        check_disk(facts),
        *check_database(facts),
        check_lock(facts),
    ]
    if contents and contents.is_counted:
        findings += [*check_feeds(contents.feeds, now, facts.bot_runs), *check_outbox(contents)]
    token = check_token(settings)
    findings.append(token)
    if settings.token and token.state != "error" and discord is not None:
        findings += await discord(settings, contents.targets if contents else ())
    else:
        findings.append(Finding("discord", "skipped", "doctor.discord_skipped"))
    return tuple(findings)


def check_settings(given: int, unknown: Sequence[str]) -> Finding:
    """Judge the settings that could be read: a name that means nothing is likely a slip."""
    if not unknown:
        return ok("settings", count=given)
    key = "doctor.settings_unknown"
    params: dict[str, str | int] = {"count": len(unknown), "names": ", ".join(unknown)}
    return Finding("settings", "warning", key, params, f"{key}_remedy")


def unreadable_settings(error: TagwireError) -> Finding:
    """Return the finding for settings that could not be read, after which nothing else is tried."""
    return Finding("settings", "error", error.key, error.params, "doctor.settings_remedy")


def exit_code(findings: Iterable[Finding]) -> int:
    """Return 1 when something is an error; warnings and what was skipped do not count."""
    return int(any(finding.state == "error" for finding in findings))


def report(findings: Iterable[Finding], catalogue: Catalogue) -> str:
    """Return the findings for a person, a line each, the remedy below."""
    lines = []
    for finding in findings:
        lines.append(f"{_STATES[finding.state]}  {finding.check}: {_told(finding, catalogue)}")
        if remedy := _remedy(finding, catalogue):
            lines.append(f"         → {remedy}")
    return "\n".join(lines)


def as_json(findings: Iterable[Finding], catalogue: Catalogue) -> list[JsonObject]:
    """Return the findings for a program: check, state, what, key, remedy."""
    return [
        {
            "check": finding.check,
            "state": finding.state,
            "what": _told(finding, catalogue),
            "key": finding.key,
            "remedy": _remedy(finding, catalogue),
        }
        for finding in findings
    ]


def check_python(version: Sequence[int]) -> Finding:
    """Judge the version of Python."""
    said = ".".join(map(str, version))
    if tuple(version[:2]) < OLDEST_PYTHON:
        return _error("python", "python_old", version=said)
    return ok("python", version=said)


def check_sqlite(found: Library) -> tuple[Finding, ...]:
    """Judge SQLite: old enough to lack what is needed, without the index, or with the defect."""
    said = ".".join(map(str, found.version))
    if found.version < OLDEST_SQLITE:
        return (_error("sqlite", "sqlite_old", version=said),)
    if not found.has_fts5:
        return (_error("sqlite", "sqlite_no_fts5", version=said),)
    if has_wal_reset_defect(found.version):
        return (_warning("sqlite", "sqlite_wal_reset", version=said),)
    return (ok("sqlite", version=said),)


def has_wal_reset_defect(version: tuple[int, int, int]) -> bool:
    """Return whether two connections of this SQLite that write at one instant can lose pages."""
    mended = any(version[:2] == fix[:2] and version >= fix for fix in WAL_RESET_BACKPORTS)
    return version < WAL_RESET_FIXED and not mended


def check_clock(now: datetime, newest_at: datetime | None) -> Finding:
    """Judge the clock by what the database has already seen."""
    if now < EARLIEST:
        return _error("clock", "clock_early", now=f"{now:%Y-%m-%d %H:%M}")
    if newest_at is not None and newest_at > now + timedelta(minutes=5):
        return _warning("clock", "clock_behind", seen=f"{newest_at:%Y-%m-%d %H:%M}")
    return ok("clock", now=f"{now:%Y-%m-%d %H:%M}")


def check_folder(facts: Facts) -> Finding:
    """Judge whether the data folder can be written."""
    if not facts.writable:
        return _error("folder", "folder_read_only", folder=str(facts.folder))
    return ok("folder", folder=str(facts.folder))


def check_disk(facts: Facts) -> Finding:
    """Judge the room left: for the database to grow, and for a backup beside it."""
    free = facts.free_bytes // 2**20
    size = (facts.database_bytes or 0) // 2**20
    if free < LEAST_FREE_MB:
        return _error("disk", "disk_full", free=free)
    if free < max(LITTLE_FREE_MB, size):
        return _warning("disk", "disk_little", free=free, size=size)
    return ok("disk", free=free)


def check_database(facts: Facts) -> tuple[Finding, ...]:
    """Judge the database: there, ours, whole, of this schema."""
    if facts.fault:
        return (_error("database", f"database_{facts.fault}", folder=str(facts.folder)),)
    contents = facts.contents
    if contents is None:
        return (Finding("database", "ok", "doctor.database_none"),)
    growth: tuple[Finding, ...] = ()
    if contents.monthly_growth is not None:
        growth = (ok("growth", size=round(contents.monthly_growth / 2**20)),)
    size = max(1, ((facts.database_bytes or 0) + facts.log_bytes) // 2**20)
    held = ok("database", count=contents.articles, size=size)
    if not contents.is_counted:
        held = Finding("database", "skipped", "doctor.database_uncounted", {"size": size})
    return (_check_schema(contents), _check_integrity(contents), held, *growth)


def _check_schema(contents: Contents) -> Finding:
    params = {"found": contents.schema, "known": contents.known_schema}
    if contents.schema > contents.known_schema:
        return _error("schema", "schema_newer", **params)
    if contents.schema < contents.known_schema:
        return _warning("schema", "schema_older", **params)
    return ok("schema", **params)


def _check_integrity(contents: Contents) -> Finding:
    if contents.damage:
        return _error("integrity", "integrity_damaged", detail=contents.damage[0])
    if contents.orphans:
        return _error("integrity", "integrity_orphans", count=contents.orphans)
    return ok("integrity")


def check_lock(facts: Facts) -> Finding:
    """Tell whether a bot runs on this store."""
    return Finding("bot", "ok", "doctor.bot_runs" if facts.bot_runs else "doctor.bot_absent")


def check_feeds(feeds: Sequence[Feed], now: datetime, bot_runs: bool) -> tuple[Finding, ...]:
    """Judge the feeds: those that failed for a day or are stopped, one by one, worst first."""
    bad = sorted(
        (f for f in feeds if f.stopped or (f.failing_since_at or now) <= now - FAILING_TOO_LONG),
        key=lambda f: f.failing_since_at or now,
    )
    findings = [_check_feed(feed, now) for feed in bad[:WORST_FEEDS]]
    if len(bad) > WORST_FEEDS:
        findings.append(_warning("feeds", "feeds_more", count=len(bad) - WORST_FEEDS))
    due = [f.next_check_at for f in feeds if f.next_check_at and not f.stopped]
    if bot_runs and due and min(due) < now - POLLING_STANDS_STILL:
        findings.append(_warning("feeds", "feeds_stand_still"))
    healthy = len(feeds) - len(bad)
    return (ok("feeds", count=len(feeds), healthy=healthy), *findings)


def _check_feed(feed: Feed, now: datetime) -> Finding:
    name = f"feed {feed.title}"
    if feed.stopped:
        return Finding(name, "warning", "doctor.feed_stopped", {}, "doctor.feed_stopped_remedy")
    since = feed.failing_since_at or now
    params = {**feed.error_params, "feed_id": feed.id, "since": f"{since:%Y-%m-%d %H:%M}"}
    return Finding(
        name, "warning", feed.error or "doctor.feed_failing", params, "doctor.feed_failing_remedy"
    )


def check_outbox(contents: Contents) -> tuple[Finding, ...]:
    """Judge what could not be posted."""
    paused = sum(1 for target in contents.targets if target.paused_reason)
    findings = []
    if contents.dead:
        findings.append(_warning("posts", "posts_dead", count=contents.dead))
    if contents.unknown:
        findings.append(_warning("posts", "posts_unknown", count=contents.unknown))
    if paused:
        findings.append(_warning("channels", "channels_paused", count=paused))
    return (ok("subscriptions", count=contents.subscriptions), *findings)


def check_token(settings: Settings) -> Finding:
    """Judge the token by its shape only: nothing is sent anywhere."""
    token = settings.token
    if not token:
        return Finding("token", "skipped", "doctor.token_absent")
    if settings.discord_api:
        return Finding("token", "skipped", "doctor.token_playground")
    if token.lower().startswith("bot ") or re.search(r"[\s\"']", token):
        return _error("token", "token_wrapped")
    if not has_token_shape(token):
        return _warning("token", "token_shape")
    return ok("token")


def has_token_shape(token: str) -> bool:
    """Return whether a text looks like a bot's token: an account's id in base64, two more parts."""
    parts = token.split(".")
    if len(parts) != 3 or not all(re.fullmatch(r"[\w-]{5,}", part) for part in parts):
        return False
    try:
        account = base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4))
    except (binascii.Error, ValueError):
        return False
    return account.isdigit()


def ok(check: str, **params: str | int) -> Finding:
    """Return that a check found nothing wrong; its sentence is `doctor.CHECK_ok`."""
    return Finding(check, "ok", f"doctor.{check}_ok", params)


def _warning(check: str, name: str, **params: str | int) -> Finding:
    return Finding(check, "warning", f"doctor.{name}", params, f"doctor.{name}_remedy")


def _error(check: str, name: str, **params: str | int) -> Finding:
    return Finding(check, "error", f"doctor.{name}", params, f"doctor.{name}_remedy")


def _told(finding: Finding, catalogue: Catalogue) -> str:
    try:
        return catalogue.say(finding.key, **finding.params)
    except KeyError:
        # A failure stored by another version, whose sentence this one does not have.
        return catalogue.say("doctor.unworded", key=finding.key)


def _remedy(finding: Finding, catalogue: Catalogue) -> str | None:
    return catalogue.say(finding.remedy, **finding.params) if finding.remedy else None
