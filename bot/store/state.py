"""The whole state as JSON lines, for another version or another program, and back again.

A header line names the format, the schema and how many rows each table has; a row a line follows.
What is made from other rows (index, words of names) is left out and made anew.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from bot.errors import StoreError
from bot.store import DATABASE, index, stories
from bot.store.backup import connected, put_in_place, said
from bot.store.migrate import APPLICATION_ID, migrate, migrations

FORMAT = "tagwire-state"
VERSION = 1

_MADE_ANEW = frozenset(
    {"name_words", "article_index", "index_changes", "story_keys", "story_links", "story_members"}
)
_OPTIONAL = frozenset({"views"})
# Numbers given and taken back must not be given again after an import.
_SEQUENCE = "sqlite_sequence"


@dataclass(frozen=True, slots=True)
class Moved:
    """What an export wrote or an import read: the schema, and the rows of each table."""

    schema: int
    rows: Mapping[str, int]

    @property
    def total(self) -> int:
        """All rows together."""
        return sum(self.rows.values())


def export(folder: Path, out: IO[str], *, views: bool = True) -> Moved:
    """Write the state of a data folder as JSON lines, from one snapshot, also while the bot runs.

    `views` says whether pages that were shown go along; without them old buttons stop working.
    Raises StoreError.
    """
    database = folder / DATABASE
    if not database.is_file():
        raise StoreError("backup.no_database", path=str(database))
    with said(database), closing(connected(database, read_only=True)) as connection:
        connection.execute("BEGIN")
        tables = [t for t in _tables(connection) if views or t not in _OPTIONAL]
        moved = Moved(_schema(connection), {t: _count(connection, t) for t in tables})
        out.write(_line(_header(moved)))
        for table in tables:
            for row in _rows(connection, table):
                out.write(_line({"table": table, "row": row}))
        connection.execute("COMMIT")
    return moved


def load(folder: Path, lines: Iterable[str], now: datetime) -> tuple[Moved, Path | None]:
    """Make the database of an empty data folder from exported lines, and verify the counts.

    As after a restore, nothing is posted on a guess (decision 0009). Return what was read and where
    an empty database that was there is kept. Raises StoreError, and changes nothing then.
    """
    _require_empty(folder / DATABASE)
    moved: list[Moved] = []
    _, kept = put_in_place(folder, now, lambda part: moved.append(_filled(part, lines)))
    return moved[0], kept


def _header(moved: Moved) -> dict[str, object]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "schema": moved.schema,
        "rows": dict(moved.rows),
    }


def _schema(connection: sqlite3.Connection) -> int:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (schema,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise StoreError("store.foreign")
    return int(schema)


def _tables(connection: sqlite3.Connection) -> list[str]:
    """Return the tables that hold the state, those that others refer to first."""
    found = connection.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
    )
    names = {name for (name,) in found if not name.startswith("sqlite_")} - _MADE_ANEW
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name in names and name not in ordered:
            for row in connection.execute(f"PRAGMA foreign_key_list({_quoted(name)})").fetchall():
                if row[2] != name:
                    visit(row[2])
            ordered.append(name)

    for name in sorted(names):
        visit(name)
    return [*ordered, _SEQUENCE]


def _count(connection: sqlite3.Connection, table: str) -> int:
    sql = f"SELECT count(*) FROM {_quoted(table)}"  # noqa: S608 - a table's own name
    return int(connection.execute(sql).fetchone()[0])


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[dict[str, object]]:
    cursor = connection.execute(f"SELECT * FROM {_quoted(table)}")  # noqa: S608 - its own name
    columns = [column[0] for column in cursor.description]
    for row in cursor:
        yield {
            name: {"base64": base64.b64encode(value).decode()}
            if isinstance(value, bytes)
            else value
            for name, value in zip(columns, row, strict=True)
        }


def _line(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _require_empty(database: Path) -> None:
    if not database.exists():
        return
    with said(database), closing(connected(database, read_only=True)) as connection:
        for table in ("articles", "subscriptions", "feeds", "guilds"):
            if _count(connection, table):
                raise StoreError("state.not_empty", path=str(database))


def _filled(part: Path, lines: Iterable[str]) -> Moved:
    numbered = enumerate(lines, 1)
    moved = _read_header(next(numbered, (1, ""))[1])
    with closing(connected(part)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        # Made as it was when it was written; what changed since is done by the migrations.
        migrate(connection, [step for step in migrations() if step[0] <= moved.schema])
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("BEGIN")
        _insert(connection, numbered)
        connection.execute("COMMIT")
        for table, told in moved.rows.items():
            if (found := _count(connection, table)) != told:
                raise StoreError("state.incomplete", table=table, found=found, told=told)
        migrate(connection)
        connection.execute("PRAGMA journal_mode = MEMORY")
        _derive(connection)
        connection.execute("PRAGMA journal_mode = DELETE")
    return moved


def _derive(connection: sqlite3.Connection) -> None:
    try:
        index.rebuild(connection)
        stories.rebuild(connection)
    except (ValueError, TypeError, LookupError) as error:
        raise StoreError("state.bad_value", what=str(error)[:200]) from error


def _read_header(line: str) -> Moved:
    try:
        header = json.loads(line)
        if header["format"] != FORMAT:
            raise ValueError(header["format"])
        version, schema = int(header["version"]), int(header["schema"])
        rows = {str(table): int(count) for table, count in header["rows"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StoreError("state.foreign") from None
    if version > VERSION or schema > migrations()[-1][0]:
        raise StoreError("state.newer")
    return Moved(schema, rows)


def _insert(connection: sqlite3.Connection, lines: Iterable[tuple[int, str]]) -> None:
    known = {table: _columns(connection, table) for table in _tables(connection)}
    for table in known:
        connection.execute(f"DELETE FROM {_quoted(table)}")  # noqa: S608 - its own name
    statements: dict[tuple[str, ...], str] = {}
    for number, line in lines:
        if not line.strip():
            continue
        try:
            table, row = _parsed(line, known)
            key = (table, *row)
            if table == _SEQUENCE and key not in statements:
                # The rows before have counted here already.
                connection.execute("DELETE FROM sqlite_sequence")
            sql = statements.setdefault(key, _statement(table, tuple(row)))
            connection.execute(sql, tuple(row.values()))
        except (ValueError, KeyError, TypeError, AttributeError, sqlite3.Error) as error:
            raise StoreError("state.bad_line", number=number, what=str(error)[:200]) from error


def _columns(connection: sqlite3.Connection, table: str) -> frozenset[str]:
    return frozenset(r[1] for r in connection.execute(f"PRAGMA table_info({_quoted(table)})"))


def _parsed(line: str, known: Mapping[str, frozenset[str]]) -> tuple[str, dict[str, Any]]:
    found = json.loads(line)
    table, row = found["table"], found["row"]
    if table not in known or not row or not known[table] >= row.keys():
        raise ValueError(f"{table}: {', '.join(map(str, row))}")
    return table, {name: _value(value) for name, value in row.items()}


def _value(value: object) -> object:
    if isinstance(value, dict):
        return base64.b64decode(value["base64"], validate=True)
    return value


def _statement(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(map(_quoted, columns))
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {_quoted(table)} ({names}) VALUES ({marks})"  # noqa: S608 - known names
