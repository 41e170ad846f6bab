"""The page around the messages: channels, forum, panel, reconnecting, keyboard, axe."""

from pathlib import Path

import pytest

from tests.playground.page import examples as pw
from tests.playground.page.examples import GENERAL, NEWSROOM, POST, RAVI, STORIES
from tests.playground.page.hands import (
    PHONE,
    PHONE_ALONE,
    WIDE_ALONE,
    Open,
    Page,
    ask_for_tag,
    become,
    browser_marks,
    heard,
    show_channels,
    show_panel,
    write,
)
from tests.playground.page.page_world import PageWorld

pytestmark = browser_marks()


async def test_unread_messages_elsewhere_are_counted_until_read(
    open_page: Open, world: PageWorld
) -> None:
    page = await open_page()
    await show_channels(page)
    link = page.locator(f'[data-channel="{NEWSROOM}"]')
    assert await link.locator(".pill").inner_text() == "3"
    await world.post(NEWSROOM, content="A fourth")
    await page.locator(".pill", has_text="4").wait_for()
    await link.click()
    await page.get_by_text("A fourth").wait_for()
    assert await link.locator(".pill").count() == 0


async def test_a_forum_shows_its_posts_with_tags_and_opens_them(
    open_page: Open, world: PageWorld
) -> None:
    world.made(POST, components=[pw.container(*pw.entry(1))])
    page = await open_page(where=STORIES)
    post = page.locator(".post")
    assert "Local" in await post.inner_text()
    await page.get_by_text("2 March 2026 — Each autumn the town").wait_for()
    await page.get_by_role("button", name="Analysis").click()
    await page.get_by_text("No post has this tag.").wait_for()
    await page.get_by_role("button", name="Analysis").click()
    await post.click()
    await page.locator(".message").wait_for()
    assert await page.locator("h1 .where-name").inner_text() == "Why the ferries stopped"


@WIDE_ALONE
async def test_the_page_comes_back_by_itself(open_page: Open, world: PageWorld) -> None:
    page = await open_page()
    world.made(GENERAL, content="Said while away", author=RAVI)
    for line in list(world.sockets):
        await line.close()
    await page.get_by_text("Said while away").wait_for()
    assert await page.locator("#banner").is_hidden()


@WIDE_ALONE
async def test_what_was_being_written_outlives_a_lost_connection(
    open_page: Open, world: PageWorld
) -> None:
    page = await open_page()
    await write(page, "/pick ")
    await page.keyboard.type("7")
    for line in list(world.sockets):
        await line.close()
    await page.wait_for_timeout(100)
    await page.locator("#banner").wait_for(state="hidden")
    await world.asked("trace", lambda asked: asked["n"] > 2)
    assert await page.get_by_label("count").input_value() == "7"


async def test_a_longer_silence_is_told(open_page: Open, world: PageWorld) -> None:
    page = await open_page(locale="en-GB")
    # The page's clock stands still from here: only the button makes it try again.
    await page.clock.install()
    await page.clock.pause_at(await page.evaluate("Date.now() + 60_000"))
    world.refuses = True
    for line in list(world.sockets):
        await line.close()
    await page.locator("#app[data-line='lost']").wait_for(state="attached")
    await page.clock.run_for(700)
    await page.get_by_text("Reconnecting…").wait_for()
    button = await page.get_by_role("button", name="Try now").element_handle()
    await world.refusal(1)
    await button.click()
    await world.refusal(2)
    world.refuses = False
    await page.clock.resume()
    await page.locator("#banner").wait_for(state="hidden")


async def test_trouble_says_what_should_follow_and_shows_that_it_did(
    open_page: Open, size: dict[str, int]
) -> None:
    page = await open_page()
    await page.get_by_role("button", name="Make trouble").click()
    await page.get_by_role("option", name="Discord 500").click()
    await show_panel(page)
    row = page.locator(".check-row")
    await row.get_by_text("Seen: 2 tries").wait_for()
    assert await row.get_attribute("class") == "check-row good"
    assert await row.locator(".sr").inner_text() == "It happened"
    assert "It happened: Seen: 2 tries" in await page.locator("#news").inner_text()


@WIDE_ALONE
async def test_the_panel_keeps_query_and_sql_with_the_action_they_belong_to(
    open_page: Open, world: PageWorld, size: dict[str, int]
) -> None:
    page = await open_page()
    await show_panel(page)
    sql = "0.25 ms  SELECT 1\n\n0.50 ms  SELECT 2"
    for of, kind, words, detail in (
        ("7", "interaction", "/tag name=UN by mina", None),
        ("8", "interaction", "/latest by ravi", None),
        ("7", "query", "tag:UN sort:new", None),
        ("7", "store", "Read from the store: 2 statements in 1.0 ms", sql),
        ("item 4", "feed", "Published: Tides", None),
        ("item 4", "store", "Recorded in 4.0 ms: 1 new, 0 changed, 1 owed", None),
    ):
        await world.push("trace", entry=pw.trace(kind, words, detail) | {"of": of})
    group = page.locator(".steps-group", has_text="/tag name=UN")
    await group.get_by_text("tag:UN sort:new").wait_for()
    assert await group.locator(".step-kind").all_inner_texts() == ["Interaction", "Query", "SQL"]
    await group.locator("summary").click()
    assert await group.locator("pre").inner_text() == sql
    item = page.locator(".steps-group", has_text="Published: Tides")
    await item.get_by_text("Recorded in 4.0 ms").wait_for()


async def test_publishing_and_trouble_say_what_follows(
    open_page: Open, size: dict[str, int]
) -> None:
    page = await open_page()
    await page.get_by_role("button", name="Publish now").click()
    await page.get_by_text("Published in the sample feed: Harbour lights").wait_for()
    await show_panel(page)
    await page.locator(".trace").get_by_text("The sample feed gained an item").wait_for()
    if size == PHONE:
        await page.get_by_role("button", name="Close panel").click()
    await page.get_by_role("button", name="Make trouble").click()
    await page.get_by_role("option", name="Kill the bot").click()
    await show_panel(page)
    await page.locator(".check-row", has_text="nothing is lost").wait_for()
    await page.get_by_title("Tagwire is offline").wait_for()


async def test_the_keyboard_alone_reaches_everything(open_page: Open, world: PageWorld) -> None:
    world.made(GENERAL, author=RAVI, content="First")
    world.made(GENERAL, author=pw.MINA, content="Second")
    page = await open_page()
    await show_channels(page)
    await page.locator(f'[data-channel="{GENERAL}"]').focus()
    await page.keyboard.press("ArrowDown")
    assert await page.evaluate("document.activeElement.dataset.channel") == NEWSROOM
    await page.locator(".message").last.focus()
    await page.keyboard.press("ArrowUp")
    assert "First" in await page.evaluate("document.activeElement.textContent")
    await page.keyboard.press("Enter")
    await page.get_by_role("option", name="Copy text").wait_for()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    assert await page.evaluate("document.activeElement.tagName") == "TEXTAREA"


@PHONE_ALONE
async def test_on_a_phone_the_channels_are_in_a_drawer(open_page: Open) -> None:
    page = await open_page()
    newsroom = page.locator(f'[data-channel="{NEWSROOM}"]')
    assert not await newsroom.is_visible()
    await page.get_by_role("button", name="Channel list, unread messages").click()
    await newsroom.click()
    await page.locator(".drawer-open").wait_for(state="detached")
    assert await page.locator("h1").inner_text() == "newsroom"


@WIDE_ALONE
async def test_the_theme_follows_the_system_until_it_is_chosen(open_page: Open) -> None:
    page = await open_page(color_scheme="light")
    await show_channels(page)
    theme = "document.documentElement.dataset.theme"
    assert await page.evaluate(theme) == "light"
    await page.get_by_role("button", name="Dark theme").click()
    await page.reload()
    assert await page.evaluate(theme) == "dark"


async def test_the_globe_sets_the_language_of_the_person_s_discord(
    open_page: Open, world: PageWorld
) -> None:
    page = await open_page()
    await show_channels(page)
    await page.get_by_role("button", name="Language: English. Choose another").click()
    await page.get_by_role("option", name="Français").click()
    await page.get_by_text("Discord is in Français now").wait_for()
    (asked,) = heard(world, "language")
    assert asked["locale"] == "fr"


async def test_the_tour_has_ten_steps_for_each_person_and_can_be_left(
    open_page: Open, size: dict[str, int]
) -> None:
    page = await open_page()
    for person in ("Mina", "Ravi"):
        if person != "Mina":
            await become(page, person)
            await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Guided tour", exact=True).click()
        for step in range(1, 11):
            await page.get_by_text(f"{step} of 10").wait_for()
            # What a step is about can be seen: on a phone the drawer opens for it.
            await page.locator(".toured").wait_for()
            await page.keyboard.press("Enter")
        assert await page.locator(".tour").count() == 0
    await page.get_by_role("button", name="Guided tour", exact=True).click()
    await page.keyboard.press("Escape")
    assert await page.locator(".tour").count() == 0


@pytest.mark.timeout(90)  # Nine looks of axe; a slow machine shares its core with much else.
async def test_axe_finds_nothing_wrong(
    open_page: Open, world: PageWorld, size: dict[str, int]
) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python", reason="axe-playwright-python is not installed"
    )
    rules = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    world.made(GENERAL, components=pw.article(), flags=32768 | 64)
    page = await open_page(color_scheme="dark")
    await page.evaluate(rules)
    found = await violations(page, "messages")
    await ask_for_tag(page)
    found += await violations(page, "answer")
    await write(page, "/")
    found += await violations(page, "picker")
    await page.keyboard.type("tag ")
    await page.get_by_role("option").first.wait_for()
    found += await violations(page, "options")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await write(page, "/form ")
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").wait_for()
    found += await violations(page, "form")
    await page.keyboard.press("Escape")
    await page.evaluate(f"location.hash = '#/{STORIES}'")
    await page.locator(".post").wait_for()
    found += await violations(page, "forum")
    await page.get_by_role("button", name="Guided tour", exact=True).click()
    found += await violations(page, "tour")
    await page.keyboard.press("Escape")
    if await page.locator("#panel").is_hidden():
        await page.locator("#open-panel").click()
    found += await violations(page, "panel")
    await page.get_by_role("button", name="Close panel").click()
    await page.locator("#trouble").click()
    found += await violations(page, "menu")
    await page.keyboard.press("Escape")
    assert found == []


async def violations(page: Page, place: str) -> list[str]:
    # The other theme differs in its colours alone.
    found = await page.evaluate(
        """async () => {
            const root = document.documentElement;
            const whole = await axe.run({resultTypes: ["violations"]});
            root.dataset.theme = "light";
            const only = {type: "rule", values: ["color-contrast"]};
            const light = await axe.run({resultTypes: ["violations"], runOnly: only});
            root.dataset.theme = "dark";
            return [...whole.violations, ...light.violations];
        }"""
    )
    return [
        f"{place}: {one['id']} ({one['impact']}): {one['nodes'][0]['html'][:200]}"
        f" {one['nodes'][0]['failureSummary'][:300]}"
        for one in found
        if one["impact"] in ("serious", "critical", "moderate")
    ]
