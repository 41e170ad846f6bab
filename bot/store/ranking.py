"""A page of places from the postings and the tail: the same articles and order as the index gives.

Everything is decided on arrays for what the file holds, on sets for the few late ones, and merged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bot.model import Cursor
from bot.store.freshness import Freshness
from bot.store.leaves import K1, B, Held, Leaf, Lookup, both, is_phrase, union
from bot.store.postings import UNKNOWN_DATE, Array, Postings
from bot.store.resolve import (
    Always,
    Between,
    Both,
    Either,
    Keys,
    Neither,
    Never,
    Run,
    Start,
    Test,
)
from bot.store.statements import SPILL_S, Order
from bot.store.tail import Late, Tail

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np

_SECOND_MS = 1000
# Single precision decides who may be on the page; those are then weighed again in double.
_DOUBT = 1e-5
_BLOCKS_A_PLACE = 4
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


@dataclass(frozen=True)
class Stories:
    """Which articles tell a story with others: places in the file with a story each, and by id."""

    ords: Array
    story_of: Array
    by_id: Mapping[int, int]

    def spared(self, filed: Array, late: Sequence[Late], n: int) -> int:
        """Return by how many the list is shorter with every story told once."""
        told = self.story_of[_mask(filed, n)[self.ords]].tolist()
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
            found = _fresh(freshness, self.postings.published).astype(np.float32)
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
    _held: dict[Leaf, Held] = field(default_factory=dict)
    _sums: dict[Test, Array] = field(default_factory=dict)

    def rows(self, order: Order, cursor: Cursor | None, count: int) -> list[Place]:
        """Return at most `count` places after a cursor, or before it the nearest first."""
        # Without a word there is nothing to weigh.
        if order == "best" and self._weighed:
            return self._by_score(cursor, count)
        return self._by_time("new" if order == "best" else order, cursor, count)

    @cached_property
    def total(self) -> int:
        """How many there are in all."""
        spared = 0
        if self.stories:
            spared = self.stories.spared(self._filed_hits, self._late_hits, self.lookup.n)
        return self._filed_count + len(self._late_hits) - spared

    def before(self, order: Order, cursor: Cursor) -> int:
        """Return how many come before a place."""
        filed, late, known = self._filed_hits, self._late_hits, self.view.postings
        if order == "best" and self._weighed:
            ranked, at = self._ranked_to(cursor, 0)
            if not self.stories:
                return at
            told = [self.stories.by_id[p.id] for p in ranked[:at] if p.id in self.stories.by_id]
            return at - len(told) + len(set(told))
        at = int(np.searchsorted(known.sort_at, cursor.sort_at))
        if order == "old":
            early = [a for a in late if a.sort_at < cursor.sort_at]
            return self._counted(_part(filed, 0, at), early)
        is_filed = at < known.articles and known.sort_at.item(at) == cursor.sort_at
        later = [a for a in late if a.sort_at > cursor.sort_at]
        return self._counted(_part(filed, at + is_filed, known.articles), later)

    @property
    def everyone(self) -> tuple[Array, Array]:
        """All hits, in no order: their ids and their places in time."""
        filed, late, known = self._filed_hits, self._late_hits, self.view.postings
        ords = np.flatnonzero(filed) if filed.dtype == bool else filed
        ids = np.concatenate([known.ids[ords], np.array([a.id for a in late], np.int64)])
        at = np.concatenate([known.sort_at[ords], np.array([a.sort_at for a in late], np.int64)])
        return ids, at

    @cached_property
    def _filed_count(self) -> int:
        return _count(self._filed_hits)

    @cached_property
    def _weighed(self) -> list[tuple[Held, float]]:
        """What a score adds up: who holds each word, and how telling it is."""
        held = (self._leaf(leaf) for leaf in _weighed(self.test))
        return [(each, self.lookup.idf(each)) for each in held]

    def _counted(self, filed: Array, late: Sequence[Late]) -> int:
        spared = self.stories.spared(filed, late, self.lookup.n) if self.stories else 0
        return _count(filed) + len(late) - spared

    def best(self, most: int) -> tuple[Array, list[Late]]:
        """Return about the `most` best hits, or the newest where nothing is weighed, in no order.

        Late ones are among them in any case.
        """
        filed, late = self._filed_hits, self._late_hits
        if self._weighed:
            return self._candidates(filed, self._weighed, most)[:most], late
        return _some(filed, 0, self.view.postings.articles, most, upwards=False), late

    @cached_property
    def _filed_hits(self) -> Array:
        hits = self._filed(self.test)
        may = self.view.allowed(self.scopes, self.until)
        if may is None:
            return hits
        return hits & may if hits.dtype == bool else hits[may[hits]]

    @cached_property
    def _late_hits(self) -> list[Late]:
        articles = self.view.tail.articles
        if not articles:
            return []
        found = (articles[i] for i in self._late(self.test))
        return [a for a in found if a.scope_id in self.scopes and a.id <= self.until]

    def _leaf(self, leaf: Leaf) -> Held:
        if leaf not in self._held:
            self._held[leaf] = self.lookup.held(leaf)
        return self._held[leaf]

    def _filed(self, test: Test) -> Array:
        """Return who passes in the file; dead ones may be among them."""
        n = self.view.postings.articles
        match test:
            case Always():
                return np.ones(n, bool)
            case Never():
                return np.zeros(0, np.intp)
            case Run() | Start() | Keys():
                return self._leaf(test).filed
            case Between(low=low, high=high):
                return self._between(low, high)
            case Neither(child=child):
                return ~_mask(self._filed(child), n)
            case Either(children=children):
                if self.ranked and all(isinstance(c, Run) and not is_phrase(c) for c in children):
                    return self._any_of(test)
                return union([self._filed(child) for child in children], n)
            case Both(children=children):
                return self._all_of(children)

    def _any_of(self, either: Either) -> Array:
        """Return who holds any of some words: whose score by them is not nothing."""
        held = [self._leaf(child) for child in either.children if isinstance(child, Run)]
        self._sums[either] = self._every_score([(each, self.lookup.idf(each)) for each in held])
        found: Array = self._sums[either] != 0
        return found

    def _all_of(self, children: Sequence[Test]) -> Array:
        n = self.view.postings.articles
        found = [self._filed(c) for c in children if not isinstance(c, Neither)]
        not_wanted = [self._filed(c.child) for c in children if isinstance(c, Neither)]
        # Lists before truths, the shortest first: what is left over only shrinks.
        found.sort(key=lambda hits: n + 1 if hits.dtype == bool else len(hits))
        hits = found[0] if found else np.ones(n, bool)
        for other in found[1:]:
            hits = both(hits, other, n)
        for unwanted in not_wanted:
            hits = both(hits, ~_mask(unwanted, n), n)
        return hits

    def _between(self, low: int | None, high: int | None) -> Array:
        known = self.view.postings
        # Intake files an article at most a day after its second.
        first = 0 if low is None else int(np.searchsorted(known.sort_at, low * _SECOND_MS))
        end = known.articles
        if high is not None:
            end = int(np.searchsorted(known.sort_at, (high + SPILL_S) * _SECOND_MS))
        published = known.published[first:end]
        holds = published > UNKNOWN_DATE if low is None else published >= low
        if high is not None:
            holds &= published < high
        mask = np.zeros(known.articles, bool)
        mask[first:end] = holds
        return mask

    def _late(self, test: Test) -> set[int]:
        articles = self.view.tail.articles
        match test:
            case Always():
                return set(articles)
            case Never():
                return set()
            case Run() | Start() | Keys():
                return self._leaf(test).late
            case Between(low=low, high=high):
                return {i for i, a in articles.items() if _within(a.published_at, low, high)}
            case Neither(child=child):
                return articles.keys() - self._late(child)
            case Either(children=children):
                return set().union(*map(self._late, children))
            case Both(children=children):
                first, *others = map(self._late, children)
                return first.intersection(*others)

    def _by_time(self, order: Order, cursor: Cursor | None, count: int) -> list[Place]:
        known, upwards = self.view.postings, (order == "old") != _is_back(cursor)
        first, end = 0, known.articles
        late = self._late_hits
        if cursor is not None:
            at = cursor.sort_at
            if upwards:
                first = int(np.searchsorted(known.sort_at, at, "right"))
                late = [a for a in late if a.sort_at > at]
            else:
                end = int(np.searchsorted(known.sort_at, at))
                late = [a for a in late if a.sort_at < at]
        ords = _some(self._filed_hits, first, end, count, upwards=upwards)
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
        there = _count(self._filed_hits) + len(self._late_hits)
        wanted = count + _FIRST
        while True:
            ranked = self._ranked(wanted)
            at = _found(ranked, cursor)
            if wanted >= there or (at is not None and at + count < len(ranked)):
                return ranked, len(ranked) if at is None else at
            wanted *= 4

    def _ranked(self, wanted: int) -> list[Place]:
        """Return the best `wanted` places, the best first."""
        weights = self._weighed
        known, late = self.view.postings, self._late_hits
        ords = self._candidates(self._filed_hits, weights, wanted)
        scores = self._scores(ords, weights)
        if self.freshness.gain:
            scores *= _fresh(self.freshness, known.published[ords])
        places = [
            Place(at, article_id, -score)
            for at, article_id, score in zip(
                known.sort_at[ords].tolist(), known.ids[ords].tolist(), scores.tolist(), strict=True
            )
        ]
        places += [Place(a.sort_at, a.id, -self._late_score(a, weights)) for a in late]
        places.sort(key=lambda place: (place.score, -place.sort_at))
        # What equals the last in single precision may lack its neighbours.
        return places[:wanted]

    def _candidates(
        self, filed: Array, weights: Sequence[tuple[Held, float]], wanted: int
    ) -> Array:
        """Return the places in the file of all that may be among the best `wanted`."""
        n = self.view.postings.articles
        if self._filed_count <= wanted * _BLOCKS_A_PLACE:
            return np.flatnonzero(filed) if filed.dtype == bool else filed
        postings = sum(len(held.filed) for held, _ in weights)
        if filed.dtype == bool and postings * _SHARE > n:
            every = self._sums.get(self.test)
            every = self._every_score(weights) if every is None else every
            if self.freshness.gain:
                every = every * self.view.fresh(self.freshness)
            return _top_of(every, filed, wanted)
        ords = np.flatnonzero(filed) if filed.dtype == bool else filed
        scores = self._rough_scores(ords, weights)
        if self.freshness.gain:
            scores *= self.view.fresh(self.freshness).take(ords)
        found: Array = ords[_top(scores, wanted)]
        return found

    def _every_score(self, weights: Sequence[tuple[Held, float]]) -> Array:
        """Return a rough score for every article of the file."""
        norms = self.view.norms
        scores = np.zeros(len(norms), np.float32)
        for held, idf in weights:
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

    def _rough_scores(self, ords: Array, weights: Sequence[tuple[Held, float]]) -> Array:
        norms = self.view.norms.take(ords)
        scores = np.zeros(len(ords), np.float32)
        for held, idf in weights:
            if held.worth is not None:
                ids = self.view.postings.ids[ords].tolist()
                scores += np.array([held.worth.get(i, 0.0) for i in ids], np.float32)
                continue
            weight = self._weights_at(held, ords).astype(np.float32)
            weight /= weight + norms
            weight *= np.float32(idf * (K1 + 1))
            scores += weight
        return scores

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

    def _scores(self, ords: Array, weights: Sequence[tuple[Held, float]]) -> Array:
        """Return the scores of a few places in the file, as FTS5 counts them."""
        lengths = self.view.postings.lengths[ords].astype(np.float64)
        norms = K1 * (1 - B + B * lengths / max(self.view.average, 1e-9))
        scores = np.zeros(len(ords), np.float64)
        for held, idf in weights:
            if held.worth is not None:
                ids = self.view.postings.ids[ords].tolist()
                scores += np.array([held.worth.get(i, 0.0) for i in ids])
                continue
            weight = self._weights_at(held, ords).astype(np.float64)
            scores += idf * ((weight * (K1 + 1)) / (weight + norms))
        return scores

    def _late_score(self, late: Late, weights: Sequence[tuple[Held, float]]) -> float:
        norm = K1 * (1 - B + B * late.length / max(self.view.average, 1e-9))
        score = 0.0
        for held, idf in weights:
            if held.worth is not None:
                score += held.worth.get(late.id, 0.0)
            elif held.weigh is not None:
                weight = held.weigh(late)
                score += idf * (weight * (K1 + 1)) / (weight + norm)
        return score * self.freshness.of(late.published_at)


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


def _fresh(freshness: Freshness, published: Array) -> Array:
    age = np.maximum(0, freshness.now_s - published)
    factor = 1.0 + freshness.gain * freshness.half_s / (freshness.half_s + age)
    return np.where(published == UNKNOWN_DATE, 1.0, factor)


def _top_of(every: Array, hits: Array, wanted: int) -> Array:
    """Return the hits with at least the `wanted` best scores, of scores of every article."""
    scores = every * hits
    found = _top(scores, wanted)
    if len(found) < len(scores):
        return found
    # Hits without any score: apart from those that are none.
    return _top(np.where(hits, every, np.float32(-1)), wanted)


def _top(scores: Array, wanted: int) -> Array:
    """Return where at least the `wanted` best scores are, with all that may equal the last."""
    n = len(scores)
    if n <= wanted:
        return np.arange(n)
    blocks = n // 64
    if blocks > wanted * _BLOCKS_A_PLACE:
        # The best of each of many groups: the last of the best groups bounds the last place.
        bests = scores[: blocks * 64].reshape(64, blocks).max(axis=0)
        least = np.partition(bests, blocks - wanted)[blocks - wanted]
    else:
        least = np.partition(scores, n - wanted)[n - wanted]
    return np.flatnonzero(scores >= least - abs(least) * np.float32(_DOUBT))


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


def _within(published_at: int | None, low: int | None, high: int | None) -> bool:
    if published_at is None:
        return False
    return (low is None or published_at >= low) and (high is None or published_at < high)


def _mask(hits: Array, n: int) -> Array:
    if hits.dtype == bool:
        return hits
    mask = np.zeros(n, bool)
    mask[hits] = True
    return mask


def _count(hits: Array) -> int:
    return int(np.count_nonzero(hits)) if hits.dtype == bool else len(hits)


def _is_back(cursor: Cursor | None) -> bool:
    return cursor is not None and cursor.back


def _part(hits: Array, first: int, end: int) -> Array:
    """Return the hits of a stretch of places."""
    if hits.dtype == bool:
        part = np.zeros(len(hits), bool)
        part[first:end] = hits[first:end]
        return part
    low, high = np.searchsorted(hits, [first, end])
    return hits[low:high]


def _some(hits: Array, first: int, end: int, most: int, *, upwards: bool) -> Array:
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
