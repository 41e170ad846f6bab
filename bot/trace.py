"""Tells the playground what a command became: queries, statements and calls of the store.

Off unless TAGWIRE_TRACE_FD names an open pipe, which the playground alone does. It is no log:
the lines hold what members asked, go to that pipe and nowhere else.
"""

import json
import os
from contextvars import ContextVar

# A line of a pipe goes through whole up to this size (POSIX, PIPE_BUF).
LINE_BYTES = 4096
LONGEST_TEXT = 1500


class Trace:
    """Writes one JSON object a line, each with the action that it belongs to."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._of: ContextVar[str | None] = ContextVar("of", default=None)
        # A reader that is behind costs lines, never the bot's time.
        os.set_blocking(pipe, False)
        os.set_inheritable(pipe, False)

    def begin(self, of: int | str) -> None:
        """Let everything that this task does from here on belong to an action."""
        self._of.set(str(of))

    def tell(self, kind: str, text: str, seconds: float = 0.0) -> None:
        """Write what was asked or done: query, sql, read, write, recorded; and how long it took."""
        line = {"of": self._of.get(), "kind": kind, "ms": round(seconds * 1000, 2)}
        shown = " ".join(text.split())
        if len(shown) > LONGEST_TEXT:
            shown = f"{shown[:LONGEST_TEXT]}…"
        whole = json.dumps(line | {"text": shown}, ensure_ascii=False).encode() + b"\n"
        if len(whole) > LINE_BYTES:
            whole = json.dumps(line | {"text": shown[: LONGEST_TEXT // 5]}).encode() + b"\n"
        try:
            os.write(self._pipe, whole)
        except OSError:
            return
