"""Whether two articles tell one story, by their titles and the openings of their texts. Pure.

Precision goes first: what is told apart by a number, a day or a part is never one story, and a
title that could head something new each day needs the text beside it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.query import text
from bot.query.indexing import OPENING, hashed
from bot.store.series import NUMBER_WORDS, UNTELLING_WORDS, days_of, is_serial

WITHIN_S = 3 * 86_400
# Copies agree at their beginning; what follows is cut, or goes on differently.
_SHINGLE = 4

_TITLE_TELLS = 4.0
_TITLE_DECIDES = 5.0
_TITLES_NEAR = 85.0
_TITLES_AKIN = 60.0
_SPELLINGS_NEAR = 90.0
_SHORTEST_VARIANT = 5
_BODY_READ = 8
_BODY_DECIDES = 24
_BODY_LONG = 40
_SHARED_SOME = 0.1
_SHARED_BESIDE_TITLE = 0.4
_SHARED_HALF = 0.5
_SHARED_ALONE = 0.7
_SHARED_NEARLY_ALL = 0.85
_FIGURES = 3

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_HAN_NUMBER = re.compile(
    r"第([一二三四五六七八九十百]+)|([一二三四五六七八九十百]+)(?=[月日回部期号號章])"
)
_PARTING = re.compile(r"\s+[-–—|·]\s+|:\s+")


@dataclass(frozen=True, slots=True)
class Told:
    """What is compared of an article. `at` is when it was published, else found, in seconds.

    `title` holds the telling tokens in order, `body` the tokens of the opening.
    """

    kind: str
    at: int
    is_dated: bool
    title: tuple[str, ...]
    body: tuple[str, ...]
    numbers: frozenset[str]
    days: frozenset[str]
    is_serial: bool


def told(
    title: str, body: Sequence[str], names: Sequence[str], *, kind: str, at: int, is_dated: bool
) -> Told:
    """Return what is compared; `body` are the opening's tokens.

    `names` are those of source and feed, which titles often end in.
    """
    own = _without_name(title, names)
    words = _WORD.findall(text.fold(own))
    return Told(
        kind,
        at,
        is_dated,
        _telling(own),
        tuple(body[:OPENING]),
        frozenset(_numbers(own, words)),
        days_of(own, words),
        is_serial(own, words),
    )


def telling(title: str, names: Sequence[str], indexed: str | None = None) -> tuple[str, ...]:
    """Return the telling tokens of a title alone, as `told` has them.

    `indexed` is what the index holds of the title, where that is at hand.
    """
    own = _without_name(title, names)
    if own != title or indexed is None:
        return _telling(own)
    return tuple(token for token in indexed.split() if token not in UNTELLING_WORDS)


def _telling(own: str) -> tuple[str, ...]:
    return tuple(token for token in text.tokens(own) if token not in UNTELLING_WORDS)


def _without_name(title: str, names: Sequence[str]) -> str:
    """Return a title without the publisher's name before or after it."""
    parts = list(_PARTING.finditer(title))
    if not parts:
        return title
    known = [set(text.tokens(name)) for name in names]
    for end, rest in (
        (title[parts[-1].end() :], title[: parts[-1].start()]),
        (title[: parts[0].start()], title[parts[0].end() :]),
    ):
        found = set(text.tokens(end))
        if found and rest.strip() and any(found <= name for name in known):
            return rest
    return title


def opening(body: Iterable[str]) -> list[str]:
    """Return the tokens that a text of several parts begins with."""
    found: list[str] = []
    for part in body:
        found += text.tokens(part)
        if len(found) >= OPENING:
            break
    return found[:OPENING]


def _numbers(title: str, words: Sequence[str]) -> Iterator[str]:
    plain = unicodedata.normalize("NFKC", title)
    for found in _NUMBER.finditer(plain):
        yield "".join(str(unicodedata.digit(c)) if c.isdigit() else "." for c in found[0])
    for word in words:
        if word in NUMBER_WORDS:
            yield NUMBER_WORDS[word]
    for found in _HAN_NUMBER.finditer(plain):
        yield found[1] or found[2]


def keys(title: Sequence[str], openings: Iterable[int]) -> frozenset[int]:
    """Return what an article is looked up by: copies share at least one, strangers hardly any.

    `title` are its telling tokens, `openings` the keys of its text (indexing.openings).
    """
    found = {hashed(" ".join(("=", *title)))}
    if len(title) >= _TITLE_TELLS:
        half = len(title) // 2
        found.add(hashed(" ".join(("<", *title[:half]))))
        found.add(hashed(" ".join((">", *title[half:]))))
    return frozenset((*found, *openings))


def _shingles(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(tokens[start:] for start in range(_SHINGLE)), strict=False)


def likeness(one: Told, other: Told) -> float:
    """Return how surely two articles tell one story: 0 for two stories, at most 1."""
    if one.kind != other.kind or abs(one.at - other.at) > WITHIN_S:
        return 0.0
    # Loaded here: a start needs none of it.
    from rapidfuzz import fuzz

    shared = _shared(one.body, other.body)
    if _equal(one.title, other.title):
        return 0.8 + 0.2 * shared if _is_told_by_title(one, other, shared) else 0.0
    near = fuzz.token_sort_ratio(" ".join(one.title), " ".join(other.title))
    if _differ(one, other, near, shared):
        return 0.0
    if near >= _TITLES_NEAR and shared >= _SHARED_BESIDE_TITLE:
        return 0.4 + 0.6 * shared
    return 0.8 * shared if _is_told_by_body(one, other, near, shared) else 0.0


def _is_told_by_title(one: Told, other: Told, shared: float) -> bool:
    """Return whether an equal title is enough, given how much of the texts is shared."""
    weight = _weight(one.title)
    sure = one.is_dated and other.is_dated and not one.is_serial and weight >= _TITLE_TELLS
    if not sure:
        return shared >= _SHARED_HALF
    lengths = min(len(one.body), len(other.body))
    return weight >= _TITLE_DECIDES or lengths < _BODY_LONG or shared >= _SHARED_SOME


def _is_told_by_body(one: Told, other: Told, near: float, shared: float) -> bool:
    short, long = sorted((_weight(one.body), _weight(other.body)))
    if shared < _SHARED_ALONE or short < _BODY_DECIDES:
        return False
    # An overview quotes others' openings whole: so do only copies of like length or title.
    return short >= long / 2 or near >= _TITLES_AKIN


def _differ(one: Told, other: Told, near: float, shared: float) -> bool:
    """Return whether a number, a day or one exchanged word says that these are two of a series."""
    for mine, theirs in ((one.numbers, other.numbers), (one.days, other.days)):
        if mine != theirs and ((mine and theirs) or near >= _TITLES_NEAR):
            return True
    if (one.is_serial or other.is_serial) and shared < _SHARED_NEARLY_ALL:
        return True
    if len(one.title) == len(other.title) and shared < _SHARED_NEARLY_ALL:
        exchanged = sum(a != b for a, b in zip(one.title, other.title, strict=True))
        if exchanged < 2 <= len(one.title):
            return True
    mine, theirs = _figures(one.body), _figures(other.body)
    few = min(len(mine), len(theirs)) < _FIGURES
    return not few and len(mine & theirs) * 2 < min(len(mine), len(theirs))


def _figures(tokens: Iterable[str]) -> frozenset[str]:
    return frozenset(token for token in tokens if token[0].isdigit())


def _equal(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether two titles have the same words in order, but for a spelling here and there."""
    if len(one) != len(other) or not one:
        return False
    differing = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return len(differing) <= max(1, len(one) // 3) and all(_is_variant(*pair) for pair in differing)


def _is_variant(one: str, other: str) -> bool:
    from rapidfuzz import fuzz

    # The same first letter keeps "employment" from "unemployment".
    plain = one.isalpha() and other.isalpha() and one[0] == other[0]
    long = min(len(one), len(other)) >= _SHORTEST_VARIANT
    return plain and long and fuzz.ratio(one, other) >= _SPELLINGS_NEAR


def _weight(tokens: Iterable[str]) -> float:
    """Return how many telling words there are; a pair of characters of a script is half a word."""
    weight = 0.0
    for token in tokens:
        if len(token) > 2 or token.isdigit():
            weight += 1
        elif not token.isascii():
            weight += 0.5
    return weight


def _shared(one: Sequence[str], other: Sequence[str]) -> float:
    """Return how much of the shorter text stands in the opening of the longer one, 0 to 1."""
    short, long = sorted((one, other), key=len)
    if len(short) < _BODY_READ:
        return 0.0
    mine = set(_shingles(short))
    return len(mine.intersection(_shingles(long[: len(short) * 3 // 2 + 20]))) / len(mine)
