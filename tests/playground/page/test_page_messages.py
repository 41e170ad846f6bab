"""Messages in the page: controls that work, answers under way, markup that stays text."""

from tests.playground.page import examples as pw
from tests.playground.page.examples import GENERAL, NEWSROOM, RAVI, THREAD
from tests.playground.page.hands import WIDE_ALONE, Open, ask_for_tag, browser_marks, heard, write
from tests.playground.page.page_world import PageWorld

pytestmark = browser_marks()


async def test_buttons_and_menus_change_the_message_in_place(
    open_page: Open, world: PageWorld
) -> None:
    page = await open_page()
    answer = await ask_for_tag(page)
    await answer.get_by_role("button", name="Next").click()
    await page.get_by_text("Page 2").wait_for()
    assert await page.locator(".edited").count() == 1
    assert await page.get_by_role("button", name="Previous").is_disabled()
    assert heard(world, "component")[0]["custom_id"] == "next"


@WIDE_ALONE
async def test_the_focus_stays_on_the_button_when_its_message_changes(open_page: Open) -> None:
    page = await open_page()
    answer = await ask_for_tag(page)
    await answer.get_by_role("button", name="Next").focus()
    await page.keyboard.press("Enter")
    await page.get_by_text("Page 2").wait_for()
    assert await page.evaluate("document.activeElement.dataset.customId") == "next"


async def test_a_menu_opens_with_search_and_its_answer_is_for_one_alone(
    open_page: Open, world: PageWorld, size: dict[str, int]
) -> None:
    page = await open_page()
    answer = await ask_for_tag(page)
    await answer.get_by_role("button", name="Read…").click()
    await page.keyboard.type("7")
    await page.keyboard.press("Enter")
    await page.get_by_text("Only you can see this").wait_for()
    assert heard(world, "component")[0]["values"] == ["7"]
    await page.wait_for_timeout(200)
    assert await page.locator(".jump").is_hidden(), "the end is left although nobody scrolled"
    await page.locator(".spoiler").click()
    assert await page.locator(".spoiler.open").count() == 1
    await page.get_by_role("button", name="Dismiss message").click()
    await page.locator(".message.ephemeral").wait_for(state="detached")
    assert len(heard(world, "dismiss")) == 1


@WIDE_ALONE
async def test_a_menu_for_several_sends_all_that_were_ticked(
    open_page: Open, world: PageWorld
) -> None:
    world.made(GENERAL, components=pw.article(), flags=32768)
    page = await open_page()
    await page.locator('[data-custom-id="s8"]').click()
    await page.get_by_role("option", name="general").click()
    await page.get_by_role("option", name="newsroom", exact=True).click()
    await page.keyboard.press("Escape")
    await world.asked("component")
    assert heard(world, "component")[0]["values"] == [GENERAL, NEWSROOM]


async def test_failures_are_shown_where_they_happened(open_page: Open) -> None:
    page = await open_page()
    answer = await ask_for_tag(page)
    await answer.get_by_role("button", name="Break").click()
    await answer.get_by_text("This interaction failed").wait_for()
    await write(page, "/broken ")
    await page.keyboard.press("Enter")
    await page.get_by_text("The application did not respond").wait_for()


async def test_a_slow_answer_is_seen_to_be_thought_about(open_page: Open) -> None:
    page = await open_page()
    await write(page, "/slow ")
    await page.keyboard.press("Enter")
    await page.get_by_text("Tagwire is thinking…").wait_for()
    await page.get_by_text("Done", exact=True).wait_for()
    await page.locator(".pending-row").wait_for(state="detached")


@WIDE_ALONE
async def test_new_messages_appear_and_are_read_out(open_page: Open, world: PageWorld) -> None:
    page = await open_page()
    await world.post(GENERAL, components=[pw.text("### Fresh from the harbour")])
    await page.get_by_text("Fresh from the harbour").first.wait_for()
    assert "Tagwire: " in await page.locator("#news").inner_text()


@WIDE_ALONE
async def test_markup_in_a_name_or_text_stays_text(open_page: Open, world: PageWorld) -> None:
    evil = "<img src=x onerror=alert(1)>"
    world.channels[THREAD]["name"] = evil
    page = await open_page()
    await world.post(GENERAL, author=RAVI, content=evil)
    await page.locator(".message", has_text="onerror").wait_for()
    assert await page.locator("img").count() == 0


async def test_a_published_announcement_carries_its_mark(open_page: Open, world: PageWorld) -> None:
    world.made(pw.ANNOUNCE, components=[pw.text("Out now")], flags=32768 | 1)
    page = await open_page(where=pw.ANNOUNCE)
    await page.get_by_text("Published").wait_for()


async def test_older_messages_load_without_moving_what_is_read(
    open_page: Open, world: PageWorld
) -> None:
    world.fill(THREAD, 120)
    page = await open_page(where=THREAD)
    await page.get_by_text("Message 119", exact=True).wait_for()
    await page.locator(".scroll").hover()
    await page.mouse.wheel(0, -100_000)
    await page.locator(".message", has_text="Message 20").first.wait_for(state="attached")
    assert await page.locator(".message").count() == 100
    await page.get_by_role("button", name="Jump to latest").click()
    await page.get_by_text("Message 119", exact=True).wait_for()
    assert await page.locator(".jump").is_hidden()


SCROLLED = """async () => {
    const box = document.querySelector(".scroll");
    const changes = [];
    const watch = new MutationObserver((found) => changes.push(...found));
    watch.observe(box, {childList: true, subtree: true});
    box.dispatchEvent(new PointerEvent("pointerdown"));
    const drawn = (body) => body.checkVisibility({contentVisibilityAuto: true});
    let most = 0;
    let least = 1000;
    for (let step = 1; step <= 20; step += 1) {
        box.scrollTop = box.scrollHeight * (1 - step / 20);
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        const count = [...document.querySelectorAll(".message-body")].filter(drawn).length;
        most = Math.max(most, count);
        least = Math.min(least, count);
    }
    return {most, least, changed: changes.length};
}"""


async def test_of_a_thousand_messages_only_those_in_view_are_drawn(
    open_page: Open, world: PageWorld
) -> None:
    """What a frame takes is measured by benchmarks/playground.py; this is why it takes little."""
    page = await open_page()
    for n in range(1000):
        await world.post(GENERAL, author=RAVI, content=f"Line {n}")
    await page.get_by_text("Line 999", exact=True).wait_for()
    assert await page.locator(".message").count() == 1000
    scrolled = await page.evaluate(SCROLLED)
    assert scrolled["changed"] == 0
    assert 10 < scrolled["least"] <= scrolled["most"] < 150


@WIDE_ALONE
async def test_a_link_to_a_message_leads_there(
    open_page: Open, world: PageWorld, size: dict[str, int]
) -> None:
    world.fill(THREAD, 90)
    early = world.messages[THREAD][5]["id"]
    page = await open_page(where=f"{THREAD}/{early}")
    await page.locator(".message.pointed").wait_for()
    assert "Message 5" in (await page.locator(".message.pointed").text_content() or "")
