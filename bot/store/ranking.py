"""A page of places from the postings and the tail: the same articles and order as the index gives.

Whom a test admits is told by admitted.py, what each is worth by scores.py; both are merged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bot.model import Cursor
from bot.store.admitted import Admitted
from bot.store.freshness import Freshness
from bot.store.leaves import Lookup
from bot.store.ords import BLOCKS_A_PLACE, how_many, part, some, top, top_of
from bot.store.postings import Array
from bot.store.resolve import Both, Either, Run, Start, Test
from bot.store.scores import Scores
from bot.store.statements import Order
from bot.store.tail import Late
from bot.store.view import Stories, View, fresh_of

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np

_FIRST = 100  # places looked at for a cursor's, then four times as many
# From this share of all articles on, adding up for every article beats picking some out.
_SHARE = 8


@dataclass(frozen=True, slots=True)
class Place:
    """An article's place in a list; `score` is negative, the best lowest, as FTS5's rank is."""

    sort_at: int
    id: int
    score: float = 0.0

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


@dataclass
class Search:
    """One question: a test, and whose eyes it is asked with."""

    view: View
    lookup: Lookup
    test: Test
    scopes: Sequence[int]
    until: int
    freshness: Freshness
    stories: Stories | None = None
    ranked: bool = False

    def rows(self, order: Order, cursor: Cursor | None, count: int) -> list[Place]:
        """Return at most `count` places after a cursor, or before it the nearest first."""
        if order == "best" and self._scores:
            return self._by_score(cursor, count)
        return self._by_time("new" if order == "best" else order, cursor, count)

    @cached_property
    def total(self) -> int:
        """How many there are in all."""
        spared = 0
        if self.stories:
            spared = self.stories.spared(self._admitted.filed, self._admitted.late, self.lookup.n)
        return self._filed_count + len(self._admitted.late) - spared

    def before(self, order: Order, cursor: Cursor) -> int:
        """Return how many come before a place."""
        filed, late, known = self._admitted.filed, self._admitted.late, self.view.postings
        if order == "best" and self._scores:
            ranked, at = self._ranked_to(cursor, 0)
            if not self.stories:
                return at
            told = [self.stories.by_id[p.id] for p in ranked[:at] if p.id in self.stories.by_id]
            return at - len(told) + len(set(told))
        at = int(np.searchsorted(known.sort_at, cursor.sort_at))
        if order == "old":
            early = [a for a in late if a.sort_at < cursor.sort_at]
            return self._counted(part(filed, 0, at), early)
        is_filed = at < known.articles and known.sort_at.item(at) == cursor.sort_at
        later = [a for a in late if a.sort_at > cursor.sort_at]
        return self._counted(part(filed, at + is_filed, known.articles), later)

    def best(self, most: int) -> tuple[Array, list[Late]]:
        """Return about the `most` best hits, or the newest where nothing is weighed, in no order.

        Late ones are among them in any case.
        """
        filed, late = self._admitted.filed, self._admitted.late
        if self._scores:
            return self._candidates(filed, most)[:most], late
        return some(filed, 0, self.view.postings.articles, most, upwards=False), late

    @property
    def everyone(self) -> tuple[Array, Array]:
        """All hits, in no order: their ids and their places in time."""
        filed, late, known = self._admitted.filed, self._admitted.late, self.view.postings
        ords = np.flatnonzero(filed) if filed.dtype == bool else filed
        ids = np.concatenate([known.ids[ords], np.array([a.id for a in late], np.int64)])
        at = np.concatenate([known.sort_at[ords], np.array([a.sort_at for a in late], np.int64)])
        return ids, at

    @cached_property
    def _filed_count(self) -> int:
        return how_many(self._admitted.filed)

    @cached_property
    def _admitted(self) -> Admitted:
        return Admitted(
            self.view,
            self.lookup,
            self.test,
            self.scopes,
            self.until,
            self.freshness,
            self.ranked,
        )

    @cached_property
    def _scores(self) -> Scores:
        held = (self._admitted.leaf(leaf) for leaf in _weighed(self.test))
        weighed = [(each, self.lookup.idf(each)) for each in held]
        return Scores(self.view, weighed, self.freshness)

    def _counted(self, filed: Array, late: Sequence[Late]) -> int:
        spared = self.stories.spared(filed, late, self.lookup.n) if self.stories else 0
        return how_many(filed) + len(late) - spared

    def _by_time(self, order: Order, cursor: Cursor | None, count: int) -> list[Place]:
        known, upwards = self.view.postings, (order == "old") != _is_back(cursor)
        first, end = 0, known.articles
        late = self._admitted.late
        if cursor is not None:
            at = cursor.sort_at
            if upwards:
                first = int(np.searchsorted(known.sort_at, at, "right"))
                late = [a for a in late if a.sort_at > at]
            else:
                end = int(np.searchsorted(known.sort_at, at))
                late = [a for a in late if a.sort_at < at]
        ords = some(self._admitted.filed, first, end, count, upwards=upwards)
        rows = [Place(known.sort_at.item(i), known.ids.item(i)) for i in ords.tolist()]
        rows += [Place(a.sort_at, a.id) for a in late]
        rows.sort(key=lambda row: row.sort_at, reverse=not upwards)
        return rows[:count]

    def _by_score(self, cursor: Cursor | None, count: int) -> list[Place]:
        if cursor is None:
            return self._ranked(count)
        ranked, at = self._ranked_to(cursor, 0 if cursor.back else count)
        if cursor.back:
            return ranked[max(0, at - count) : at][::-1]
        # Where the article itself is gone, its score tells where it was.
        at += at < len(ranked) and ranked[at].sort_at == cursor.sort_at
        return ranked[at : at + count]

    def _ranked_to(self, cursor: Cursor, count: int) -> tuple[list[Place], int]:
        """Return the best places to `count` beyond a cursor's, and where that one is."""
        there = how_many(self._admitted.filed) + len(self._admitted.late)
        wanted = count + _FIRST
        while True:
            ranked = self._ranked(wanted)
            at = _found(ranked, cursor)
            if wanted >= there or (at is not None and at + count < len(ranked)):
                return ranked, len(ranked) if at is None else at
            wanted *= 4

    def _ranked(self, wanted: int) -> list[Place]:
        """Return the best `wanted` places, the best first."""
        known, late = self.view.postings, self._admitted.late
        ords = self._candidates(self._admitted.filed, wanted)
        scores = self._scores.exact(ords)
        if self.freshness.gain:
            scores *= fresh_of(self.freshness, known.published[ords])
        places = [
            Place(at, article_id, -score)
            for at, article_id, score in zip(
                known.sort_at[ords].tolist(), known.ids[ords].tolist(), scores.tolist(), strict=True
            )
        ]
        places += [Place(a.sort_at, a.id, -self._scores.of_late(a)) for a in late]
        places.sort(key=lambda place: (place.score, -place.sort_at))
        # What equals the last in single precision may lack its neighbours.
        return places[:wanted]

    def _candidates(self, filed: Array, wanted: int) -> Array:
        """Return the places in the file of all that may be among the best `wanted`."""
        n = self.view.postings.articles
        if self._filed_count <= wanted * BLOCKS_A_PLACE:
            return np.flatnonzero(filed) if filed.dtype == bool else filed
        if filed.dtype == bool and self._scores.postings * _SHARE > n:
            every = self._admitted.sums.get(self.test)
            every = self._scores.every() if every is None else every
            if self.freshness.gain:
                every = every * self.view.fresh(self.freshness)
            return top_of(every, filed, wanted)
        ords = np.flatnonzero(filed) if filed.dtype == bool else filed
        scores = self._scores.rough(ords)
        if self.freshness.gain:
            scores *= self.view.fresh(self.freshness).take(ords)
        found: Array = ords[top(scores, wanted)]
        return found


def _weighed(test: Test) -> Iterator[Run | Start]:
    """Yield each leaf that a score adds up, once."""
    found: dict[Run | Start, None] = {}

    def walk(test: Test) -> None:
        match test:
            case Run() | Start():
                found[test] = None
            case Both(children=children) | Either(children=children):
                for child in children:
                    walk(child)

    walk(test)
    yield from found


def _found(ranked: Sequence[Place], cursor: Cursor) -> int | None:
    """Return where the cursor's article is, or where it would be by its score."""
    for at, place in enumerate(ranked):
        if place.sort_at == cursor.sort_at:
            return at
    score = cursor.score or 0.0
    for at, place in enumerate(ranked):
        if (place.score, -place.sort_at) > (score, -cursor.sort_at):
            return at
    return None


def _is_back(cursor: Cursor | None) -> bool:
    return cursor is not None and cursor.back
