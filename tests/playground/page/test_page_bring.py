"""What a visitor brings, and the server they choose, by keyboard, file and drop."""

from tests.playground.page.hands import WIDE_ALONE, Open, Page, browser_marks, show_channels
from tests.playground.page.page_world import PageWorld

pytestmark = browser_marks()


async def choose(page: Page, name: str) -> None:
    await show_channels(page)
    await page.get_by_role("button", name="Import, or another sample server").click()
    await page.get_by_role("option", name=name).click()


async def test_an_address_is_imported_and_the_latest_shown(
    open_page: Open, world: PageWorld
) -> None:
    page = await open_page()
    await choose(page, "Import your own")
    dialog = page.get_by_role("dialog", name="Import your own")
    await dialog.get_by_label("Address").fill("https://bad.example/")
    await page.keyboard.press("Enter")
    await dialog.get_by_text("https://bad.example/ holds no articles.").wait_for()
    await dialog.get_by_label("Address").fill("https://good.example/")
    await page.keyboard.press("Enter")
    await dialog.get_by_text("12 articles read").wait_for()
    await dialog.get_by_text("line 3: an article without a title").wait_for()
    await page.keyboard.press("Enter")
    await dialog.wait_for(state="detached")
    assert [what for what, _ in world.brought] == ["https://bad.example/", "https://good.example/"]


async def test_a_file_is_chosen_or_dropped_anywhere(open_page: Open, world: PageWorld) -> None:
    page = await open_page()
    await choose(page, "Import your own")
    dialog = page.get_by_role("dialog", name="Import your own")
    chosen = {"name": "page.html", "mimeType": "text/html", "buffer": b"<h1>One</h1>"}
    await dialog.locator("input[type=file]").set_input_files(chosen)
    await dialog.get_by_text("12 articles read").wait_for()
    await dialog.get_by_role("button", name="Close").click()
    dropped = await page.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["<rss/>"], "feed.xml"));
            return data;
        }"""
    )
    await page.dispatch_event("#main", "drop", {"dataTransfer": dropped})
    await dialog.get_by_text("12 articles read").wait_for()
    assert world.brought == [("page.html", "<h1>One</h1>"), ("feed.xml", "<rss/>")]


@WIDE_ALONE
async def test_another_server_is_chosen(open_page: Open, world: PageWorld) -> None:
    page = await open_page()
    await choose(page, "Large archive")
    assert (await world.asked("server"))["id"] == "large"
    await page.locator(".toast", has_text="Large archive is being made ready").wait_for()
