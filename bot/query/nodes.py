"""What a query is once it is read: a tree of frozen nodes.

Everything that asks, stores, matches or explains works on these; only language.py makes them
from text, and `str(query)` is the only way back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NameField = Literal["tag", "feed", "author", "source", "title"]
"""`tag` and `feed` match a whole name by its key; the others match words within a name."""

DateField = Literal["after", "before", "on"]
Sort = Literal["new", "old", "best"]
Unit = Literal["h", "d", "w", "mo", "y"]


@dataclass(frozen=True, slots=True)
class Word:
    """A word as typed. Several tokens (covid-19, CJK text) must follow one another."""

    text: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """The beginning of a word: `pre*`, kept without its star."""

    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row within one part of the article (title, a tag list, byline, body …)."""

    text: str


@dataclass(frozen=True, slots=True)
class Named:
    """`tag:UN`, `source:"AP / Reuters",Reuters`: any of the values."""

    field: NameField
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dated:
    """`after:2022-08`: the day, month or year as typed (YYYY, YYYY-MM or YYYY-MM-DD)."""

    field: DateField
    text: str


@dataclass(frozen=True, slots=True)
class Newer:
    """`newer:7d`: published within this span before the moment of asking."""

    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Has:
    """`has:image`."""

    what: Literal["image"]


@dataclass(frozen=True, slots=True)
class Is:
    """`is:chart`: the article's kind."""

    kind: Literal["article", "chart", "infographic", "video"]


@dataclass(frozen=True, slots=True)
class Not:
    """Everything the child does not match."""

    child: Node


@dataclass(frozen=True, slots=True)
class And:
    """All children match. Never empty, never holds an And."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one child matches. Never empty, never holds an Or."""

    children: tuple[Node, ...]


Node = Word | Prefix | Phrase | Named | Dated | Newer | Has | Is | Not | And | Or


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query: what to match (None: everything) and in which order (None: the surface's)."""

    root: Node | None = None
    sort: Sort | None = None
