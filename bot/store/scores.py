"""bm25 on arrays, as FTS5 counts it: rough for very many articles, exact for a few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.store.freshness import Freshness
from bot.store.leaves import K1, B, Held
from bot.store.postings import Array
from bot.store.tail import Late
from bot.store.view import View

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np


@dataclass(frozen=True, slots=True)
class Scores:
    """What a score adds up: who holds each word, and how telling it is."""

    view: View
    held: Sequence[tuple[Held, float]]
    freshness: Freshness

    def __bool__(self) -> bool:
        # Without a word there is nothing to weigh.
        return bool(self.held)

    @property
    def postings(self) -> int:
        """How many articles of the file the words have, with repeats."""
        return sum(len(held.filed) for held, _ in self.held)

    def every(self) -> Array:
        """Return a rough score for every article of the file."""
        norms = self.view.norms
        scores = np.zeros(len(norms), np.float32)
        for held, idf in self.held:
            factor = np.float32(idf * (K1 + 1))
            posting = held.posting
            if held.worth is not None:
                ids = self.view.postings.ids[held.filed].tolist()
                scores[held.filed] += np.array([held.worth[i] for i in ids], np.float32)
            elif posting is not None and posting.dense is not None:
                weight = posting.dense.astype(np.float32)
                weight /= weight + norms
                weight *= factor
                scores += weight
            elif posting is not None and posting.ords is not None:
                weight = np.array(posting.weights, np.float32)
                weight /= weight + norms.take(posting.ords)
                weight *= factor
                scores[posting.ords] += weight
        return scores

    def rough(self, ords: Array) -> Array:
        """Return rough scores for some places in the file."""
        norms = self.view.norms.take(ords)
        scores = np.zeros(len(ords), np.float32)
        for held, idf in self.held:
            if held.worth is not None:
                ids = self.view.postings.ids[ords].tolist()
                scores += np.array([held.worth.get(i, 0.0) for i in ids], np.float32)
                continue
            weight = self._weights_at(held, ords).astype(np.float32)
            weight /= weight + norms
            weight *= np.float32(idf * (K1 + 1))
            scores += weight
        return scores

    def exact(self, ords: Array) -> Array:
        """Return the scores of a few places in the file, as FTS5 counts them."""
        lengths = self.view.postings.lengths[ords].astype(np.float64)
        norms = K1 * (1 - B + B * lengths / max(self.view.average, 1e-9))
        scores = np.zeros(len(ords), np.float64)
        for held, idf in self.held:
            if held.worth is not None:
                ids = self.view.postings.ids[ords].tolist()
                scores += np.array([held.worth.get(i, 0.0) for i in ids])
                continue
            weight = self._weights_at(held, ords).astype(np.float64)
            scores += idf * ((weight * (K1 + 1)) / (weight + norms))
        return scores

    def of_late(self, late: Late) -> float:
        """Return the score of a late article, its prior included."""
        norm = K1 * (1 - B + B * late.length / max(self.view.average, 1e-9))
        score = 0.0
        for held, idf in self.held:
            if held.worth is not None:
                score += held.worth.get(late.id, 0.0)
            elif held.weigh is not None:
                weight = held.weigh(late)
                score += idf * (weight * (K1 + 1)) / (weight + norm)
        return score * self.freshness.of(late.published_at)

    def _weights_at(self, held: Held, ords: Array) -> Array:
        posting = held.posting
        if posting is None:
            return np.zeros(len(ords), np.uint8)
        if posting.dense is not None:
            return posting.dense.take(ords)
        assert posting.ords is not None and posting.weights is not None  # noqa: S101
        if ords is posting.ords:
            return posting.weights
        if len(posting.ords) > 64 * len(ords):
            at = np.searchsorted(posting.ords, ords)
            at[at == len(posting.ords)] = 0
            return np.where(posting.ords[at] == ords, posting.weights[at], 0)
        spread = np.zeros(self.view.postings.articles, posting.weights.dtype)
        spread[posting.ords] = posting.weights
        return spread.take(ords)
