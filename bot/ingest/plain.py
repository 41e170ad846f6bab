"""Text as people should see it: no control or bidi characters, one kind of space, no entities."""

from __future__ import annotations

import html
import re

from bot.ingest.limits import MAX_NAME, MAX_TITLE

# C0 and C1 controls, zero-width and bidi characters, soft hyphen, BOM, non-characters and lone
# surrogates (those cannot be bound in SQLite).
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]"
)
# Joiners carry meaning in Persian, Indic scripts and emoji, and are only noise beside ASCII.
_LOOSE_JOINER = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])")
_NEWLINES = re.compile(r"\n{3,}")

# What counts as a real tag in a title; "1 < 2" and "<stdio.h>" are text.
_TAG = re.compile(
    r"</?(?:a|abbr|acronym|b|bdi|bdo|big|blink|blockquote|br|center|cite|code|del|div|em|font|h[1-6]"
    r"|hr|i|img|ins|kbd|li|mark|marquee|nobr|object|ol|p|pre|q|s|script|small|span|strike|strong"
    r"|style|sub|sup|time|tt|u|ul|var|wbr)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_HIDDEN_ELEMENT = re.compile(r"<(script|style)\b[^>]*>.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<(?:br|/p|/div)\b[^<>]*>", re.IGNORECASE)


def strip_invisible(text: str) -> str:
    """Remove control, bidi, zero-width and unpaired surrogate characters; keep tab and newline."""
    text = _INVISIBLE.sub("", text)
    if "\u200c" in text or "\u200d" in text:
        text = _LOOSE_JOINER.sub("", text)
    return text


def clean_text(text: str) -> str:
    """Return text on one line: invisible characters gone, every run of spaces one plain space."""
    # Printable text holds none of what is stripped and no white space but the plain one, and is
    # told 10 times as fast as by a pattern.
    if text.isprintable():
        return " ".join(text.split()) if "  " in text else text.strip(" ")
    text = " ".join(text.split())
    return text if text.isprintable() else " ".join(strip_invisible(text).split())


def clean_lines(text: str) -> str:
    """Like clean_text, but keep single and double line breaks."""
    if "\n" not in text and "\r" not in text:
        return clean_text(text)
    lines = [clean_text(line) for line in text.splitlines()]
    return _NEWLINES.sub("\n\n", "\n".join(lines)).strip()


def title_text(raw: str) -> str:
    """Return a title as text: entities decoded at most twice, then real tags dropped, cut.

    Titles are double-escaped in the wild; "1 < 2" survives.
    """
    text = raw[: MAX_TITLE * 8]
    for _ in range(2):
        if "&" not in text:
            break
        text = html.unescape(text)
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub(" ", _HIDDEN_ELEMENT.sub(" ", text)))
    return cut(clean_text(text), MAX_TITLE)


def name_text(raw: str) -> str:
    """Return the name of a tag, person, account or publisher as text, cut to its limit."""
    return cut(title_text(raw), MAX_NAME)


def cut(text: str, limit: int) -> str:
    """Return text of at most `limit` characters, its last one an ellipsis where it was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
