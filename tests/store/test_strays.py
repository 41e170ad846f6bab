"""Rows that point at nothing are found as PRAGMA foreign_key_check finds them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from bot.store.strays import has_strays

SCHEMA = """
    CREATE TABLE parents (id INTEGER PRIMARY KEY, a TEXT, b TEXT, UNIQUE (a, b));
    CREATE TABLE "odd ""name" (id INTEGER REFERENCES parents (id), note TEXT);
    CREATE TABLE of_two (a TEXT, b TEXT, FOREIGN KEY (a, b) REFERENCES parents (a, b));
    CREATE TABLE to_the_key (id INTEGER REFERENCES parents);
    CREATE TABLE to_itself (id INTEGER PRIMARY KEY, up INTEGER REFERENCES to_itself (id));
    INSERT INTO parents VALUES (1, 'x', 'y');
    INSERT INTO "odd ""name" VALUES (1, ''), (NULL, '');
    INSERT INTO of_two VALUES ('x', 'y'), ('x', NULL);
    INSERT INTO to_the_key VALUES (1);
    INSERT INTO to_itself VALUES (1, NULL), (2, 1), (3, 3);
"""


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        made.executescript(SCHEMA)
        yield made


def test_a_database_without_strays_has_none(connection: sqlite3.Connection) -> None:
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert not has_strays(connection)


@pytest.mark.parametrize(
    "spoil",
    [
        """INSERT INTO "odd ""name" VALUES (2, '')""",
        "INSERT INTO of_two VALUES ('x', 'z')",
        "INSERT INTO to_the_key VALUES (7)",
        "UPDATE to_itself SET up = 9 WHERE id = 2",
        "DELETE FROM parents",
    ],
)
def test_each_kind_of_stray_is_found(connection: sqlite3.Connection, spoil: str) -> None:
    connection.execute(spoil)
    assert connection.execute("PRAGMA foreign_key_check").fetchone() is not None
    assert has_strays(connection)
