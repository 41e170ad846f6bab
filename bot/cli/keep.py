"""Verbs that keep a store safe: doctor, backup, restore."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.parts import as_json, finish, say, settings, speech
from bot.cli.words import print_json
from bot.errors import TagwireError

if TYPE_CHECKING:
    from bot.doctor import DiscordCheck
    from bot.settings import Settings

_FILE = click.Path(path_type=Path)


@click.command()
@as_json
def doctor(wants_json: bool) -> None:
    """Check this installation: each finding with its remedy. Exit code 1 when one is an error."""
    from bot import doctor as checks
    from bot.settings import read

    try:
        chosen = read()
        findings = finish(checks.examine(chosen, datetime.now(UTC), _discord_check(chosen)))
    except TagwireError as error:
        findings = (checks.unreadable_settings(error),)
    if wants_json:
        print_json(checks.as_json(findings, speech()))
    else:
        click.echo(checks.report(findings, speech()))
    sys.exit(checks.exit_code(findings))


def _discord_check(chosen: Settings) -> DiscordCheck | None:
    # Loading Discord's library costs most of a second, for nothing where there is no token.
    if not chosen.token:
        return None
    from bot.app import examine_discord

    return examine_discord


@click.command()
@click.argument("file", type=_FILE)
@click.option(
    "--keep",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="How many to keep: FILE, FILE.1, FILE.2 and so on, the newest first.",
)
def backup(file: Path, keep: int) -> None:
    """Copy the database to FILE, also while the bot runs, and verify the copy."""
    from bot.store.backup import backup as copied

    hidden = not sys.stderr.isatty()
    with click.progressbar(length=1, label=str(file), file=sys.stderr, hidden=hidden) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        copy = copied(settings().data, file, keep=keep, progress=progress)
    size = max(1, copy.bytes // 2**20)
    click.echo(say("backup.made", path=str(copy.file), count=copy.articles, size=size))


@click.command()
@click.argument("file", type=_FILE)
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(file: Path, yes: bool) -> None:
    """Put a backup in the place of the database, which is kept. The bot has to be stopped."""
    from bot.store.backup import restore as put_back
    from bot.store.backup import verify

    folder = settings().data
    verify(file)
    if not yes:
        click.confirm(say("backup.ask", folder=str(folder), file=str(file)), abort=True)
    copy, kept = put_back(folder, file, datetime.now(UTC))
    click.echo(say("backup.restored", count=copy.articles))
    if kept is not None:
        click.echo(say("backup.kept", path=str(kept)))
