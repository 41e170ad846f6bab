"""Beginnings of names, sorted: what begins as typed by bisection, what nearly does by hashes.

Beside the sorted beginnings stand hashes of their first letters with each letter left out in turn:
two texts that one error parts share such a hash (the symmetric deletion of SymSpell).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np

Array: TypeAlias = "np.ndarray[Any, Any]"

_LAST = "\U0010ffff"
# So many first letters are hashed: the few for short texts and for two errors, the many else.
FEW, MANY = 4, 6
# So few letters begin too many words for one of them to be likely with an error.
WHOLE_UP_TO = 5
# More than a range of one person's patience; beyond it the most used alone are looked at.
_LOOKED_AT = 4096
_REMEMBERED = 1024
_WIDE = 1024
# Small enough that a thread which builds lets the others go on in between.
_CHUNK = 4096
# The first digits of pi: any odd numbers without a pattern in them will do.
_WEIGHTS = (
    *(0x243F6A8885A308D3, 0x13198A2E03707345, 0xA4093822299F31D1),
    *(0x082EFA98EC4E6C89, 0x452821E638D01377, 0xBE5466CF34E90C6D),
)


@dataclass(frozen=True, slots=True)
class _Left:
    """First letters, or short first words: sorted hashes of them with each letter left out.

    `runs` are whose they are; `first` is where in the sorted beginnings each run of equals starts.
    """

    length: int
    first: Array
    hashes: Array
    runs: Array

    def like(self, typed: str) -> Array:
        """Return places of all beginnings whose first letters may be one error off."""
        asked = _hashes([typed[: self.length]], self.length).ravel()
        lows = np.searchsorted(self.hashes, asked, "left")
        highs = np.searchsorted(self.hashes, asked, "right")
        hits = [self.runs[a:b] for a, b in zip(lows.tolist(), highs.tolist(), strict=True) if a < b]
        if not hits:
            return np.zeros(0, np.int64)
        runs = np.unique(np.concatenate(hits))
        spans = zip(self.first[runs].tolist(), self.first[runs + 1].tolist(), strict=True)
        return np.concatenate([np.arange(a, b) for a, b in spans])


class Starts:
    """Sorted beginnings, each of one name; names are known by their rank, 0 the most used."""

    def __init__(self, pairs: Iterable[tuple[str, int]]) -> None:
        """Take (beginning, owner) pairs; owners get their ranks by `rank` before any question."""
        texts: list[str] = []
        owned: list[int] = []
        buckets: dict[str, list[int]] = {}
        for place, (text, owner) in enumerate(pairs):
            texts.append(text)
            owned.append(owner)
            buckets.setdefault(text[:2], []).append(place)
        places: list[int] = []
        # Sorted in parts: one sort of all would hold the interpreter for a tenth of a second.
        for key in sorted(buckets):
            places += sorted(buckets.pop(key), key=texts.__getitem__)
        self._texts = [texts[place] for place in places]
        owners = [owned[place] for place in places]
        self._owners = np.array(owners, np.int32)
        self._ranks = self._owners
        self._few = _left([text[:FEW] for text in self._texts], FEW)
        self._many = _left([text[:MANY] for text in self._texts], MANY)
        self._short = _left([_short_word(text) for text in self._texts], MANY)
        self._remembered: dict[tuple[str, int], list[int]] = {}

    def rank(self, ranks: Array) -> None:
        """Give each owner its rank."""
        self._ranks = ranks[self._owners] if len(self._owners) else self._owners
        self._remembered = {}

    def beginning(self, typed: str, most: int) -> list[int]:
        """Return the ranks of the most used names that begin so, best first."""
        known = self._remembered.get((typed, most))
        if known is not None:
            return known
        first = bisect_left(self._texts, typed)
        last = bisect_left(self._texts, typed + _LAST, first)
        found = _least(self._ranks[first:last], most)
        if last - first > _WIDE and len(self._remembered) < _REMEMBERED:
            self._remembered[typed, most] = found
        return found

    def exactly(self, typed: str) -> list[int]:
        """Return the ranks of what is spelt just so, best first."""
        first = bisect_left(self._texts, typed)
        last = first
        while last < len(self._texts) and self._texts[last] == typed:
            last += 1
        return sorted(self._ranks[first:last].tolist())

    def near(self, typed: str, errors: int) -> dict[int, int]:
        """Return ranks of names that begin nearly so, with how far off they are.

        That is twice the errors, and one more where the name goes on; what is short must be a whole
        word. One error may be anywhere; of two at least one is past the first four letters.
        """
        places = self._like(typed, errors)
        if len(places) > _LOOKED_AT:
            places = places[np.argpartition(self._ranks[places], _LOOKED_AT)[:_LOOKED_AT]]
        if not len(places):
            return {}
        texts = [self._texts[place] for place in places.tolist()]
        begun = distances(typed, texts, errors)
        within = np.flatnonzero(begun <= errors)
        if len(typed) <= WHOLE_UP_TO:
            words = [_to_end_of_word(texts[i], len(typed) - errors) for i in within.tolist()]
            within = within[_apart(typed, words, errors) <= begun[within]]
        whole = _apart(typed, [texts[i] for i in within.tolist()], errors)
        off = 2 * begun[within] + (whole > begun[within])
        found: dict[int, int] = {}
        for rank, far in zip(self._ranks[places[within]].tolist(), off.tolist(), strict=True):
            found[rank] = min(far, found.get(rank, far))
        return found

    def _like(self, typed: str, errors: int) -> Array:
        if errors == 1 and len(typed) >= MANY:
            return self._many.like(typed)
        whole = len(typed) <= WHOLE_UP_TO and typed.isalnum()
        return (self._short if whole else self._few).like(typed)


def distances(typed: str, texts: Sequence[str], most: int) -> Array:
    """Return the errors that part what is typed from the nearest beginning of each text.

    More than `most` is told as `most + 1`. Neighbours that changed places are one error.
    """
    best = np.full(len(texts), most + 1, np.uint8)
    for length in range(len(typed) - most, len(typed) + most + 1):
        best = np.minimum(best, _apart(typed, [text[:length] for text in texts], most))
    return best


def _to_end_of_word(text: str, place: int) -> str:
    while place < len(text) and text[place].isalnum():
        place += 1
    return text[:place]


def _apart(typed: str, texts: Sequence[str], most: int) -> Array:
    # Loaded here: a start needs none of it.
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    if not texts:
        return np.zeros(0, np.uint8)
    rows = process.cdist([typed], texts, scorer=OSA.distance, score_cutoff=most, dtype=np.uint8)
    first: Array = rows[0]
    return first


def _least(ranks: Array, most: int) -> list[int]:
    # A name may begin so in two places.
    if len(ranks) > 4 * most:
        ranks = np.partition(ranks, 2 * most)[: 2 * most]
    found: list[int] = np.unique(ranks)[:most].tolist()
    return found


def _short_word(text: str) -> str:
    """Return the word a text begins with, nothing for a long one."""
    word = _to_end_of_word(text[: MANY + 1], 0)
    return word if len(word) <= MANY else ""


def _left(starts: Sequence[str], length: int) -> _Left:
    first: list[int] = []
    runs: list[str] = []
    for place, start in enumerate(starts):
        if not runs or runs[-1] != start:
            first.append(place)
            runs.append(start)
    parts = [_hashes(runs[a : a + _CHUNK], length) for a in range(0, len(runs), _CHUNK)]
    hashes = np.concatenate(parts or [np.zeros((0, length + 1), np.uint32)]).ravel()
    owners = np.repeat(np.arange(len(runs), dtype=np.int32), length + 1)
    order = np.argsort(hashes)
    return _Left(length, np.array([*first, len(starts)], np.int64), hashes[order], owners[order])


def _hashes(starts: Sequence[str], length: int) -> Array:
    """Return a row a text: the hash of its first letters, and of these with each left out."""
    letters = np.array(starts, f"U{length}").view(np.uint32).reshape(-1, length).astype(np.uint64)
    sums = letters @ _weights(length)
    sums ^= sums >> np.uint64(29)
    sums *= np.uint64(0xBF58476D1CE4E5B9)
    return (sums >> np.uint64(32)).astype(np.uint32)


@lru_cache
def _weights(length: int) -> Array:
    """Return a column of weights for all letters, and one for each letter left out."""
    weights = np.zeros((length, length + 1), np.uint64)
    weights[:, 0] = _WEIGHTS[:length]
    for out in range(length):
        weights[:out, out + 1] = _WEIGHTS[:out]
        weights[out + 1 :, out + 1] = _WEIGHTS[out : length - 1]
    return weights
