"""Brings a database to this version's schema: numbered .sql files, one transaction each."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from importlib import resources

from bot.errors import StoreError

APPLICATION_ID = 0x54475752  # "TGWR": marks a file as Tagwire's in its header.


def migrations() -> tuple[tuple[int, str], ...]:
    """Return every migration as (number, SQL), in order."""
    folder = resources.files("bot.store") / "migrations"
    files = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name
    )
    return tuple((int(entry.name[:4]), entry.read_text("utf-8")) for entry in files)


def require_known(connection: sqlite3.Connection) -> None:
    """Raise StoreError for a newer schema or a file that is not ours; nothing is written."""
    _version(connection, newest=migrations()[-1][0])


def migrate(connection: sqlite3.Connection, known: Sequence[tuple[int, str]] | None = None) -> None:
    """Apply what is missing. Raises StoreError for a newer schema or a file that is not ours."""
    known = known or migrations()
    version = _version(connection, newest=known[-1][0])
    missing = [(number, sql) for number, sql in known if number > version]
    if not missing:
        return
    # Switching foreign keys is a no-op inside a transaction (SQLite documentation).
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        for number, sql in missing:
            _apply(connection, number, sql)
    finally:
        connection.execute("PRAGMA foreign_keys = ON")


def _version(connection: sqlite3.Connection, newest: int) -> int:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and (application or version or tables):
        raise StoreError("store.foreign")
    if version > newest:
        raise StoreError("store.newer", found=version, known=newest)
    return int(version)


def _apply(connection: sqlite3.Connection, number: int, sql: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have applied it while this one waited.
        if _version(connection, newest=number) < number:
            for statement in statements(sql):
                connection.execute(statement)
            if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise StoreError("store.migration", number=number)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def statements(sql: str) -> Iterator[str]:
    """Split a script into statements; executescript would commit the open transaction."""
    gathered = ""
    for line in sql.splitlines(keepends=True):
        gathered += line
        if sqlite3.complete_statement(gathered):
            yield gathered
            gathered = ""
    if gathered.strip():
        yield gathered
