"""How much still fits into one message, in characters and in bytes, and the parts drawn into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from discord import ui

from bot.chat.escape import cut, inert, isolated, linked
from bot.model import Copy

# Discord's ceilings are 4,000 characters and 10,170 bytes with 12 for each text.
CHARS = 3_900
BYTES = 9_900
TEXT_OVERHEAD_BYTES = 12
COMPONENTS = 40
ACCENT = 0x2F6DB5

TITLE_CHARS = 220
BYLINE_CHARS = 320
NAME_CHARS = 80
SHORT_URL_CHARS = 300
ALSO_MOST = 4

Say = Callable[..., str]
"""Words a message key in the reader's language: `Catalogue.say`."""


@dataclass(slots=True)
class Room:
    """What is left of a message. Drawing takes from it; what does not fit is cut."""

    chars: int = CHARS
    size: int = BYTES

    def text(self, markdown: str) -> ui.TextDisplay[Any]:
        """Take the room a text needs and return it as a component."""
        shown = cut(markdown, max(1, self.chars), max(1, self.size - TEXT_OVERHEAD_BYTES)) or "…"
        self.chars -= len(shown)
        self.size -= len(shown.encode()) + TEXT_OVERHEAD_BYTES
        return ui.TextDisplay(shown)

    def share(self, parts: int) -> Room:
        """Return an equal share of what is left, for one of so many parts."""
        return Room(self.chars // max(1, parts), self.size // max(1, parts))

    def left_after(self, markdown: str) -> Room:
        """Return what is left once this text is written, a line break included."""
        return Room(self.chars - len(markdown) - 1, self.size - len(markdown.encode()) - 1)


def moment(at: datetime | None, say: Say, style: str = "D") -> str:
    """Return a time in the reader's own zone as Discord draws it, or the word for unknown."""
    return say("chat.date_unknown") if at is None else f"<t:{int(at.timestamp())}:{style}>"


def title_link(title: str, url: str | None, room: Room, say: Say) -> str:
    """Return a title as a bold link. Where little room is left a long address is left out."""
    shown = isolated(inert(title, min(TITLE_CHARS, room.chars // 4), room.size // 3))
    shown = shown or say("chat.untitled")
    made = f"**{linked(shown, url)}**"
    fits = len(made) - len(shown) <= min(room.chars // 4, SHORT_URL_CHARS)
    return made if fits else f"**{shown}**"


def byline(authors: tuple[str, ...], say: Say) -> str:
    """Return the names as people write them, "A, B and C", or nothing without names."""
    names = [isolated(inert(name, NAME_CHARS)) for name in authors[:4]]
    names = [name for name in names if name]
    if len(authors) > 4:
        names = [*names[:3], say("chat.others", count=len(authors) - 3)]
    return listed(names, say)


def listed(names: Sequence[str], say: Say) -> str:
    """Return "A, B and C", or nothing without names."""
    if len(names) < 2:
        return names[0] if names else ""
    return say("chat.names_and", first=", ".join(names[:-1]), last=names[-1])


def also_at(also: tuple[Copy, ...], say: Say) -> str:
    """Return "also at AP and Reuters" for the copies of a story, or nothing without any."""
    names = dict.fromkeys(isolated(inert(copy.name, NAME_CHARS)) for copy in also)
    shown = listed([name for name in names if name][:ALSO_MOST], say)
    return say("chat.also_at", names=shown) if shown else ""


def facts_line(
    authors: tuple[str, ...],
    source: str | None,
    feed: str,
    published_at: datetime | None,
    room: Room,
    say: Say,
    also: tuple[Copy, ...] = (),
) -> str:
    """Return "A and B · Source · also at X · date"; the feed's name where no source is known."""
    place = isolated(inert(source or feed, NAME_CHARS))
    names = cut(byline(authors, say), min(BYLINE_CHARS, room.chars // 4), room.size // 4)
    others = cut(also_at(also, say), room.chars // 4, room.size // 4)
    parts = (names, place, others, moment(published_at, say))
    return " · ".join(part for part in parts if part)
