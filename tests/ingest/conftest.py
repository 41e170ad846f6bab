import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import web

from bot.ingest.worker import Workers
from tests.ingest.loopback import Site


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    runner = web.ServerRunner(web.Server(site), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield site
    await runner.cleanup()


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """Give reading processes that all tests share; starting one takes a second."""
    # Room for every feed of a test: a wait would tie the workers to that test's event loop.
    workers = Workers(8)
    yield workers
    asyncio.run(workers.close())
