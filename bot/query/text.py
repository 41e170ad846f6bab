"""The one text function: what the index, a query and the matcher all see of a text.

A text becomes tokens of lower-case letters and digits, parted by spaces: folded, stemmed, two
characters at a time where a script has no spaces. The index's tokenizer only splits at spaces.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

from bot.query.folding import fold, unmarked

__all__ = [
    "TEXT_VERSION",
    "QueryTokens",
    "fold",
    "index_text",
    "indexed",
    "indexed_together",
    "prefix",
    "query_tokens",
    "tokens",
    "words_text",
]

TEXT_VERSION = 1
"""Raised with every change of the output: the store then builds its index again."""

MAX_TOKEN = 64  # characters; longer runs are addresses and codes, and would only swell the index

# Han, kana, bopomofo, Hangul, Thai, Lao, Myanmar, Khmer: words are not parted by spaces there
# (in Korean they are, but particles are glued on).
_GRAM = (
    "\u0e01-\u0e4e\u0e81-\u0edf\u1000-\u109f\u1100-\u11ff\u1780-\u17d3\u17dc\u17dd\u2e80-\u2fdf"
    "\u3005-\u3007\u3021-\u3029\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f"
    "\uaa60-\uaa7f\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_ASCII_SEPARATORS = r"\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f"
_IN_WORD = rf"[^{_ASCII_SEPARATORS}\s{_GRAM}]"
_LETTER = rf"[^\W\d_{_GRAM}]"

# "US" and "U.S." are not the word "us": an acronym that is also a common word is marked.
_COMMON_WORDS = re.compile(
    "a[mst]|an|b[ey]|do|go|he|i[fnst]|m[ey]|no|off?|o[nr]|our|so|to|u[ps]|we|who"
)
_ACRONYM_MARK = "_"

# l'économie, d'Ivoire: the noun must be found without its article.
_ELIDED = re.compile("[cdjlmnst]|(?:jus|lors|puis|quoi)?qu|(?:co|da|de|ne|que|su)ll|un")
_CONTRACTED = re.compile("d|ll|m|re|ve")

# What may stand around a plain word without changing it ("+" and "#" may not: C++).
_AROUND = ".,;:!?\"'()[]“”‘’…*"
_LONGEST_PIECE = 40
_PIECES_KEPT = 1 << 17
_LONG_KEPT = 1 << 22  # characters of longer ones

_SHOUTED_WORDS = 3
_SHOUTED_LETTERS = 5


@lru_cache(maxsize=1)
def _token() -> re.Pattern[str]:
    # Compiled at the first text: the ranges take a twentieth of a start that has none.
    return re.compile(
        rf"""
        (?P<grams>[{_GRAM}]+)
        | (?P<dotted>(?<!{_IN_WORD}){_LETTER}(?:\.{_LETTER})+)
          \.?(?!{_IN_WORD})(?:'[sS](?!{_IN_WORD}))?
        | (?P<number>(?<![\d.,])[0-9]{{1,3}}(?:[,'][0-9]{{3}})+(?![0-9]))
        | (?P<word>{_IN_WORD}+(?:'{_IN_WORD}+)*(?:(?:\+\+|\#)(?!{_IN_WORD}))?)
        """,
        re.VERBOSE,
    )


@lru_cache(maxsize=1)
def _one_gram() -> re.Pattern[str]:
    return re.compile(f"[{_GRAM}]")


@dataclass(frozen=True, slots=True)
class QueryTokens:
    """What a word or phrase of a query looks for: tokens in a row.

    `open_end` is true when the last token is only the beginning of what is looked for.
    """

    tokens: tuple[str, ...]
    open_end: bool = False


def tokens(text: str) -> list[str]:
    """Return the tokens of one part of an article (a title, one tag, a paragraph) in order."""
    return index_text(text).split()


def index_text(text: str) -> str:
    """Return the tokens of one part of an article joined by single spaces."""
    return _analyser().index_text(text)


def words_text(text: str) -> str:
    """Return the distinct folded words that differ from their stem, for prefixes to be found."""
    return _analyser().words_text(text)


def indexed(parts: Sequence[str]) -> tuple[str, str]:
    """Return the tokens of several parts, and their distinct words for prefixes, in one go.

    The same as index_text and words_text of each part put together.
    """
    (found,), words = _analyser().indexed(parts)
    return found, words


def indexed_together(*texts: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Return the tokens of each of several texts, given in parts, and the words of them all."""
    return _analyser().indexed(*texts)


def prefix(text: str) -> str:
    """Return what a Prefix compares with the starts of tokens and words: folded, unstemmed."""
    words = (word.removesuffix(_ACRONYM_MARK) for piece in text.split() for word in _split(piece))
    return " ".join(words)


def query_tokens(text: str) -> QueryTokens:
    """Return what a Word, a Phrase or a name's value looks for; no tokens: it finds nothing.

    A run of a script without spaces ends in the index with a single character, which a query in
    the middle of that run must not ask for; a single character asks for any pair it begins.
    """
    found = tokens(text)
    if not found or len(found[-1]) != 1 or not _one_gram().match(found[-1]):
        return QueryTokens(tuple(found))
    before = found[-2] if len(found) > 1 else ""
    if len(before) == 2 and _one_gram().match(before):
        return QueryTokens(tuple(found[:-1]))
    return QueryTokens(tuple(found), open_end=True)


@lru_cache(maxsize=1)
def _analyser() -> _Analyser:
    return _Analyser()


class _Analyser:
    """Splits at white space and remembers what became of each piece, as most pieces recur."""

    def __init__(self) -> None:
        self._pieces = _Pieces()

    def index_text(self, text: str) -> str:
        return " ".join(filter(None, map(self._known().__getitem__, _pieces(text))))

    def indexed(self, *texts: Sequence[str]) -> tuple[tuple[str, ...], str]:
        # One table for all of it: another thread may begin a new one meanwhile.
        known = self._known()
        found = []
        every: list[str] = []
        for parts in texts:
            pieces = _pieces(*parts)
            found.append(" ".join(filter(None, map(known.__getitem__, pieces))))
            every += pieces
        return tuple(found), _words(known, every)

    def words_text(self, text: str) -> str:
        return self.indexed([text])[1]

    def _known(self) -> _Pieces:
        known = self._pieces
        if known.is_full:
            known = self._pieces = _Pieces()
        return known


def _pieces(*parts: str) -> list[str]:
    plain = [part.lower() if _is_shouted(part) else part for part in parts]
    return " ".join(plain).split()


def _words(known: _Pieces, pieces: Iterable[str]) -> str:
    """Return the distinct unstemmed words of pieces that were read already."""
    found = dict.fromkeys(filter(None, map(known.unstemmed.get, pieces)))
    words = " ".join(found)
    # Most pieces are a word each: only then are there spaces between them alone.
    if words.count(" ") < len(found):
        return words
    return " ".join(dict.fromkeys(words.split()))


class _Pieces(dict[str, str]):
    """The tokens of each piece of text between white space, joined by spaces.

    `unstemmed` holds the words that differ from their stem, of each piece that has some: few
    enough to be looked up quickly.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unstemmed: dict[str, str] = {}
        self._lock = threading.Lock()  # the stemmer is not safe for two threads at once
        self._stemmer = Stemmer.Stemmer("english", 0)  # its own cache is slower than ours
        self._stems: dict[str, str] = {}
        self._long = 0

    @property
    def is_full(self) -> bool:
        """Whether a new table should be begun, so that a hostile text cannot fill the memory."""
        return len(self) >= _PIECES_KEPT or self._long >= _LONG_KEPT

    def __missing__(self, piece: str) -> str:
        plain = piece.strip(_AROUND)
        if plain.isalpha() and plain.isascii():
            word = _folded(plain)
            found = self._stem(word)
            unstemmed = "" if word == found else word
        else:
            words = list(_split(piece))
            stems = [self._stem(word) for word in words]
            found, unstemmed = " ".join(stems), _differing(words, stems)
        if unstemmed:
            self.unstemmed[piece] = unstemmed
        if len(piece) <= _LONGEST_PIECE:
            self[piece] = found
        else:
            self._long += len(piece)
        return found

    def _stem(self, word: str) -> str:
        known = self._stems.get(word)
        if known is not None:
            return known
        if not (word.isascii() and word.isalpha()):
            return word
        with self._lock:
            stem: str = self._stemmer.stemWord(word) or word
        if len(word) <= _LONGEST_PIECE:
            self._stems[word] = stem
        return stem


def _differing(words: list[str], stems: list[str]) -> str:
    return " ".join(word for word, stem in zip(words, stems, strict=True) if word != stem)


def _is_shouted(text: str) -> bool:
    # In a headline all in capitals, capitals do not tell an acronym from a word.
    if not text.isupper():
        return False
    words = [piece for piece in text.split() if piece.isupper()]
    return len(words) >= _SHOUTED_WORDS and any(len(word) >= _SHOUTED_LETTERS for word in words)


def _split(piece: str) -> Iterator[str]:
    """Yield the folded, unstemmed words of one piece."""
    plain = unmarked(piece)
    if not plain.isascii():
        plain = plain.translate(_separators())
    for match in _token().finditer(plain):
        kind, found = match.lastgroup, match[match.lastgroup or 0]
        if kind == "grams":
            yield from _grams(found)
        elif kind == "number":
            yield found.replace(",", "").replace("'", "")[:MAX_TOKEN]
        elif kind == "dotted":
            yield _folded(found.replace(".", "").upper())
        else:
            yield from map(_folded, _apostrophes(found))


def _grams(run: str) -> Iterator[str]:
    folded = run.casefold()
    for start in range(len(folded) - 1):
        yield folded[start : start + 2]
    yield folded[-1]


def _apostrophes(word: str) -> list[str]:
    if "'" not in word:
        return [word]
    parts = word.split("'")
    if parts[-1].casefold() == "s":
        parts.pop()
    if len(parts) > 1 and _CONTRACTED.fullmatch(parts[-1].casefold()):
        return ["".join(parts[:-1]), parts[-1]]
    if len(parts) > 1 and _ELIDED.fullmatch(parts[0].casefold()):
        return [parts[0], "".join(parts[1:])]
    return ["".join(parts)]


def _folded(word: str) -> str:
    folded = word.casefold()
    if word.isupper() and _COMMON_WORDS.fullmatch(folded):
        return folded + _ACRONYM_MARK
    return folded[:MAX_TOKEN]


@lru_cache(maxsize=1)
def _separators() -> _Separators:
    return _Separators()


class _Separators(dict[int, int]):
    """For str.translate: every character that is no letter, mark, number or ASCII is a space."""

    def __missing__(self, code: int) -> int:
        kept = code < 0x80 or unicodedata.category(chr(code))[0] in "LMN"
        made = code if kept else 0x20
        if code < 0x10000:  # bounded: a hostile text must not fill the memory
            self[code] = made
        return made
