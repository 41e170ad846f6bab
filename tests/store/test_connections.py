"""One writer at a time, nothing half done: cancellation, kills, other processes, bad files."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.model import PUBLIC_SCOPE
from bot.query import language
from bot.store import DATABASE, Store, migrate
from tests.conftest import NOW, Newsroom, make_entry

ROOT = Path(__file__).parents[2]


def start(script: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], cwd=ROOT, text=True, stdout=subprocess.PIPE
    )


def sound(folder: Path) -> bool:
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
        return connection.execute("PRAGMA integrity_check").fetchone() == ("ok",) and not orphans


@pytest.mark.parametrize("steps", [1, 2, 5])
async def test_a_cancelled_call_leaves_no_transaction_open(store: Store, steps: int) -> None:
    started = threading.Event()

    def job(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO meta (key, value) VALUES ('a', '1')")
        started.set()
        time.sleep(0.05)
        connection.execute("INSERT INTO meta (key, value) VALUES ('b', '2')")

    task = asyncio.create_task(store._connections.write(job))
    await asyncio.to_thread(started.wait)
    for _ in range(steps):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    await store.meta.set("c", "3")
    assert [await store.meta.get(key) for key in "abc"] == ["1", "2", "3"]


async def test_a_failing_job_is_rolled_back_and_the_next_one_works(store: Store) -> None:
    def job(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO meta (key, value) VALUES ('half', 'x')")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await store._connections.write(job)
    assert await store.meta.get("half") is None
    await store.meta.set("whole", "y")
    assert await store.meta.get("whole") == "y"


async def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await store._connections.read(lambda c: c.execute("DELETE FROM meta").rowcount)


@pytest.mark.fault("F30")
async def test_a_second_bot_is_refused_and_the_first_one_s_end_frees_the_store(
    tmp_path: Path,
) -> None:
    async with Store.open(tmp_path) as first, Store.open(tmp_path) as second:
        first.lock_instance()
        with pytest.raises(StoreError) as refused:
            second.lock_instance()
        assert refused.value.key == "store.locked"
        first.unlock_instance()
        second.lock_instance()


HOLD = """
import asyncio, sys, time
from bot.store import Store
async def main():
    async with Store.open(sys.argv[1]) as store:
        store.lock_instance()
        print("held", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_a_killed_bot_holds_nothing(tmp_path: Path) -> None:
    process = start(HOLD, tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    async with Store.open(tmp_path) as store:
        with pytest.raises(StoreError):
            store.lock_instance()
        process.kill()
        process.wait()
        store.lock_instance()
    process.stdout.close()


WRITE = """
import asyncio, sys
from bot.store import Store
from tests.conftest import Newsroom, make_entry
async def main():
    async with Store.open(sys.argv[1]) as store:
        newsroom = Newsroom(store)
        for n in range(40):
            body = "some words " * 300
            entries = [make_entry(f"their {n} {i}", body=body) for i in range(9)]
            await newsroom.publish(*entries, feed="theirs")
            print(n, flush=True)
asyncio.run(main())
"""


async def test_an_import_in_another_process_takes_turns_with_the_bot(tmp_path: Path) -> None:
    async with Store.open(tmp_path) as store:
        store.lock_instance()
        process = start(WRITE, tmp_path)
        newsroom = Newsroom(store)
        for n in range(40):
            await newsroom.publish(make_entry(f"mine {n}", body="words " * 300), feed="mine")
        assert await asyncio.to_thread(process.wait) == 0
        assert process.stdout is not None
        process.stdout.close()
        assert (await store.counts()).articles == 40 + 40 * 9
        log = (tmp_path / (DATABASE + "-wal")).stat().st_size
        assert log < 12_000_000, "nobody checkpoints"
    assert sound(tmp_path)


@pytest.mark.parametrize("after", [1, 3, 7])
async def test_a_killed_import_leaves_whole_documents(tmp_path: Path, after: int) -> None:
    process = start(WRITE, tmp_path)
    assert process.stdout is not None
    for _ in range(after):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    async with Store.open(tmp_path) as store:
        count = (await store.counts()).articles
        assert count % 9 == 0
        assert count >= after * 9
    assert sound(tmp_path)


@pytest.mark.fault("F33")
def test_a_migration_that_fails_leaves_the_old_schema(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as connection:
        migrate.migrate(connection)
        before = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        broken = "CREATE TABLE half (id INT) STRICT;\n-- a; stop\nINSERT INTO nothing VALUES (1);"
        with pytest.raises(sqlite3.OperationalError):
            migrate.migrate(connection, [*migrate.migrations(), (9999, broken)])
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == before
        newest = migrate.migrations()[-1][0]
        assert connection.execute("PRAGMA user_version").fetchone() == (newest,)


def test_a_migration_that_leaves_orphans_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as connection:
        migrate.migrate(connection)
        orphan = "INSERT INTO article_keys (scope_id, key, article_id) VALUES (0, 'k', 99);"
        with pytest.raises(StoreError) as refused:
            migrate.migrate(connection, [*migrate.migrations(), (9999, orphan)])
        assert refused.value.key == "store.migration"
        assert connection.execute("SELECT count(*) FROM article_keys").fetchone() == (0,)


async def refusal(folder: Path) -> str:
    with pytest.raises(StoreError) as refused:
        async with Store.open(folder):
            pass
    return refused.value.key


@pytest.mark.fault("F33")
async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    async with Store.open(tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = (tmp_path / DATABASE).read_bytes()
    assert await refusal(tmp_path) == "store.newer"
    assert (tmp_path / DATABASE).read_bytes() == before


MIGRATE = """
import sqlite3, sys
from contextlib import closing
from bot.store import DATABASE, migrate
slow = '''
CREATE TABLE half (id INT) STRICT;
INSERT INTO meta (key, value) VALUES ('half', 'x');
INSERT INTO half WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e9)
    SELECT i FROM n;
'''
path = sys.argv[1] + "/" + DATABASE
with closing(sqlite3.connect(path, isolation_level=None)) as connection:
    connection.execute("PRAGMA cache_size = 10")  # so that it reaches the disk before the commit
    print("begun", flush=True)
    migrate.migrate(connection, [*migrate.migrations(), (9999, slow)])
"""


@pytest.mark.fault("F33")
async def test_a_kill_in_a_migration_rolls_back_and_the_next_start_runs_it(tmp_path: Path) -> None:
    async with Store.open(tmp_path) as store:
        await Newsroom(store).publish(make_entry("before"))
    process = start(MIGRATE, tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    log = tmp_path / (DATABASE + "-wal")
    while not (log.exists() and log.stat().st_size > 1_000_000):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    process.kill()
    process.wait()
    process.stdout.close()
    async with Store.open(tmp_path) as store:
        assert await store.meta.get("half") is None
        assert (await store.counts()).articles == 1
    assert sound(tmp_path)
    again = "CREATE TABLE half (id INT) STRICT;"
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as connection:
        migrate.migrate(connection, [*migrate.migrations(), (9999, again)])
        assert connection.execute("PRAGMA user_version").fetchone() == (9999,)


async def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = (tmp_path / DATABASE).read_bytes()
    assert await refusal(tmp_path) == "store.foreign"
    assert (tmp_path / DATABASE).read_bytes() == before


@pytest.mark.fault("F33")
async def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"not a database, but long enough to be read as one" * 99)
    assert await refusal(tmp_path) == "store.damaged"
    assert (tmp_path / DATABASE).read_bytes().startswith(b"not a database")


async def test_a_folder_where_the_database_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / DATABASE).mkdir()
    assert await refusal(tmp_path) == "store.cannot_open"


async def test_reading_makes_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        async with Store.open(tmp_path / "none", read_only=True):
            pass
    assert refused.value.key == "store.missing"
    assert not (tmp_path / "none").exists()


@pytest.mark.fault("F32")
async def test_a_full_disk_says_so_and_the_store_goes_on(newsroom: Newsroom) -> None:
    await newsroom.publish(make_entry("before"))
    await newsroom.store._connections.outside_transaction(
        lambda c: c.execute("PRAGMA max_page_count = 1").fetchone()
    )
    with pytest.raises(StoreError) as refused:
        await newsroom.publish(*[make_entry(f"n{i}", body=f"w{i} " * 3000) for i in range(50)])
    assert refused.value.key == "store.full"
    await newsroom.store._connections.outside_transaction(
        lambda c: c.execute("PRAGMA max_page_count = 1000000").fetchone()
    )
    await newsroom.publish(make_entry("after"))
    assert (await newsroom.store.counts()).articles == 2


async def test_the_index_is_made_anew_when_the_text_function_changes(tmp_path: Path) -> None:
    async with Store.open(tmp_path) as store:
        await Newsroom(store).publish(make_entry("Harbour", tags=["Sea"], authors=("Ann Ode",)))
        await store.meta.set("text_version", "0")

        def emptied(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO article_index (article_index) VALUES ('delete-all')")
            connection.execute("DELETE FROM name_words")

        await store._connections.write(emptied)
    async with Store.open(tmp_path) as store:
        query = language.parse("harbour tag:sea author:ode")
        assert (await store.articles.search(query, PUBLIC_SCOPE, now=NOW)).total == 1
        assert await store.meta.get("text_version") != "0"


async def test_a_long_import_maps_no_file_and_the_next_durable_write_does_again(
    store: Store,
) -> None:
    def told(connection: sqlite3.Connection) -> tuple[int, int, int]:
        names = ("synchronous", "cache_size", "mmap_size")
        sync, cache, mapped = (connection.execute(f"PRAGMA {n}").fetchone()[0] for n in names)
        return sync, cache, mapped

    write = store._connections.write
    usual = await write(told)
    assert usual[0] == 2 and usual[2] > 0
    assert await write(told, durable=False, bulk=True) == (1, -8_000, 0)
    # What is kept between two portions of an import changes nothing back.
    assert await write(told, durable=False) == (1, -8_000, 0)
    assert await write(told) == usual
    assert await write(told, durable=False) == (1, *usual[1:])
