"""The command line: verbs of a few lines that call the owner of the work.

What a verb needs is imported when it runs, so that `tagwire --help` is quick.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import click

from bot import __version__
from bot.cli.feeds import feeds
from bot.cli.keep import backup, doctor, restore
from bot.cli.operate import invite, keep
from bot.cli.parts import Verbs, as_json, finish, reading_store, say, settings
from bot.cli.shelf import articles, tags
from bot.cli.state import state
from bot.cli.status import status
from bot.cli.sync import sync
from bot.cli.words import (
    article_words,
    head,
    json_line,
    print_json,
    problem_words,
    report_json,
    report_words,
)
from bot.errors import TagwireError
from bot.model import Article, Scope, article_json

NOTHING_READ = 2


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(version)s")
def main() -> None:
    """Tagwire: a news archive for a community, and the bot that reads from it."""


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(__version__)


@main.command()
def run() -> None:
    """Run the bot. Needs TAGWIRE_TOKEN."""
    # Nothing that is imported is garbage: looking for some takes a good part of a start.
    gc.disable()
    from bot import app, log, reports

    app.favour_the_loop()
    gc.enable()
    chosen = settings()
    log.set_up(chosen.log_level, chosen.log_format)
    if not chosen.token:
        raise TagwireError("cli.no_token")
    if chosen.sentry_dsn:
        reports.start(chosen.sentry_dsn)
    finish(app.run(chosen))


@main.command()
@click.option("--headless", is_flag=True, help="Open no browser.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Port of the page; 0: any.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps the state; otherwise it is temporary.",
)
@click.option(
    "--server",
    "sample",
    type=click.Choice(["quiet", "newsroom", "large"]),
    default="quiet",
    help="What to begin with: little, 30 subscriptions, or 20,000 articles.",
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what is done in the page to a file.",
)
@click.option(
    "--replay",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Do again what such a file says; with --headless, end after it.",
)
def playground(
    headless: bool,
    port: int,
    data: Path | None,
    sample: str,
    record: Path | None,
    replay: Path | None,
) -> None:
    """Try everything offline: a Discord on this machine with a page, and the bot in it."""
    import asyncio

    from bot.playground.run import play
    from bot.playground.samples import SAMPLES

    how = play(
        port=port,
        headless=headless,
        data_dir=data,
        sample=SAMPLES[sample],
        record=record,
        replay=replay,
    )
    sys.exit(asyncio.run(how))


@main.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH_OR_URL...")
@as_json
@click.option("--dry-run", is_flag=True, help="Store nothing; show the first articles.")
def import_(paths: tuple[str, ...], wants_json: bool, dry_run: bool) -> None:
    """Import archives: saved pages, feeds, WordPress exports; files, folders or addresses."""
    from bot.cli.sync import hears
    from bot.cli.work import imported, tried

    first: tuple[Article, ...] = ()
    if dry_run:
        report, first = finish(tried(paths, hears(wants_json)))
    else:
        report = finish(imported(paths, hears(wants_json)))
    if wants_json:
        print_json(report_json(report))
    else:
        click.echo(say("cli.import_tried", count=report.new) if first else report_words(report))
        for article in first:
            click.echo(f"\n{article_words(article)}")
        for problem in report.problems:
            click.echo(problem_words(problem), err=True)
    if not report.documents:
        sys.exit(NOTHING_READ)


@main.command()
@click.argument("query")
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True)
@as_json
def search(query: str, limit: int, wants_json: bool) -> None:
    """Search the archive, best first. `search -- -word` asks a query that begins with a minus."""
    from bot.cli.work import found_articles

    found, notes = finish(found_articles(query, limit))
    if wants_json:
        print_json([article_json(article) for article in found])
        return
    for note in notes:
        click.echo(note, err=True)
    if not found:
        click.echo(say("cli.nothing_found"), err=True)
    for article in found:
        click.echo(f"{article.id}  {head(article)}")


@main.command()
@click.argument("article_id", type=int, metavar="ID")
@as_json
def show(article_id: int, wants_json: bool) -> None:
    """Show one article whole."""

    async def work() -> Article:
        async with reading_store() as store:
            return await store.articles.get(article_id, Scope())

    article = finish(work())
    if wants_json:
        print_json(article_json(article))
    else:
        click.echo(article_words(article))


@main.command()
@click.option("--json-lines", is_flag=True, help="A JSON object a line (the only form there is).")
def export(json_lines: bool) -> None:
    """Print every article, a line each, by id."""

    async def work() -> None:
        async with reading_store() as store:
            async for article in store.articles.each():
                click.echo(json_line(article_json(article)))

    finish(work())


@main.command()
@as_json
def config(wants_json: bool) -> None:
    """Show every setting in force, where it came from and what it is for."""
    from bot.log import redact
    from bot.settings import accepted, read, shown

    rows = shown()
    if wants_json:
        print_json(
            [
                {
                    "name": row.setting.name,
                    "value": redact(row.value),
                    "from": row.origin,
                    "meaning": say(row.setting.meaning),
                    "accepted": accepted(row.setting),
                }
                for row in rows
            ]
        )
    else:
        for row in rows:
            click.echo(f"{row.setting.name}={redact(row.value)}  ({row.origin})")
            click.echo(f"    {say(row.setting.meaning)}")
    read()


for verb in (articles, tags, backup, doctor, feeds, invite, keep, restore, state, sync):
    main.add_command(verb)
main.add_command(status)
