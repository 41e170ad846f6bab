"""A database of every released schema opens, is brought up to date and still answers."""

import gzip
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.model import PUBLIC_SCOPE
from bot.query.language import parse
from bot.store import DATABASE, Store
from bot.store.migrate import migrations

SCHEMAS = sorted((Path(__file__).parents[1] / "schemas").glob("*.db.gz"))
NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture(params=SCHEMAS, ids=lambda path: path.name.removesuffix(".db.gz"))
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    with gzip.open(request.param) as packed, (tmp_path / DATABASE).open("wb") as database:
        shutil.copyfileobj(packed, database)
    return tmp_path


async def test_a_released_database_is_migrated_and_answers(folder: Path) -> None:
    async with Store.open(folder) as store:
        found = await store.articles.search(parse("tag:Oceans"), PUBLIC_SCOPE, now=NOW, limit=10)
        worded = await store.articles.search(parse("gauge waves"), PUBLIC_SCOPE, now=NOW)
        (subscription,) = await store.subscriptions.list(1)
        status = await store.outbox.status()
        assert await store.check() == ()
    assert found.total == 6
    assert [hit.title for hit in worded.hits] == ["A tide gauge learns to count"]
    assert (subscription.query, status.sent) == ("tag:Oceans", 1)


async def test_a_migrated_database_is_at_the_newest_schema(folder: Path) -> None:
    async with Store.open(folder):
        pass
    with sqlite3.connect(folder / DATABASE) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (migrations()[-1][0],)
    database.close()


async def test_a_migration_that_fails_leaves_the_released_database_as_it_was(folder: Path) -> None:
    from bot.store.migrate import migrate

    database = sqlite3.connect(folder / DATABASE, isolation_level=None)
    before = database.execute("SELECT sql FROM sqlite_master").fetchall()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    broken = [*migrations(), (9999, "CREATE TABLE half (a) STRICT; CREATE TABLE half (a);")]
    known = [step for step in broken if step[0] <= version or step[0] == 9999]
    with pytest.raises(sqlite3.Error):
        migrate(database, known)
    assert database.execute("SELECT sql FROM sqlite_master").fetchall() == before
    assert database.execute("PRAGMA user_version").fetchone() == (version,)
    database.close()


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [number for number, _ in migrations()]
    assert numbers == list(range(1, len(numbers) + 1)), "a lower one would never be applied later"
