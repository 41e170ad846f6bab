"""The verbs for the feeds that everyone may read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import click

from bot.cli.parts import Verbs, as_json, finish, opened_desk, reading_store, say, writing_store
from bot.cli.words import (
    feed_health,
    feed_json,
    feed_line,
    print_json,
    problem_words,
    problems_json,
)
from bot.errors import StoreError
from bot.model import PUBLIC_SCOPE_ID, Feed, Scope


@click.group(cls=Verbs)
def feeds() -> None:
    """The feeds that everyone may read."""


@feeds.command("add")
@click.argument("url")
@as_json
def feeds_add(url: str, wants_json: bool) -> None:
    """Add a feed, or the feed of a site, and record what it holds now."""

    async def work() -> tuple[Feed, bool]:
        async with opened_desk() as desk:
            known = await desk.known(url, PUBLIC_SCOPE_ID)
            if known is not None:
                return known, True
            return await desk.add(url, PUBLIC_SCOPE_ID, datetime.now(UTC)), False

    feed, is_known = finish(work())
    if wants_json:
        print_json(feed_json(feed))
    else:
        key = "cli.feed_known" if is_known else "cli.feed_added"
        click.echo(say(key, id=feed.id, title=feed.title, count=feed.article_count))


@feeds.command("list")
@as_json
def feeds_list(wants_json: bool) -> None:
    """List the feeds."""
    _listed(wants_json, feed_line)


@feeds.command("status")
@as_json
def feeds_status(wants_json: bool) -> None:
    """Show how each feed fares: last success, next poll, last error."""
    _listed(wants_json, feed_health)


@feeds.command("remove")
@click.argument("feed_id", type=int, metavar="ID")
@as_json
def feeds_remove(feed_id: int, wants_json: bool) -> None:
    """Poll a feed no more. Its articles stay."""

    async def work() -> Feed:
        async with writing_store() as store:
            return await store.feeds.remove(feed_id, PUBLIC_SCOPE_ID)

    feed = finish(work())
    if wants_json:
        print_json(feed_json(feed))
    else:
        click.echo(say("cli.feed_removed", title=feed.title, count=feed.article_count))


@feeds.command("refresh")
@click.argument("feed_id", type=int, metavar="ID")
@as_json
def feeds_refresh(feed_id: int, wants_json: bool) -> None:
    """Poll one feed now."""

    async def work() -> dict[str, int]:
        async with opened_desk() as desk:
            intake = await desk.refresh(feed_id, datetime.now(UTC))
            return {"read": intake.read, "new": intake.new, "updated": intake.updated}

    counts = finish(work())
    if wants_json:
        print_json(counts)
    else:
        click.echo(say("cli.refreshed", **counts))


@feeds.command("set")
@click.argument("feed_id", type=int, metavar="ID")
@click.option(
    "--excerpts/--full",
    "excerpts",
    default=None,
    help="Show only the beginning of its articles with a link, or all of them again.",
)
@click.option("--name", help="Give it another title, which also feed: and source: find.")
@as_json
def feeds_set(feed_id: int, excerpts: bool | None, name: str | None, wants_json: bool) -> None:
    """Change how a feed is shown. What is stored of it stays whole."""

    async def work() -> Feed:
        async with writing_store() as store:
            feed = await store.feeds.anywhere(feed_id)
            if excerpts is not None:
                await store.feeds.quote(feed.id, only=excerpts)
            if name and name.strip():
                await store.feeds.titled(feed.id, name.strip())
            return await store.feeds.anywhere(feed.id)

    feed = finish(work())
    if wants_json:
        print_json(feed_json(feed))
    else:
        key = "cli.feed_excerpts" if feed.excerpts_only else "cli.feed_full"
        click.echo(say(key, title=feed.title))


@feeds.command("import-opml")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Add them; without it they are only shown.")
@as_json
def feeds_import_opml(file: str, yes: bool, wants_json: bool) -> None:
    """Add the feeds of an OPML list. Nothing is fetched here: the bot polls them.

    In the list, + marks what was added and = what is polled already.
    """
    from bot.cli.opml import import_opml
    from bot.log import redact

    listed = finish(import_opml(file, yes, datetime.now(UTC)))
    if wants_json:
        print_json(
            {
                "feeds": [
                    {"url": redact(f.url), "title": f.title, "known": f.known, "added": f.added}
                    for f in listed.feeds
                ],
                "problems": problems_json(listed.problems),
            }
        )
        return
    for feed in listed.feeds:
        sign = "+" if feed.added else "=" if feed.known else " "
        click.echo(redact(f"{sign} {feed.title}  {feed.url}"))
    for problem in listed.problems:
        click.echo(problem_words(problem), err=True)
    click.echo(say("cli.opml_added" if yes else "cli.opml_shown", count=len(listed.feeds)))


@feeds.command("export-opml")
def feeds_export_opml() -> None:
    """Print the feeds as an OPML list that other readers take."""
    from bot.cli.opml import export_opml

    click.echo(finish(export_opml()))


def _listed(wants_json: bool, words: Callable[[Feed], str]) -> None:
    async def work() -> tuple[Feed, ...]:
        try:
            async with reading_store() as store:
                return await store.feeds.list(Scope())
        except StoreError as error:
            # Where nothing was ever stored there are no feeds: an answer, and no failure.
            if error.key != "store.missing":
                raise
            return ()

    found = [feed for feed in finish(work()) if feed.stopped != "store.feed_removed"]
    if wants_json:
        print_json([feed_json(feed) for feed in found])
        return
    for feed in found:
        click.echo(words(feed))
    if not found:
        click.echo(say("cli.no_feeds"), err=True)
