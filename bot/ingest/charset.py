"""Guesses the charset of bytes that are no UTF-8 and claim nothing that holds.

By the language the document names, else by how its bytes above ASCII stand: in Latin scripts alone
within words, in others in runs. Not every charset can be told so; what cannot is Windows' Latin.
"""

from __future__ import annotations

import re

_LATIN = "cp1252"
_LANGUAGE = re.compile(
    rb"<(?:dc:)?language>\s*([a-z]{2}(?:-[a-z]{2})?)|\b(?:xml:)?lang\s*=\s*[\"']?([a-z]{2}(?:-[a-z]{2})?)",
    re.IGNORECASE,
)
_OF_LANGUAGE = {
    **dict.fromkeys(("ru", "uk", "bg", "be", "sr", "mk"), "cp1251"),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "sl", "hr", "ro"), "cp1250"),
    **dict.fromkeys(("zh-tw", "zh-hk"), "big5hkscs"),
    **{"el": "cp1253", "tr": "cp1254", "he": "cp1255", "ar": "cp1256", "fa": "cp1256"},
    **{"th": "cp874", "ko": "cp949", "zh": "gb18030"},
}
_EAST_ASIAN = ("euc_jp", "cp932", "cp949", "gb18030")
_RUN = re.compile(rb"[\x80-\xff]{3,}")
_HIGH = re.compile(rb"[\x80-\xff]")
_KANA = re.compile("[\u3041-\u30f6]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_LOWER_1251 = re.compile(rb"[\xe0-\xff]")
_LOWER_KOI8 = re.compile(rb"[\xc0-\xdf]")
_HEAD = 4096
_ENOUGH = 16


def guessed(data: bytes) -> str:
    """Return the codec that such bytes most likely are in."""
    named = _LANGUAGE.search(data[:_HEAD])
    language = (named[1] or named[2]).decode("ascii").lower() if named else ""
    codec = _OF_LANGUAGE.get(language) or _OF_LANGUAGE.get(language[:2])
    if codec is not None and codec != "cp1251":
        return codec
    high = len(_HIGH.findall(data))
    in_runs = sum(map(len, _RUN.findall(data)))
    if codec is None and (high < _ENOUGH or in_runs * 3 < high * 2):
        return _LATIN
    return _cyrillic(data) if codec else _east_asian(data) or _cyrillic(data)


def _east_asian(data: bytes) -> str | None:
    """Return the codec that reads all of it, kana and hangul counting most; None for none."""
    readable = {}
    for codec in _EAST_ASIAN:
        try:
            readable[codec] = data.decode(codec)
        except UnicodeDecodeError:
            continue
    for codec, script in (("euc_jp", _KANA), ("cp932", _KANA), ("cp949", _HANGUL)):
        text = readable.get(codec, "")
        if len(script.findall(text)) * 4 > sum(char > "\x7f" for char in text):
            return codec
    return "gb18030" if "gb18030" in readable else None


def _cyrillic(data: bytes) -> str:
    # Small letters are most of a text, and the two charsets have them in each other's halves.
    is_koi8 = len(_LOWER_KOI8.findall(data)) > len(_LOWER_1251.findall(data))
    return "koi8-r" if is_koi8 else "cp1251"
