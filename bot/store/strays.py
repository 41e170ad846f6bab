"""Whether rows point at rows that are not there: what PRAGMA foreign_key_check finds, sooner.

The pragma looks for the parent of every row in the order of the child table. Numbers are looked
for the other way round: the spans between those that there are, in an index of the child. Anything
else is asked for each value once, in the order of an index, so that the parents lie side by side.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import pairwise

# From so many spans on, looking for each of them takes longer than looking for each value.
_SPANS_MOST = 5_000
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1

_Spans = list[tuple[int, int]]


def has_strays(connection: sqlite3.Connection) -> bool:
    """Return whether any foreign key of any table points at nothing."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    free: dict[tuple[str, str], _Spans | None] = {}
    return any(_strays_in(connection, table, free) for (table,) in tables)


def _strays_in(
    connection: sqlite3.Connection, table: str, free: dict[tuple[str, str], _Spans | None]
) -> bool:
    keys = connection.execute(
        'SELECT id, "from", "table", "to" FROM pragma_foreign_key_list(:table)', {"table": table}
    ).fetchall()
    if len({key[0] for key in keys}) < len(keys) or any(key[3] is None for key in keys):
        # A key of several columns, or one that leaves its parent's to be looked up.
        check = f"PRAGMA foreign_key_check({_quoted(table)})"
        return connection.execute(check).fetchone() is not None
    for _, column, *parent in keys:
        spans = None
        if _is_listed_number(connection, table, column):
            if tuple(parent) not in free:
                free[parent[0], parent[1]] = _free(connection, *parent)
            spans = free[parent[0], parent[1]]
        if spans is None:
            found = _points_at_nothing(connection, table, column, *parent)
        else:
            found = _points_into(connection, table, column, spans)
        if found:
            return True
    return False


def _is_listed_number(connection: sqlite3.Connection, table: str, column: str) -> bool:
    """Return whether an index begins with a column that can hold nothing but whole numbers."""
    asked = """
        SELECT 1 FROM pragma_index_list(:table) AS listed, pragma_index_info(listed.name) AS held
        WHERE held.seqno = 0 AND held.name = :column AND NOT listed.partial
    """
    values = {"table": table, "column": column}
    is_listed = connection.execute(asked, values).fetchone() is not None
    return is_listed and _is_number(connection, table, column)


def _is_number(
    connection: sqlite3.Connection, table: str, column: str, *, always: bool = False
) -> bool:
    """Return whether a column holds whole numbers alone; `always` means no NULL either."""
    asked = """
        SELECT 1 FROM pragma_table_list(:table) AS t, pragma_table_info(:table) AS c
        WHERE t.strict AND c.name = :column AND c.type = 'INTEGER'
          AND (NOT :always OR c.pk OR c."notnull")
    """
    values = {"table": table, "column": column, "always": always}
    return connection.execute(asked, values).fetchone() is not None


def _free(connection: sqlite3.Connection, parent: str, key: str) -> _Spans | None:
    """Return the spans that hold no number of a key, first and last; None for too many."""
    if not _is_number(connection, parent, key, always=True):
        return None
    rows = connection.execute(f"SELECT {_quoted(key)} FROM {_quoted(parent)}")  # noqa: S608
    spans: _Spans = []
    for span in _between(sorted(row[0] for row in rows)):
        spans.append(span)
        if len(spans) > _SPANS_MOST:
            return None
    return spans


def _between(numbers: list[int]) -> Iterator[tuple[int, int]]:
    for low, high in pairwise([_LEAST - 1, *numbers, _MOST + 1]):
        if high - low > 1:
            yield low + 1, high - 1


def _points_into(connection: sqlite3.Connection, table: str, column: str, spans: _Spans) -> bool:
    column, table = _quoted(column), _quoted(table)
    asked = f"SELECT 1 FROM {table} WHERE {column} BETWEEN :low AND :high LIMIT 1"  # noqa: S608
    return any(
        connection.execute(asked, {"low": low, "high": high}).fetchone() for low, high in spans
    )


def _points_at_nothing(
    connection: sqlite3.Connection, table: str, column: str, parent: str, key: str
) -> bool:
    column, parent, key = _quoted(column), _quoted(parent), _quoted(key)
    asked = f"""
        SELECT 1 FROM (SELECT DISTINCT {column} AS held FROM {_quoted(table)}
                       WHERE {column} IS NOT NULL)
        WHERE NOT EXISTS (SELECT 1 FROM {parent} WHERE {key} = held) LIMIT 1
    """  # noqa: S608 - names from the schema, quoted
    return connection.execute(asked).fetchone() is not None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
