"""What a reader's hands do in the page, for its tests: open it, write, use a command."""

import shutil
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.playground.page.page_world import PageWorld

Page = Any
Open = Callable[..., Awaitable[Page]]
Watch = Callable[..., Awaitable[Page]]

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FOUND = next((path for name in BROWSERS if (path := shutil.which(name))), None)
ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WIDE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
# For what does not depend on the width and takes its time.
WIDE_ALONE = pytest.mark.parametrize("size", [WIDE], ids=["wide"])
PHONE_ALONE = pytest.mark.parametrize("size", [PHONE], ids=["phone"])
NO_BROWSER = "no Chromium here: install Debian's chromium to test the page"


def browser_marks() -> list[pytest.MarkDecorator]:
    """Mark a module's tests: one loop and browser for all, skipped where there is none."""
    return [
        pytest.mark.browser,
        pytest.mark.asyncio(loop_scope="session"),
        pytest.mark.skipif(FOUND is None, reason=NO_BROWSER),
    ]


def heard(world: PageWorld, op: str) -> list[dict[str, Any]]:
    return [asked for asked in world.heard if asked["op"] == op]


async def write(page: Page, text: str) -> None:
    await page.locator("#composer textarea").click()
    await page.keyboard.type(text)


async def ask_for_tag(page: Page) -> Page:
    """Use /tag through the picker; gives the message that answers."""
    await write(page, "/ta")
    await page.keyboard.press("Enter")
    await page.keyboard.type("climate")
    await page.get_by_role("option", name="Climate").wait_for()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    answer = page.locator(".message", has_text="Tag Archives").last
    await answer.wait_for()
    return answer


async def show_channels(page: Page) -> None:
    """Bring the list of channels into view: on a phone it is in a drawer."""
    if await page.locator("#open-channels").is_visible():
        await page.locator("#open-channels").click()


async def show_panel(page: Page) -> None:
    """Bring the side panel into view: on a phone it is closed at first."""
    if await page.locator("#panel").is_hidden():
        await page.locator("#open-panel").click()


async def become(page: Page, person: str) -> None:
    """Go on as another person."""
    await show_channels(page)
    await page.locator("#person").click()
    await page.get_by_role("option", name=person).click()
    await page.get_by_text(f"You are now {person}.").wait_for()
