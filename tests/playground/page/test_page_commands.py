"""Slash commands in the page: picking, filling in, suggestions, checks, forms."""

import asyncio
from typing import Any

from tests.playground.page.examples import GENERAL, NEWSROOM, RAVI, STORIES
from tests.playground.page.hands import (
    WIDE,
    WIDE_ALONE,
    Open,
    ask_for_tag,
    become,
    browser_marks,
    heard,
    write,
)
from tests.playground.page.page_world import PageWorld

pytestmark = browser_marks()


async def test_a_command_is_picked_filled_and_answered(
    open_page: Open, world: PageWorld, size: dict[str, int]
) -> None:
    page = await open_page()
    answer = await ask_for_tag(page)
    [sent] = heard(world, "command")
    assert sent["options"] == [{"name": "name", "type": 3, "value": "tag:Climate"}]
    assert "Mina used /tag" in (await answer.text_content() or "")
    assert await answer.locator("time[data-style]").first.text_content() == "1 March 2026"
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]


async def test_the_picker_filters_and_goes_with_escape(
    open_page: Open, size: dict[str, int]
) -> None:
    page = await open_page()
    await write(page, "/")
    options = page.get_by_role("option")
    assert await options.count() == 6
    await page.keyboard.type("pi")
    # A phone has no room for the names of the options.
    aside = "\ncount where? who?" if size == WIDE else ""
    assert await options.all_inner_texts() == [f"/pick\nTakes every kind of option{aside}"]
    await page.keyboard.press("Escape")
    assert await options.count() == 0


async def test_a_member_is_not_offered_what_moderators_may_do(
    open_page: Open, size: dict[str, int]
) -> None:
    page = await open_page()
    await write(page, "/subscription")
    assert "No command has that name" in await page.locator(".suggest").inner_text()
    await page.keyboard.press("Control+A")
    await page.keyboard.press("Delete")
    await become(page, "Ravi")
    assert await page.locator(".toast.bad").count() == 0
    kept = "person" if size == WIDE else "open-channels"
    assert await page.evaluate("document.activeElement.id") == kept
    await write(page, "/subscription")
    assert await page.get_by_role("option").count() == 2


@WIDE_ALONE
async def test_a_mouse_at_rest_picks_nothing_from_a_list_that_opens_under_it(
    open_page: Open,
) -> None:
    page = await open_page()
    await write(page, "/")
    fourth = page.get_by_role("option").nth(3)
    await fourth.hover()
    assert "active" in (await fourth.get_attribute("class") or "")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Backspace")
    await page.keyboard.type("/")
    first = page.get_by_role("option").first
    await page.wait_for_timeout(200)
    assert "active" in (await first.get_attribute("class") or "")


@WIDE_ALONE
async def test_an_older_suggestion_never_replaces_a_newer_one(
    open_page: Open, world: PageWorld
) -> None:
    world.late = asyncio.Event()
    page = await open_page()
    await write(page, "/tag ")
    await page.keyboard.type("c")
    await world.asked("autocomplete", lambda a: a["options"][0]["value"] == "c")
    await page.keyboard.type("oast")
    await page.get_by_role("option", name="Coastal").wait_for()
    world.late.set()
    await page.wait_for_timeout(150)
    assert await page.get_by_role("option").all_inner_texts() == ["Coastal towns · 7"]


@WIDE_ALONE
async def test_typing_fast_asks_the_bot_once(open_page: Open, world: PageWorld) -> None:
    page = await open_page()
    await write(page, "/tag ")
    await page.get_by_role("option").first.wait_for()
    before = len(heard(world, "autocomplete"))
    await page.keyboard.type("climate", delay=10)
    await page.wait_for_timeout(500)
    assert len(heard(world, "autocomplete")) == before + 1


@WIDE_ALONE
async def test_suggestions_that_fail_say_so(open_page: Open) -> None:
    page = await open_page()
    await write(page, "/tag ")
    await page.keyboard.type("stall")
    await page.get_by_text("Loading options failed").wait_for()


async def test_values_are_checked_in_discords_words(open_page: Open, world: PageWorld) -> None:
    page = await open_page()
    await write(page, "/pick ")
    hint = page.locator(".hint")
    await page.keyboard.press("Enter")
    assert "This option is required. Specify a value" in await hint.inner_text()
    for typed, words in [("x", "Input a valid integer"), ("12", "Value is too big")]:
        await page.keyboard.press("Control+A")
        await page.keyboard.type(typed)
        await page.keyboard.press("Enter")
        assert words in await hint.inner_text()
    # A field that is wrong stays marked while another is added.
    await page.get_by_role("button", name="Add option loud").click()
    assert await page.locator(".pill-field.wrong").inner_text() == "count"
    await page.keyboard.press("Backspace")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("3")
    await page.get_by_role("button", name="Add option word").click()
    await page.keyboard.type("abcdefg")
    await page.keyboard.press("Enter")
    assert "Value is too long" in await hint.inner_text()
    assert heard(world, "command") == []


async def test_a_channel_option_offers_only_its_kinds_and_sends_ids(
    open_page: Open, world: PageWorld
) -> None:
    page = await open_page()
    await write(page, "/pick ")
    await page.keyboard.type("3")
    await page.get_by_role("button", name="Add option where").click()
    await page.get_by_role("option").first.wait_for()
    labels = await page.locator(".option-label").all_inner_texts()
    assert labels == ["announcements", "stories"]
    await page.keyboard.type("sto")
    await page.keyboard.press("Tab")
    await page.get_by_role("button", name="Add option loud").click()
    await page.keyboard.type("t")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await world.asked("command")
    assert heard(world, "command")[0]["options"] == [
        {"name": "count", "type": 4, "value": 3},
        {"name": "where", "type": 7, "value": STORIES},
        {"name": "loud", "type": 5, "value": True},
    ]


@WIDE_ALONE
async def test_a_subcommand_is_sent_inside_its_command(open_page: Open, world: PageWorld) -> None:
    world.me = RAVI
    page = await open_page()
    await write(page, "/subscription add ")
    await page.keyboard.type("news")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await world.asked("command")
    inner = [{"name": "channel", "type": 7, "value": NEWSROOM}]
    assert heard(world, "command")[0]["options"] == [{"name": "add", "type": 1, "options": inner}]


async def test_a_form_checks_and_sends_every_input(open_page: Open, world: PageWorld) -> None:
    page = await open_page()
    await write(page, "/form ")
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="New digest")
    await dialog.get_by_role("button", name="Submit").click()
    assert await dialog.get_by_text("This field is required").count() == 2
    await dialog.get_by_label("Title").fill("Harbour")
    await dialog.get_by_label("Weekly").first.check()
    await dialog.get_by_label("Daily").nth(1).check()
    await dialog.get_by_label("Quiet").check()
    await dialog.get_by_label("Place").click()
    await page.get_by_role("option", name="newsroom", exact=True).click()
    await dialog.get_by_role("button", name="Submit").click()
    await dialog.wait_for(state="detached")
    [sent] = heard(world, "modal")
    given = [row["component"] for row in sent["components"]]
    assert [one.get("value", one.get("values")) for one in given] == [
        "Harbour",
        "",
        "w",
        ["d"],
        True,
        [NEWSROOM],
        [],
    ]


async def test_a_forms_files_are_named_capped_and_taken_back(
    open_page: Open, world: PageWorld, size: dict[str, int]
) -> None:
    page = await open_page()
    await write(page, "/form ")
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="New digest")
    picker = dialog.get_by_label("File", exact=True)
    await picker.set_input_files(file("huge.bin", bytes(2 * 1024 * 1024 + 1)))
    await dialog.get_by_text("takes files of at most 2 MB together").wait_for()
    await picker.set_input_files([file(f"{name}.txt", b"x") for name in "abc"])
    await dialog.get_by_text("Choose at most 2 files").wait_for()
    await dialog.get_by_role("button", name="Remove c.txt").click()
    assert await dialog.get_by_text("Choose at most").count() == 0
    assert await picker.evaluate("one => one.files.length") == 2
    # What is dropped on the input is for the form: it is not imported as elsewhere on the page.
    dropped = await page.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["x"], "dropped.txt"));
            return data;
        }"""
    )
    await picker.dispatch_event("drop", {"dataTransfer": dropped})
    assert await page.get_by_role("dialog").count() == 1
    await dialog.get_by_label("Title").fill("Harbour")
    await dialog.get_by_label("Weekly").first.check()
    await dialog.get_by_role("button", name="Submit").click()
    await dialog.wait_for(state="detached")
    [sent] = heard(world, "modal")
    given = sent["components"][-1]["component"]["values"]
    assert given == [{"name": "a.txt", "data": "eA=="}, {"name": "b.txt", "data": "eA=="}]


def file(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


async def test_a_context_menu_command_is_used_on_its_message(
    open_page: Open, world: PageWorld
) -> None:
    said = world.made(GENERAL, author=RAVI, content="Look at this")
    page = await open_page()
    await page.locator(".message", has_text="Look at this").hover()
    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("option", name="Find its tags").click()
    await world.asked("command")
    assert heard(world, "command")[0]["target_id"] == said["id"]
