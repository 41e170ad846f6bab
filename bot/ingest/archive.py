"""Imports archives: files, folders and addresses, read beside the store while it writes."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from bot.errors import TagwireError
from bot.ingest import document, shares
from bot.ingest.discover import api_home
from bot.ingest.fetch import Fetched, Fetcher
from bot.ingest.sync import SyncReport
from bot.ingest.whole_site import SiteReader
from bot.ingest.worker import Workers
from bot.model import PUBLIC_SCOPE_ID, Intake, Keyed, Note, Problem, Reading
from bot.store import Store

_AT_ONCE = 750
# Articles hold no cycles: looking for some among all that wait takes a twentieth of an import.
_OBJECTS_UNTIL_COLLECTED = 50_000

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
        tell: Callable[[Note], None] | None = None,
    ) -> None:
        self.store = store
        self.now = now
        self.scope_id = scope_id
        self.progress = progress or (lambda where, done, total: None)
        self.sites = sites
        self.tell = tell or (lambda note: None)
        self.offered: set[str] = set()
        self._workers = workers
        self._fetcher = fetcher

    async def import_one(self, where: str, report: ImportReport) -> ImportReport:
        """Import one file or address and return the report with it.

        What cannot be read becomes a problem of the report; nothing of it is stored. A file that
        was left in the middle is gone on with, as long as it is the same file.
        """
        if _is_no_file(where):
            return report.failed(where, TagwireError("ingest.import_no_file", path=where))
        run = _Run(self, where, report)
        try:
            fetched = await self._fetched(where)
            if fetched is not None and await run.whole_site(fetched):
                return run.report
            await run.through(self._pieces(where, fetched), is_file=fetched is None)
        except TagwireError as error:
            return run.report.failed(where, error)
        except OSError as error:
            return run.report.failed(where, _unopened(where, error))
        return _ended(run.report, where, run.head, is_empty=run.feed_id is None)

    async def _fetched(self, where: str) -> Fetched | None:
        if not is_address(where):
            return None
        if self._fetcher is None:
            raise TagwireError("ingest.import_no_fetcher")
        return await self._fetcher.get(where, now=self.now)

    async def _pieces(self, where: str, fetched: Fetched | None) -> AsyncIterator[object]:
        if fetched is None:
            parts = shares.file_parts(self._workers, where, _size(where))
        else:
            arguments = (fetched.body, fetched.content_type, fetched.url, None, None, None)
            parts = shares.ahead(self._workers.parts(document.pieces, *arguments))
        async for part in parts:
            yield part


@dataclass(slots=True)
class _Run:
    """One document on its way into the store."""

    importer: Importer
    where: str
    report: ImportReport
    head: Reading = field(default_factory=lambda: Reading("", (), 0))
    feed_id: int | None = None
    done: int = 0
    _skip: int = 0
    _name: str | None = None

    async def whole_site(self, fetched: Fetched) -> bool:
        """Read the site that an address stands for; False for a document of its own."""
        sites = self.importer.sites
        facts = None if sites is None else await sites.look(fetched)
        if sites is None or facts is None:
            return False
        read = await sites.read(self.where, facts)
        self.report = self.report.synced(read)
        return read.way is not None

    async def through(self, pieces: AsyncIterator[object], *, is_file: bool) -> None:
        """Store piece after piece, many at a time, and keep how far a file has come."""
        if is_file:
            await self._resume()
        held: list[Keyed] = []
        undated: list[Keyed] = []
        async for piece in pieces:
            if isinstance(piece, Reading):
                self.head = piece
            elif isinstance(piece, tuple) and piece:
                # Items without a date keep their order on the page only if recorded together.
                held.extend(self._left([k for k in piece if k.entry.published_at is not None]))
                undated.extend(k for k in piece if k.entry.published_at is None)
                await self._ensure_feed()
                if len(held) >= _AT_ONCE:
                    await self._record(held)
                    await self._keep()
                    held = []
        await self._record([*undated, *held])
        self._offer_better()
        if self._name is not None and self.done >= _AT_ONCE:
            await self.importer.store.walks.forget(self._name)

    async def _resume(self) -> None:
        self._name = _walk_name(self.where)
        walk = await self.importer.store.walks.get(self._name)
        if walk is None:
            return
        self._skip = self.done = walk.done
        self.report = replace(self.report, unchanged=self.report.unchanged + walk.done)
        self.importer.tell(Note("ingest.import_resumed", {"count": walk.done}))

    def _left(self, dated: list[Keyed]) -> list[Keyed]:
        """Return what an earlier run had not stored yet; it goes by the order of the file."""
        passed = min(self._skip, len(dated))
        self._skip -= passed
        return dated[passed:]

    async def _ensure_feed(self) -> None:
        if self.feed_id is None:
            title = self.head.title or urlsplit(self.where).netloc or Path(self.where).stem
            feed = await self.importer.store.feeds.ensure_import(
                title, self.head.site_url, self.importer.scope_id, self.importer.now
            )
            self.feed_id = feed.id

    async def _record(self, keyed: list[Keyed]) -> None:
        if self.feed_id is None or not keyed:
            return
        intake = await self.importer.store.intake.record(
            self.feed_id,
            self.head,
            keyed,
            now=self.importer.now,
            scope_id=self.importer.scope_id,
            announce=False,
            bulk=True,
        )
        self.report = self.report.plus(intake)
        self.done += len(keyed)
        self.importer.progress(self.where, self.done, self.head.read)

    def _offer_better(self) -> None:
        """Tell once that a site's API knows more than the page or feed that was read of it."""
        for offer in self.head.offers:
            if offer.kind == "wordpress" and self.feed_id is not None:
                home = api_home(offer.url)
                if home not in self.importer.offered:
                    self.importer.offered.add(home)
                    self.importer.tell(Note("ingest.import_better", {"url": home}))

    async def _keep(self) -> None:
        if self._name is not None:
            walks = self.importer.store.walks
            await walks.keep(self._name, {}, self.done, self.importer.now, durable=False)


async def import_paths(
    importer: Importer, paths: Iterable[str], report: ImportReport | None = None
) -> ImportReport:
    """Import files, folders (every file in them) and addresses in order; return what was done."""
    report = report or ImportReport()
    with _rare_collections():
        for where in paths:
            files = _files(where)
            if not files:
                problem = TagwireError("ingest.import_empty_folder", path=where)
                report = report.failed(where, problem)
            for one in files:
                report = await importer.import_one(one, report)
    return report


@contextmanager
def _rare_collections() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS_UNTIL_COLLECTED, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


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


def _walk_name(where: str) -> str:
    """Return what a file is known by while it is read: a changed one is another."""
    path = Path(where)
    facts = path.stat()
    told = f"{path.resolve()}\x00{facts.st_size}\x00{facts.st_mtime_ns}"
    return f"file:{hashlib.blake2b(told.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"


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
