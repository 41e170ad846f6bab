"""A query written as text again: the one canonical form, from which the parser reads it back."""

from __future__ import annotations

from bot.query.fields import write_value
from bot.query.lexer import Lexer
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
from bot.query.scanning import quote


def write(query: Query) -> str:
    """Return the canonical text of a query; a query of everything is the empty text."""
    parts = [] if query.root is None else [write_node(query.root)]
    if query.sort is not None:
        parts.append(f"sort:{query.sort}")
    return " ".join(parts)


def write_node(node: Node) -> str:
    """Return the canonical text of one node."""
    match node:
        case And(children):
            return " ".join(write_node(child) for child in children)
        case Or(children):
            return " OR ".join(_grouped(child, And) for child in children)
        case Not(child):
            return "-" + _grouped(child, And, Or)
        case _:
            return _write_leaf(node)


def _grouped(node: Node, *kinds: type[Node]) -> str:
    written = write_node(node)
    return f"({written})" if isinstance(node, kinds) else written


def _write_leaf(node: Node) -> str:
    match node:
        case Word(text):
            return text if _reads_as(node, text) else quote(text)
        case Prefix(text):
            # A beginning of several tokens cannot be written; the words themselves come nearest.
            return f"{text}*" if _reads_as(node, f"{text}*") else quote(text)
        case Phrase(text):
            return quote(text)
        case Named(field, values):
            return f"{field}:" + ",".join(write_value(value) for value in values)
        case Dated(field, text):
            return f"{field}:{text}"
        case Newer(amount, unit):
            return f"newer:{amount}{unit}"
        case Has(what):
            return f"has:{what}"
        case Is(kind):
            return f"is:{kind}"
        case _:
            raise TypeError(type(node).__name__)


def _reads_as(node: Node, written: str) -> bool:
    lexer = Lexer(written)
    lexer.run()
    return [piece.node for piece in lexer.pieces] == [node]
