"""docs/reference/schema.md names every table and column there is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.store import migrate

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "schema.md"


def test_every_table_and_column_is_documented() -> None:
    documented: dict[str, set[str]] = {}
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("## "):
            columns = documented.setdefault(line.removeprefix("## "), set())
        elif line.startswith("| `"):
            columns.add(line.split("`")[1])
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate.migrate(connection)
        tables = connection.execute(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow'"
        ).fetchall()
        found = {
            table: {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            for (table,) in tables
            if not table.startswith("sqlite_")
        }
    assert documented == found
