"""One browser for all, and the page opened in it against the stand-in server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from tests.playground.page.hands import ARGS, FOUND, PHONE, WIDE, Open, Page, Watch
from tests.playground.page.page_world import PageWorld, Stage, served

NewPage = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Any]:
    playwright_api = pytest.importorskip("playwright.async_api")
    async with playwright_api.async_playwright() as api:
        running = await api.chromium.launch(executable_path=FOUND, args=ARGS)
        yield running
        await running.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def new_page(browser: Any) -> AsyncIterator[NewPage]:
    """Make a page; those that ask for nothing special share a profile for each size."""
    shared: dict[int, Any] = {}
    # Nothing moves unless a test is about movement.
    still = {"reduced_motion": "reduce", "locale": "en-GB"}

    async def make(size: dict[str, int], **more: Any) -> Page:
        if more:
            context = await browser.new_context(viewport=size, **still | more)
        else:
            context = shared.get(size["width"])
            if context is None:
                context = await browser.new_context(viewport=size, **still)
                shared[size["width"]] = context
        return await context.new_page()

    yield make
    for context in shared.values():
        await context.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage() -> AsyncIterator[Stage]:
    async with served() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def world(stage: Stage) -> AsyncIterator[PageWorld]:
    async with stage.shows(PageWorld()) as shown:
        yield shown


@pytest_asyncio.fixture(loop_scope="session")
async def watch(new_page: NewPage) -> AsyncIterator[Watch]:
    """Open an address; what the page complains about in the console fails the test."""
    complaints: list[str] = []
    pages: list[tuple[Page, bool]] = []

    async def open_it(address: str, size: dict[str, int] = WIDE, **more: Any) -> Page:
        page = await new_page(size, **more)
        pages.append((page, bool(more)))
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.extend([said.text] * (said.type == "error")))
        await page.goto(address)
        await page.wait_for_selector('#app[data-loading="false"]')
        return page

    yield open_it
    for page, alone in pages:
        await (page.context.close() if alone else page.close())
    # A socket that is refused is reported by the browser itself; the page goes on.
    assert [said for said in complaints if "WebSocket connection" not in said] == []


@pytest.fixture(params=[WIDE, PHONE], ids=["wide", "phone"])
def size(request: pytest.FixtureRequest) -> dict[str, int]:
    """Give the window's size: each test runs at both, but where its mark says one."""
    chosen: dict[str, int] = request.param
    return chosen


@pytest.fixture
def open_page(watch: Watch, world: PageWorld, size: dict[str, int]) -> Open:
    """Open the page of the stand-in server, at a place in it."""

    async def open_it(where: str = "", **more: Any) -> Page:
        return await watch(world.address + (f"#/{where}" if where else ""), size, **more)

    return open_it
