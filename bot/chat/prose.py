"""Draws a block of text as lines: its links stay links, lists keep their nesting, quotes theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from bot.chat.escape import head_of, inert, isolated, linked, safe_url
from bot.model import Block, BlockType

PART_CHARS = 1_150
PART_BYTES = 3_100
DEEPEST = 3
LABEL_CHARS = 200

# Room for what stands before a line: the mark and the indent of a nested list.
_MARK_CHARS = 10
_ADDRESS = re.compile(r"://|^www\.|^[\w.-]+\.[a-z]{2,}(?:[/:?#]\S*)?$", re.IGNORECASE)

Run = tuple[str, str | None]
"""Some text of a line as it is stored, and where it links to."""


def prose(block: Block) -> Iterator[str]:
    """Yield a paragraph, list or quote in parts, each of which fits a page twice."""
    return parted(_lines(block))


def parted(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines together, as many at a time as a part may hold."""
    chunk: list[str] = []
    used = size = 0
    for line in lines:
        if chunk and (used + len(line) > PART_CHARS or size + len(line.encode()) > PART_BYTES):
            yield "\n".join(chunk)
            chunk, used, size = [], 0, 0
        chunk.append(line)
        used += len(line) + 1
        size += len(line.encode()) + 1
    if chunk:
        yield "\n".join(chunk)


def _lines(block: Block) -> Iterator[str]:
    for runs in _rows(block):
        lead = follows = ""
        if block.type is BlockType.QUOTE:
            lead = follows = "> "
        elif block.type is BlockType.LIST:
            first = runs[0][0]
            depth = min(DEEPEST, (len(first) - len(first.lstrip(" "))) // 2)
            # What continues a list item is no item of its own.
            lead, follows = "  " * depth + "- ", "  " * (depth + 1)
        for line in _fitted(runs):
            yield lead + isolated(line)
            lead = follows


def _rows(block: Block) -> Iterator[list[Run]]:
    """Yield the runs of each line of a block."""
    row: list[Run] = []
    for text, url in _runs(block):
        first, *others = text.split("\n")
        row.append((first, url))
        for line in others:
            yield row
            row = [(line, url)]
    yield row


def _runs(block: Block) -> Iterator[Run]:
    at = 0
    for start, end, url in block.links:
        # A text that was cut after it was stored may have lost the end of its links.
        if at <= start < end <= len(block.text):
            yield block.text[at:start], None
            yield block.text[start:end], url
            at = end
    yield block.text[at:], None


def _fitted(runs: Iterable[Run]) -> Iterator[str]:
    """Yield the lines that the runs of one line are shown as; no link is broken."""
    line = ""
    for run in runs:
        for unit, is_whole in _units(*run):
            rest = unit
            while rest:
                chars = PART_CHARS - _MARK_CHARS - len(line)
                size = PART_BYTES - _MARK_CHARS - len(line.encode())
                head, rest = ("", rest) if is_whole else head_of(rest, chars, size)
                if is_whole and len(rest) <= chars and len(rest.encode()) <= size:
                    head, rest = rest, ""
                if rest and not head and not line:
                    break
                line += head
                if rest:
                    yield line.strip()
                    line = ""
    if line.strip():
        yield line.strip()


def _units(text: str, url: str | None) -> Iterator[tuple[str, bool]]:
    """Yield what a run is shown as, and whether it has to stay in one piece."""
    label = inert(text)
    before = " " if text[:1].isspace() else ""
    after = " " if text[-1:].isspace() and label else ""
    target = safe_url(url) if label else None
    if target is None:
        yield before + label + after, False
    elif safe_url(text) == target:
        # An address that is its own text is shown as such, and as no other's.
        yield f"{before}<{target}>{after}", True
    elif len(label) > LABEL_CHARS or _ADDRESS.search(text.strip()):
        # No link is hidden behind the address of another.
        yield before + label, False
        yield f" ({linked(inert(urlsplit(target).netloc), target)}){after}", True
    else:
        yield f"{before}{linked(label, target)}{after}", True
