"""Where the parts of a text link to, kept in step while the text is cleaned, joined and parted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.ingest.plain import clean_lines
from bot.model import Block, BlockType

Links = tuple[tuple[int, int, str], ...]
Span = tuple[int, int, str]
"""The parts of a text, by their places, that are one link, and its address."""


def placed(parts: Sequence[str], spans: Sequence[Span], text: str) -> Links:
    """Return where the links of raw parts stand in the clean text that was made of all of them.

    A link whose words cannot be told for sure from others ends the search: a text with fewer
    links is right, one with a link on other words is not.
    """
    found = []
    done = at = 0
    for begin, end, url in spans:
        at = _after(text, at, clean_lines("".join(parts[done:begin])))
        label = clean_lines("".join(parts[begin:end]))
        last = _after(text, at, label) if at >= 0 else -1
        if last < 0:
            break
        if label:
            found.append((last - len(label), last, url))
        done, at = end, last
    return tuple(found)


def _after(text: str, at: int, piece: str) -> int:
    """Return where a piece ends that stands at a place or after the spaces there, else -1."""
    if not piece:
        return at
    while at < len(text) and text[at].isspace():
        at += 1
    return at + len(piece) if text.startswith(piece, at) else -1


def moved(links: Links, by: int) -> Links:
    """Return links of a text that is longer by some characters at its beginning, or shorter."""
    return tuple((start + by, end + by, url) for start, end, url in links if start + by >= 0)


def joined(kind: BlockType, blocks: Sequence[Block], by: str) -> Block:
    """Return one block of the texts of several, with their links."""
    if not any(block.links for block in blocks):
        return Block(kind, by.join(block.text for block in blocks))
    at, links = 0, list[tuple[int, int, str]]()
    for block in blocks:
        links += moved(block.links, at)
        at += len(block.text) + len(by)
    return Block(kind, by.join(block.text for block in blocks), None, tuple(links))


def lines_of(block: Block) -> Iterator[tuple[str, Links]]:
    """Yield a block's lines, each with its own links."""
    at = 0
    for line in block.text.split("\n"):
        end = at + len(line)
        own = tuple(link for link in block.links if at <= link[0] and link[1] <= end)
        yield line, moved(own, -at)
        at = end + 1


def without_before(block: Block, rest: str, at: int) -> Block:
    """Return a block whose text is a rest of it that begins at a place."""
    kept = (link for link in moved(block.links, -at) if link[1] <= len(rest))
    return Block(block.type, rest, None, tuple(kept))
