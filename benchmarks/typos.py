"""How well names are guessed from what is mistyped: precision and recall on a seeded set of errors.

`python -m benchmarks.typos` prints both halves of the set. Rules were chosen on the first (tuned);
the second is what is reported. A fifth of the names are not in the archive: for them any suggestion
is a wrong one, be they spelt rightly or not.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.query import text
from bot.query.tags import tag_key
from bot.store.suggest import Entries, Entry, Names

SEED = 5
OFFERED = 25
_NAMES = Path(__file__).with_name("typo_names.txt")
_ABSENT = 5  # every fifth name is in no article
_TYPINGS = 2  # of a name in the archive; of an absent one, twice as many
# Errors as people make them: a letter left out, doubled or slipped in, its neighbour on the
# keyboard, two letters in the wrong order. The first letter errs as the others do.
_KINDS = ("drop", "add", "slip", "swap")
_SHARES = (30, 20, 25, 25)
_TWO_ERRORS = 0.15
_LONG = 8
_UNFINISHED = 0.35
_ONE_WORD = 0.15
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody types, and the name that is meant; None: the archive has no such name."""

    text: str
    name: str | None
    one_error: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """How typed names were answered. A wrong answer offers names, and not the one meant."""

    right: int
    first: int
    wrong: int
    silent: int
    meant: int

    @property
    def precision(self) -> float:
        """The share of right answers among all that offer anything."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """The share of meant names that are among those offered."""
        return self.right / max(1, self.meant)


@cache
def halves(seed: int = SEED) -> tuple[tuple[str, ...], tuple[Typed, ...], tuple[Typed, ...]]:
    """Return the archive's names, and what is typed in two halves that share no name."""
    source = random.Random(seed)
    names = [name.strip() for name in _NAMES.read_text("utf-8").replace("\n", ";").split(";")]
    names = [name for name in names if name]
    source.shuffle(names)
    absent, present = names[::_ABSENT], [n for i, n in enumerate(names) if i % _ABSENT]
    begun = [start for name in present for start in _starts(_folded(name))]
    both: tuple[list[Typed], list[Typed]] = ([], [])
    for place, name in enumerate(n for n in present if len(n) > 3):
        both[place % 2].extend(_mistyped(name, source) for _ in range(_TYPINGS))
    for place, name in enumerate(absent):
        tried = [_folded(name), *(_mistyped(name, source).text for _ in range(2 * _TYPINGS - 1))]
        both[place % 2].extend(
            # What begins a name of the archive is not wrong to be completed to it.
            Typed(typed, None)
            for typed in tried
            if not any(start.startswith(typed) for start in begun)
        )
    return tuple(present), tuple(both[0]), tuple(both[1])


def judged(names: Sequence[str], typed: Sequence[Typed]) -> Found:
    """Ask for each typed text and count the answers."""
    lists = Names(Entries.of(Entry(place, name, 1, 0) for place, name in enumerate(names)))
    right = first = wrong = silent = 0
    for one in typed:
        found = [names[hit.id] for hit in lists.chosen(_folded(one.text), OFFERED)]
        right += one.name in found
        first += found[:1] == [one.name]
        wrong += bool(found) and one.name not in found
        silent += not found
    return Found(right, first, wrong, silent, sum(one.name is not None for one in typed))


def mistyped(name: str, source: random.Random) -> str:
    """Return a name with one error."""
    kind = source.choices(_KINDS, _SHARES)[0]
    letters = [i for i, letter in enumerate(name) if letter.isalpha()]
    place = source.choice(letters)
    letter = name[place]
    if kind == "swap":
        place = source.choice([i for i in letters if i + 1 in letters] or [place])
        return name[:place] + name[place : place + 2][::-1] + name[place + 2 :]
    if kind == "drop":
        return name[:place] + name[place + 1 :]
    slip = _neighbour(letter, source)
    if kind == "add":
        return name[:place] + source.choice((letter, slip)) + name[place:]
    return name[:place] + slip + name[place + 1 :]


def _mistyped(name: str, source: random.Random) -> Typed:
    typed = _folded(name)
    words = [word for word in typed.split() if len(word) > 4]
    if len(words) > 1 and source.random() < _ONE_WORD:
        typed = source.choice(words)
    if len(typed) > _LONG and source.random() < _UNFINISHED:
        typed = typed[: source.randint(max(5, len(typed) // 2), len(typed) - 1)].rstrip()
    errors = 2 if len(typed) > _LONG and source.random() < _TWO_ERRORS else 1
    meant = typed
    while typed == meant:
        for _ in range(errors):
            typed = mistyped(typed, source)
    return Typed(typed, name, errors == 1)


def _neighbour(letter: str, source: random.Random) -> str:
    for row in _ROWS:
        place = row.find(letter)
        if place >= 0:
            return source.choice(row[max(0, place - 1) : place] + row[place + 1 : place + 2])
    return "e"


def _folded(name: str) -> str:
    return text.fold(tag_key(name))


def _starts(folded: str) -> Iterator[str]:
    words = folded.replace("-", " ").split()
    yield folded
    for place in range(1, len(words)):
        yield " ".join(words[place:])


def main() -> None:
    """Print what both halves give, as a Markdown table."""
    names, tuned, reported = halves()
    print("| half | typed | of absent names | precision | recall of 25 | named first |")
    print("|---|---|---|---|---|---|")
    for label, typed in (("tuned", tuned), ("reported", reported)):
        found = judged(names, typed)
        absent = len(typed) - found.meant
        shares = f"{found.precision:.3f} | {found.recall:.3f} | {found.first / found.meant:.3f}"
        print(f"| {label} | {len(typed)} | {absent} | {shares} |")


if __name__ == "__main__":
    main()
