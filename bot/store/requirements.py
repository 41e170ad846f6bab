"""What an article must offer for a saved query to be worth checking against it.

Wider than the query, never narrower: an alias of any scope is offered to all, and the exact check
decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass, field

from bot.query import tags, text
from bot.query.nodes import (
    And,
    Dated,
    Has,
    Is,
    Named,
    Newer,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Word,
)
from bot.store.check import Facts
from bot.store.meaning import Meaning, parts

ANY = "*"
_PREFIX_LENGTH = 3


@dataclass(slots=True)
class Chooser:
    """Chooses of a query's conditions the one that the fewest articles will offer.

    `seen` counts what articles offered lately. `waiting` holds which queries already require
    something: of what no article offered yet, the least required is taken.
    """

    waiting: Mapping[str, Sized]
    seen: Counter[str] = field(default_factory=Counter)

    def required(self, query: Query) -> frozenset[str]:
        """Return requirements of which a matching article offers at least one."""
        found = None if query.root is None else self._of(query.root)
        return frozenset((ANY,)) if found is None else found

    def _of(self, node: Node) -> frozenset[str] | None:
        """Return the node's requirements, or None when it can match with nothing offered."""
        match node:
            case Word(text=typed) | Phrase(text=typed):
                return self._token(typed)
            case Prefix(text=typed):
                return self._prefix(typed)
            case Named(field=field, values=values):
                return frozenset(self._name(field, value) for value in values)
            case Has(what=what):
                return frozenset((f"k:h{what}",))
            case Is(kind=kind):
                return frozenset((f"k:k{kind}",))
            case Not() | Dated() | Newer():
                return None
            case And(children=children):
                choices = [found for child in children if (found := self._of(child)) is not None]
                return min(choices, key=self._width) if choices else None
            case Or(children=children):
                alternatives = [self._of(child) for child in children]
                if any(found is None for found in alternatives):
                    return None
                return frozenset().union(*(found for found in alternatives if found is not None))

    def _token(self, typed: str) -> frozenset[str] | None:
        found = text.query_tokens(typed)
        whole = found.tokens[:-1] if found.open_end else found.tokens
        if whole:
            return frozenset((self._rarest(f"w:{token}" for token in whole),))
        return frozenset((_start(found.tokens[0]),)) if found.tokens else None

    def _prefix(self, typed: str) -> frozenset[str] | None:
        starts = text.prefix(typed).split()
        if len(starts) == 1:
            return frozenset((_start(starts[0]),))
        heads = text.query_tokens(typed).tokens[: len(starts)]
        # The last word of `covid-19*` is a beginning, which is no token of its own.
        whole = heads if len(heads) < len(starts) else heads[:-1]
        return frozenset((self._rarest(f"w:{token}" for token in whole),)) if whole else None

    def _name(self, field: str, value: str) -> str:
        if field in ("tag", "feed"):
            return f"{field}:{tags.tag_key(value)}"
        return self._rarest(
            f"{field}:{token}" for token in text.query_tokens(value).tokens or ("",)
        )

    def _rarest(self, items: Iterable[str]) -> str:
        return min(
            dict.fromkeys(items),
            key=lambda item: (self.seen[item], len(self.waiting.get(item, ())), -len(item)),
        )

    def _width(self, items: frozenset[str]) -> tuple[int, int, int]:
        """Return how many articles are likely to offer one of these, as a sort key."""
        widest = max((_COMMON.get(item.partition(":")[0], 1) for item in items), default=0)
        waiting = sum(len(self.waiting.get(item, ())) for item in items)
        return sum(self.seen[item] for item in items), widest, waiting


def _start(start: str) -> str:
    return f"p:{start[:_PREFIX_LENGTH]}"


# Whether it is an article or has an image tells little; a beginning tells less than a word.
_COMMON = {"tag": 0, "feed": 1, "author": 0, "source": 1, "title": 0, "w": 1, "p": 2, "k": 3}


def offered(facts: Facts, meaning: Meaning) -> set[str]:
    """Return everything an article offers to saved queries."""
    words = facts.tokens | facts.words
    found = {f"w:{token}" for token in facts.tokens}
    found.update(f"p:{word[:length]}" for word in words for length in range(1, _PREFIX_LENGTH + 1))
    found.update(f"k:{key}" for key in facts.keys)
    found.update(f"title:{part}" for part in parts(facts.columns["title"]))
    found.update(meaning.offered)
    return found
