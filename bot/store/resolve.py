"""A query with its names and dates looked up: what the statement and the exact check both read.

Search and matching differ only after this step, so that they cannot disagree about what a name,
an alias, a date or a word's tokens mean.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from math import ceil

from bot.model import Scope
from bot.query import language, text
from bot.query.nodes import (
    And,
    Dated,
    Has,
    Is,
    Named,
    Newer,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Word,
)
from bot.store import lookup
from bot.store.freshness import GAIN
from bot.store.index import IMAGE

# Saved queries are asked of every article: what their words are is found out once.
_REMEMBERED = 65_536


@dataclass(frozen=True, slots=True)
class Always:
    """Every article."""


@dataclass(frozen=True, slots=True)
class Never:
    """No article."""


@dataclass(frozen=True, slots=True)
class Run:
    """Tokens in a row within one text column, or within the one named.

    With `open_end` the last is only the beginning of a token.
    """

    tokens: tuple[str, ...]
    column: str | None = None
    open_end: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """A token of a text column, or an unstemmed word, that begins so."""

    start: str


@dataclass(frozen=True, slots=True)
class Keys:
    """Any of these opaque tokens (never empty)."""

    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """Published in [low, high) seconds; an unknown date never is."""

    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Neither:
    """Not the child."""

    child: Test


@dataclass(frozen=True, slots=True)
class Both:
    """All children."""

    children: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one child."""

    children: tuple[Test, ...]


Test = Always | Never | Run | Start | Keys | Between | Neither | Both | Either


Names = Callable[[sqlite3.Connection, str, str, Scope], tuple[str, ...]]
"""Returns the index keys that a field's value means in a scope."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks and when: what a query's names and dates are looked up with.

    `names` may leave out what the one article in question does not have.
    """

    scope: Scope
    now: datetime
    zone: tzinfo = UTC
    names: Names = field(default=lookup.ids, compare=False)
    freshness: float = GAIN  # how much the newest may gain in the order of the best


def resolve(connection: sqlite3.Connection, query: Query, asked: Asked) -> Test:
    """Return what a query tests. Text without any letter or digit is passed over."""
    if query.root is None:
        return Always()
    # A query of nothing but such text finds nothing, rather than everything.
    return _node(connection, query.root, asked) or Never()


def _node(connection: sqlite3.Connection, node: Node, asked: Asked) -> Test | None:
    """Return the node's test, or None for one that says nothing."""
    match node:
        case Word(text=typed) | Phrase(text=typed):
            return _run(typed)
        case Prefix(text=typed):
            return _start(typed)
        case Named():
            return _named(connection, node, asked)
        case Dated():
            since, until = language.span(node, asked.zone)
            return Between(_from(since), _from(until))
        case Newer():
            return Between(_from(language.since(node, asked.now)), None)
        case Has():
            return Keys((IMAGE,))
        case Is(kind=kind):
            return Keys((f"k{kind}",))
        case Not(child=child):
            inner = _node(connection, child, asked)
            return None if inner is None else Neither(inner)
        case And(children=children):
            return _all(connection, children, asked, Both)
        case Or(children=children):
            return _all(connection, children, asked, Either)


def _all(
    connection: sqlite3.Connection,
    children: tuple[Node, ...],
    asked: Asked,
    joined: Callable[[tuple[Test, ...]], Test],
) -> Test | None:
    found = [_node(connection, child, asked) for child in children]
    tests = tuple(test for test in found if test is not None)
    if len(tests) < 2:
        return tests[0] if tests else None
    return joined(tests)


@lru_cache(maxsize=_REMEMBERED)
def _run(typed: str) -> Run | None:
    found = text.query_tokens(typed)
    return Run(found.tokens, open_end=found.open_end) if found.tokens else None


@lru_cache(maxsize=_REMEMBERED)
def _start(typed: str) -> Test | None:
    starts = text.prefix(typed).split()
    heads = text.query_tokens(typed).tokens[: len(starts)]
    if not starts:
        return None
    if len(heads) < len(starts):
        # A script without spaces: its pairs in a row are a beginning already.
        return Run(heads)
    if len(starts) == 1:
        return Start(starts[0])
    # `covid-19*`: the words before the last in full, and the beginning of the last.
    return Both((Run(heads[:-1]), Start(starts[-1])))


def _from(time: datetime | None) -> int | None:
    return None if time is None else ceil(time.timestamp())


def _named(connection: sqlite3.Connection, node: Named, asked: Asked) -> Test:
    if node.field == "title":
        return _titled(node.values)
    keys: dict[str, None] = {}
    for value in node.values:
        keys.update(dict.fromkeys(asked.names(connection, node.field, value, asked.scope)))
    return Keys(tuple(keys)) if keys else Never()


@lru_cache(maxsize=_REMEMBERED)
def _titled(values: tuple[str, ...]) -> Test:
    choices: list[Test] = []
    for value in values:
        found = text.query_tokens(value)
        last = len(found.tokens) - 1
        runs: tuple[Test, ...] = tuple(
            Run((token,), "title", open_end=found.open_end and i == last)
            for i, token in enumerate(found.tokens)
        )
        if runs:
            choices.append(Both(runs) if len(runs) > 1 else runs[0])
    if len(choices) < 2:
        return choices[0] if choices else Never()
    return Either(tuple(choices))
