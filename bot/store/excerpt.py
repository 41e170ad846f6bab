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
        joined = text.index_text(part)
        spaced = f" {joined} "
        held = sum(f" {token} " in spaced for token in self.tokens)
        if self.starts:
            words = {*joined.split(), *text.words_text(part).split()}
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


@dataclass(frozen=True, slots=True)
class Extract:
    """What is quoted of an article: about LENGTH characters, and where they stand.

    `block` is None where nothing that is looked for stands in the text; `heading` is the
    sub-heading over the block.
    """

    text: str
    block: int | None = None
    heading: str | None = None


def extract(blocks: Sequence[Block], passage: Passage) -> Extract:
    """Return a cut around the match of the block that answers best, else the text's beginning."""
    at = fullest(blocks, passage)
    if at is None:
        first = next((block.text for block in blocks if block.type in _SHOWN and block.text), "")
        return Extract(_cut(" ".join(first.split()), 0))
    part = " ".join(blocks[at].text.split())
    heads = (block.text for block in reversed(blocks[:at]) if block.type is BlockType.SUBHEADING)
    return Extract(_cut(part, _position(part, passage)), at, next(heads, None))


def fullest(blocks: Sequence[Block], passage: Passage) -> int | None:
    """Return which shown block holds the most of what is looked for, the first of equals."""
    wanted = len(passage.tokens) + len(passage.starts)
    best, most = None, 0
    for place, block in enumerate(blocks) if wanted else ():
        held = passage.held_in(block.text) if block.type in _SHOWN else 0
        if held > most:
            best, most = place, held
        if most == wanted:
            break
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
