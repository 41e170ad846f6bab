"""The postings and what changed since, as one: who may be seen, how long and how new each is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.store.freshness import Freshness
from bot.store.leaves import K1, B
from bot.store.ords import mask
from bot.store.postings import UNKNOWN_DATE, Array, Postings
from bot.store.tail import Late, Tail

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np


@dataclass(frozen=True)
class Stories:
    """Which articles tell a story with others: places in the file with a story each, and by id."""

    ords: Array
    story_of: Array
    by_id: Mapping[int, int]

    def spared(self, filed: Array, late: Sequence[Late], n: int) -> int:
        """Return by how many the list is shorter with every story told once."""
        told = self.story_of[mask(filed, n)[self.ords]].tolist()
        told += [self.by_id[a.id] for a in late if a.id in self.by_id]
        return len(told) - len(set(told))


@dataclass(frozen=True)
class View:
    """The postings and the tail at one moment. `dead` are places in the file that changed since."""

    postings: Postings
    tail: Tail
    dead: Array
    norms: Array  # what bm25 adds to a weight below the line, for each article in the file
    average: float  # tokens an article
    _fresh: tuple[Freshness, Array] | None = None

    @classmethod
    def of(cls, postings: Postings, tail: Tail) -> View:
        """Return the view of a tail as it is now."""
        dead = postings.ords_of(np.fromiter(tail.changed, np.int64, len(tail.changed)))
        articles = postings.articles - len(dead) + len(tail.articles)
        lengths = postings.lengths
        tokens = postings.tokens - int(lengths[dead].sum(dtype=np.int64)) + tail.tokens
        average = tokens / max(1, articles)
        norms = (K1 * (1 - B) + K1 * B / max(average, 1e-9) * lengths).astype(np.float32)
        return cls(postings, tail, dead, norms, average)

    def fresh(self, freshness: Freshness) -> Array:
        """Return the prior of every article of the file, kept for as long as it holds."""
        if self._fresh is None or self._fresh[0] != freshness:
            found = fresh_of(freshness, self.postings.published).astype(np.float32)
            object.__setattr__(self, "_fresh", (freshness, found))
            return found
        return self._fresh[1]

    def allowed(self, scopes: Sequence[int], until: int) -> Array | None:
        """Return a truth for each article of the file that may be shown, None for all of them."""
        known = self.postings
        if not self.dead.size and known.newest <= until and known.is_public:
            return None
        may = np.isin(known.scopes, scopes)
        if known.newest > until:
            may &= known.ids <= until
        may[self.dead] = False
        return may


def fresh_of(freshness: Freshness, published: Array) -> Array:
    """Return the prior of articles by when they were published."""
    age = np.maximum(0, freshness.now_s - published)
    factor = 1.0 + freshness.gain * freshness.half_s / (freshness.half_s + age)
    return np.where(published == UNKNOWN_DATE, 1.0, factor)
