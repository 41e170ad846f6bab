"""What is kept beside the index: for each token which articles hold it, and how much, as arrays.

FTS5 answers what holds a word quickly and weighs every hit slowly: its bm25 is the sum of the
words' own, so the weights are kept here, in one file that is mapped into memory. The file is made
from the index (postings_build.py) and only ever replaced; what changed since is in tail.py.
"""

from __future__ import annotations

import json
import zlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[Any]
else:
    from bot.store import arrays as np

    Array = Any

MAGIC = b"TAGWIRE-POSTINGS"
FORMAT = 1  # raised when the file's layout or the weights of index.RANK change
HEADER_BYTES = 4096

# A token begins with its class: what names an article carries, unstemmed words (they are only
# begun with, and weigh nothing), words of the title, words of any column of text.
KEY, WORD, TITLE, TEXT = b"0", b"1", b"2", b"3"
UNKNOWN_DATE = -(1 << 62)
# Held by one article in so many, a token is kept as a byte for each article instead of a list.
DENSE_SHARE = 8
_SIGNPOST = 64

ARRAYS: tuple[tuple[str, str], ...] = (
    ("ids", "<i8"),
    ("sort_at", "<i8"),
    ("published", "<i8"),
    ("scopes", "<i8"),
    ("lengths", "<u4"),
    ("letters", "|u1"),
    ("term_ends", "<u4"),
    ("starts", "<i8"),
    ("dense_rows", "<i4"),
    ("ords", "<u4"),
    ("weights", "|u1"),
    ("dense", "|u1"),
    ("held_starts", "<i4"),
    ("held_keys", "<i4"),
)


@dataclass(frozen=True, slots=True)
class Posting:
    """The articles that hold a token: their places in order and weights, or a byte for each."""

    count: int
    ords: Array | None = None
    weights: Array | None = None
    dense: Array | None = None


class Terms(Sequence[bytes]):
    """The tokens in the order of their bytes, read where they lie."""

    def __init__(self, letters: Array, ends: Array) -> None:
        self._letters = letters.data
        self._ends = ends
        self._signposts = [self[at] for at in range(0, len(self), _SIGNPOST)]

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        return bytes(self._letters[self._ends.item(at) : self._ends.item(at + 1)])

    def place(self, term: bytes) -> int:
        """Return where a token is, or would be."""
        post = bisect_left(self._signposts, term)
        low = max(0, post - 1) * _SIGNPOST
        return bisect_left(self, term, low, min(len(self), post * _SIGNPOST + 1))

    def starting(self, start: bytes) -> range:
        """Return the places of the tokens that begin so."""
        return range(self.place(start), self.place(start + b"\xff"))


class Postings:
    """One file, mapped. Articles are known by their place in the order of `sort_at`."""

    def __init__(self, token: str, seq: int, arrays: dict[str, Array]) -> None:
        self.token = token
        self.seq = seq
        self.ids = arrays["ids"]
        self.sort_at = arrays["sort_at"]
        self.published = arrays["published"]
        self.scopes = arrays["scopes"]
        self.lengths = arrays["lengths"]
        self.terms = Terms(arrays["letters"], arrays["term_ends"])
        self.held_starts = arrays["held_starts"]
        self.held_keys = arrays["held_keys"]
        self._starts = arrays["starts"]
        self._dense_rows = arrays["dense_rows"]
        self._ords = arrays["ords"]
        self._weights = arrays["weights"]
        self._dense = arrays["dense"]
        self.articles = len(self.ids)
        self.tokens = int(self.lengths.sum(dtype=np.int64))
        self.newest = int(self.ids.max()) if self.articles else 0
        self.is_public = not self.scopes.any()
        self._ord_of = np.full(self.newest + 1, -1, np.int32)
        self._ord_of[self.ids] = np.arange(self.articles, dtype=np.int32)
        # Weights are kept for the classes that come last; what comes before has none.
        self._weighed_from = len(self._ords) - len(self._weights)

    def held_by(self, ords: Array) -> Array:
        """Return the names that articles carry, each as often as it is carried: places of keys."""
        starts, ends = self.held_starts[ords], self.held_starts[ords + 1]
        counts = (ends - starts).astype(np.int64)
        before = np.repeat(np.cumsum(counts) - counts, counts)
        at = np.arange(int(counts.sum())) - before + np.repeat(starts, counts)
        held: Array = self.held_keys[at]
        return held

    def ords_of(self, ids: Array) -> Array:
        """Return the places of those of the articles that are in here, in ascending order."""
        known = ids[(ids >= 0) & (ids <= self.newest)]
        found = self._ord_of[known]
        return np.sort(found[found >= 0]).astype(np.intp)

    def posting(self, kind: bytes, token: str) -> Posting | None:
        """Return what holds a token, None where nothing does."""
        term = kind + token.encode()
        at = self.terms.place(term)
        if at >= len(self.terms) or self.terms[at] != term:
            return None
        return self.at(at)

    def at(self, place: int) -> Posting:
        """Return what holds the token at a place of `terms`."""
        row = self._dense_rows.item(place)
        start, end = self._starts.item(place), self._starts.item(place + 1)
        if row >= 0:
            # Its count stands where the others have their articles.
            dense = self._dense[row * self.articles : (row + 1) * self.articles]
            return Posting(int(self._ords[start]), dense=dense)
        weighed = start >= self._weighed_from
        shift = self._weighed_from
        return Posting(
            end - start,
            self._ords[start:end].astype(np.intp),
            self._weights[start - shift : end - shift] if weighed else None,
        )

    def weights_of(self, token: str, kind: bytes = TEXT) -> tuple[Array, Array]:
        """Return the places of the articles that hold a token, and its weight in each."""
        posting = self.posting(kind, token)
        if posting is None:
            return np.zeros(0, np.intp), np.zeros(0)
        if posting.dense is not None:
            ords = np.flatnonzero(posting.dense)
            return ords, posting.dense[ords].astype(np.float64)
        return np.asarray(posting.ords), np.array(posting.weights, np.float64)

    def ranging(self, places: range) -> tuple[Array, Array | None, list[Array]]:
        """Return all articles of tokens in a row, with repeats: lists joined, and dense rows."""
        if not places:
            return self._ords[:0], self._weights[:0], []
        start, end = self._starts.item(places.start), self._starts.item(places.stop)
        ords, shift = self._ords[start:end], self._weighed_from
        weights = self._weights[start - shift : end - shift] if start >= shift else None
        rows = self._dense_rows[places.start : places.stop]
        dense_at = np.flatnonzero(rows >= 0)
        if not dense_at.size:
            return ords, weights, []
        # A dense token's one entry is its count, no article.
        counts_at = self._starts[places.start : places.stop][dense_at] - start
        kept = np.ones(len(ords), bool)
        kept[counts_at] = False
        dense = [self.at(places.start + int(i)).dense for i in dense_at]
        return (
            ords[kept],
            None if weights is None else weights[kept],
            [row for row in dense if row is not None],
        )


def seq_of(path: Path, token: str) -> int | None:
    """Return the last change in a file, by its head alone; None for one that is missing or not it.

    Only `read` tells whether the rest of it is whole.
    """
    told = _told(path, token)
    return None if told is None else int(told["seq"])


def read(path: Path, token: str) -> Postings | None:
    """Map a file and read it through once; None for one that is missing, damaged or another's."""
    told = _told(path, token)
    if told is None:
        return None
    try:
        mapped = np.memmap(path, np.uint8, "r")
        if zlib.crc32(mapped[HEADER_BYTES:].data) != told["crc"]:
            return None
        arrays = {
            name: mapped[at : at + size].view(dtype)
            for name, dtype in ARRAYS
            for at, size in (told["arrays"][name],)
        }
        return Postings(token, told["seq"], {n: np.asarray(a) for n, a in arrays.items()})
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def _told(path: Path, token: str) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
        told: dict[str, Any] = json.loads(header[len(MAGIC) :].rstrip(b"\0"))
        known = header.startswith(MAGIC) and told["format"] == FORMAT and told["token"] == token
        return told if known and path.stat().st_size == told["bytes"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
