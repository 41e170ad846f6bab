"""What the index holds of an article's own text: one function for intake, workers and rebuilds."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from bot.model import Block, BlockType, Keyed, Ready, Texts
from bot.query import text
from bot.query.packing import packed, unpacked

OPENING = 160
"""Tokens of a text's beginning that are compared with others'."""

_SHINGLE = 4
# One shingle in so many is a key, chosen by its first word, so that copies choose the same ones.
_ONE_KEY_IN = 10
_KEYS_MOST = 9
_KEYED = 100
_SHORTEST = 8


def texts(title: str, blocks: Sequence[Block]) -> Texts:
    """Return the index's text of a title and of the blocks under it."""
    heads = [block.text for block in blocks if block.type is BlockType.SUBHEADING]
    body = [block.text for block in blocks if block.type is not BlockType.SUBHEADING]
    title_text, title_words = text.indexed([title])
    (heads_text, body_text), words = text.indexed_together(heads, body)
    return Texts(title_text, heads_text, body_text, title_words, words)


def made_ready(keyed: Keyed) -> Keyed:
    """Return an entry with all that the store needs of its text made beforehand."""
    entry = keyed.entry
    made = texts(entry.title, entry.blocks)
    ready = Ready(
        made,
        packed(entry.blocks),
        any(block.type is BlockType.IMAGE for block in entry.blocks),
        openings(made.body.split(" ", OPENING)[:OPENING] if made.body else ()),
    )
    return Keyed(replace(entry, blocks=()), keyed.keys, keyed.content_hash, ready)


def whole(keyed: Keyed) -> Keyed:
    """Return an entry that holds its blocks itself."""
    if keyed.ready is None:
        return keyed
    return replace(keyed, entry=replace(keyed.entry, blocks=unpacked(keyed.ready.blocks)))


def openings(body: Sequence[str]) -> tuple[int, ...]:
    """Return the keys of a text by the tokens of its beginning; copies share most of them."""
    starts = [i for i, token in enumerate(body[:_KEYED]) if _is_start(token)]
    starts = starts or list(range(min(1, len(body) // _SHORTEST)))
    chosen = {hashed(" ".join(body[i : i + _SHINGLE])) for i in starts}
    return tuple(sorted(chosen)[:_KEYS_MOST])


@lru_cache(maxsize=1 << 16)
def _is_start(token: str) -> bool:
    return hashed(token) % _ONE_KEY_IN == 0


def hashed(words: str) -> int:
    """Return a key of words."""
    return zlib.crc32(words.encode())


def joined(words: Sequence[str]) -> str:
    """Return distinct words in order, from several texts of words."""
    return " ".join(dict.fromkeys(" ".join(words).split()))
