"""The statements of a search: a page of places in order, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from bot.model import Cursor, Scope
from bot.store.compile import Branch, Stretch
from bot.store.freshness import Freshness
from bot.store.rows import visible

Order = Literal["new", "old", "best"]
_SECOND_MS = 1000
# Intake files an article at most a day after its second (see intake._free_sort_at).
SPILL_S = 86_400

# The index leads and the narrow index of articles follows: never the rows with their text.
_MATCHED = """
    FROM article_index f
    CROSS JOIN articles a INDEXED BY articles_by_id ON a.id = f.rowid
    WHERE f.article_index MATCH :match{number} AND a.hidden IS NULL
"""
_LISTED = """
    FROM articles a INDEXED BY articles_seen
    WHERE a.hidden IS NULL
"""
_STORIES = """
    SELECT count(*) - count(m.story_id) + count(DISTINCT m.story_id) AS total
    FROM ({matched}) found LEFT JOIN story_members m ON m.article_id = found.id
"""
_SEEN = " AND a.scope_id IN (SELECT value FROM json_each(:scopes)) AND a.id <= :until"

_ORDERS = {
    ("new", False): "sort_at DESC",
    ("new", True): "sort_at ASC",
    ("old", False): "sort_at ASC",
    ("old", True): "sort_at DESC",
    ("best", False): "score ASC, sort_at DESC",
    ("best", True): "score DESC, sort_at ASC",
}


class Spot(Protocol):
    """An article's place in a list, with `sort_at`, `id` and `score` as its items."""

    def __getitem__(self, name: str, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with its named values."""

    sql: str
    values: dict[str, object]


def page(
    branches: Sequence[Branch],
    scope: Scope,
    order: Order,
    cursor: Cursor | None,
    until: int,
    limit: int,
    freshness: Freshness = Freshness(),  # noqa: B008 - frozen
) -> Statement:
    """Return the statement for the places (sort_at, id, score) of one page, in the way it reads.

    A page before a cursor comes nearest first, so its rows are to be turned round.
    """
    back = cursor is not None and cursor.back
    values: dict[str, object] = {"scopes": visible(scope), "until": until, "limit": limit}
    selects = [
        _select(branch, number, order, values, cursor, freshness)
        for number, branch in enumerate(branches)
    ]
    body = " UNION ALL ".join(selects)
    return Statement(f"{body} ORDER BY {_ORDERS[order, back]} LIMIT :limit", values)


def total(
    branches: Sequence[Branch],
    scope: Scope,
    until: int,
    order: Order = "new",
    before: Cursor | None = None,
    *,
    fold: bool = False,
    freshness: Freshness = Freshness(),  # noqa: B008 - frozen
) -> Statement:
    """Return the statement that counts all matches, or those that come before a place.

    `fold` counts the matches that tell one story as one.
    """
    values: dict[str, object] = {"scopes": visible(scope), "until": until}
    sources = []
    for number, branch in enumerate(branches):
        place = _place(branch, order, before, values, freshness, back=True) if before else ""
        sources.append(_source(branch, number, values) + place)
    if fold and sources:
        matched = " UNION ALL ".join(f"SELECT a.id AS id {source}" for source in sources)
        return Statement(_STORIES.format(matched=matched), values)
    parts = [f"(SELECT count(*) {source})" for source in sources]
    return Statement(f"SELECT {' + '.join(parts) or '0'} AS total", values)


def some(branches: Sequence[Branch], scope: Scope, until: int) -> Statement:
    """Return the statement that gives a row when there is any match, at the price of the first."""
    values: dict[str, object] = {"scopes": visible(scope), "until": until}
    sources = [_source(branch, number, values) for number, branch in enumerate(branches)]
    selects = " UNION ALL ".join(f"SELECT a.id {source}" for source in sources)
    return Statement(f"{selects} LIMIT 1", values)


def by_month(branches: Sequence[Branch], scope: Scope, until: int) -> Statement:
    """Return the statement that counts the matches of each month in which there are any."""
    values: dict[str, object] = {"scopes": visible(scope), "until": until}
    sources = (_source(branch, number, values) for number, branch in enumerate(branches))
    dated = " UNION ALL ".join(f"SELECT a.published_at AS at {source}" for source in sources)
    return Statement(
        f"""
        SELECT strftime('%Y-%m', at, 'unixepoch') AS month, count(*) AS count FROM ({dated})
        WHERE at IS NOT NULL GROUP BY month ORDER BY month
        """,  # noqa: S608 - values are bound
        values,
    )


def _select(
    branch: Branch,
    number: int,
    order: Order,
    values: dict[str, object],
    cursor: Cursor | None,
    freshness: Freshness,
) -> str:
    score = _score(branch, freshness, values) if order == "best" else "0.0"
    back = cursor is not None and cursor.back
    place = ""
    if cursor is not None:
        place = _place(branch, order, cursor, values, freshness, back=back)
    source = _source(branch, number, values)
    return f"SELECT a.sort_at, a.id AS id, {score} AS score {source}{place}"


def _source(branch: Branch, number: int, values: dict[str, object]) -> str:
    if branch.match is None:
        source = _LISTED
    else:
        source = _MATCHED.format(number=number)
        values[f"match{number}"] = branch.match
    return source + _SEEN + _published(branch, number, values)


def _score(branch: Branch, freshness: Freshness, values: dict[str, object]) -> str:
    if branch.match is None:
        return "0.0"
    if not freshness.gain:
        return "f.rank"
    values.update(freshness.values)
    return f"(f.rank * {freshness.sql})"


def _place(
    branch: Branch,
    order: Order,
    cursor: Cursor,
    values: dict[str, object],
    freshness: Freshness,
    *,
    back: bool,
) -> str:
    """Return the condition for what lies after a place in an order, or before it when `back`."""
    values["place"] = cursor.sort_at
    if order != "best":
        return f" AND a.sort_at {'<' if (order == 'new') != back else '>'} :place"
    values["score"] = cursor.score or 0.0
    score = _score(branch, freshness, values)
    further, beside = ("<", ">") if back else (">", "<")
    return f" AND ({score} {further} :score OR ({score} = :score AND a.sort_at {beside} :place))"


def _published(branch: Branch, number: int, values: dict[str, object]) -> str:
    """Return the condition for a branch's stretches of time."""
    if not branch.stretches:
        return ""
    parts = []
    for index, stretch in enumerate(branch.stretches):
        parts.append(_stretch(stretch, f"{number}_{index}", values))
    condition = f" AND ({' OR '.join(parts)})"
    low, high = branch.stretches[0].low, branch.stretches[-1].high
    unknown = any(stretch.unknown for stretch in branch.stretches)
    if low is not None and not unknown:
        values[f"from{number}"] = low * _SECOND_MS
        condition += f" AND a.sort_at >= :from{number}"
    if high is not None and not unknown:
        values[f"to{number}"] = (high + SPILL_S) * _SECOND_MS
        condition += f" AND a.sort_at < :to{number}"
    return condition


def _stretch(stretch: Stretch, name: str, values: dict[str, object]) -> str:
    if stretch.unknown:
        return "a.published_at IS NULL"
    parts = ["a.published_at IS NOT NULL"]
    if stretch.low is not None:
        values[f"low{name}"] = stretch.low
        parts.append(f"a.published_at >= :low{name}")
    if stretch.high is not None:
        values[f"high{name}"] = stretch.high
        parts.append(f"a.published_at < :high{name}")
    return f"({' AND '.join(parts)})"
