"""Whether one article passes a resolved query, told from its index row, as MATCH would tell it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from bot.store.index import TEXT_COLUMNS, IndexRow
from bot.store.resolve import Always, Between, Both, Either, Keys, Neither, Never, Run, Start, Test


@dataclass(frozen=True)
class Facts:
    """An article as the index knows it, ready to be asked about."""

    row: IndexRow

    @cached_property
    def columns(self) -> dict[str, list[str]]:
        """The tokens of each text column, in order."""
        return {name: getattr(self.row, name).split() for name in TEXT_COLUMNS}

    @cached_property
    def tokens(self) -> frozenset[str]:
        """Every token of every text column."""
        return frozenset(token for column in self.columns.values() for token in column)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every unstemmed word that differs from its stem."""
        return frozenset(self.row.words.split())

    @cached_property
    def keys(self) -> frozenset[str]:
        """The opaque tokens of names and facts."""
        return frozenset(self.row.keys.split())


def passes(test: Test, facts: Facts) -> bool:
    """Return whether the article is one that the test admits."""
    match test:
        case Always():
            return True
        case Never():
            return False
        case Run():
            return _runs(test, facts)
        case Start(start=start):
            return any(token.startswith(start) for token in facts.tokens | facts.words)
        case Keys(tokens=tokens):
            return not facts.keys.isdisjoint(tokens)
        case Between(low=low, high=high):
            at = facts.row.published_at
            return at is not None and (low is None or at >= low) and (high is None or at < high)
        case Neither(child=child):
            return not passes(child, facts)
        case Both(children=children):
            return all(passes(child, facts) for child in children)
        case Either(children=children):
            return any(passes(child, facts) for child in children)


def _runs(run: Run, facts: Facts) -> bool:
    if not facts.tokens.issuperset(run.tokens[:-1] if run.open_end else run.tokens):
        return False
    columns = facts.columns.values() if run.column is None else [facts.columns[run.column]]
    if len(run.tokens) == 1 and run.column is None and not run.open_end:
        return True
    return any(_at(run, column, start) for column in columns for start in range(len(column)))


def _at(run: Run, column: list[str], start: int) -> bool:
    found = column[start : start + len(run.tokens)]
    if len(found) < len(run.tokens) or tuple(found[:-1]) != run.tokens[:-1]:
        return False
    last = run.tokens[-1]
    return found[-1].startswith(last) if run.open_end else found[-1] == last
