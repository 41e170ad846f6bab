"""The passage of an article that answers a query, cut from the original text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.model import Block, BlockType
from bot.query import text
from bot.store.resolve import Both, Either, Run, Start, Test

LENGTH = 200
_LEAD = 60
_SHOWN = (BlockType.PARAGRAPH, BlockType.QUOTE, BlockType.LIST, BlockType.TABLE)
_PIECE = re.compile(r"\S+")
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Passage:
    """What an excerpt looks for: whole tokens, and beginnings of words."""

    tokens: frozenset[str] = frozenset()
    starts: tuple[str, ...] = ()

    @classmethod
    def of(cls, test: Test) -> Passage:
        """Return what the positive part of a resolved query looks for in the text."""
        runs = list(_wanted(test))
        tokens = frozenset(token for run in runs if isinstance(run, Run) for token in run.tokens)
        starts = tuple(run.start for run in runs if isinstance(run, Start))
        return cls(tokens, starts)

    def held_in(self, part: str) -> int:
        """Return how many different things that are looked for stand in a part of a text."""
        found = set(text.tokens(part))
        held = len(self.tokens & found)
        if self.starts:
            words = found.union(text.words_text(part).split())
            held += sum(any(word.startswith(start) for word in words) for start in self.starts)
        return held

    def found_in(self, part: str) -> bool:
        """Return whether any of it stands in a part of a text."""
        found = text.tokens(part)
        if not self.tokens.isdisjoint(found):
            return True
        if not self.starts:
            return False
        return any(
            word.startswith(self.starts) for word in (*found, *text.words_text(part).split())
        )


def _wanted(test: Test) -> Iterator[Run | Start]:
    match test:
        case Run() | Start():
            yield test
        case Both(children=children) | Either(children=children):
            for child in children:
                yield from _wanted(child)


def excerpt(blocks: Sequence[Block], passage: Passage) -> str:
    """Return about LENGTH characters around the first match, else the beginning of the text."""
    shown = [" ".join(block.text.split()) for block in blocks if block.type in _SHOWN]
    shown = [part for part in shown if part]
    if not shown:
        return ""
    for part in shown if passage.tokens or passage.starts else ():
        if passage.found_in(part):
            return _cut(part, _position(part, passage))
    return _cut(shown[0], 0)


def fullest(blocks: Sequence[Block], passage: Passage) -> int | None:
    """Return which shown block holds the most of what is looked for, the first of equals."""
    best, most = None, 0
    for place, block in enumerate(blocks):
        held = passage.held_in(block.text) if block.type in _SHOWN else 0
        if held > most:
            best, most = place, held
    return best


def _position(part: str, passage: Passage) -> int:
    for piece in _PIECE.finditer(part):
        if passage.found_in(piece.group()):
            return piece.start() + _within(piece.group(), passage)
    return 0


def _within(piece: str, passage: Passage) -> int:
    # A script without spaces makes one long piece of a paragraph: look for the pair in it.
    if len(piece) <= _LEAD:
        return 0
    places = (piece.casefold().find(token) for token in passage.tokens)
    return min((place for place in places if place >= 0), default=0)


def _cut(part: str, position: int) -> str:
    if len(part) <= LENGTH:
        return part
    start = 0 if position <= _LEAD * 2 else _word_start(part, position - _LEAD)
    end = start + LENGTH
    if end >= len(part):
        start = min(start, _word_start(part, len(part) - LENGTH))
        return _ELLIPSIS + part[start:]
    space = part.rfind(" ", start + LENGTH * 3 // 4, end)
    body = part[start : space if space > 0 else end].rstrip(" ,;:")
    return (_ELLIPSIS if start else "") + body + _ELLIPSIS


def _word_start(part: str, place: int) -> int:
    space = part.find(" ", place, place + _LEAD)
    return place if space < 0 else space + 1
