"""What an order of nearest articles is made from: words' worths, and nearness in meaning."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.store import impacts
from bot.store.beside import Beside
from bot.store.impacts import Impacts
from bot.store.postings import Array

# Words of the first articles share this many impacts: about 1 us each by the index, next to
# nothing by the postings.
_BUDGET, _QUICK_BUDGET = 60_000, 1_000_000

Meaning = Callable[[Sequence[int]], Array | None]
"""How near articles are in meaning, -1 to 1; None where that cannot be told."""


@dataclass(frozen=True, slots=True)
class Sources:
    """`impacts` gives those of some tokens; of what more articles hold than a limit, some or none.

    `articles` says about how many there are in all.
    """

    connection: sqlite3.Connection
    impacts: Callable[[Sequence[str], int], Sequence[Impacts]]
    budget: int
    meaning: Meaning
    articles: int

    @classmethod
    def of(cls, connection: sqlite3.Connection, beside: Beside | None, meaning: Meaning) -> Sources:
        """Return the postings as the source where they are loaded, else the index."""

        def found(tokens: Sequence[str], limit: int) -> Sequence[Impacts]:
            quick = None if beside is None else beside.impacts(connection, tokens, limit)
            return quick or [impacts.from_index(connection, token, limit) for token in tokens]

        filed = 0 if beside is None else beside.articles
        budget = _QUICK_BUDGET if filed else _BUDGET
        return cls(connection, found, budget, meaning, max(1, filed or _counted(connection)))


def _counted(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("SELECT count(*) FROM article_index_docsize").fetchone()
    return int(count)
