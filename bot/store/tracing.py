"""Watches the statements of one job of the store, where somebody asked to be told of them."""

import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")
Tell = Callable[[str, str, float], object]

# What the index and SQLite itself run below a statement is theirs to explain.
_INNER = ("'main'.", "main.'")


class Statements:
    """The statements that a job ran, each with the seconds until the next one or the end."""

    def __init__(self) -> None:
        self._begun: list[tuple[str, float]] = []
        self._ended = 0.0

    def watched(self, job: Callable[[sqlite3.Connection], Result]) -> Callable[..., Result]:
        """Return the job, its statements noted while it runs."""

        def run(connection: sqlite3.Connection) -> Result:
            connection.set_trace_callback(self._note)
            try:
                return job(connection)
            finally:
                connection.set_trace_callback(None)
                self._ended = time.perf_counter()

        return run

    def tell(self, tell: Tell) -> None:
        """Hand each statement over, in order."""
        ends = [at for _, at in self._begun[1:]] + [self._ended]
        for (text, at), end in zip(self._begun, ends, strict=True):
            tell("sql", text, end - at)

    def _note(self, text: str) -> None:
        if not text.startswith("--") and not any(mark in text[:60] for mark in _INNER):
            self._begun.append((text, time.perf_counter()))
