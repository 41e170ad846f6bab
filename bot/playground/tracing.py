"""Puts what the bot tells of its queries and statements beside the action that they belong to."""

from typing import Any

from bot.playground.feed import item_in
from bot.playground.hub import Hub
from bot.playground.interactions import AUTOCOMPLETE, Interactions

Json = dict[str, Any]
SUGGESTIONS = "autocomplete"
SHOWN_STATEMENTS = 40


class Tracing:
    """Gathers the bot's lines into one entry of the side panel for each call of its store."""

    def __init__(self, hub: Hub, interactions: Interactions) -> None:
        self._hub = hub
        self._interactions = interactions
        self._statements: dict[str | None, list[Json]] = {}
        self._newest = 0
        self._changed: set[int] = set()

    def take(self, line: Json) -> None:
        """Take one line: {of, kind, text, ms}; one without a place is the bot's own business."""
        kind, of = line.get("kind"), line.get("of")
        if kind == "sql":
            self._statements.setdefault(of, []).append(line)
        elif kind == "recorded":
            self._record(line)
        elif kind in ("read", "write"):
            self._call(line, self._statements.pop(of, []))
        elif kind == "query" and of is not None:
            self._hub.note("query", line["text"] or "everything", None, self._place(of))

    def _call(self, line: Json, statements: list[Json]) -> None:
        if line["of"] is None or not statements:
            return
        count = f"{len(statements)} statement{'s' * (len(statements) != 1)}"
        shown = [f"{one['ms']:.2f} ms  {one['text']}" for one in statements[:SHOWN_STATEMENTS]]
        if len(statements) > SHOWN_STATEMENTS:
            shown.append(f"and {len(statements) - SHOWN_STATEMENTS} more")
        word = "Read from" if line["kind"] == "read" else "Written to"
        text = f"{word} the store: {count} in {line['ms']:.1f} ms"
        self._hub.note("store", text, "\n\n".join(shown), self._place(line["of"]))

    def _record(self, line: Json) -> None:
        link, _, taken = line["text"].partition(" ")
        item = item_in(link)
        if item is None:
            return
        kind, _, digits = item.partition(" ")
        number = int(digits)
        if kind == "item":
            if number <= self._newest and number not in self._changed:
                return
            self._newest = max(self._newest, number)
            self._changed.discard(number)
        self._hub.note("store", f"Recorded in {line['ms']:.1f} ms: {taken}", None, item)

    def again(self, number: int) -> None:
        """Let the recording of an item be told once more: it has changed."""
        self._changed.add(number)

    def _place(self, of: str) -> str:
        interaction = self._interactions.by_id.get(of)
        if interaction is not None and interaction.type == AUTOCOMPLETE:
            return SUGGESTIONS
        return of
