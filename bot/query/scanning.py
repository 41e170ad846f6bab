"""What a query's characters mean to every reader of it: quotes, colons, runs, faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_QUOTE_FAMILIES = ('"“”„‟＂〝〞〟', "«»", "「」", "『』")
_CLOSERS = {quote: frozenset(family) for family in _QUOTE_FAMILIES for quote in family}
QUOTES = frozenset(_CLOSERS)
COLONS = frozenset(":：")


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `text` in place of [start, end)."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What a saved query refuses at [start, end), and the edit that mends it (None: unknown)."""

    key: str
    start: int
    end: int
    edit: Edit | None = None
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quoted:
    """The text between two quotes and where it ends; not `closed`: it ran to the query's end."""

    value: str
    end: int
    closed: bool


def quoted(text: str, start: int) -> Quoted:
    """Read the quoted text that opens at `start`; a quote closes with any of its own family."""
    closers = _CLOSERS[text[start]]
    value: list[str] = []
    at = start + 1
    while at < len(text):
        character = text[at]
        if character in closers:
            return Quoted("".join(value), at + 1, True)
        following = text[at + 1 : at + 2]
        if character == "\\" and (following == "\\" or following in QUOTES):
            character, at = following, at + 1
        value.append(character)
        at += 1
    return Quoted("".join(value), at, False)


def quote(value: str) -> str:
    """Write a text so that `quoted` reads it again."""
    inner = value.replace("\\", "\\\\")
    return '"' + "".join(f"\\{c}" if c in _CLOSERS['"'] else c for c in inner) + '"'


def run_end(text: str, start: int, stops: str = "()") -> int:
    """Return where the characters that belong to one word end."""
    at = start
    while at < len(text) and not text[at].isspace() and text[at] not in stops:
        at += 1
    return at


def skip_spaces(text: str, at: int) -> int:
    """Return the place of the next character that is no white space."""
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def colon_at(run: str) -> int:
    """Return the place of the first colon after at least one character, or -1."""
    return next((i for i, character in enumerate(run) if i and character in COLONS), -1)
