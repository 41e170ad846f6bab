"""The work behind the longer verbs: importing with a progress bar, trying, searching."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from bot.cli.parts import opened_fetcher, reading_store, say, settings
from bot.model import Article, Scope

if TYPE_CHECKING:
    from bot.ingest.archive import ImportReport

_SHOWN = 3
_IMPORT_S = 300.0
_IMPORT_MEMORY_MB = 2048


async def imported(paths: Sequence[str]) -> ImportReport:
    """Import files, folders and addresses into the public archive."""
    from bot.ingest.archive import import_paths

    async with _importer(settings().data, paths) as importer:
        return await import_paths(importer, paths)


async def tried(paths: Sequence[str]) -> tuple[ImportReport, tuple[Article, ...]]:
    """Import into a store that is thrown away; return the report and the first articles."""
    from bot.ingest.archive import import_paths
    from bot.store import Store

    with TemporaryDirectory(prefix="tagwire-try-") as folder:
        async with _importer(Path(folder), paths) as importer:
            report = await import_paths(importer, paths)
        async with Store.open(folder, read_only=True) as store:
            ids = range(1, report.new + 1)[: -_SHOWN - 1 : -1]
            return report, await store.articles.get_many(ids, Scope())


async def found_articles(query: str, limit: int) -> tuple[tuple[Article, ...], tuple[str, ...]]:
    """Return the articles that answer a query, best first, and what is to be said of them."""
    from bot.query.language import parse_noted

    asked, notes = parse_noted(query)
    if asked.sort is None:
        asked = replace(asked, sort="best")
    async with reading_store() as store:
        page = await store.articles.find(asked, Scope(), now=datetime.now(UTC), limit=limit)
        articles = await store.articles.get_many([hit.id for hit in page.hits], Scope())
    said = tuple(say(note.key, **note.params) for note in (*notes, *page.notes))
    return articles, said


@asynccontextmanager
async def _importer(folder: Path, paths: Sequence[str]) -> AsyncIterator[Any]:
    from bot.ingest.archive import Importer, is_address
    from bot.ingest.worker import Limits, Workers
    from bot.store import Store

    async with AsyncExitStack() as stack:
        fetcher = None
        if any(map(is_address, paths)):
            fetcher = await stack.enter_async_context(opened_fetcher(settings()))
        store = await stack.enter_async_context(Store.open(folder))
        limits = Limits(seconds=_IMPORT_S, memory_mb=_IMPORT_MEMORY_MB)
        workers = await stack.enter_async_context(Workers(1, limits))
        bar = stack.enter_context(_Bar())
        yield Importer(store, workers, now=datetime.now(UTC), fetcher=fetcher, progress=bar.advance)


class _Bar:
    """A progress bar on standard error while that is a terminal, a new one for each document."""

    def __init__(self) -> None:
        self._where: str | None = None
        self._bar: Any = None
        self._done = 0

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def advance(self, where: str, done: int, total: int) -> None:
        """Show how far a document is: items done, of all."""
        if not sys.stderr.isatty():
            return
        if where != self._where:
            self._end()
            self._where, self._done = where, 0
            self._bar = click.progressbar(
                length=total, label=Path(where).name, file=sys.stderr, show_pos=True
            )
            self._bar.__enter__()
        self._bar.update(done - self._done)
        self._done = done

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
