"""Draws what each correction of an article changed: before and now, the last one first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from discord import ui

from bot.chat.dialogs import listing
from bot.chat.escape import cleaned, inert, isolated
from bot.chat.room import Say
from bot.model import Article, Block

PART_CHARS = 320
# Words that are shown on either side of what differs, so that one sees where it stands.
AROUND = 8
# Beyond this many parts telling which became which takes long, and nobody reads it.
PARTS = 400

_WORDS = re.compile(r"\S+\s*")


def changes(article: Article, versions: Sequence[Article], say: Say) -> ui.LayoutView:
    """Return the message that tells what the corrections of an article changed."""
    steps = list(zip(versions, [*versions[1:], article], strict=True))
    lines: list[str] = []
    for number in range(len(steps), 0, -1):
        if len(steps) > 1:
            lines.append(f"### {say('chat.correction', number=number, count=len(steps))}")
        lines += list(_step(*steps[number - 1], say)) or [say("chat.changed_other")]
    title = cleaned(article.title) or say("chat.untitled")
    return listing(say("chat.changes_heading", title=title), lines, say)


def _step(before: Article, now: Article, say: Say) -> Iterator[str]:
    if before.title != now.title:
        yield from _pair(before.title, now.title, say)
    if before.authors != now.authors:
        was, is_ = (", ".join(each.authors) for each in (before, now))
        yield say("chat.changed_byline") + ":"
        yield from _pair(was, is_, say)
    if before.source != now.source:
        yield from _pair(before.source or "", now.source or "", say)
    yield from _tags(before, now, say)
    yield from _texts(before.blocks, now.blocks, say)


def _tags(before: Article, now: Article, say: Say) -> Iterator[str]:
    was, is_ = {t.key: t.name for t in before.tags}, {t.key: t.name for t in now.tags}
    for key, kept, other in (("chat.tags_gone", was, is_), ("chat.tags_new", is_, was)):
        names = [inert(name, 60, 180) for name_key, name in kept.items() if name_key not in other]
        if names:
            yield say(key, tags=", ".join(names[:15]))


def _texts(before: Sequence[Block], now: Sequence[Block], say: Say) -> Iterator[str]:
    was, is_ = ([cleaned(b.text) for b in blocks[:PARTS] if b.text] for blocks in (before, now))
    for what, a, b, c, d in SequenceMatcher(None, was, is_, autojunk=False).get_opcodes():
        if what != "equal":
            for old, new in zip_longest(was[a:b], is_[c:d], fillvalue=""):
                yield from _pair(old, new, say)


def _pair(was: str, now: str, say: Say) -> Iterator[str]:
    """Yield what stood there before and what stands there now, each only as far as it differs."""
    old, new = _WORDS.findall(was), _WORDS.findall(now)
    same = _shared(old, new)
    same_end = _shared(old[same:][::-1], new[same:][::-1])
    for key, words in (("chat.was", old), ("chat.now", new)):
        if words:
            yield "> " + say(key, text=isolated(_around(words, same, len(words) - same_end)))


def _shared(one: Iterable[str], other: Iterable[str]) -> int:
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine.strip() != theirs.strip():
            break
        count += 1
    return count


def _around(words: Sequence[str], begin: int, end: int) -> str:
    first, last = max(0, begin - AROUND), min(len(words), end + AROUND)
    lead, tail = "…" if first else "", "…" if last < len(words) else ""
    return inert(f"{lead}{''.join(words[first:last]).strip()}{tail}", PART_CHARS, 3 * PART_CHARS)
