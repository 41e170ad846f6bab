"""A query's text cut into pieces: parentheses, minus signs, OR, and the leaves of the tree.

Nothing raises: what cannot be read as an operator is text, and is noted as a fault which only a
saved query minds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bot.query.fields import FIELDS, FieldAt, closest_field
from bot.query.nodes import Node, Phrase, Prefix, Sort, Word
from bot.query.scanning import QUOTES, Edit, Fault, colon_at, quote, quoted, run_end, skip_spaces
from bot.query.text import prefix

PieceKind = Literal["open", "close", "not", "or", "leaf", "sort"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of the text at [start, end); a leaf holds its node, a sort its order."""

    kind: PieceKind
    start: int
    end: int
    node: Node | None = None
    sort: Sort | None = None


@dataclass(slots=True)
class Lexer:
    """Cuts one text; `pieces` and `faults` are the result of `run`."""

    text: str
    pieces: list[Piece] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    at: int = 0

    def run(self) -> None:
        """Cut the whole text."""
        while self.at < len(self.text):
            character = self.text[self.at]
            if character.isspace():
                self.at += 1
            elif character in "()":
                self._add("open" if character == "(" else "close", self.at + 1)
            elif character in QUOTES:
                self._phrase()
            elif character == "-" and self._starts_term(self.at + 1):
                self._add("not", self.at + 1)
            else:
                self._word()

    def _starts_term(self, at: int) -> bool:
        return at < len(self.text) and not self.text[at].isspace() and self.text[at] != ")"

    def _add(self, kind: PieceKind, end: int, node: Node | None = None) -> None:
        self.pieces.append(Piece(kind, self.at, end, node))
        self.at = end

    def _fault(self, key: str, start: int, end: int, mend: str, **params: str | int) -> None:
        self.faults.append(Fault(f"query.{key}", start, end, Edit(start, end, mend), params))

    def _phrase(self) -> None:
        found = quoted(self.text, self.at)
        end = found.end
        while self.text[end : end + 1] == "*":
            end += 1
        if not found.value.strip():
            self._fault("empty_phrase", self.at, end, "")
        elif not found.closed:
            self._fault("open_quote", self.at, end, quote(found.value))
        elif end > found.end:
            self._fault("stray_star", found.end, end, "")
        self._add("leaf", end, Phrase(found.value) if found.value.strip() else None)

    def _word(self) -> None:
        end = run_end(self.text, self.at)
        raw = self.text[self.at : end]
        colon = colon_at(raw)
        if colon > 0 and raw[:colon].lower() in FIELDS:
            self._field(raw[:colon].lower(), self.at + colon + 1)
        elif raw == "OR":
            self._add("or", end)
        else:
            self._mind(raw, colon, end)
            self._add("leaf", end, _text_leaf(raw))

    def _field(self, name: str, value_at: int) -> None:
        read = FieldAt(self.text, name, self.at, value_at).read()
        self.faults.extend(read.faults)
        kind: PieceKind = "leaf" if read.sort is None else "sort"
        self.pieces.append(Piece(kind, self.at, read.end, read.node, read.sort))
        self.at = read.end

    def _mind(self, raw: str, colon: int, end: int) -> None:
        """Note what a saved query refuses about a word that is read as text."""
        if raw in ("AND", "NOT"):
            after = skip_spaces(self.text, end)
            negates = raw == "NOT" and self._starts_term(after) and self.text[after] != "-"
            edit = Edit(self.at, after if negates else end, "-" if negates else "")
            self.faults.append(Fault("query.stray_operator", self.at, end, edit, {"operator": raw}))
        elif colon > 0:
            close = closest_field(raw[:colon]) if colon + 1 < len(raw) else None
            mend = quote(raw) if close is None else close + raw[colon:]
            self._fault("unknown_field", self.at, end, mend, field=raw[:colon])
        elif isinstance(_text_leaf(raw), Word) and (raw.startswith("*") or raw.endswith("*")):
            self._fault("stray_star", self.at, end, raw.strip("*"))


def _text_leaf(raw: str) -> Node:
    beginning = raw.rstrip("*")
    if beginning != raw:
        compared = prefix(beginning)
        # Several tokens have no one beginning: the star is text there.
        if compared and " " not in compared:
            return Prefix(beginning)
    return Word(raw)
