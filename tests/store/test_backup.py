"""A backup is whole or absent; a restored database does not speak for a past it cannot know."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.messages import catalogue
from bot.model import PUBLIC_SCOPE
from bot.query import language
from bot.store import DATABASE, Store
from bot.store.backup import backup, restore, verify
from bot.store.locks import FileLock
from bot.store.migrate import migrations
from tests.conftest import NOW, Newsroom, make_entry

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """Make a data folder of which nobody holds the store: three articles, closed."""
    made = tmp_path / "data"
    async with Store.open(made) as store:
        await Newsroom(store).publish(
            *[make_entry(f"Article {n}", url=f"https://example.org/{n}") for n in range(3)]
        )
    return made


def said(error: pytest.ExceptionInfo[StoreError]) -> str:
    """Return the sentence of an error, which also shows that it has one."""
    return catalogue().say(error.value.key, **error.value.params)


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


async def titles(folder: Path) -> set[str]:
    async with Store.open(folder) as store:
        page = await store.articles.search(language.parse(""), PUBLIC_SCOPE, now=NOW, limit=50)
        return {hit.title for hit in page.hits}


async def test_backup_of_an_open_store_holds_what_was_committed(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    await newsroom.publish(make_entry("Only in the log yet", url="https://example.org/1"))
    copy = backup(newsroom.store.folder, tmp_path / "to" / "tagwire.db")
    assert (copy.articles, copy.schema) == (1, migrations()[-1][0])
    assert [p.name for p in (tmp_path / "to").iterdir()] == ["tagwire.db"]
    assert copy.file.stat().st_mode & 0o077 == 0
    # The store goes on.
    await newsroom.publish(make_entry("Later", url="https://example.org/2"))
    assert verify(copy.file).articles == 1


@pytest.mark.fault("F34")
def test_backup_under_constant_writing_ends_and_is_consistent(folder: Path, tmp_path: Path) -> None:
    with raw(folder / DATABASE) as connection:
        connection.execute("CREATE TABLE pairs (a INTEGER, b INTEGER, filler BLOB)")
        connection.execute(
            """WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
               INSERT INTO pairs SELECT 0, 0, randomblob(4000) FROM n"""
        )
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        with raw(folder / DATABASE) as connection:
            while not stop.is_set():
                written += 1
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("UPDATE pairs SET a = ? WHERE rowid = 1", (written,))
                connection.execute("UPDATE pairs SET b = ? WHERE rowid = 3000", (written,))
                connection.execute("COMMIT")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while written < 5:
            time.sleep(0.005)
        before = written
        copy = backup(folder, tmp_path / "copy.db")
        during = written - before
    finally:
        stop.set()
        writer.join()
    assert during > 0
    with raw(copy.file) as connection:
        [(a, b)] = connection.execute(
            "SELECT (SELECT a FROM pairs WHERE rowid = 1), (SELECT b FROM pairs WHERE rowid = 3000)"
        )
    assert a == b


def test_earlier_backups_rotate_and_the_oldest_goes(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "copies" / "t.db"
    for number in range(4):
        with raw(folder / DATABASE) as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('made', ?)", (str(number),))
        backup(folder, file, keep=3)
    assert sorted(p.name for p in file.parent.iterdir()) == ["t.db", "t.db.1", "t.db.2"]
    found = []
    for name in ("t.db", "t.db.1", "t.db.2"):
        with raw(file.with_name(name)) as connection:
            found += connection.execute("SELECT value FROM meta WHERE key = 'made'").fetchone()
    assert found == ["3", "2", "1"]


def test_backup_without_a_database_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        backup(tmp_path / "absent", tmp_path / "copy.db")
    assert "absent" in said(caught)


def test_backup_onto_the_database_or_a_folder_is_refused(folder: Path) -> None:
    for file in (folder / DATABASE, folder):
        with pytest.raises(StoreError) as caught:
            backup(folder, file)
        assert said(caught)
    assert verify(folder / DATABASE).articles == 3


def test_second_backup_at_the_same_time_is_refused(folder: Path, tmp_path: Path) -> None:
    with closing(FileLock(folder / "backup.lock")) as lock:
        assert lock.take(0)
        with pytest.raises(StoreError) as caught:
            backup(folder, tmp_path / "copy.db")
    assert caught.value.key == "backup.running"


def test_a_damaged_database_never_replaces_a_good_backup(folder: Path, tmp_path: Path) -> None:
    good = backup(folder, tmp_path / "copy.db")
    before = good.file.read_bytes()
    with (folder / DATABASE).open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 8)
    with pytest.raises(StoreError) as caught:
        backup(folder, good.file)
    assert caught.value.key == "backup.source_damaged"
    assert "restore FILE" in said(caught)
    assert good.file.read_bytes() == before
    # Nor does it leave as much again on the disk as the database takes.
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["copy.db"]


def test_a_backup_that_is_broken_off_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backup(folder, tmp_path / "copies" / "t.db", progress=stop)
    assert list((tmp_path / "copies").iterdir()) == []
    assert backup(folder, tmp_path / "copies" / "t.db").articles == 3


KILLED = """
import sys
from pathlib import Path
from bot.store.backup import backup
print("ready", flush=True)
while True:
    backup(Path(sys.argv[1]), Path(sys.argv[2]), keep=2, progress=lambda done, total: None)
"""


@pytest.mark.fault("F34")
def test_a_killed_backup_leaves_no_torn_file(folder: Path, tmp_path: Path) -> None:
    with raw(folder / DATABASE) as connection:
        connection.execute("CREATE TABLE filler (b BLOB)")
        connection.execute(
            """WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
               INSERT INTO filler SELECT randomblob(4000) FROM n"""
        )
    file = tmp_path / "copies" / "t.db"
    for wait_s in (0.01, 0.05, 0.12, 0.25, 0.4):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(folder), str(file)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(wait_s)
        os.kill(child.pid, signal.SIGKILL)
        child.wait(timeout=10)
        child.stdout.close()
        for copy in (file, file.with_name("t.db.1")):
            if copy.exists():
                assert verify(copy).articles == 3
    # What a kill left over does not stand in the way.
    backup(folder, file, keep=2)
    assert {p.name for p in file.parent.iterdir()} <= {"t.db", "t.db.1"}
    assert verify(folder / DATABASE).articles == 3


async def test_restore_brings_back_what_was_and_keeps_what_is(folder: Path, tmp_path: Path) -> None:
    copy = backup(folder, tmp_path / "copy.db")
    async with Store.open(folder) as store:
        await Newsroom(store).publish(make_entry("Since", url="https://example.org/since"))
    restored, kept = restore(folder, copy.file, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert restored.articles == 3
    assert kept == folder / "tagwire-before-20260102T030405Z.db"
    assert verify(kept).articles == 4
    assert await titles(folder) == {"Article 0", "Article 1", "Article 2"}
    assert verify(copy.file).articles == 3


async def test_restored_store_accepts_new_articles_under_ids_never_used(
    folder: Path, tmp_path: Path
) -> None:
    copy = backup(folder, tmp_path / "copy.db")
    async with Store.open(folder) as store:
        since = await Newsroom(store).publish(make_entry("Since", url="https://example.org/s"))
    restore(folder, copy.file, NOW)
    async with Store.open(folder) as store:
        again = await Newsroom(store).publish(make_entry("Anew", url="https://example.org/a"))
        assert again.new_ids[0] > since.new_ids[0]
        page = await store.articles.search(language.parse("anew"), PUBLIC_SCOPE, now=NOW)
    assert page.total == 1
    with raw(folder / DATABASE) as connection:
        numbered = {name for (name,) in connection.execute("SELECT name FROM sqlite_sequence")}
    assert {"posts", "deliveries", "subscriptions", "articles"} <= numbered


@pytest.mark.fault("F34")
def test_restore_posts_nothing_on_a_guess(folder: Path, tmp_path: Path) -> None:
    with raw(folder / DATABASE) as connection:
        connection.executescript(
            """
            UPDATE feeds SET primed = 1, etag = 'x';
            INSERT INTO targets (id, kind, guild_id, channel_id) VALUES (1, 'text', 7, 70);
            INSERT INTO posts (id, target_id, state, next_try_at, created_at)
                VALUES (1, 1, 'ready', 0, 1700000000), (2, 1, 'sent', 0, 1700000000);
            INSERT INTO deliveries (target_id, article_id, state, post_id, created_at)
                VALUES (1, 1, 'owed', 1, 0), (1, 2, 'owed', NULL, 0), (1, 3, 'posted', 2, 0);
            INSERT INTO sequels (post_id, number, content, state, next_try_at)
                VALUES (2, 1, '["Page"]', 'ready', 0);
            """
        )
    copy = backup(folder, tmp_path / "copy.db")
    restore(folder, copy.file, NOW)
    with raw(folder / DATABASE) as connection:
        posts = connection.execute("SELECT state, started_at FROM posts ORDER BY id").fetchall()
        states = connection.execute("SELECT state, reason FROM deliveries ORDER BY id").fetchall()
        feeds = connection.execute("SELECT DISTINCT primed, etag FROM feeds").fetchall()
        pages = connection.execute("SELECT state, started_at FROM sequels").fetchall()
    assert pages == [("sending", 1_700_000_000_000)]
    # A ready post is looked for in its channel first, as one that was being sent.
    assert posts == [("sending", 1_700_000_000_000), ("sent", None)]
    assert states == [("owed", None), ("skipped", "restored"), ("posted", None)]
    assert feeds == [(0, None)]


async def test_restore_is_refused_while_the_bot_runs(store: Store, tmp_path: Path) -> None:
    copy = backup(store.folder, tmp_path / "copy.db")
    store.lock_instance()
    with pytest.raises(StoreError) as caught:
        restore(store.folder, copy.file, NOW)
    assert "Stop" in said(caught)


async def test_restore_is_refused_while_another_verb_reads(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    await newsroom.publish(make_entry())
    copy = backup(newsroom.store.folder, tmp_path / "copy.db")
    with pytest.raises(StoreError) as caught:
        restore(newsroom.store.folder, copy.file, NOW)
    assert caught.value.key == "store.busy"
    await newsroom.publish(make_entry("The store still works", url="https://example.org/2"))


def test_restore_into_an_empty_folder_makes_it(folder: Path, tmp_path: Path) -> None:
    copy = backup(folder, tmp_path / "copy.db")
    restored, kept = restore(tmp_path / "new" / "place", copy.file, NOW)
    assert (restored.articles, kept) == (3, None)


def test_a_database_too_damaged_to_open_is_kept_all_the_same(folder: Path, tmp_path: Path) -> None:
    copy = backup(folder, tmp_path / "copy.db")
    (folder / DATABASE).write_bytes(b"no database at all, but somebody may want it" * 99)
    restored, kept = restore(folder, copy.file, NOW)
    assert restored.articles == 3
    assert kept is not None
    assert kept.read_bytes().startswith(b"no database")


def newer(path: Path) -> None:
    with raw(path) as connection:
        connection.execute("PRAGMA user_version = 9999")


def foreign(path: Path) -> None:
    with raw(path) as connection:
        connection.execute("PRAGMA application_id = 1")


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def orphaned(path: Path) -> None:
    with raw(path) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM feeds")


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        (newer, "backup.newer"),
        (foreign, "backup.foreign"),
        (torn, "backup.damaged"),
        (orphaned, "backup.damaged"),
        (lambda path: path.write_text("hello"), "backup.damaged"),
        (Path.unlink, "backup.absent"),
    ],
    ids=["newer", "foreign", "torn", "orphaned", "text", "absent"],
)
def test_restore_refuses_what_it_cannot_vouch_for_and_changes_nothing(
    spoil: object, key: str, folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    backup(folder, copy)
    assert callable(spoil)
    spoil(copy)
    before = (folder / DATABASE).read_bytes()
    with pytest.raises(StoreError) as caught:
        restore(folder, copy, NOW)
    assert caught.value.key == key
    assert "copy.db" in said(caught)
    assert (folder / DATABASE).read_bytes() == before
    assert [p.name for p in folder.glob("*.db")] == [DATABASE]


def test_backup_to_a_place_that_is_no_folder_says_so(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError) as caught:
        backup(folder, tmp_path / "file" / "copy.db")
    assert caught.value.key == "backup.cannot_write"
    assert said(caught)


def test_backup_that_cannot_fit_is_refused_before_it_begins(folder: Path, tmp_path: Path) -> None:
    try:
        # Sparse: it only says that it is this large.
        os.truncate(folder / DATABASE, 8 * 2**40)
    except OSError:
        pytest.skip("this file system has no sparse files of this size")
    with pytest.raises(StoreError) as caught:
        backup(folder, tmp_path / "copy.db")
    assert caught.value.key == "backup.no_room"
    assert "MB" in said(caught)
    assert not list(tmp_path.glob("copy.db*"))
