"""The store whole: `async with Store.open(folder) as store`."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.errors import StoreError
from bot.model import PUBLIC_SCOPE, Counts, Scope
from bot.store import DATABASE, index, migrate, records, stories
from bot.store.alerts import AlertStore
from bot.store.articles import ArticleStore
from bot.store.beside import Beside
from bot.store.connections import Connections
from bot.store.corrections import CorrectionStore
from bot.store.explain import ExplainStore
from bot.store.feeds import FeedStore
from bot.store.intake import IntakeStore
from bot.store.locks import FileLock
from bot.store.matching import Matching
from bot.store.members import MemberStore
from bot.store.names import NameStore
from bot.store.outbox import OutboxStore
from bot.store.records import AuditStore, GuildStore, MetaStore, ViewStore
from bot.store.related import RelatedStore
from bot.store.retention import RetentionStore
from bot.store.sequels import SequelStore
from bot.store.subscription_copies import CopyStore
from bot.store.subscriptions import SubscriptionStore
from bot.store.tag_changes import TagStore
from bot.store.trends import TrendStore
from bot.store.vectors import Vectors
from bot.store.vocabulary import Vocabulary
from bot.store.walks import WalkStore


class Store:
    """A handle on one store folder; each noun is an attribute."""

    def __init__(self, folder: Path, connections: Connections) -> None:
        matching = Matching()
        self.folder = folder
        self._connections = connections
        self._instance: FileLock | None = None
        self._matching = matching
        self.beside = Beside(folder, connections)
        self.vectors = Vectors()
        self.articles = ArticleStore(connections, Vocabulary(), self.beside, self.vectors)
        self.names = NameStore(connections)
        self.tags = TagStore(connections)
        self.feeds = FeedStore(connections)
        self.intake = IntakeStore(connections, matching)
        self.subscriptions = SubscriptionStore(connections)
        self.copies = CopyStore(connections)
        self.members = MemberStore(connections)
        self.trends = TrendStore(connections)
        self.related = RelatedStore(connections, self.beside, self.vectors)
        self.outbox = OutboxStore(connections)
        self.sequels = SequelStore(connections)
        self.corrections = CorrectionStore(connections)
        self.alerts = AlertStore(connections)
        self.explain = ExplainStore(connections)
        self.views = ViewStore(connections)
        self.guilds = GuildStore(connections)
        self.audit = AuditStore(connections)
        self.meta = MetaStore(connections)
        self.retention = RetentionStore(connections)
        self.walks = WalkStore(connections)

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path | str, *, read_only: bool = False) -> AsyncIterator[Store]:
        """Open the store in a folder, making or migrating it first.

        `read_only` does not make one where there is none. Raises StoreError for a newer schema,
        a damaged or foreign file, and for a folder that cannot be used.
        """
        folder = Path(folder)
        if read_only and not (folder / DATABASE).exists():
            raise StoreError("store.missing", folder=str(folder))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError("store.cannot_open", detail=str(error)) from error
        async with Connections.open(folder / DATABASE, _prepare) as connections:
            store = cls(folder, connections)
            try:
                yield store
            finally:
                store.unlock_instance()

    def observe(self, seen: Callable[[str, float], object]) -> None:
        """Let `seen` be called with "read" or "write" and the seconds of each call to the store."""
        self._connections.observe = seen

    def trace(self, tell: Callable[[str, str, float], object]) -> None:
        """Let `tell` be called with each query, statement and call: kind, text and seconds."""
        self._connections.tell = tell

    def settle(self, correction_s: float) -> None:
        """Let messages be edited so many seconds after a correction, not half a minute."""
        self._matching.settle = timedelta(seconds=correction_s)

    async def warm(self) -> None:
        """Read the saved queries ahead of the first article, which would wait for it."""
        await self._connections.read(self._matching.warm)

    def lock_instance(self) -> None:
        """Be the one bot on this store until it is closed. Raises StoreError `store.locked`."""
        lock = FileLock(self.folder / "run.lock")
        if not lock.take(0):
            lock.close()
            raise StoreError("store.locked", folder=str(self.folder))
        self._instance = lock

    def unlock_instance(self) -> None:
        """Let another bot use this store."""
        if self._instance is not None:
            self._instance.close()
            self._instance = None

    async def counts(self, scope: Scope = PUBLIC_SCOPE) -> Counts:
        """Count what a reader may see."""
        return await self._connections.read(partial(records.counts, scope))

    async def rebuild(self) -> None:
        """Make the search index anew from the articles."""
        await self._connections.outside_transaction(index.rebuild)

    async def check(self) -> tuple[str, ...]:
        """Return what SQLite finds wrong with the file; nothing when it is sound."""
        return await self._connections.read(_check)


def _prepare(connection: sqlite3.Connection) -> None:
    # A file that is not ours, or of a later version, is refused as it is.
    migrate.require_known(connection)
    # Takes hold only in a file that has no table yet.
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    migrate.migrate(connection)
    index.prepare(connection)
    stories.prepare(connection)


def _check(connection: sqlite3.Connection) -> tuple[str, ...]:
    found = [row[0] for row in connection.execute("PRAGMA quick_check")]
    broken = [
        f"foreign key: {row[0]} {row[1]}" for row in connection.execute("PRAGMA foreign_key_check")
    ]
    return tuple(line for line in (*found, *broken) if line != "ok")
