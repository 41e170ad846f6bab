"""Turns a resolved query into a statement: one MATCH per stretch of time in which dates are fixed.

Dates are no terms of the index. The moments a query names part time into stretches, and within
one every date test is true or false throughout, so what remains is a MATCH expression alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.store.index import ALL
from bot.store.resolve import Always, Between, Both, Either, Keys, Neither, Never, Run, Start, Test

_TEXT = "-{words keys} : "


@dataclass(frozen=True, slots=True)
class Stretch:
    """[low, high) seconds of publication; or the articles without a date."""

    low: int | None = None
    high: int | None = None
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """A MATCH expression (None: every article) and when it holds (empty: whenever)."""

    match: str | None
    stretches: tuple[Stretch, ...] = ()


def branches(test: Test) -> tuple[Branch, ...]:
    """Return the branches whose union, free of overlap, is what the test admits."""
    moments = sorted(set(_moments(test)))
    if not moments:
        fixed = _simple(test)
        return () if isinstance(fixed, Never) else (Branch(_match(fixed)),)
    stretches = [
        Stretch(low, high) for low, high in zip([None, *moments], [*moments, None], strict=True)
    ]
    stretches.append(Stretch(unknown=True))
    found: dict[Test, list[Stretch]] = {}
    for stretch in stretches:
        fixed = _simple(_fixed(test, stretch))
        if not isinstance(fixed, Never):
            found.setdefault(fixed, []).append(stretch)
    if len(found) == 1 and len(next(iter(found.values()))) == len(stretches):
        return (Branch(_match(next(iter(found)))),)
    return tuple(Branch(_match(fixed), _joined(parts)) for fixed, parts in found.items())


def _moments(test: Test) -> Iterator[int]:
    match test:
        case Between(low=low, high=high):
            yield from (moment for moment in (low, high) if moment is not None)
        case Neither(child=child):
            yield from _moments(child)
        case Both(children=children) | Either(children=children):
            for child in children:
                yield from _moments(child)


def _joined(stretches: list[Stretch]) -> tuple[Stretch, ...]:
    joined: list[Stretch] = []
    for stretch in stretches:
        if joined and not stretch.unknown and joined[-1].high == stretch.low:
            joined[-1] = Stretch(joined[-1].low, stretch.high)
        else:
            joined.append(stretch)
    return tuple(joined)


def _fixed(test: Test, stretch: Stretch) -> Test:
    """Return the test with every date decided, as it is within the stretch."""
    match test:
        case Between(low=low, high=high):
            return Always() if _within(stretch, low, high) else Never()
        case Neither(child=child):
            return Neither(_fixed(child, stretch))
        case Both(children=children):
            return Both(tuple(_fixed(child, stretch) for child in children))
        case Either(children=children):
            return Either(tuple(_fixed(child, stretch) for child in children))
    return test


def _within(stretch: Stretch, low: int | None, high: int | None) -> bool:
    if stretch.unknown:
        return False
    after = low is None or (stretch.low is not None and stretch.low >= low)
    before = high is None or (stretch.high is not None and stretch.high <= high)
    return after and before


def _simple(test: Test) -> Test:
    """Return the test without Always and Never inside it, and without double negation."""
    match test:
        case Neither(child=child):
            inner = _simple(child)
            if isinstance(inner, Always):
                return Never()
            if isinstance(inner, Never):
                return Always()
            return inner.child if isinstance(inner, Neither) else Neither(inner)
        case Both(children=children):
            return _folded(children, Both, Never(), Always())
        case Either(children=children):
            return _folded(children, Either, Always(), Never())
    return test


def _folded(
    children: tuple[Test, ...], kind: type[Both] | type[Either], ends: Test, passes: Test
) -> Test:
    """Fold Both and Either: a child equal to `ends` decides, one equal to `passes` is left out."""
    kept: dict[Test, None] = {}
    for child in children:
        simple = _simple(child)
        if simple == ends:
            return ends
        parts = simple.children if isinstance(simple, kind) else (simple,)
        kept.update((part, None) for part in parts if part != passes)
    if len(kept) > 1:
        return kind(tuple(kept))
    return next(iter(kept), passes)


def _match(test: Test) -> str | None:
    return None if isinstance(test, Always) else expression(test)


def expression(test: Test) -> str:
    """Return the MATCH expression of a test in which no date is left."""
    match test:
        case Run(tokens=tokens, column=column, open_end=open_end):
            where = f"{{{column}}} : " if column else _TEXT
            return where + quoted(" ".join(tokens)) + (" *" if open_end else "")
        case Start(start=start):
            return f"-{{keys}} : {quoted(start)} *"
        case Keys(tokens=tokens):
            joined = " OR ".join(quoted(token) for token in tokens)
            return f"keys : ({joined})" if len(tokens) > 1 else f"keys : {joined}"
        case Neither(child=child):
            # NOT needs a left side: the token that every article has.
            return f"(keys : {quoted(ALL)} NOT ({expression(child)}))"
        case Both(children=children):
            return _both(children)
        case Either(children=children):
            return "(" + " OR ".join(expression(child) for child in children) + ")"
    raise AssertionError(test)


def _both(children: tuple[Test, ...]) -> str:
    wanted = [child for child in children if not isinstance(child, Neither)]
    unwanted = [child.child for child in children if isinstance(child, Neither)]
    left = " AND ".join(expression(child) for child in wanted) or f"keys : {quoted(ALL)}"
    if not unwanted:
        return f"({left})"
    return f"(({left}) NOT (" + " OR ".join(expression(child) for child in unwanted) + "))"


def quoted(token: str) -> str:
    """Return a token as an FTS5 string, in which nothing is an operator."""
    return '"' + token.replace('"', '""').replace("\0", " ") + '"'
