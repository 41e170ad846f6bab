"""Bytes to text by the first that holds: BOM, strict UTF-8, HTTP charset, declaration, a guess."""

from __future__ import annotations

import codecs
import re
import zlib

from bot.errors import UnreadableError
from bot.ingest.charset import guessed
from bot.ingest.limits import MAX_INFLATED

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Which of the first four bytes are NUL tells a wide encoding without a byte order mark.
_WIDE: dict[tuple[bool, ...], str] = {
    (True, True, True, False): "utf-32-be",
    (False, True, True, True): "utf-32-le",
    (True, False, True, False): "utf-16-be",
    (False, True, False, True): "utf-16-le",
}
# What browsers read these names as (WHATWG Encoding), since sites mean the wider set.
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
}
# UTF-7 turns harmless ASCII into markup; the others are no charsets of documents.
_REFUSED = frozenset(
    {"utf-7", "punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined"}
)
_DECLARED = re.compile(
    rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([A-Za-z0-9._:-]{1,40})"
    rb"|<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})",
    re.IGNORECASE,
)
_HTTP_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_DECLARATION_WITHIN = 4096
_CONTROLS: dict[int, int | None] = {
    code: None for code in (*range(9), 11, *range(14, 32), 0x7F, 0xFFFE, 0xFFFF)
}
_CONTROLS[12] = 0x0A
_CONTROL_BYTES = bytes((*range(9), *range(11, 13), *range(14, 32), 0x7F))
# The first two bytes of the non-characters, and how a byte order mark of any encoding may begin.
_MARK_OR_NONE = b"\xef\xbf"
_BEGIN_MARK = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SURROGATES = re.compile("[\ud800-\udfff]")


def inflate(data: bytes) -> bytes:
    """Return gzip-compressed bytes inflated, others as they are.

    Raises UnreadableError for a damaged stream and for one that grows past MAX_INFLATED.
    """
    if not data.startswith(b"\x1f\x8b"):
        return data
    stream = zlib.decompressobj(wbits=31)
    try:
        inflated = stream.decompress(data, MAX_INFLATED + 1)
    except zlib.error as error:
        raise UnreadableError("ingest.form_bad_gzip") from error
    if len(inflated) > MAX_INFLATED:
        raise UnreadableError("ingest.form_too_large", megabytes=MAX_INFLATED // 1024**2)
    return inflated


def decode(data: bytes, content_type: str | None = None) -> str:
    """Return a document's text, without control characters and lone surrogates."""
    text = _clean(data)
    if text is None:
        text = _decoded(data, content_type).translate(_CONTROLS)
        text = _SURROGATES.sub("\ufffd", text).lstrip("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _clean(data: bytes) -> str | None:
    """Return the text of strict UTF-8 in which nothing is to be dropped, else None.

    Most documents are that, and this is told ten times as fast as by going through their text.
    """
    if data.startswith(_BEGIN_MARK) or _MARK_OR_NONE in data:
        return None
    if data.translate(None, _CONTROL_BYTES) != data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _decoded(data: bytes, content_type: str | None) -> str:
    for bom, codec in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(codec, "replace")
    wide = _WIDE.get(tuple(byte == 0 for byte in data[:4])) if len(data) >= 8 else None
    if wide is not None:
        return data.decode(wide, "replace")
    declared = _declared(data)
    if data.isascii() and b"\x1b" in data and declared is not None:
        return data.decode(declared, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for codec in filter(None, (_http(content_type), declared)):
        if codec != "utf-8":
            return data.decode(codec, "replace")
    return _mixed(data)


def _mixed(data: bytes) -> str:
    # One bad byte in a long UTF-8 page must not turn all of it to mojibake.
    text = data.decode("utf-8", "replace")
    good = sum(1 for char in text if char > "\x7f" and char != "\ufffd")
    return text if good > 4 * text.count("\ufffd") else data.decode(guessed(data), "replace")


def _http(content_type: str | None) -> str | None:
    found = _HTTP_CHARSET.search(content_type or "")
    return None if found is None else known_codec(found[1])


def _declared(data: bytes) -> str | None:
    found = _DECLARED.search(data[:_DECLARATION_WITHIN])
    return None if found is None else known_codec((found[1] or found[2]).decode("ascii"))


def known_codec(name: str) -> str | None:
    """Return the codec for a charset's name, the wider one browsers use, None for unknown ones."""
    try:
        codec = codecs.lookup(name).name
        b"".decode(codec)
    except (LookupError, ValueError, UnicodeError):
        return None
    return None if codec in _REFUSED else _WIDER.get(codec, codec)
