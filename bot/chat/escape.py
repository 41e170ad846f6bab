"""Makes text from outside inert in Discord: no markdown, mention, link or hidden character acts.

AllowedMentions.none() is the guarantee against pings; this keeps text looking like text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote, urlsplit, urlunsplit

LINK_CHARS = 512
ELLIPSIS = "…"
MARKS_IN_A_ROW = 4

_JOINERS = "\u200c\u200d"
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e"
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_INLINE = re.compile(r"[\\`*_~|\[\]<>]")
_SCHEME = re.compile(r"(?<=[A-Za-z0-9])://")
_INVITE = re.compile(r"(discord(?:app)?)\.(?=(?:gg|me|com|gift|new|io)\b)", re.IGNORECASE)
_EVERYONE = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
_LINE_START = re.compile(r"^(?:(?=[#\-+])|(?P<number>\d{1,9})(?=[.)](?:\s|$)))", re.MULTILINE)
_UNITS = re.compile(r"\\.|.", re.DOTALL)
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")


def cleaned(text: str, *, lines: bool = False) -> str:
    """Return the text without control, bidi and zero-width characters, spaces collapsed.

    `lines` keeps line breaks; otherwise the text becomes one line.
    """
    if not (text.isascii() and text.isprintable()):
        text = _without_hidden(text)
    if not lines:
        return " ".join(text.split())
    return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()


def _without_hidden(text: str) -> str:
    text = _SURROGATE.sub("\ufffd", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    text = _HIDDEN.sub("", text.replace("\u2029", "\n"))
    return "".join(_settled(text)) if _needs_settling(text) else text


def _needs_settling(text: str) -> bool:
    # Most text has neither joiners nor marks, and need not be walked character by character.
    return any(map(unicodedata.combining, text)) or any(j in text for j in _JOINERS)


def _settled(text: str) -> Iterator[str]:
    # Joiners matter to emoji, Persian and Indic scripts; beside anything else they only hide.
    marks = 0
    for place, character in enumerate(text):
        if character in _JOINERS:
            after = text[place + 1 : place + 2]
            if marks or (place and ord(text[place - 1]) > 0x2FF and after and ord(after) > 0x2FF):
                yield character
            continue
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MARKS_IN_A_ROW:
            yield character


def inert(
    text: str, chars: int | None = None, size: int | None = None, *, lines: bool = False
) -> str:
    """Return text that Discord shows as it stands, cut to `chars` characters and `size` bytes.

    Both are counted after escaping; a cut ends in an ellipsis and never splits an escape.
    """
    text = _INLINE.sub(lambda found: "\\" + found[0], cleaned(text, lines=lines))
    # A look for the letters is many times cheaper than the pattern, and nearly all text has none.
    if "://" in text:
        text = _SCHEME.sub(r"\\://", text)
    if "discord" in text.lower():
        text = _INVITE.sub(r"\1\\.", text)
    if "@" in text:
        text = _EVERYONE.sub(r"\\@", text)
    text = _LINE_START.sub(lambda found: f"{found['number'] or ''}\\", text)
    return text if chars is None and size is None else cut(text, chars, size)


def cut(text: str, chars: int | None = None, size: int | None = None) -> str:
    """Cut escaped text to fit, at a word where one is near, ending in an ellipsis."""
    chars = len(text) if chars is None else chars
    size = 4 * chars if size is None else size
    if len(text) <= chars and len(text.encode()) <= size:
        return text
    kept = _within(text, chars - 1, size - len(ELLIPSIS.encode()))
    if not kept:
        return ""
    word = kept.rfind(" ")
    if word > len(kept) * 2 // 3:
        kept = kept[:word]
    return kept.rstrip() + ELLIPSIS


def head_of(text: str, chars: int, size: int) -> tuple[str, str]:
    """Part escaped text in a head that fits and the rest, at a sentence or word where one is."""
    if len(text) <= chars and len(text.encode()) <= size:
        return text, ""
    kept = _within(text, chars, size)
    for mark in ("\n", ". ", "。", " "):
        place = kept.rfind(mark)
        if place > len(kept) // 2:
            kept = kept[: place + len(mark)]
            break
    return kept.rstrip(), text[len(kept) :].lstrip()


def _within(text: str, chars: int, size: int) -> str:
    used_chars = used_bytes = end = 0
    for unit in _UNITS.finditer(text):
        used_chars += len(unit[0])
        used_bytes += len(unit[0].encode())
        if used_chars > chars or used_bytes > size:
            break
        end = unit.end()
    # A joiner or mark belongs to what stands before it: such a pair is not parted.
    while 0 < end < len(text) and (text[end] in "\u200d\ufe0f" or text[end - 1] == "\u200d"):
        end -= 1
    return text[:end]


def isolated(text: str) -> str:
    """Wrap text that holds right-to-left letters so that it does not turn its line around."""
    return f"\u2068{text}\u2069" if _RIGHT_TO_LEFT.search(text) else text


def safe_url(url: str | None, most: int = LINK_CHARS) -> str | None:
    """Return an address fit for a link, or None: http(s), no user info, at most 512 characters.

    A button takes no more; a link within a text may be longer.
    """
    if not url:
        return None
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
        if parts.scheme not in ("http", "https") or not host or parts.username is not None:
            return None
        if not host.isascii():
            host = host.encode("idna").decode()
        netloc = f"[{host}]" if ":" in host else host
    except ValueError:
        return None
    if not _HOST.fullmatch(netloc):
        return None
    netloc += f":{port}" if port else ""
    path, query, rest = (_encoded(part) for part in (parts.path, parts.query, parts.fragment))
    made = urlunsplit((parts.scheme, netloc, path, query, rest))
    return made if len(made) <= most else None


def _encoded(part: str) -> str:
    return quote(_SURROGATE.sub("\ufffd", part), safe="/:?#@!$&'*+,;=%~-._")


def linked(label: str, url: str | None) -> str:
    """Return escaped text as a link to an address that safe_url() passes, else the text alone."""
    target = safe_url(url)
    return f"[{label}]({target})" if target and label else label
