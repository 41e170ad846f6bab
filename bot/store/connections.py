"""The store's connections: one that writes, two that read, each on a thread of its own.

A job is a plain function of the raw connection. It runs whole on the connection's thread, so a
cancelled caller never leaves a transaction open.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeVar

import aiosqlite

from bot.errors import StoreError
from bot.store.locks import FileLock
from bot.store.tracing import Statements, Tell

Result = TypeVar("Result")
Job = Callable[[sqlite3.Connection], Result]

READERS = 2
BUSY_S = 30.0
# A passive checkpoint each time the log passes this size: SQLite's own default of 1000 pages.
CHECKPOINT_BYTES = 4_096_000
_USUAL = ("cache_size = -32000", "mmap_size = 1073741824")
# A long import goes over the whole file and comes back to little of it: what is mapped counts as
# this process's memory, and would be all of a large archive.
_IN_BULK = ("cache_size = -8000", "mmap_size = 0")


class _Thread(aiosqlite.Connection):
    """An aiosqlite connection that takes whole jobs."""

    async def run(self, job: Job[Result]) -> Result:
        """Run the job on the connection's thread. A cancelled call lets the job finish."""
        result: Result = await self._execute(lambda: job(self._conn))  # type: ignore[no-untyped-call]
        return result

    async def ended(self) -> None:
        """Wait for the thread of a connection that could not be opened: nobody else does."""
        await asyncio.to_thread(self._thread.join)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _set_up(connection: sqlite3.Connection, *, reads: bool) -> None:
    # Checkpoints are run by the writer under the write lock, never as a side effect.
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA temp_store = MEMORY")
    _tune(connection, _USUAL)
    if reads:
        connection.execute("PRAGMA query_only = ON")


def _tune(connection: sqlite3.Connection, pragmas: tuple[str, ...]) -> None:
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")


class Connections:
    """Runs jobs: `write` in a transaction of its own, `read` on whichever reader is idle."""

    def __init__(
        self, path: Path, writer: _Thread, readers: asyncio.Queue[_Thread], lock: FileLock
    ) -> None:
        self.path = path
        self._writer = writer
        self._readers = readers
        self._lock = lock
        self._bulk = False
        self._log = path.with_name(path.name + "-wal")
        # Called with "read" or "write" and the seconds a call took, waiting for its turn included.
        self.observe: Callable[[str, float], object] = lambda call, seconds: None
        # Where set, told in the asker's context what was asked: kind, text and seconds.
        self.tell: Tell | None = None

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, prepare: Callable[[sqlite3.Connection], None]
    ) -> AsyncIterator[Connections]:
        """Open the database, run `prepare` (migrations) on the writer, and close in reverse."""
        lock = FileLock(path.with_name("write.lock"))
        try:
            async with AsyncExitStack() as stack:
                writer = await _started(stack, path, reads=False)
                connections = cls(path, writer, asyncio.Queue(), lock)
                # The last connection to close checkpoints: it must not do so beside a writer.
                stack.push_async_callback(connections._close_writer)
                await writer.run(partial(connections._locked, prepare))
                for _ in range(READERS):
                    connections._readers.put_nowait(await _started(stack, path, reads=True))
                yield connections
        finally:
            lock.close()

    async def write(self, job: Job[Result], *, durable: bool = True, bulk: bool = False) -> Result:
        """Run the job in one immediate transaction and return its result.

        `durable=False` leaves the last commits to the system's care (bulk imports only); `bulk`
        spares memory until the next durable write, for one of many long transactions. Raises
        StoreError when another process keeps writing or the disk is full.
        """
        started = time.perf_counter()
        seen = Statements() if self.tell else None
        job = seen.watched(job) if seen else job
        try:
            return await self._writer.run(
                partial(self._locked, partial(self._transaction, job, durable=durable, bulk=bulk))
            )
        finally:
            self._done("write", started, seen)

    async def read(self, job: Job[Result]) -> Result:
        """Run the job on an idle reader, in one snapshot of the store."""
        started = time.perf_counter()
        seen = Statements() if self.tell else None
        job = seen.watched(job) if seen else job
        reader = await self._readers.get()
        try:
            return await reader.run(partial(_snapshot, job))
        finally:
            self._readers.put_nowait(reader)
            self._done("read", started, seen)

    async def outside_transaction(self, job: Job[Result]) -> Result:
        """Run a job on the writer that brings its own transactions (a rebuild)."""
        return await self._writer.run(partial(self._locked, job))

    def asked(self, query: object) -> None:
        """Tell, where somebody listens, which query the next call answers."""
        if self.tell is not None:
            self.tell("query", str(query), 0.0)

    def _done(self, call: str, started: float, seen: Statements | None) -> None:
        seconds = time.perf_counter() - started
        self.observe(call, seconds)
        if seen is not None and self.tell is not None:
            seen.tell(self.tell)
            self.tell(call, "", seconds)

    def _locked(self, job: Job[Result], connection: sqlite3.Connection) -> Result:
        with self._lock.held(BUSY_S):
            try:
                result = job(connection)
                self._checkpoint(connection)
            except sqlite3.DatabaseError as error:
                _raise_said(error)
            return result

    def _transaction(
        self, job: Job[Result], connection: sqlite3.Connection, *, durable: bool, bulk: bool
    ) -> Result:
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        if bulk is not self._bulk and (bulk or durable):
            _tune(connection, _IN_BULK if bulk else _USUAL)
            self._bulk = bulk
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = job(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        if self._log.exists() and self._log.stat().st_size > CHECKPOINT_BYTES:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    async def _close_writer(self) -> None:
        await self._writer.run(lambda _: self._lock.take(BUSY_S))
        await self._writer.close()


async def _started(stack: AsyncExitStack, path: Path, *, reads: bool) -> _Thread:
    thread = _Thread(partial(_connected, path), iter_chunk_size=64)
    try:
        await thread
    except sqlite3.DatabaseError as error:
        await thread.ended()
        _raise_said(error)
    stack.push_async_callback(thread.close)
    try:
        await thread.run(partial(_set_up, reads=reads))
    except sqlite3.DatabaseError as error:
        _raise_said(error)
    return thread


def _snapshot(job: Job[Result], connection: sqlite3.Connection) -> Result:
    connection.execute("BEGIN")
    try:
        return job(connection)
    finally:
        connection.execute("COMMIT")


def _raise_said(error: sqlite3.DatabaseError) -> NoReturn:
    """Raise what a person can act on as a StoreError, and anything else as it came."""
    known = {
        sqlite3.SQLITE_FULL: "store.full",
        sqlite3.SQLITE_NOTADB: "store.damaged",
        sqlite3.SQLITE_CORRUPT: "store.damaged",
        sqlite3.SQLITE_CANTOPEN: "store.cannot_open",
        sqlite3.SQLITE_READONLY: "store.read_only",
        sqlite3.SQLITE_IOERR: "store.io",
        sqlite3.SQLITE_BUSY: "store.busy",
    }
    # The low byte is the primary code; the rest tells variants apart (SQLite documentation).
    key = known.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    if key is None:
        raise error
    raise StoreError(key, detail=str(error), seconds=round(BUSY_S)) from error
