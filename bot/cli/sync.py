"""The verb that brings a whole site up to date, and what importing a site's address needs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bot.cli.bar import Bar
from bot.cli.parts import as_json, finish, opened_ways_in, say, settings
from bot.cli.words import print_json, problem_words, problems_json
from bot.errors import NotFoundError, TagwireError
from bot.model import Feed, JsonObject, Note, Scope

if TYPE_CHECKING:
    from bot.ingest.pace import Patience
    from bot.ingest.sync import SyncReport, Wanted
    from bot.store import Store

NOTHING_READ = 2
_WAIT_S = 300.0
_TRIES = 4


@click.command()
@click.argument("feed", metavar="FEED")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="Nothing older than this day (UTC)."
)
@click.option(
    "--max",
    "most",
    type=click.IntRange(1),
    default=100_000,
    show_default=True,
    help="Stop after the page that reaches so many articles.",
)
@click.option("--whole", is_flag=True, help="Read everything again, not only what was changed.")
@as_json
def sync(feed: str, since: datetime | None, most: int, whole: bool, wants_json: bool) -> None:
    """Read the whole site of FEED (an id or an address); what stopped goes on where it was."""
    from bot.ingest.sync import Wanted

    since_at = None if since is None else since.replace(tzinfo=UTC)
    report = finish(_synced(feed, Wanted(since_at, most, whole), hears(wants_json)))
    if wants_json:
        print_json(_json(report))
    else:
        for problem in report.problems:
            click.echo(problem_words(problem), err=True)
        click.echo(_words(report))
    if report.way is None:
        sys.exit(NOTHING_READ)


async def _synced(typed: str, wanted: Wanted, said: Callable[[Note], None]) -> SyncReport:
    from bot.ingest.sync import Syncer, SyncReport

    now = datetime.now(UTC)
    async with opened_ways_in() as ways:
        feed = await _chosen(ways.store, typed)
        polled: SyncReport | None = None
        try:
            # Whatever is new is told as by any poll; the walk then only goes back.
            await ways.poller.poll(feed, now)
        except TagwireError as error:
            polled = SyncReport().troubled(feed.title, error)
        feed = await ways.store.feeds.get(feed.id, Scope())
        with Bar() as bar:
            syncer = Syncer(
                ways.store,
                ways.fetcher,
                ways.workers,
                now,
                patience(settings().host_gap_s),
                bar.advance,
                told_on(bar, said),
            )
            report = await syncer.sync(feed, await syncer.sources(feed), wanted)
        if polled is not None:
            report = replace(report, problems=(*polled.problems, *report.problems))
        return report


async def _chosen(store: Store, typed: str) -> Feed:
    from bot.ingest.addresses import completed
    from bot.ingest.links import fold_link

    address = fold_link(completed(typed))
    feeds = [f for f in await store.feeds.list(Scope()) if f.url and not f.stopped]
    for feed in feeds:
        if typed == str(feed.id) or address == fold_link(feed.url or ""):
            return feed
    for feed in feeds:
        if feed.site_url and address == fold_link(feed.site_url):
            return feed
    raise NotFoundError("cli.sync_no_feed", typed=typed[:200])


def patience(gap_s: float) -> Patience:
    """Return how a person at a terminal would have a site asked: spaced, and waiting when told."""
    from bot.ingest.pace import Patience

    return Patience(gap_s, _WAIT_S, _TRIES)


def told_on(bar: Bar, said: Callable[[Note], None]) -> Callable[[Note], None]:
    """Return what hears a reading's notes; a bar counts from where an earlier run had come to."""

    def told(note: Note) -> None:
        if note.key in ("ingest.sync_resumed", "ingest.import_resumed"):
            bar.went_on(int(note.params["count"]))
        said(note)

    return told


def hears(wants_json: bool) -> Callable[[Note], None]:
    """Return what says at once what is found; nothing where a program reads."""

    def said(note: Note) -> None:
        from bot.log import redact

        if not wants_json:
            click.echo(redact(say(note.key, **note.params)), err=True)

    return said


def _words(report: SyncReport) -> str:
    if report.way is None:
        return say("cli.import_nothing")
    parts = [
        say(
            "cli.import_done" if report.new or report.updated else "cli.import_same",
            count=report.read,
            new=report.new,
            updated=report.updated,
            unchanged=report.unchanged,
        )
    ]
    if report.withdrawn:
        parts.append(say("cli.sync_withdrawn", count=report.withdrawn))
    if not report.is_whole:
        parts.append(say("cli.sync_goes_on"))
    return " ".join(parts)


def _json(report: SyncReport) -> JsonObject:
    return {
        "way": report.way,
        "read": report.read,
        "new": report.new,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "withdrawn": report.withdrawn,
        "owed": report.owed,
        "resumed": report.resumed,
        "whole": report.is_whole,
        "problems": problems_json(report.problems),
    }
