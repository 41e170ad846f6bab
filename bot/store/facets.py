"""What would narrow a search's best hits: the sources, tags, authors and years they share."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from bot.query.nodes import Query
from bot.store import searching
from bot.store.beside import Beside
from bot.store.postings import KEY, UNKNOWN_DATE, Array, Postings
from bot.store.resolve import Asked, resolve
from bot.store.rows import many, visible
from bot.store.searching import Window
from bot.store.tail import Late

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np

FACETED = 2_000
"""How many of the best hits are looked at."""

What = Literal["tag", "source", "author", "year"]
_NAMED: Mapping[str, What] = {"t": "tag", "s": "source", "a": "author"}
# What nearly every hit has, or hardly any, does not narrow.
_MOST = 0.9
_FEWEST = 2
_BESIDES = 8  # names looked at beyond those shown: some are too common, some joined by late ones


@dataclass(frozen=True, slots=True)
class Facet:
    """A name, and how many of the hits looked at carry it. `id` is 0 for a year."""

    what: What
    name: str
    count: int
    id: int = 0


@dataclass(frozen=True, slots=True)
class Facets:
    """What narrows most, most first, of each kind; of how many hits, and how many there are."""

    choices: tuple[Facet, ...]
    looked_at: int
    total: int

    def of(self, what: What) -> tuple[Facet, ...]:
        """Return the choices of one kind."""
        return tuple(choice for choice in self.choices if choice.what == what)


def facets(
    connection: sqlite3.Connection,
    query: Query,
    asked: Asked,
    beside: Beside | None = None,
    *,
    until: int | None = None,
    each: int = 8,
) -> Facets:
    """Return at most `each` choices of a kind that would narrow a query's best hits."""
    test = resolve(connection, query, asked)
    last = searching.newest(connection) if until is None else until
    if beside is not None:
        found = beside.best(connection, test, asked, last, FACETED)
        if found is not None:
            postings, ords, late, total = found
            keys, years = _filed(postings, ords, each)
            _add_late(keys, years, late)
            return _chosen(connection, asked, keys, years, len(ords) + len(late), total, each)
    order = query.sort or "best"
    window = Window(FACETED, until=last)
    found_places = searching.places(connection, test, order, asked, window, last)
    ids = [place["id"] for place in found_places.places]
    keys, years = _counted(connection, ids)
    return _chosen(connection, asked, keys, years, len(ids), found_places.total, each)


def _filed(postings: Postings, ords: Array, each: int) -> tuple[Counter[str], Counter[int]]:
    counts = np.bincount(postings.held_by(ords))
    keys: Counter[str] = Counter()
    for letter in _NAMED:
        # One kind's names stand together, and only those that come most have to be spelt out.
        places = postings.terms.starting(KEY + letter.encode())
        some = counts[places.start : places.stop]
        wanted = min(len(some), each + _BESIDES)
        for at in np.argpartition(some, -wanted)[-wanted:].tolist() if wanted else ():
            keys[postings.terms[places.start + at][1:].decode()] = int(some[at])
    published = postings.published[ords]
    dated = published[published != UNKNOWN_DATE].astype("datetime64[s]")
    years, counted = np.unique(dated.astype("datetime64[Y]").astype(np.int64), return_counts=True)
    return keys, Counter(dict(zip((years + 1970).tolist(), counted.tolist(), strict=True)))


def _add_late(keys: Counter[str], years: Counter[int], late: Iterable[Late]) -> None:
    for article in late:
        keys.update(article.keys)
        if article.published_at is not None:
            years[datetime.fromtimestamp(article.published_at, UTC).year] += 1


def _counted(
    connection: sqlite3.Connection, ids: Sequence[int]
) -> tuple[Counter[str], Counter[int]]:
    rows = connection.execute(
        """
        WITH hit (id) AS (SELECT value FROM json_each(:ids))
        SELECT 't' || l.tag_id, count(*) FROM hit JOIN article_tags l ON l.article_id = hit.id
        GROUP BY 1
        UNION ALL
        SELECT 'a' || l.author_id, count(*)
        FROM hit JOIN article_authors l ON l.article_id = hit.id GROUP BY 1
        UNION ALL
        SELECT 's' || a.source_id, count(*) FROM hit JOIN articles a ON a.id = hit.id
        WHERE a.source_id IS NOT NULL GROUP BY 1
        """,
        {"ids": many(ids)},
    )
    keys = Counter({row[0]: row[1] for row in rows})
    years = connection.execute(
        """
        SELECT CAST(strftime('%Y', a.published_at, 'unixepoch') AS INTEGER), count(*)
        FROM json_each(:ids) hit JOIN articles a ON a.id = hit.value
        WHERE a.published_at IS NOT NULL GROUP BY 1
        """,
        {"ids": many(ids)},
    )
    return keys, Counter({row[0]: row[1] for row in years})


def _chosen(
    connection: sqlite3.Connection,
    asked: Asked,
    keys: Counter[str],
    years: Counter[int],
    looked_at: int,
    total: int,
    each: int,
) -> Facets:
    choices: list[Facet] = []
    for letter, what in _NAMED.items():
        counts = {
            int(key[1:]): count
            for key, count in keys.items()
            if key[0] == letter and key[1:].isdigit()
        }
        kept = _telling(counts, looked_at, each)
        names = _names(connection, what, list(kept), asked)
        choices += [Facet(what, names[i], count, i) for i, count in kept.items() if i in names]
    kept = _telling(years, looked_at, each)
    choices += [Facet("year", str(year), count) for year, count in sorted(kept.items())[::-1]]
    return Facets(tuple(choices), looked_at, total)


def _telling(counts: Mapping[int, int], looked_at: int, each: int) -> dict[int, int]:
    """Return what most of the hits carry, but not nearly all of them."""
    fit = ((i, n) for i, n in counts.items() if _FEWEST <= n <= _MOST * looked_at)
    return dict(sorted(fit, key=lambda item: (-item[1], item[0]))[:each])


_NAMES = {
    "tag": "SELECT id, name FROM tags",
    "source": "SELECT id, name FROM sources",
    "author": "SELECT id, name FROM authors",
}


def _names(
    connection: sqlite3.Connection, what: str, ids: Sequence[int], asked: Asked
) -> dict[int, str]:
    rows = connection.execute(
        f"""
        {_NAMES[what]} WHERE id IN (SELECT value FROM json_each(:ids))
          AND scope_id IN (SELECT value FROM json_each(:scopes))
        """,  # noqa: S608 - one of three constants
        {"ids": many(ids), "scopes": visible(asked.scope)},
    )
    return {row["id"]: row["name"] for row in rows}
