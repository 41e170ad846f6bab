"""The work behind the longer verbs: importing with a progress bar, trying, searching."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bot.cli.bar import Bar
from bot.cli.parts import opened_fetcher, reading_store, say, settings
from bot.cli.sync import patience, told_on
from bot.model import PUBLIC_SCOPE_ID, Article, Note, Scope

if TYPE_CHECKING:
    from bot.ingest.archive import ImportReport

_SHOWN = 3
_TRIED = 20
_IMPORT_S = 300.0
_IMPORT_MEMORY_MB = 2048


async def imported(paths: Sequence[str], hears: Callable[[Note], None]) -> ImportReport:
    """Import files, folders and addresses; `hears` is told what is found on the way."""
    from bot.ingest.archive import import_paths

    async with _importer(settings().data, paths, hears) as importer:
        return await import_paths(importer, paths)


async def tried(
    paths: Sequence[str], hears: Callable[[Note], None]
) -> tuple[ImportReport, tuple[Article, ...]]:
    """Import into a store that is thrown away; return the report and the first articles."""
    from bot.ingest.archive import import_paths
    from bot.store import Store

    with TemporaryDirectory(prefix="tagwire-try-") as folder:
        async with _importer(Path(folder), paths, hears, most=_TRIED) as importer:
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
async def _importer(
    folder: Path, paths: Sequence[str], hears: Callable[[Note], None], most: int | None = None
) -> AsyncIterator[Any]:
    from bot.ingest.archive import Importer, is_address
    from bot.ingest.sync import MOST
    from bot.ingest.whole_site import SiteReader
    from bot.ingest.worker import Limits, Workers
    from bot.store import Store

    async with AsyncExitStack() as stack:
        fetcher = None
        if any(map(is_address, paths)):
            fetcher = await stack.enter_async_context(opened_fetcher(settings()))
        store = await stack.enter_async_context(Store.open(folder))
        limits = Limits(seconds=_IMPORT_S, memory_mb=_IMPORT_MEMORY_MB)
        workers = await stack.enter_async_context(Workers(limits=limits))
        bar = stack.enter_context(Bar())
        now, told = datetime.now(UTC), told_on(bar, hears)
        sites = None
        if fetcher is not None:
            gap = patience(settings().host_gap_s)
            sites = SiteReader(
                store, fetcher, workers, now, PUBLIC_SCOPE_ID, gap, bar.advance, told, most or MOST
            )
        yield Importer(
            store, workers, now=now, fetcher=fetcher, progress=bar.advance, sites=sites, tell=told
        )
