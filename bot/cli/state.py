"""Verbs that carry the whole state from one version or machine to another."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from bot.cli.parts import Verbs, say, settings
from bot.errors import TagwireError

_FILE = click.Path(allow_dash=True, dir_okay=False, path_type=Path)
_STREAM = Path("-")


@click.group(cls=Verbs)
def state() -> None:
    """Carry the whole state as JSON lines."""


@state.command("export")
@click.argument("file", type=_FILE)
@click.option("--without-views", is_flag=True, help="Leave out the pages that old buttons open.")
def export(file: Path, without_views: bool) -> None:
    """Write the state to FILE (- for standard output), also while the bot runs."""
    from bot.store.state import export as written

    folder = settings().data
    if file == _STREAM:
        written(folder, sys.stdout, views=not without_views)
        return
    part = file.with_name(f"{file.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            moved = written(folder, out, views=not without_views)
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    except OSError as error:
        what = error.strerror or type(error).__name__
        raise TagwireError("backup.cannot_write", path=str(file), what=what) from error
    finally:
        part.unlink(missing_ok=True)
    click.echo(say("state.exported", path=str(file), count=moved.total))


@state.command("import")
@click.argument("file", type=_FILE)
def import_(file: Path) -> None:
    """Read a state from FILE (- for standard input) into an empty data folder; posts nothing."""
    from bot.store.state import load

    folder, now = settings().data, datetime.now(UTC)
    try:
        if file == _STREAM:
            moved, kept = load(folder, sys.stdin, now)
        else:
            with file.open(encoding="utf-8") as lines:
                moved, kept = load(folder, lines, now)
    except (OSError, UnicodeDecodeError) as error:
        what = getattr(error, "strerror", None) or type(error).__name__
        raise TagwireError("state.cannot_read", path=str(file), what=what) from error
    articles, subscriptions = (moved.rows.get(t, 0) for t in ("articles", "subscriptions"))
    counted = {"articles": articles, "subscriptions": subscriptions}
    click.echo(say("state.imported", count=moved.total, **counted))
    if kept is not None:
        click.echo(say("backup.kept", path=str(kept)))
