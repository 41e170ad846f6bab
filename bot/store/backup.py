"""Backup while the bot runs, and restore: a copy is verified before it gets its name.

What a copy must be: one file that needs no -wal beside it, whole, of a schema this version knows.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.errors import StoreError
from bot.store import DATABASE
from bot.store.locks import FileLock
from bot.store.migrate import APPLICATION_ID, migrations
from bot.store.snapshot import Progress, copy_still
from bot.store.strays import has_strays

# Pages copied at a time: between two steps the interpreter and other connections have their turn.
_STEP_PAGES = 2048
_BUSY_S = 30.0
# How far ids jump at a restore, so that none given since the backup is given a second time.
_ID_JUMP = 1_000_000


@dataclass(frozen=True, slots=True)
class Copy:
    """A verified copy: where it is, its size, its schema and how many articles it holds."""

    file: Path
    bytes: int
    schema: int
    articles: int


def backup(folder: Path, file: Path, *, keep: int = 1, progress: Progress | None = None) -> Copy:
    """Copy the database of a data folder to a file, at any time, and verify the copy.

    The file appears whole or not at all; of earlier ones `keep - 1` stay as FILE.1, FILE.2, …
    Raises StoreError, and leaves earlier backups as they were.
    """
    source = folder / DATABASE
    if not source.is_file():
        raise StoreError("backup.no_database", path=str(source))
    if file.is_dir():
        raise StoreError("backup.is_folder", path=str(file))
    if file.resolve() == source.resolve():
        raise StoreError("backup.onto_itself", path=str(file))
    with said(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder / "backup.lock", "backup.running"):
            part = file.with_name(file.name + ".part")
            try:
                copy = _copy(source, part, progress, folder / "write.lock") or verify(part)
            except BaseException as error:
                # Nobody trusts it, and it may be as large as all that is left of the disk.
                _remove(part)
                if isinstance(error, StoreError) and error.key == "backup.damaged":
                    raise StoreError("backup.source_damaged", path=str(source)) from None
                raise
            _rotate(file, keep)
            settle(part, file)
    return Copy(file, copy.bytes, copy.schema, copy.articles)


def restore(folder: Path, file: Path, now: datetime) -> tuple[Copy, Path | None]:
    """Put a verified backup in the place of the database; return it and the old one's new path.

    What happened since the backup is unknown, so nothing is posted on a guess: see `_resume`.
    Raises StoreError when the bot runs, and for a file that is damaged, foreign or newer.
    """
    verify(file)
    return put_in_place(folder, now, lambda part: _copy(file, part, None))


def put_in_place(
    folder: Path, now: datetime, made: Callable[[Path], object]
) -> tuple[Copy, Path | None]:
    """Let `made` write a database, prepare it to go on from a gap, and give it the old one's place.

    Return it and the old one's new path. Raises StoreError when the bot runs.
    """
    database = folder / DATABASE
    with said(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with (
            _locked(folder / "run.lock", "backup.bot_runs"),
            _locked(folder / "write.lock", "store.busy", wait_s=_BUSY_S),
        ):
            part = folder / f"{DATABASE}.part"
            try:
                clear(part)
                made(part)
                with closing(connected(part)) as connection:
                    _resume(connection, now)
                copy = verify(part)
            except BaseException:
                _remove(part)
                raise
            kept = _set_aside(database, now)
            settle(part, database)
    return Copy(database, copy.bytes, copy.schema, copy.articles), kept


def verify(file: Path) -> Copy:
    """Read a database file through and say what it holds. Raises StoreError for any fault."""
    if not file.is_file():
        raise StoreError("backup.absent", path=str(file))
    with closing(connected(file, read_only=True)) as connection:
        return _examined(connection, file)


def _examined(connection: sqlite3.Connection, file: Path) -> Copy:
    try:
        schema = _schema(connection, file)
        # Mapped, the check reads at more than twice the speed.
        connection.execute("PRAGMA mmap_size = 2147418112")
        (articles,) = connection.execute("SELECT count(*) FROM articles").fetchone()
        (fault,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        is_whole = fault == "ok" and not has_strays(connection)
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        # What SQLite says of a damaged schema need not be text.
        is_whole = False
    if not is_whole:
        raise StoreError("backup.damaged", path=str(file))
    return Copy(file, file.stat().st_size, schema, articles)


def _schema(connection: sqlite3.Connection, file: Path) -> int:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (schema,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise StoreError("backup.foreign", path=str(file))
    if schema > (known := migrations()[-1][0]):
        raise StoreError("backup.newer", path=str(file), found=schema, known=known)
    return int(schema)


def connected(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Connect to a database file by its path, whatever its name holds."""
    address = f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    return sqlite3.connect(address, uri=True, timeout=_BUSY_S, isolation_level=None)


def _copy(
    source: Path, part: Path, progress: Progress | None, write_lock: Path | None = None
) -> Copy | None:
    """Copy the database; return what it holds where that was checked on the way."""
    _require_room(source, part.parent)
    clear(part)
    check = partial(_examined, file=source)
    done = copy_still(source, part, write_lock, progress, _BUSY_S, check) if write_lock else None
    with closing(connected(part)) as copy:
        # The file has no name yet that anyone trusts: it is synced once, when it is whole.
        copy.execute("PRAGMA synchronous = OFF")
        if done is None:
            with _reading(source, write_lock) as original:
                original.backup(copy, pages=_STEP_PAGES, progress=_reported(progress))
        # The copy carries the original's WAL mode; a backup has to be one file.
        copy.execute("PRAGMA journal_mode = DELETE")
    return done


def clear(part: Path) -> None:
    """Make an empty file that only its owner reads, in the place of what an earlier try left."""
    _remove(part)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _remove(part: Path) -> None:
    for left_over in (part, *_companions(part)):
        left_over.unlink(missing_ok=True)


@contextmanager
def _reading(source: Path, write_lock: Path | None) -> Iterator[sqlite3.Connection]:
    """Hold one snapshot of the source: with none, each write elsewhere starts the copy afresh."""
    connection = connected(source, read_only=True)
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield connection
        connection.execute("COMMIT")
    finally:
        # The last connection to close checkpoints, which only the holder of the lock may do.
        with _locked(write_lock, "store.busy", wait_s=_BUSY_S):
            connection.close()


def _reported(progress: Progress | None) -> Callable[[int, int, int], object] | None:
    if progress is None:
        return None
    return lambda _, remaining, total: progress(total - remaining, total)


def _resume(connection: sqlite3.Connection, now: datetime) -> None:
    """Prepare a restored database for a world that went on without it.

    Deliveries still owed may have been posted since: they are dropped, and posts that were ready
    are looked for in their channels before they are sent. Feeds are read once without announcing.
    Ids jump, so that no nonce, marker or button made since the backup means something else.
    """
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            """UPDATE deliveries SET state = 'skipped', reason = 'restored'
               WHERE state = 'owed' AND post_id IS NULL"""
        )
        connection.execute(
            """UPDATE posts SET state = 'sending', next_try_at = :now_ms,
                   started_at = coalesce(started_at, created_at * 1000)
               WHERE state = 'ready'""",
            {"now_ms": int(now.timestamp() * 1000)},
        )
        connection.execute(
            """UPDATE sequels SET state = 'sending', next_try_at = :now_ms,
                   started_at = coalesce(started_at, (
                       SELECT p.created_at * 1000 FROM posts p WHERE p.id = sequels.post_id))
               WHERE state = 'ready'""",
            {"now_ms": int(now.timestamp() * 1000)},
        )
        connection.execute(
            """UPDATE feeds SET primed = 0, etag = NULL, last_modified = NULL, content_hash = NULL
               WHERE url IS NOT NULL"""
        )
        connection.execute(
            """INSERT INTO sqlite_sequence (name, seq)
               SELECT name, 0 FROM sqlite_master
               WHERE sql LIKE '%AUTOINCREMENT%'
                 AND name NOT IN (SELECT name FROM sqlite_sequence)"""
        )
        connection.execute("UPDATE sqlite_sequence SET seq = seq + :jump", {"jump": _ID_JUMP})
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _set_aside(database: Path, now: datetime) -> Path | None:
    """Give the old database a dated name beside the new one; it keeps its own until replaced."""
    if not database.exists():
        return None
    kept = database.with_name(f"tagwire-before-{now:%Y%m%dT%H%M%SZ}.db")
    if _is_one_file(database):
        os.link(database, kept)
    else:
        # Too damaged to be opened: moved with its log, so that someone may still recover it.
        for path in (database, *_companions(database)):
            if path.exists():
                path.replace(kept.with_name(kept.name + path.name.removeprefix(database.name)))
    return kept


def _is_one_file(database: Path) -> bool:
    """Fold the log into the database, so that it is one file. Return False when it is damaged."""
    with closing(connected(database)) as connection:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.OperationalError:
            # Somebody has it open: replacing it now would leave them a log of another file.
            raise StoreError("store.busy", seconds=round(_BUSY_S)) from None
        except sqlite3.DatabaseError:
            return False
    return bool(mode == "delete")


def _companions(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))


def _rotate(file: Path, keep: int) -> None:
    for number in range(keep - 1, 0, -1):
        newer = file if number == 1 else file.with_name(f"{file.name}.{number - 1}")
        if newer.exists():
            newer.replace(file.with_name(f"{file.name}.{number}"))


def settle(part: Path, file: Path) -> None:
    """Give a finished file its name, so that it is there whole after a power cut or not at all."""
    _synced(part)
    part.replace(file)
    _synced(file.parent)


def _synced(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require_room(source: Path, folder: Path) -> None:
    log = source.with_name(source.name + "-wal")
    needed = source.stat().st_size + (log.stat().st_size if log.exists() else 0)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StoreError(
            "backup.no_room", path=str(folder), needed=needed // 2**20 + 1, free=free // 2**20
        )


@contextmanager
def _locked(path: Path | None, key: str, wait_s: float = 0) -> Iterator[None]:
    if path is None:
        yield
        return
    with closing(FileLock(path)) as lock:
        if not lock.take(wait_s):
            raise StoreError(key, seconds=round(wait_s))
        yield


@contextmanager
def said(path: Path) -> Iterator[None]:
    """Turn what the system or SQLite refuses into a sentence."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            "backup.cannot_write", path=str(path), what=error.strerror or type(error).__name__
        ) from error
    except sqlite3.Error as error:
        raise StoreError("backup.cannot_copy", path=str(path), what=str(error)) from error
