"""One browser for all, and the page opened in it against the stand-in server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from tests.playground.page.hands import ARGS, FOUND, PHONE, WIDE, Open, Page, Watch
from tests.playground.page.page_world import PageWorld, Stage, served

Tab = Callable[[dict[str, int]], Awaitable[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Any]:
    playwright_api = pytest.importorskip("playwright.async_api")
    async with playwright_api.async_playwright() as api:
        running = await api.chromium.launch(executable_path=FOUND, args=ARGS)
        yield running
        await running.close()


# Nothing moves unless a test is about movement.
STILL = {"reduced_motion": "reduce", "locale": "en-GB"}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def tab(browser: Any) -> AsyncIterator[Tab]:
    """Give the one tab of a size: a new one costs the browser three times what a page does."""
    tabs: dict[int, Page] = {}

    async def of(size: dict[str, int]) -> Page:
        width = size["width"]
        if width not in tabs:
            context = await browser.new_context(viewport=size, **STILL)
            tabs[width] = await context.new_page()
        return tabs[width]

    yield of
    for page in tabs.values():
        await page.context.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage() -> AsyncIterator[Stage]:
    async with served() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def world(stage: Stage) -> AsyncIterator[PageWorld]:
    async with stage.shows(PageWorld()) as shown:
        yield shown


@pytest_asyncio.fixture(loop_scope="session")
async def watch(browser: Any, tab: Tab) -> AsyncIterator[Watch]:
    """Open an address; what the page complains about in the console fails the test.

    A test that asks for something special of the browser gets a profile of its own.
    """
    complaints: list[str] = []
    opened: list[Page] = []
    own: list[Any] = []

    def on_error(error: Any) -> None:
        complaints.append(str(error))

    def on_console(said: Any) -> None:
        complaints.extend([said.text] * (said.type == "error"))

    async def open_it(address: str, size: dict[str, int] = WIDE, **more: Any) -> Page:
        if more:
            own.append(await browser.new_context(viewport=size, **STILL | more))
            page = await own[-1].new_page()
        else:
            page = await tab(size)
            opened.append(page)
        page.set_default_timeout(15_000)
        page.on("pageerror", on_error)
        page.on("console", on_console)
        await page.goto(address)
        await page.wait_for_selector('#app[data-loading="false"]')
        return page

    yield open_it
    for page in opened:
        await page.goto("about:blank")
        page.remove_listener("pageerror", on_error)
        page.remove_listener("console", on_console)
    for context in own:
        await context.close()
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
