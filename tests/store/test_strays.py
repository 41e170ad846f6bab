"""Rows that point at nothing are found as PRAGMA foreign_key_check finds them."""

import random
import sqlite3
from collections.abc import Iterator, Sequence
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

# Numbers with an index, as nearly all of the store's keys are.
NUMBERED = """
    CREATE TABLE parents (id INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE children (
        parent_id INTEGER REFERENCES parents (id), n INTEGER, PRIMARY KEY (n)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX children_by_parent ON children (parent_id);
"""


def numbered(parents: Sequence[int], children: Sequence[int | None]) -> sqlite3.Connection:
    made = sqlite3.connect(":memory:", isolation_level=None)
    made.executescript(NUMBERED)
    made.executemany("INSERT INTO parents VALUES (?)", [(one,) for one in parents])
    made.executemany("INSERT INTO children VALUES (?, ?)", [(c, n) for n, c in enumerate(children)])
    return made


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


@pytest.mark.parametrize("seed", range(40))
def test_among_numbers_with_gaps_they_are_found_alike(seed: int) -> None:
    chance = random.Random(seed)
    parents = chance.sample(range(-5, 30), chance.randrange(35))
    children: list[int | None] = (
        [chance.choice([*parents, None]) for _ in range(20)] if parents else [None]
    )
    if seed % 2:
        children[-1] = chance.randrange(-7, 33)
    with closing(numbered(parents, children)) as connection:
        strays = connection.execute("PRAGMA foreign_key_check").fetchone()
        assert has_strays(connection) is (strays is not None)


@pytest.mark.parametrize("number", [-(1 << 63), (1 << 63) - 1])
def test_the_outermost_numbers_are_looked_at_and_may_be_parents(number: int) -> None:
    with closing(numbered([1], [1, number])) as connection:
        assert has_strays(connection)
    with closing(numbered([number], [number])) as connection:
        assert not has_strays(connection)


def test_a_parent_of_more_gaps_than_are_looked_for_is_asked_the_other_way() -> None:
    parents = range(0, 12_002, 2)
    with closing(numbered(parents, [0, 12_000])) as connection:
        assert not has_strays(connection)
    with closing(numbered(parents, [0, 6_001])) as connection:
        assert has_strays(connection)
