"""How far a long reading is: a bar on standard error with rate and time left."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from bot.cli.parts import say


class Bar:
    """A progress bar on standard error while that is a terminal, a new one for each document."""

    def __init__(self) -> None:
        self._where: str | None = None
        self._bar: Any = None
        self._done = 0
        self._before = 0
        self._began_s = 0.0

    def __enter__(self) -> Bar:
        """Begin the time that the rate is taken over."""
        self._began_s = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        """End the bar that is shown."""
        self._end()

    def went_on(self, done: int) -> None:
        """Leave out of the rate what an earlier run had done of the next document."""
        self._end()
        self._where, self._before = None, done
        self._began_s = time.monotonic()

    def advance(self, where: str, done: int, total: int) -> None:
        """Show how far a document is: items done, of all (0: nobody knows)."""
        if not sys.stderr.isatty():
            return
        if where != self._where:
            self._end()
            self._where, self._done = where, 0
            self._bar = click.progressbar(
                length=max(total - self._before, 0) or None,
                label=_label(where),
                file=sys.stderr,
                show_pos=True,
                item_show_func=self._rate,
            )
            self._bar.__enter__()
        here = max(0, done - self._before)
        if total > self._before:
            # An API's total grows while it is read, and some are wrong: the bar never runs over.
            self._bar.length = max(total - self._before, here)
        self._bar.update(here - self._done, here)
        self._done = here

    def _rate(self, done: int | None) -> str | None:
        if not done:
            return None
        rate = done / max(time.monotonic() - self._began_s, 0.001)
        return say("cli.rate", count=round(rate))

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None


def _label(where: str) -> str:
    return where if "://" in where else Path(where).name
