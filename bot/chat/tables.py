"""Draws a table for a narrow screen: in columns where they fit, else a line a row, each cell named.

A row whose empty cells were left out would put every number under the wrong head.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from bot.chat.escape import cleaned, inert, isolated
from bot.chat.prose import PART_BYTES, PART_CHARS, parted, prose
from bot.model import Block, BlockType

# A phone 390 pixels wide shows about this many characters of a code block in one line.
WIDTH = 28
EMPTY = "–"

_NUMBER = re.compile(r"[\d.,\s%$€£¥+\-–—]*\d[\d.,\s%$€£¥+\-–—]*")

Rows = Sequence[Sequence[str]]


def table(text: str) -> Iterator[str]:
    """Yield a table in parts, each of which fits a page twice."""
    rows = [[cleaned(cell) for cell in _cells(line)] for line in text.split("\n") if line.strip()]
    if not rows:
        return
    count = max(map(len, rows))
    rows = [[*row, *[""] * (count - len(row))] for row in rows]
    widths = [max(len(row[place]) for row in rows) for place in range(count)]
    if sum(widths) + 2 * (count - 1) <= WIDTH and all(map(_is_narrow, map("".join, rows))):
        yield from _columns(rows, widths)
    elif count > 1 and _has_head(rows):
        yield from parted(line for row in rows[1:] for line in _named(rows[0], row))
    else:
        listed = "\n".join(" · ".join(cell or EMPTY for cell in row) for row in rows)
        yield from prose(Block(BlockType.LIST, listed))


def _columns(rows: Rows, widths: Sequence[int]) -> Iterator[str]:
    # What a row is about stands at its left, be it a year.
    ends = [
        place > 0 and all(map(_is_number, c[1:])) for place, c in enumerate(zip(*rows, strict=True))
    ]
    lines = [
        "  ".join(
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(row, widths, ends, strict=True)
        ).rstrip()
        for row in rows
    ]
    for part in parted(line.replace("`", "'") for line in lines):
        yield f"```\n{part}\n```"


def _named(head: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    """Yield a row as an item of a list: what it is about, then each cell behind its column."""
    about, *cells = row
    named = [
        f"{inert(name, 120, 240)}: {inert(cell)}" if name else inert(cell)
        for name, cell in zip(head[1:], cells, strict=True)
        if cell
    ]
    lead = f"{inert(head[0], 120, 240)}: " if head[0] else ""
    title = f"- {lead}**{isolated(inert(about)) or EMPTY}**"
    line = f"{title} · {isolated(' · '.join(named))}" if named else title
    if len(line) <= PART_CHARS and len(line.encode()) <= PART_BYTES:
        yield line
        return
    shown = zip(head, row, strict=True)
    spelt = [f"{name}: {cell}" if name else cell for name, cell in shown if cell]
    for part in prose(Block(BlockType.LIST, " · ".join(spelt))):
        yield from part.split("\n")


def _has_head(rows: Rows) -> bool:
    """Whether the first row names the columns: every cell but the first, and none is a number."""
    if len(rows) < 2:
        return False
    return all(cell and not _is_number(cell) for cell in rows[0][1:])


def _is_number(cell: str) -> bool:
    return not cell or cell == EMPTY or _NUMBER.fullmatch(cell) is not None


def _is_narrow(text: str) -> bool:
    """Whether every character is as wide as every other where all are of one width."""
    return text.isascii() or all(
        unicodedata.east_asian_width(c) not in "WF"
        and not unicodedata.combining(c)
        and unicodedata.bidirectional(c) not in ("R", "AL")
        for c in text
    )


def _cells(line: str) -> list[str]:
    return line.split("\t") if "\t" in line else line.split(" | ")
