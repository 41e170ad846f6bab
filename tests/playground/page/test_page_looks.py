"""How things look in the page: each kind of component, embeds, threads, typing, movement."""

import pytest

from tests.playground.page import examples as pw
from tests.playground.page.examples import BOT, GENERAL, RAVI, STORIES, THREAD
from tests.playground.page.hands import (
    PHONE_ALONE,
    WIDE_ALONE,
    Open,
    ask_for_tag,
    browser_marks,
    show_channels,
    show_panel,
    write,
)
from tests.playground.page.page_world import PageWorld

pytestmark = browser_marks()


async def test_every_kind_of_component_is_drawn(open_page: Open, world: PageWorld) -> None:
    line = {"type": 14, "divider": True, "spacing": 2}
    parts = [pw.text("Head"), line, *pw.entry(0), pw.pager()]
    world.made(GENERAL, components=[pw.container(*parts), *pw.article()], flags=32768)
    page = await open_page()
    message = page.locator(".message")
    await message.locator(".container.accented .section .thumbnail img").wait_for()
    for what in (".separator.wide", ".gallery.of-2", ".file", ".picture-named", ".spoiler"):
        await message.locator(what).first.wait_for(state="attached")
    assert await message.locator(".unknown").count() == 0
    assert await message.get_by_role("button", name="Previous").is_disabled()
    link = message.get_by_role("link", name="Source")
    assert await link.get_attribute("rel") == "noopener noreferrer"
    menus = message.locator("[data-custom-id^=s]")
    assert [await menu.get_attribute("data-custom-id") for menu in await menus.all()] == [
        *("s5", "s6", "s7", "s8")
    ]
    assert await page.evaluate(
        "[...document.querySelectorAll('.message *')].every(one => "
        "one.getBoundingClientRect().right <= innerWidth + 1)"
    )


async def test_long_words_and_labels_stay_inside(open_page: Open, world: PageWorld) -> None:
    long = "A label that goes on and on and on, up to its last word"
    buttons = {"type": 1, "components": [pw.button(f"b{n}", long) for n in range(3)]}
    menu = {"type": 7, "custom_id": "m", "placeholder": long * 2, "max_values": 3}
    side = {"type": 9, "components": [pw.text(long)], "accessory": pw.button("side", long)}
    parts = [pw.text("### " + "Donaudampfschifffahrt" * 8), side, buttons]
    world.made(GENERAL, components=[pw.container(*parts), {"type": 1, "components": [menu]}])
    hidden = {"filename": "SPOILER_a.gif", "url": pw.DOT, "content_type": "image/gif", "size": 9}
    world.made(GENERAL, attachments=[hidden], content="x" * 300)
    page = await open_page()
    await page.locator(".spoiler-cover").wait_for()
    outside = await page.evaluate(
        """[...document.querySelectorAll(".message-body *")].filter((one) =>
            one.getBoundingClientRect().right >
                one.closest(".message-body").getBoundingClientRect().right + 1
        ).map((one) => one.className)"""
    )
    assert outside == []
    assert (await page.locator(".spoiler-box").bounding_box())["width"] <= 420


async def test_an_embed_is_drawn_with_all_its_parts(open_page: Open, world: PageWorld) -> None:
    fields = [{"name": "Tags", "value": "Tides", "inline": True}, {"name": "Note", "value": "x"}]
    embed = {"title": "Low tide", "url": "https://news.example/1", "description": "Mud is seen."}
    more = {"author": {"name": "Ada Brook"}, "footer": {"text": "Coast Courier"}, "color": 255}
    picture = {"image": {"url": pw.DOT, "description": "Mud"}, "thumbnail": {"url": pw.DOT}}
    world.made(GENERAL, embeds=[embed | more | picture | {"fields": fields}])
    page = await open_page()
    drawn = page.locator(".embed")
    # What is not on the screen yet has no inner text.
    words = await drawn.text_content() or ""
    for part in ("Ada Brook", "Low tide", "Mud is seen.", "Tags", "Note", "Coast Courier"):
        assert part in words
    assert await drawn.get_by_role("link", name="Low tide").count() == 1
    assert await drawn.locator("img").count() == 2


async def test_a_thread_is_named_under_its_message_and_opened(
    open_page: Open, world: PageWorld
) -> None:
    thread = {"id": THREAD, "name": "Harbour story", "message_count": 2}
    world.made(GENERAL, content="Talk below", thread=thread)
    page = await open_page()
    await page.get_by_role("button", name="Harbour story 2 messages").click()
    await page.get_by_role("heading", name="Harbour story").first.wait_for()
    assert await page.locator("h1 .where-name").inner_text() == "Harbour story"


@WIDE_ALONE
async def test_whoever_types_is_named_until_the_message_is_there(
    open_page: Open, world: PageWorld
) -> None:
    page = await open_page()
    await world.push("typing", channel_id=GENERAL, user_id=BOT)
    await page.get_by_text("Tagwire is typing…").wait_for()
    await world.post(GENERAL, content="Here it is")
    await page.get_by_text("Tagwire is typing…").wait_for(state="detached")


@WIDE_ALONE
@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
async def test_nothing_moves_for_whoever_wants_it_still(
    open_page: Open, world: PageWorld, motion: str
) -> None:
    page = await open_page(reduced_motion=motion)
    await world.post(GENERAL, author=RAVI, content="Here")
    await page.locator(".message.arriving").wait_for()
    moves = "document.querySelector('.arriving').getAnimations().length > 0"
    named = "getComputedStyle(document.querySelector('.arriving')).animationName !== 'none'"
    assert await page.evaluate(f"{moves} || {named}") == (motion == "no-preference")


TOO_SMALL = """() => [...document.querySelectorAll(
    "button, a[href], input:not([type=checkbox], [type=radio]), textarea, summary, " +
    "[role=option], label.tick"
)].filter((one) => {
    const {width, height, left, right} = one.getBoundingClientRect();
    const shown = one.checkVisibility({opacityProperty: true, visibilityProperty: true});
    // A link inside a text is as high as its line; hidden labels are for screen readers.
    const meant = shown && right > 0 && left < innerWidth && !one.matches(".sr, .skip, .md a");
    return meant && (width < 44 || height < 44);
}).map((one) => `${one.tagName}.${one.className} ${one.getAttribute("aria-label")}`)"""


@PHONE_ALONE
async def test_a_thumb_can_hit_everything(open_page: Open, world: PageWorld) -> None:
    world.made(GENERAL, components=pw.article(), flags=32768 | 64)
    page = await open_page()
    small = await page.evaluate(TOO_SMALL)
    await ask_for_tag(page)
    small += await page.evaluate(TOO_SMALL)
    await write(page, "/tag ")
    await page.get_by_role("option").first.wait_for()
    small += await page.evaluate(TOO_SMALL)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await write(page, "/form ")
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").get_by_label("Place").click()
    small += await page.evaluate(TOO_SMALL)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await show_channels(page)
    small += await page.evaluate(TOO_SMALL)
    await page.locator(f'[data-channel="{STORIES}"]').click()
    await page.locator(".post").wait_for()
    await page.get_by_role("button", name="Guided tour", exact=True).click()
    small += await page.evaluate(TOO_SMALL)
    await page.keyboard.press("Escape")
    await show_panel(page)
    assert small + await page.evaluate(TOO_SMALL) == []
