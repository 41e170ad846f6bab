"""The pieces of a query joined into its tree, within limits; never raises, and never recurses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.query.fields import WHOLE_NAMES
from bot.query.lexer import Lexer, Piece
from bot.query.nodes import (
    Named,
    Node,
    Phrase,
    Query,
    Sort,
    Word,
    all_of,
    any_of,
    negated,
)
from bot.query.scanning import Edit, Fault
from bot.query.text import query_tokens, tokens

MAX_TERMS = 200  # tokens: FTS5's own depth limit lies a little above
MAX_DEPTH = 10

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Reading:
    """A query as read, and everything about its text that a saved query refuses, in order."""

    query: Query
    faults: tuple[Fault, ...]
    cuts: tuple[Fault, ...]


def read(text: str) -> Reading:
    """Read any text as a query."""
    parser = _Parser(_SURROGATE.sub("\ufffd", text))
    return parser.run()


@dataclass(slots=True)
class _Frame:
    """An open parenthesis (or the whole query): its groups are joined by "and", each by "or"."""

    opened: Piece | None = None
    negative: bool = False
    ignored: int = 0
    groups: list[list[Node | None]] = field(default_factory=list)
    joining: bool = False

    def add_aside(self, node: Node | None) -> None:
        """Add a group of its own without ending the "or" that is under way."""
        self.groups.insert(len(self.groups) - self.joining, [node])

    def add(self, node: Node | None) -> None:
        if self.joining:
            self.groups[-1].append(node)
        else:
            self.groups.append([node])
        self.joining = False

    def node(self) -> Node | None:
        joined = (any_of(*(node for node in group if node is not None)) for group in self.groups)
        return all_of(*joined)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        lexer = Lexer(text)
        lexer.run()
        self._faults = lexer.faults
        self._sorts: list[Piece] = []
        self._pieces: list[Piece] = []
        for piece in lexer.pieces:
            self._set_apart(piece)
        self._operand_after = _operands_after(self._pieces)
        self._cuts: list[Fault] = []
        self._frames = [_Frame()]
        self._negative = False
        self._terms = 0
        self._full = False
        self._unheard: Node | None = None

    def run(self) -> Reading:
        at = 0
        while at < len(self._pieces):
            at = self._take(at)
        self._close_all()
        root = self._frames[0].node()
        if root is None and (self._pieces or self._unheard) and not self._faults:
            self._fault("nothing", 0, len(self._text), None)
        sort: Sort | None = self._sorts[-1].sort if self._sorts else None
        faults = sorted([*self._faults, *self._cuts], key=lambda fault: (fault.start, fault.end))
        return Reading(Query(root or self._unheard, sort), tuple(faults), tuple(self._cuts))

    def _set_apart(self, piece: Piece) -> None:
        """Keep sorts out of the tree; a negated one means nothing, and is text."""
        if piece.kind != "sort":
            self._pieces.append(piece)
            return
        before = self._pieces[-1] if self._pieces else None
        start = piece.start
        if before is not None and before.kind == "not" and before.end == piece.start:
            start = before.start
            literal = Phrase(self._text[piece.start : piece.end])
            self._pieces.append(Piece("leaf", piece.start, piece.end, literal))
        else:
            self._sorts.append(piece)
        self._fault("sort_refused", piece.start, piece.end, Edit(start, piece.end, ""))

    def _take(self, at: int) -> int:
        piece = self._pieces[at]
        match piece.kind:
            case "not":
                self._negative = not self._negative
            case "open":
                return self._open(at)
            case "close":
                self._close(piece)
            case "or" if self._joins(at):
                self._frames[-1].joining = True
            case "or":
                edit = Edit(piece.start, piece.end, "")
                self._fault("stray_operator", piece.start, piece.end, edit, operator="OR")
                self._frames[-1].add_aside(self._heard(Word("or"), piece))
            case _:
                self._frames[-1].add(self._heard(piece.node, piece))
        return at + 1

    def _joins(self, at: int) -> bool:
        """Tell whether an OR has something to join on both sides; further ORs do not count."""
        frame = self._frames[-1]
        joinable = bool(frame.groups) and not frame.joining and not self._negative
        return joinable and self._operand_after[at]

    def _heard(self, node: Node | None, piece: Piece) -> Node | None:
        """Return the leaf as it counts in the tree; None leaves it out."""
        heard = None if node is None else self._within_limits(node, piece)
        if node is not None and not _has_tokens(node):
            # A smiley alone must find nothing, not everything.
            if self._unheard is None and not self._negative:
                self._unheard = node
            heard = None
        if heard is not None and self._negative:
            heard = negated(heard)
        self._negative = False
        return heard

    def _within_limits(self, node: Node, piece: Piece) -> Node | None:
        cost = _cost(node)
        if not self._full and self._terms + cost <= MAX_TERMS:
            self._terms += cost
            return node
        if not self._full:
            self._full = True
            fault = Fault(
                "query.too_long", piece.start, len(self._text), None, {"limit": MAX_TERMS}
            )
            self._cuts.append(fault)
            if self._terms == 0:
                return _shortened(node)
        return None

    def _open(self, at: int) -> int:
        piece = self._pieces[at]
        if len(self._frames) <= MAX_DEPTH:
            self._frames.append(_Frame(piece, self._negative))
            self._negative = False
            return at + 1
        if not any(cut.key == "query.too_deep" for cut in self._cuts):
            fault = Fault("query.too_deep", piece.start, piece.end, None, {"limit": MAX_DEPTH})
            self._cuts.append(fault)
        if self._negative:
            # Without its parentheses a negated group would turn into its opposite.
            self._negative = False
            self._frames[-1].add(None)
            return self._after_group(at)
        self._frames[-1].ignored += 1
        return at + 1

    def _after_group(self, at: int) -> int:
        depth = 0
        while at < len(self._pieces):
            depth += {"open": 1, "close": -1}.get(self._pieces[at].kind, 0)
            at += 1
            if depth == 0:
                break
        return at

    def _close(self, piece: Piece) -> None:
        frame = self._frames[-1]
        if frame.ignored:
            frame.ignored -= 1
        elif len(self._frames) == 1:
            edit = Edit(piece.start, piece.end, "")
            self._fault("unbalanced", piece.start, piece.end, edit)
        else:
            self._end_frame(piece.end)

    def _end_frame(self, end: int) -> None:
        frame = self._frames.pop()
        node = frame.node()
        if not frame.groups and frame.opened is not None:
            edit = Edit(frame.opened.start, end, "")
            self._fault("empty_group", frame.opened.start, end, edit)
        self._frames[-1].add(negated(node) if node is not None and frame.negative else node)

    def _close_all(self) -> None:
        end = len(self._text)
        while len(self._frames) > 1:
            opened = self._frames[-1].opened
            if opened is not None:
                self._fault("unbalanced", opened.start, opened.end, Edit(end, end, ")"))
            self._end_frame(end)

    def _fault(
        self, key: str, start: int, end: int, edit: Edit | None, **params: str | int
    ) -> None:
        self._faults.append(Fault(f"query.{key}", start, end, edit, params))


def _operands_after(pieces: list[Piece]) -> list[bool]:
    """Tell for each piece whether the next one that is no OR begins an operand."""
    begins: list[bool] = []
    operand = False
    for piece in reversed(pieces):
        begins.append(operand)
        if piece.kind != "or":
            operand = piece.kind in ("leaf", "open", "not")
    return begins[::-1]


def _has_tokens(node: Node) -> bool:
    return not isinstance(node, Word | Phrase) or bool(tokens(node.text))


def _cost(node: Node) -> int:
    """Return how many tokens the index is asked for."""
    if isinstance(node, Word | Phrase):
        return len(query_tokens(node.text).tokens)
    if isinstance(node, Named):
        if node.field in WHOLE_NAMES:
            return len(node.values)
        return sum(len(query_tokens(value).tokens) for value in node.values)
    return 1


def _shortened(node: Node) -> Node:
    if isinstance(node, Word | Phrase):
        return Phrase(_beginning(node.text, MAX_TERMS))
    if isinstance(node, Named):
        kept = node.values[:1]
        for value in node.values[1:]:
            longer = Named(node.field, (*kept, value))
            if _cost(longer) > MAX_TERMS:
                break
            kept = longer.values
        if _cost(Named(node.field, kept)) > MAX_TERMS:
            kept = (_beginning(kept[0], MAX_TERMS),)
        return Named(node.field, kept)
    return node


def _beginning(text: str, limit: int) -> str:
    """Return the longest beginning of the text that asks for at most `limit` tokens."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if len(query_tokens(text[:middle]).tokens) <= limit:
            low = middle
        else:
            high = middle - 1
    return text[:low]
