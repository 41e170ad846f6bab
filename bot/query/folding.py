"""Letters made comparable: width, accents, ligatures, digits and invisible marks fold away.

Accents fold where they are optional in writing (Latin, Greek, Cyrillic, Hebrew, Arabic). Where a
mark is a vowel or a tone (Thai, Indic scripts, kana) it stays, because another word would result.
"""

from __future__ import annotations

import re
import unicodedata

# й and ї are letters of their own, not accented и and і.
_MARKS = re.compile(
    "(?<![Ии])\u0306|(?<![Іі])\u0308"
    "|[\u0300-\u0305\u0307\u0309-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
    "\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]"
)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
# Letters that Unicode does not take apart, and quotes that mean an apostrophe.
_LETTERS = str.maketrans(
    {
        "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D",
        "ħ": "h", "Ħ": "H", "ı": "i", "ŧ": "t", "Ŧ": "T", "æ": "ae", "Æ": "AE", "œ": "oe",
        "Œ": "OE", "þ": "th", "Þ": "TH", "ß": "ss", "ẞ": "SS",
        "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ہ": "ه", "ٱ": "ا",
    }
)  # fmt: skip
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘‛ʼʻʽ′´`＇՚", "'"))
_DOUBLE_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂〝〞", '"'))


def visible(text: str) -> str:
    """Return the text without soft hyphens, zero-width and direction marks, and surrogates."""
    if text.isascii():
        return text
    return _INVISIBLE.sub("", text.encode("utf-8", "replace").decode("utf-8"))


def straight(text: str) -> str:
    """Return the text with every kind of quote and apostrophe made straight."""
    return text.translate(_APOSTROPHES).translate(_DOUBLE_QUOTES)


def unmarked(text: str) -> str:
    """Return the text with width, optional accents, ligatures and digits folded; case stays."""
    if text.isascii():
        return text.replace("`", "'")
    apart = unicodedata.normalize("NFKD", _INVISIBLE.sub("", text.translate(_APOSTROPHES)))
    plain = _INVISIBLE.sub("", _MARKS.sub("", apart)).translate(_LETTERS)
    plain = _OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), plain)
    return unicodedata.normalize("NFC", plain)


def fold(text: str) -> str:
    """Return the form in which names are looked up: no case, accents, width or odd spaces."""
    folded = unmarked(unmarked(text).casefold())
    return " ".join(folded.translate(_DOUBLE_QUOTES).split())
