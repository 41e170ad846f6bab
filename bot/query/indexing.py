"""What the index holds of an article's own text: one function for intake, workers and rebuilds."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import Block, BlockType, Texts
from bot.query import text


def texts(title: str, blocks: Sequence[Block]) -> Texts:
    """Return the index's text of a title and of the blocks under it."""
    heads = [block.text for block in blocks if block.type is BlockType.SUBHEADING]
    body = [block.text for block in blocks if block.type is not BlockType.SUBHEADING]
    title_text, title_words = text.indexed([title])
    heads_text, heads_words = text.indexed(heads)
    body_text, body_words = text.indexed(body)
    return Texts(title_text, heads_text, body_text, title_words, joined([heads_words, body_words]))


def joined(words: Sequence[str]) -> str:
    """Return distinct words in order, from several texts of words."""
    return " ".join(dict.fromkeys(" ".join(words).split()))
