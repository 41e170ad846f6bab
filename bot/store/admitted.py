"""Whom a test admits: decided on arrays for what the file holds, on sets for the few late ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from bot.store.freshness import Freshness
from bot.store.leaves import Held, Leaf, Lookup, both, is_phrase, union
from bot.store.ords import mask
from bot.store.postings import UNKNOWN_DATE, Array
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
from bot.store.scores import Scores
from bot.store.statements import SPILL_S
from bot.store.tail import Late
from bot.store.view import View

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np

_SECOND_MS = 1000


@dataclass
class Admitted:
    """Who passes a test, of what some eyes may see. `sums` are scores that came up on the way."""

    view: View
    lookup: Lookup
    test: Test
    scopes: Sequence[int]
    until: int
    freshness: Freshness
    ranked: bool = False
    sums: dict[Test, Array] = field(default_factory=dict)
    _held: dict[Leaf, Held] = field(default_factory=dict)

    @cached_property
    def filed(self) -> Array:
        """Who passes in the file."""
        hits = self._in_file(self.test)
        may = self.view.allowed(self.scopes, self.until)
        if may is None:
            return hits
        return hits & may if hits.dtype == bool else hits[may[hits]]

    @cached_property
    def late(self) -> list[Late]:
        """Who passes of the late ones."""
        articles = self.view.tail.articles
        if not articles:
            return []
        found = (articles[i] for i in self._in_tail(self.test))
        return [a for a in found if a.scope_id in self.scopes and a.id <= self.until]

    def leaf(self, leaf: Leaf) -> Held:
        """Return who holds a leaf, looked up once."""
        if leaf not in self._held:
            self._held[leaf] = self.lookup.held(leaf)
        return self._held[leaf]

    def _in_file(self, test: Test) -> Array:
        """Return who passes in the file; dead ones may be among them."""
        n = self.view.postings.articles
        match test:
            case Always():
                return np.ones(n, bool)
            case Never():
                return np.zeros(0, np.intp)
            case Run() | Start() | Keys():
                return self.leaf(test).filed
            case Between(low=low, high=high):
                return self._between(low, high)
            case Neither(child=child):
                return ~mask(self._in_file(child), n)
            case Either(children=children):
                if self.ranked and all(isinstance(c, Run) and not is_phrase(c) for c in children):
                    return self._any_of(test)
                return union([self._in_file(child) for child in children], n)
            case Both(children=children):
                return self._all_of(children)

    def _any_of(self, either: Either) -> Array:
        """Return who holds any of some words: whose score by them is not nothing."""
        held = [self.leaf(child) for child in either.children if isinstance(child, Run)]
        weighed = [(each, self.lookup.idf(each)) for each in held]
        self.sums[either] = Scores(self.view, weighed, self.freshness).every()
        found: Array = self.sums[either] != 0
        return found

    def _all_of(self, children: Sequence[Test]) -> Array:
        n = self.view.postings.articles
        found = [self._in_file(c) for c in children if not isinstance(c, Neither)]
        not_wanted = [self._in_file(c.child) for c in children if isinstance(c, Neither)]
        # Lists before truths, the shortest first: what is left over only shrinks.
        found.sort(key=lambda hits: n + 1 if hits.dtype == bool else len(hits))
        hits = found[0] if found else np.ones(n, bool)
        for other in found[1:]:
            hits = both(hits, other, n)
        for unwanted in not_wanted:
            hits = both(hits, ~mask(unwanted, n), n)
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

    def _in_tail(self, test: Test) -> set[int]:
        articles = self.view.tail.articles
        match test:
            case Always():
                return set(articles)
            case Never():
                return set()
            case Run() | Start() | Keys():
                return self.leaf(test).late
            case Between(low=low, high=high):
                return {i for i, a in articles.items() if _within(a.published_at, low, high)}
            case Neither(child=child):
                return articles.keys() - self._in_tail(child)
            case Either(children=children):
                return set().union(*map(self._in_tail, children))
            case Both(children=children):
                first, *others = map(self._in_tail, children)
                return first.intersection(*others)


def _within(published_at: int | None, low: int | None, high: int | None) -> bool:
    if published_at is None:
        return False
    return (low is None or published_at >= low) and (high is None or published_at < high)
