"""The query language: text in, query out. The one place where text becomes a query.

A member's text never raises: what cannot be read as an operator is text. A saved query is
strict: the error names the place and offers a mend.
"""

from __future__ import annotations

from bot.errors import QueryError
from bot.model import Note
from bot.query.dates import since, span
from bot.query.lexer import Lexer
from bot.query.nodes import And, Node, Not, Or, Phrase, Query, Sort, Word, all_of, any_of
from bot.query.parser import MAX_DEPTH, MAX_TERMS, Reading, read
from bot.query.scanning import Edit, Fault
from bot.query.writing import write

__all__ = [
    "MAX_DEPTH",
    "MAX_TERMS",
    "narrow",
    "parse",
    "parse_noted",
    "parse_strict",
    "since",
    "span",
    "str_of",
]

_MEND_ROUNDS = 8


def parse(text: str) -> Query:
    """Read what a member typed; never raises."""
    return read(text).query


def parse_noted(text: str) -> tuple[Query, tuple[Note, ...]]:
    """Read what a member typed, and say what was cut because it was too long or too deep."""
    reading = read(text)
    notes = tuple(Note(f"{cut.key}_cut", cut.params) for cut in reading.cuts)
    return reading.query, notes


def parse_strict(text: str) -> Query:
    """Read a query that is to be saved.

    Raises QueryError at the first thing that would be read as text by mistake, with the place
    and a mended query that this function accepts.
    """
    reading = read(text)
    if not reading.faults:
        return reading.query
    first = reading.faults[0]
    raise QueryError(
        first.key,
        start=first.start,
        end=first.end,
        mend=_mended(text, reading),
        **first.params,
    )


def str_of(query: Query) -> str:
    """Return the canonical text: parse(str_of(query)) == query."""
    return write(query)


def narrow(query: Query, *nodes: Node, sort: Sort | None = None) -> Query:
    """Return the query with further conditions that must hold too; `sort` beats its own."""
    return Query(all_of(query.root, *nodes), sort or query.sort)


def _mended(text: str, reading: Reading) -> str | None:
    mended, root = text, reading.query.root
    for _ in range(_MEND_ROUNDS):
        edited = _edited(mended, reading.faults)
        if edited == mended:
            break
        mended, reading = edited, read(edited)
        if not reading.faults and reading.query.root is not None:
            return write(reading.query)
    # Not every fault has an edit (a query that is too long): take what was understood.
    understood = write(Query(None if root is None else _literal(root)))
    return understood if understood and not read(understood).faults else None


def _edited(text: str, faults: tuple[Fault, ...]) -> str:
    edits = [fault.edit for fault in faults if fault.edit is not None]
    untouched = len(text) + 1
    for edit in sorted(edits, key=_place, reverse=True):
        if edit.end <= untouched:
            text = text[: edit.start] + edit.text + text[edit.end :]
            untouched = edit.start
    return text


def _place(edit: Edit) -> tuple[int, int]:
    return edit.start, edit.end


def _literal(node: Node) -> Node:
    """Return the node with every word that only a member may write as a phrase."""
    match node:
        case Word(text):
            lexer = Lexer(text)
            lexer.run()
            return Phrase(text) if lexer.faults else node
        case Not(child):
            return Not(_literal(child))
        case And(children):
            return all_of(*map(_literal, children)) or node
        case Or(children):
            return any_of(*map(_literal, children)) or node
        case _:
            return node
