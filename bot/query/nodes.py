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
    """Everything the child does not match. The child is never a Not."""

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

    def __str__(self) -> str:
        """Return the canonical text, from which language.parse makes an equal query again."""
        # Writing asks the lexer how a word would be read, and the lexer needs these nodes.
        from bot.query.writing import write

        return write(self)


def all_of(*nodes: Node | None) -> Node | None:
    """Join nodes by "and", flattened; None stands for everything."""
    children: list[Node] = []
    for node in nodes:
        if node is not None:
            children.extend(node.children if isinstance(node, And) else (node,))
    return _joined(children, And)


def any_of(*nodes: Node) -> Node | None:
    """Join nodes by "or", flattened; None when there are none."""
    children: list[Node] = []
    for node in nodes:
        children.extend(node.children if isinstance(node, Or) else (node,))
    return _joined(children, Or)


def negated(node: Node) -> Node:
    """Return the opposite of a node; twice is the node itself."""
    return node.child if isinstance(node, Not) else Not(node)


def _joined(children: list[Node], kind: type[And] | type[Or]) -> Node | None:
    if len(children) < 2:
        return children[0] if children else None
    return kind(tuple(children))
