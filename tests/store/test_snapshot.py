"""The file of a live database is copied while it stands still, or not at all."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.store import DATABASE, Store, copying
from bot.store.backup import backup, verify
from bot.store.snapshot import copy_still
from tests.conftest import Newsroom, make_entry


def made(folder: Path) -> tuple[Path, Path]:
    part = folder / "part"
    part.touch()
    return part, folder / "write.lock"


def articles(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("SELECT count(*) FROM articles").fetchone()
    return int(count)


async def test_what_is_only_in_the_log_is_in_the_copy(newsroom: Newsroom) -> None:
    await newsroom.publish(make_entry("In the log", url="https://example.org/1"))
    folder = newsroom.store.folder
    part, lock = made(folder)
    assert copy_still(folder / DATABASE, part, lock, None, 1, articles) == 1
    assert verify(part).articles == 1


async def test_commits_and_checkpoints_during_the_copy_do_not_reach_the_file(
    newsroom: Newsroom,
) -> None:
    await newsroom.publish(make_entry("Before", url="https://example.org/1"))
    folder = newsroom.store.folder
    part, lock = made(folder)
    database = folder / DATABASE
    seen: list[tuple[bool, bool]] = []

    def interfere(*_: int) -> None:
        if seen:
            return
        with closing(sqlite3.connect(database, isolation_level=None)) as writer:
            before = database.read_bytes()
            writer.execute("CREATE TABLE filler AS SELECT randomblob(9000000) AS x")
            row = writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            # Held back: the log has pages, the file has none of them.
            seen.append((row[1] > 0, database.read_bytes() == before))

    assert copy_still(database, part, lock, interfere, 1, articles) == 1
    assert seen == [(True, True)]
    assert verify(part).articles == 1


async def test_an_older_reader_makes_the_backup_go_the_slow_way(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    folder = newsroom.store.folder
    await newsroom.publish(make_entry("First", url="https://example.org/1"))
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM articles").fetchone()
        await newsroom.publish(make_entry("Second", url="https://example.org/2"))
        part, lock = made(folder)
        assert copy_still(folder / DATABASE, part, lock, None, 1, articles) is None
        assert backup(folder, tmp_path / "copy.db").articles == 2
        reader.execute("COMMIT")


async def test_a_copy_that_cannot_be_written_says_so(store: Store) -> None:
    part, lock = made(store.folder)
    part.unlink()
    part.mkdir()
    with pytest.raises(OSError, match="directory"):
        copy_still(store.folder / DATABASE, part, lock, None, 1, articles)


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 70_000_000])
def test_a_copy_is_the_same_to_the_last_byte(tmp_path: Path, size: int) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(random.Random(size).randbytes(size))
    other.write_bytes(b"left over" * 1000)
    copying.copy(str(one), str(other))
    assert other.read_bytes() == one.read_bytes()


def test_a_copy_that_reads_back_differently_is_refused(tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.write_bytes(b"a" * 3_000_000)
    # Takes whatever is written, and holds zeros.
    with pytest.raises(OSError, match="Input/output error"):
        copying.copy(str(one), "/dev/zero")


def test_a_disk_that_fills_up_on_the_way_is_told(tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.write_bytes(b"a" * 3_000_000)
    with pytest.raises(OSError, match="No space left"):
        copying.copy(str(one), "/dev/full")


async def test_what_the_check_raises_ends_the_copy(newsroom: Newsroom) -> None:
    def refuse(_: sqlite3.Connection) -> None:
        raise StoreError("backup.damaged", path="x")

    part, lock = made(newsroom.store.folder)
    with pytest.raises(StoreError):
        copy_still(newsroom.store.folder / DATABASE, part, lock, None, 1, refuse)
    # The store goes on.
    await newsroom.publish(make_entry("Later", url="https://example.org/1"))
