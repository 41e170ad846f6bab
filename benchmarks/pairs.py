"""Measures ours beside a peer in alternating order, and keeps what a promise says of it."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One promise as measured. `bound` is what the ratio must not pass, upwards or downwards.

    An infinite bound promises nothing: the figure is only told.
    """

    promise: str
    ours: str
    peer: str
    ratio: float
    bound: float
    at_least: bool = False
    n: int = 0
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the ratio keeps the promise."""
        return self.ratio >= self.bound if self.at_least else self.ratio <= self.bound

    @property
    def promises(self) -> bool:
        """Whether there is a bound to keep."""
        return math.isfinite(self.bound)

    @property
    def verdict(self) -> str:
        """The promise's bound and whether it is kept, in words."""
        if not self.promises:
            return "told"
        sign = "≥" if self.at_least else "≤"
        return f"{'kept' if self.holds else 'MISSED'} ({sign} {self.bound:g})"


@dataclass(frozen=True, slots=True)
class Pairs:
    """Seconds of ours and of the peer, pair by pair."""

    ours: tuple[float, ...]
    peer: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The median of the pairs' own ratios: noise that hits both sides of a pair cancels."""
        return statistics.median(a / b for a, b in zip(self.ours, self.peer, strict=True))

    @property
    def ours_ms(self) -> float:
        """Our median in milliseconds."""
        return statistics.median(self.ours) * 1000

    @property
    def peer_ms(self) -> float:
        """The peer's median in milliseconds."""
        return statistics.median(self.peer) * 1000


def p99(seconds: Sequence[float]) -> float:
    """Return the 99th percentile of at least one measurement."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]


def interleave(ours: Callable[[], object], peer: Callable[[], object], pairs: int) -> Pairs:
    """Time both sides `pairs` times, each first in turn, after one warm-up of each."""
    ours()
    peer()
    mine: list[float] = []
    theirs: list[float] = []
    for turn in range(pairs):
        sides = [(ours, mine), (peer, theirs)]
        for call, kept in sides if turn % 2 == 0 else reversed(sides):
            started = time.perf_counter()
            call()
            kept.append(time.perf_counter() - started)
    return Pairs(tuple(mine), tuple(theirs))


async def interleave_async(
    ours: Callable[[], Awaitable[object]], peer: Callable[[], Awaitable[object]], pairs: int
) -> Pairs:
    """Time both sides like `interleave`, awaiting each call."""
    await ours()
    await peer()
    mine: list[float] = []
    theirs: list[float] = []
    for turn in range(pairs):
        sides = [(ours, mine), (peer, theirs)]
        for call, kept in sides if turn % 2 == 0 else reversed(sides):
            started = time.perf_counter()
            await call()
            kept.append(time.perf_counter() - started)
    return Pairs(tuple(mine), tuple(theirs))


def said(ratio: float) -> str:
    """Return a ratio with two decimals, or with two digits when it is small."""
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def table(rows: Sequence[Row]) -> str:
    """Return rows as a Markdown table."""
    head = "| promise | ours | peer | ratio | verdict | n | note |\n|---|---|---|---|---|---|---|"
    lines = [
        f"| {r.promise} | {r.ours} | {r.peer} | {said(r.ratio)} | {r.verdict} | {r.n} | {r.note} |"
        for r in rows
    ]
    return "\n".join([head, *lines])
