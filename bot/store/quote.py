"""What is shown of feeds that may be quoted but not reprinted. Pure; all the text stays stored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.model import Block, BlockType

MOST = 300
# A sentence that ends sooner than this in a long paragraph says too little by itself.
_LEAST = 60
_SENTENCE_END = re.compile(r"[.!?…؟۔।]+[\"'”’»)\]]*(?=\s|$)|[。！？]+[」』”]*")


def quoted(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return the beginning of a text, MOST characters at most, to the end of a sentence.

    Images and tables are left out. A sentence that is too long ends after a word, with an ellipsis.
    """
    kept: list[Block] = []
    left = MOST
    for block in blocks:
        if block.type in (BlockType.IMAGE, BlockType.TABLE):
            continue
        whole = len(block.text) <= left
        text = block.text if whole else _begun(block.text, left, first=left == MOST)
        if text:
            kept.append(replace(block, text=text))
        left -= len(text)
        if not whole or left <= 0:
            break
    while kept and kept[-1].type is BlockType.SUBHEADING:
        kept.pop()
    return tuple(kept)


def _begun(text: str, most: int, *, first: bool) -> str:
    ends = (found.end() for found in _SENTENCE_END.finditer(text, 0, most + 1))
    end = max((end for end in ends if end <= most), default=0)
    if end >= _LEAST or not first:
        return text[:end]
    space = text.rfind(" ", most // 2, most)
    return text[: space if space > 0 else most - 1].rstrip(" ,;:") + "…"
