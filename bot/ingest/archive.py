"""Imports archives: files, folders and addresses, read beside the store while it writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from bot.errors import TagwireError
from bot.ingest import document
from bot.ingest.fetch import Fetched, Fetcher
from bot.ingest.sync import SyncReport
from bot.ingest.whole_site import SiteReader
from bot.ingest.worker import MEGABYTE, Workers
from bot.model import PUBLIC_SCOPE_ID, Intake, Keyed, Problem, Reading
from bot.store import Store

_AT_ONCE = 500
_AHEAD = 16
_MEMORY_PER_FILE = 20
"""Megabytes of a worker's memory for each megabyte of a file: text, tree and entries at once."""

Progress = Callable[[str, int, int], None]
"""Told (where, items done, items in all) while a document is stored."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. `documents` counts those that could be read at all."""

    documents: int = 0
    read: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: tuple[Problem, ...] = ()

    def plus(self, intake: Intake) -> ImportReport:
        """Return the report with one recording's counts added."""
        return replace(
            self,
            new=self.new + intake.new,
            updated=self.updated + intake.updated,
            unchanged=self.unchanged + intake.unchanged,
        )

    def synced(self, read: SyncReport) -> ImportReport:
        """Return the report with a whole site added."""
        return replace(
            self,
            documents=self.documents + (read.way is not None),
            read=self.read + read.read,
            new=self.new + read.new,
            updated=self.updated + read.updated,
            unchanged=self.unchanged + read.unchanged,
            problems=(*self.problems, *read.problems),
        )

    def failed(self, where: str, error: TagwireError) -> ImportReport:
        """Return the report with a document that could not be read."""
        problem = Problem(where, error.key, error.params)
        return replace(self, problems=(*self.problems, problem))


class Importer:
    """Reads documents into a scope. `fetcher` may be absent where only files are imported."""

    def __init__(
        self,
        store: Store,
        workers: Workers,
        *,
        now: datetime,
        fetcher: Fetcher | None = None,
        scope_id: int = PUBLIC_SCOPE_ID,
        progress: Progress | None = None,
        sites: SiteReader | None = None,
    ) -> None:
        self._store = store
        self._workers = workers
        self._now = now
        self._fetcher = fetcher
        self._scope_id = scope_id
        self._progress = progress or (lambda where, done, total: None)
        self._sites = sites

    async def import_one(self, where: str, report: ImportReport) -> ImportReport:
        """Import one file or address and return the report with it.

        What cannot be read becomes a problem of the report; nothing of it is stored.
        """
        feed_id = None
        head = Reading("", (), 0)
        if _is_no_file(where):
            return report.failed(where, TagwireError("ingest.import_no_file", path=where))
        held: list[Keyed] = []
        undated: list[Keyed] = []
        done = 0
        try:
            fetched = await self._fetched(where)
            if fetched is not None and self._sites is not None:
                site = await self._sites.look(fetched)
                if site is not None:
                    read = await self._sites.read(where, site)
                    report = report.synced(read)
                    if read.way is not None:
                        return report
            async for piece in _ahead(self._pieces(where, fetched)):
                if isinstance(piece, Reading):
                    head = piece
                elif isinstance(piece, tuple):
                    feed_id = feed_id or await self._feed_id(where, head)
                    # Items without a date keep their order on the page only if recorded together.
                    held.extend(k for k in piece if k.entry.published_at is not None)
                    undated.extend(k for k in piece if k.entry.published_at is None)
                    if len(held) >= _AT_ONCE:
                        report = report.plus(await self._record(feed_id, head, held))
                        done += len(held)
                        self._progress(where, done, head.read)
                        held = []
        except TagwireError as error:
            return report.failed(where, error)
        except OSError as error:
            return report.failed(where, _unopened(where, error))
        rest = [*undated, *held]
        if feed_id is not None and rest:
            report = report.plus(await self._record(feed_id, head, rest))
            self._progress(where, done + len(rest), head.read)
        return _ended(report, where, head, is_empty=feed_id is None)

    async def _fetched(self, where: str) -> Fetched | None:
        if not is_address(where):
            return None
        if self._fetcher is None:
            raise TagwireError("ingest.import_no_fetcher")
        return await self._fetcher.get(where, now=self._now)

    async def _pieces(self, where: str, fetched: Fetched | None) -> AsyncIterator[object]:
        if fetched is None:
            memory_mb = _size(where) // MEGABYTE * _MEMORY_PER_FILE
            parts = self._workers.parts(document.file_pieces, where, memory_mb=memory_mb)
        else:
            arguments = (fetched.body, fetched.content_type, fetched.url, None, None, None)
            parts = self._workers.parts(document.pieces, *arguments)
        async for part in parts:
            yield part

    async def _feed_id(self, where: str, head: Reading) -> int:
        title = head.title or urlsplit(where).netloc or Path(where).stem
        feed = await self._store.feeds.ensure_import(
            title, head.site_url, self._scope_id, self._now
        )
        return feed.id

    async def _record(self, feed_id: int, head: Reading, keyed: list[Keyed]) -> Intake:
        return await self._store.intake.record(
            feed_id,
            head,
            keyed,
            now=self._now,
            scope_id=self._scope_id,
            announce=False,
            bulk=True,
        )


async def import_paths(
    importer: Importer, paths: Iterable[str], report: ImportReport | None = None
) -> ImportReport:
    """Import files, folders (every file in them) and addresses in order; return what was done."""
    report = report or ImportReport()
    for where in paths:
        files = _files(where)
        if not files:
            report = report.failed(where, TagwireError("ingest.import_empty_folder", path=where))
        for one in files:
            report = await importer.import_one(one, report)
    return report


def is_address(where: str) -> bool:
    """Whether a word on the command line is an address rather than a path."""
    return where.lower().startswith(("http://", "https://", "feed:"))


def _files(where: str) -> list[str]:
    if is_address(where) or not Path(where).is_dir():
        return [where]
    found = (path for path in Path(where).rglob("*") if path.is_file())
    return sorted(str(p) for p in found if not p.name.startswith("."))


def _is_no_file(where: str) -> bool:
    return not is_address(where) and Path(where).exists() and not Path(where).is_file()


def _size(where: str) -> int:
    return Path(where).stat().st_size


def _ended(report: ImportReport, where: str, head: Reading, *, is_empty: bool) -> ImportReport:
    """Count a document that was read; one that only points elsewhere is told where to take it."""
    if is_empty and head.offers:
        offer = head.offers[0]
        if offer.kind == "wordpress":
            return report.failed(where, TagwireError("ingest.import_api", url=offer.url))
        return report.failed(where, TagwireError("ingest.import_list", count=len(head.offers)))
    return replace(
        report,
        documents=report.documents + 1,
        read=report.read + head.read,
        problems=(*report.problems, *head.problems),
    )


def _unopened(where: str, error: OSError) -> TagwireError:
    if isinstance(error, FileNotFoundError):
        return TagwireError("ingest.import_absent", path=where)
    return TagwireError("ingest.import_unopened", path=where, what=error.strerror or "")


async def _ahead(parts: AsyncIterator[object]) -> AsyncIterator[object]:
    """Yield parts while the next ones are read already, so that reading and storing overlap."""
    queue: asyncio.Queue[tuple[object, Exception | None]] = asyncio.Queue(_AHEAD)

    async def pump() -> None:
        try:
            async for part in parts:
                await queue.put((part, None))
        except Exception as error:
            await queue.put((None, error))
        else:
            await queue.put((None, StopAsyncIteration()))

    task = asyncio.create_task(pump())
    try:
        while True:
            part, error = await queue.get()
            if isinstance(error, StopAsyncIteration):
                return
            if error is not None:
                raise error
            yield part
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
