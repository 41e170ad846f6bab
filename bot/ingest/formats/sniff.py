"""What a document is, told by its content and never by its file name or Content-Type alone."""

from __future__ import annotations

import re
from enum import StrEnum

_MAGIC = (
    (b"PK\x03\x04", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"%PDF", "pdf"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"SQLite format 3", "database"),
)
_HEAD = 65_536
_PROLOGUE = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->)+", re.DOTALL)
_DOCTYPE_HTML = re.compile(r"<!doctype\s+html\b", re.IGNORECASE)
_DOCTYPE = re.compile(r"<!doctype\b", re.IGNORECASE)
_ROOT = re.compile(
    r"<(?:[A-Za-z][\w.-]*:)?(?P<name>rss|feed|rdf|opml|urlset|sitemapindex|html)\b", re.IGNORECASE
)
_MARKUP = re.compile(
    r"<(?:html|head|body|div|article|section|main|p|h[1-6]|ul|table|a|img|span|br|meta|script)\b"
    r"[^<>]*>",
    re.IGNORECASE,
)
_JUNK_BEFORE_ROOT = 16_384
_EXPORT = re.compile(r"wordpress\.org/export/|<wp:wxr_version>")


class Form(StrEnum):
    """The forms that a document can have before it is read in full."""

    EMPTY = "empty"
    BINARY = "binary"
    JSON = "json"
    SYNDICATION = "syndication"
    WXR = "wxr"
    OPML = "opml"
    SITEMAP = "sitemap"
    XML = "xml"
    HTML = "html"
    TEXT = "text"


def binary_kind(data: bytes) -> str | None:
    """Return the kind of a binary file (archive, pdf, image, database, data), None for text."""
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    sample = data[:4096]
    controls = sum(1 for byte in sample if byte < 9 or 13 < byte < 27)
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:4].count(0) in (2, 3)
    return "data" if sample and controls * 20 > len(sample) and not wide else None


def sniff(text: str) -> Form:
    """Return a text's form by its first tag or character, junk before a root passed over."""
    start = text[:_HEAD].lstrip("\ufeff \t\n")
    if not start:
        return Form.EMPTY
    if start[0] in "{[" and not start.startswith("[vc_"):
        return Form.JSON
    root = _first_root(start)
    if root == "html":
        return Form.HTML
    if root in ("rss", "feed", "rdf"):
        return Form.WXR if root == "rss" and _EXPORT.search(text[:_HEAD]) else Form.SYNDICATION
    if root == "opml":
        return Form.OPML
    if root is not None:
        return Form.SITEMAP
    if start.startswith("<?xml"):
        return Form.XML
    found = len(_MARKUP.findall(start[:_JUNK_BEFORE_ROOT]))
    return Form.HTML if found > 2 or (found and start[0] == "<") else Form.TEXT


def _first_root(start: str) -> str | None:
    """Return the name of the root element, lower case; None where none of the known ones comes."""
    prologue = _PROLOGUE.match(start)
    body = start[prologue.end() :] if prologue is not None else start
    found = _ROOT.search(body[:_JUNK_BEFORE_ROOT])
    if found is None and _DOCTYPE.match(body):
        found = None if _DOCTYPE_HTML.match(body) else _ROOT.search(body)
        return "html" if found is None and _DOCTYPE_HTML.match(body) else _name(found)
    return _name(found)


def _name(found: re.Match[str] | None) -> str | None:
    return None if found is None else found["name"].lower()
