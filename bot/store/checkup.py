"""What can be read off a store folder, damaged ones too, without changing it: for the doctor."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from bot.model import Feed, Target
from bot.store import DATABASE, rows
from bot.store.locks import FileLock
from bot.store.migrate import APPLICATION_ID, migrations
from bot.store.retention import monthly_growth, sizes

Fault = Literal["damaged", "foreign", "unreadable"]


@dataclass(frozen=True, slots=True)
class Library:
    """The SQLite this Python uses."""

    version: tuple[int, int, int]
    has_fts5: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """What the database of a folder holds. `newest_at` is when the newest article was found.

    A damaged database and one of another schema are not counted: see `is_counted`.
    """

    schema: int
    known_schema: int
    damage: tuple[str, ...] = ()
    orphans: int = 0
    articles: int = 0
    newest_at: datetime | None = None
    feeds: tuple[Feed, ...] = ()
    targets: tuple[Target, ...] = ()
    subscriptions: int = 0
    dead: int = 0
    unknown: int = 0
    monthly_growth: int | None = None

    @property
    def is_counted(self) -> bool:
        """Whether the tables are those of this version, and whole, so that they were asked."""
        return self.schema == self.known_schema and not self.damage


@dataclass(frozen=True, slots=True)
class Facts:
    """A store folder as it is found. `contents` is None without a database, or with a `fault`."""

    folder: Path
    writable: bool
    free_bytes: int
    database_bytes: int | None = None
    log_bytes: int = 0
    bot_runs: bool = False
    fault: Fault | None = None
    contents: Contents | None = None


def library() -> Library:
    """Return the SQLite in use and whether it has the full-text index."""
    with closing(sqlite3.connect(":memory:")) as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    version = sqlite3.sqlite_version_info
    return Library((version[0], version[1], version[2]), "ENABLE_FTS5" in options)


def look(folder: Path) -> Facts:
    """Look at a store folder; nothing in it is changed, and it need not exist."""
    nearest = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    free = shutil.disk_usage(nearest).free
    database = folder / DATABASE
    if not database.is_file():
        return Facts(folder, writable, free)
    fault, contents = _read(database)
    log = database.with_name(DATABASE + "-wal")
    return Facts(
        folder,
        writable and os.access(database, os.W_OK),
        free,
        database.stat().st_size,
        log.stat().st_size if log.exists() else 0,
        _is_held(folder / "run.lock"),
        fault,
        contents,
    )


def _is_held(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with closing(FileLock(path)) as lock:
            return not lock.take(0)
    except OSError:
        return False


def _read(database: Path) -> tuple[Fault | None, Contents | None]:
    address = f"{database.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            if application != APPLICATION_ID:
                return "foreign", None
            return None, _contents(connection)
    except sqlite3.OperationalError:
        return "unreadable", None
    except sqlite3.DatabaseError:
        return "damaged", None


def _contents(connection: sqlite3.Connection) -> Contents:
    (schema,) = connection.execute("PRAGMA user_version").fetchone()
    known = migrations()[-1][0]
    damage = tuple(r[0] for r in connection.execute("PRAGMA quick_check(10)") if r[0] != "ok")
    orphans = len(connection.execute("PRAGMA foreign_key_check").fetchall())
    found = Contents(schema, known, damage, orphans)
    if not found.is_counted:
        # The tables may be others than those asked below.
        return found
    counted = connection.execute(
        """
        SELECT
            (SELECT count(*) FROM articles) AS articles,
            (SELECT max(found_at) FROM articles) AS newest_at,
            (SELECT count(*) FROM subscriptions) AS subscriptions,
            (SELECT count(*) FROM posts WHERE state = 'dead') AS dead,
            (SELECT count(*) FROM posts WHERE state = 'unknown') AS unknown
        """
    ).fetchone()
    return Contents(
        schema,
        known,
        damage,
        orphans,
        counted["articles"],
        rows.moment(counted["newest_at"]),
        _feeds(connection),
        _targets(connection),
        counted["subscriptions"],
        counted["dead"],
        counted["unknown"],
        monthly_growth(sizes(connection)),
    )


def _feeds(connection: sqlite3.Connection) -> tuple[Feed, ...]:
    found = connection.execute(
        "SELECT *, 0 AS article_count FROM feeds WHERE url IS NOT NULL ORDER BY id"
    )
    return tuple(map(rows.feed, found))


def _targets(connection: sqlite3.Connection) -> tuple[Target, ...]:
    found = connection.execute(
        """
        SELECT id AS target_id, kind AS target_kind, channel_id, guild_id, user_id,
            paused AS target_paused, language
        FROM targets
        WHERE EXISTS (SELECT 1 FROM subscriptions WHERE target_id = targets.id)
        ORDER BY id
        """
    )
    return tuple(map(rows.target, found))
