import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.ingest.addresses import Guard
from bot.ingest.fetch import Fetcher, open_session
from bot.ingest.worker import Workers
from bot.store import Store
from tests.ingest.loopback import Site, serving
from tests.ingest.polling import Bench


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as site:
        yield site


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """Give reading processes that all tests share; starting one takes a second."""
    # Room for every feed of a test: a wait would tie the workers to that test's event loop.
    workers = Workers(8)
    yield workers
    asyncio.run(workers.close())


@pytest.fixture
async def bench(tmp_path: Path, workers: Workers) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store.open(tmp_path))
        guard = Guard(allow_private=True)
        session = await stack.enter_async_context(open_session(guard))
        yield Bench(store, Fetcher(session, guard), workers)
