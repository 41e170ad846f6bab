"""XML that a strict parser reads without danger: no DOCTYPE, no loose ampersand."""

from __future__ import annotations

import re
from html.entities import html5

_DECLARATION = re.compile(r"<\?xml\b[^>]*\?>", re.IGNORECASE)
_DOCTYPE_START = re.compile(r"<!DOCTYPE\b", re.IGNORECASE)
_REFERENCE = re.compile(r"&#(?P<number>[xX][0-9a-fA-F]+|[0-9]+);?")
_LONGEST_NUMBER = 12
_LOOSE_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|$)|<!--.*?(?:-->|$)|&(?:(?P<name>[A-Za-z][A-Za-z0-9]*);|(?!#\w+;))",
    re.DOTALL,
)
_XML_ENTITIES = frozenset(("amp", "lt", "gt", "quot", "apos"))


def mended(text: str) -> str:
    """Return XML without declaration and DOCTYPE, its named entities and ampersands mended.

    Without a DOCTYPE no entity can grow or name a file; without loose ampersands the strict parser
    reads what would otherwise need the slow one.
    """
    plain = without_doctype(_DECLARATION.sub("", text, count=1))
    return _REFERENCE.sub(_character, _LOOSE_AMPERSAND.sub(_ampersand, plain))


def without_doctype(text: str) -> str:
    """Return XML without its DOCTYPE and the entities declared there; in one pass."""
    found = _DOCTYPE_START.search(text)
    if found is None:
        return text
    end = text.find(">", found.end())
    bracket = text.find("[", found.end())
    if 0 <= bracket < end:
        close = text.find("]", bracket)
        # A subset that holds a bracket itself ends at the last one that a ">" follows.
        for match in re.finditer(r"\]\s*>", text[bracket : bracket + 1_000_000]):
            return text[: found.start()] + text[bracket + match.end() :]
        end = text.find(">", close)
    return text[: found.start()] + (text[end + 1 :] if end >= 0 else "")


def _ampersand(match: re.Match[str]) -> str:
    whole: str = match.group()
    if whole[0] != "&":
        return whole
    name = match["name"]
    if name is None:
        return "&amp;"
    if name in _XML_ENTITIES:
        return whole
    return html5.get(f"{name};", f"&amp;{name};")


def _character(match: re.Match[str]) -> str:
    # feedparser's slow parser dies of a reference to no character, such as a surrogate.
    digits = match["number"][:_LONGEST_NUMBER]
    code = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    is_character = code < 0xD800 or 0xE000 <= code <= 0x10FFFF
    return match.group() if is_character else ""
