"""Sets of articles by their place in the postings: places in order, or a truth for each article."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.store.postings import Array

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np

BLOCKS_A_PLACE = 4
# Single precision decides who may be on a page; those are then weighed again in double.
_DOUBT = 1e-5


def mask(hits: Array, n: int) -> Array:
    """Return hits as a truth for each of `n` articles."""
    if hits.dtype == bool:
        return hits
    mask = np.zeros(n, bool)
    mask[hits] = True
    return mask


def how_many(hits: Array) -> int:
    """Return how many hits there are."""
    return int(np.count_nonzero(hits)) if hits.dtype == bool else len(hits)


def part(hits: Array, first: int, end: int) -> Array:
    """Return the hits of a stretch of places."""
    if hits.dtype == bool:
        part = np.zeros(len(hits), bool)
        part[first:end] = hits[first:end]
        return part
    low, high = np.searchsorted(hits, [first, end])
    return hits[low:high]


def some(hits: Array, first: int, end: int, most: int, *, upwards: bool) -> Array:
    """Return the first or the last `most` hits of a stretch of places."""
    if hits.dtype != bool:
        low, high = np.searchsorted(hits, [first, end])
        return hits[low:high][:most] if upwards else hits[low:high][-most:]
    step = most * 64
    while True:
        if upwards:
            found = np.flatnonzero(hits[first : first + step if first + step < end else end])
            found = found + first
        else:
            start = max(first, end - step)
            found = np.flatnonzero(hits[start:end]) + start
        if len(found) >= most or step >= end - first:
            return found[:most] if upwards else found[-most:]
        step *= 8


def top_of(every: Array, hits: Array, wanted: int) -> Array:
    """Return the hits with at least the `wanted` best scores, of scores of every article."""
    scores = every * hits
    found = top(scores, wanted)
    if len(found) < len(scores):
        return found
    # Hits without any score: apart from those that are none.
    return top(np.where(hits, every, np.float32(-1)), wanted)


def top(scores: Array, wanted: int) -> Array:
    """Return where at least the `wanted` best scores are, with all that may equal the last."""
    n = len(scores)
    if n <= wanted:
        return np.arange(n)
    blocks = n // 64
    if blocks > wanted * BLOCKS_A_PLACE:
        # The best of each of many groups: the last of the best groups bounds the last place.
        bests = scores[: blocks * 64].reshape(64, blocks).max(axis=0)
        least = np.partition(bests, blocks - wanted)[blocks - wanted]
    else:
        least = np.partition(scores, n - wanted)[n - wanted]
    return np.flatnonzero(scores >= least - abs(least) * np.float32(_DOUBT))
