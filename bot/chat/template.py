"""The small language of templates: `{title}`, `{authors|unknown}`, `{excerpt:200}`. Nothing else.

A placeholder may say how long it may be and what stands in its place when there is nothing.
What it brings is made inert; what a moderator writes around it keeps its markdown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.chat.escape import inert, isolated, safe_url
from bot.chat.room import Room, Say, also_at, byline, moment
from bot.errors import TagwireError
from bot.model import Article, BlockType

TEMPLATE_CHARS = 1_000
LENGTH_MOST = 2_000
DEFAULT_LENGTH = 300

_PIECE = re.compile(r"\{\{|\}\}|\{(?P<inner>[^{}]*)\}|[{}]")
_INNER = re.compile(
    r"\s*(?P<name>\w+)\s*(?::\s*(?P<length>\d{1,4})\s*)?(?:\|(?P<fallback>.*))?", re.S
)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What is filled in: a part of the article, at most so many characters, else the fallback."""

    name: str
    length: int = DEFAULT_LENGTH
    fallback: str = ""


Template = tuple[str | Placeholder, ...]


def parsed(text: str) -> Template:
    """Read a template. Raises TagwireError naming what cannot be read."""
    if len(text) > TEMPLATE_CHARS:
        raise TagwireError("chat.template_long", count=TEMPLATE_CHARS)
    pieces: list[str | Placeholder] = []
    end = 0
    for found in _PIECE.finditer(text):
        pieces.append(text[end : found.start()])
        pieces.append(_piece(found))
        end = found.end()
    pieces.append(text[end:])
    return tuple(piece for piece in pieces if piece != "")


def _piece(found: re.Match[str]) -> str | Placeholder:
    if found[0] in ("{{", "}}"):
        return found[0][0]
    inner = _INNER.fullmatch(found["inner"] or "")
    if inner is None:
        raise TagwireError("chat.template_brace", place=found.start() + 1)
    name = inner["name"].lower()
    if name not in PARTS:
        raise TagwireError("chat.template_unknown", name=name, known=", ".join(PARTS))
    length = int(inner["length"] or DEFAULT_LENGTH)
    return Placeholder(name, min(length, LENGTH_MOST), inner["fallback"] or "")


def filled(template: Template, article: Article, room: Room, say: Say) -> str:
    """Return the template with an article's parts, within the room."""
    made: list[str] = []
    for piece in template:
        shown = piece if isinstance(piece, str) else _shown(piece, article, room, say)
        made.append(shown)
        room = room.left_after(shown)
    return "".join(made).strip()


def _shown(piece: Placeholder, article: Article, room: Room, say: Say) -> str:
    if room.chars < 2 or room.size < 8:
        return ""
    value = PARTS[piece.name](article, say)
    if piece.name in WHOLE:
        fits = len(value) <= room.chars and len(value.encode()) <= room.size
        return value if value and fits else piece.fallback
    shown = inert(value, min(piece.length, room.chars), room.size)
    return isolated(shown) or piece.fallback


def opening(article: Article) -> str:
    """Return the article's first paragraph, or the first text it has."""
    first = next((b.text for b in article.blocks if b.type is BlockType.PARAGRAPH), None)
    if first is not None:
        return first
    readable = (b.text for b in article.blocks if b.type is not BlockType.IMAGE)
    return next(readable, "")


# Shown whole or not at all, and made safe by what makes them.
WHOLE = frozenset({"authors", "also", "date", "link", "image"})
PARTS: Mapping[str, Callable[[Article, Say], str]] = {
    "title": lambda article, say: article.title,
    "authors": lambda article, say: byline(article.authors, say),
    "source": lambda article, say: article.source or article.feed,
    "also": lambda article, say: also_at(article.also, say),
    "tags": lambda article, say: ", ".join(tag.name for tag in article.tags),
    "date": lambda article, say: (
        moment(article.published_at, say) if article.published_at is not None else ""
    ),
    "excerpt": lambda article, say: opening(article),
    "link": lambda article, say: safe_url(article.url) or "",
    "image": lambda article, say: safe_url(article.image_url) or "",
}
