"""The page against the playground's own server, with a real discord.py bot behind it."""

import base64
import io
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
import pytest_asyncio

from bot.playground.faults import TooMany
from bot.playground.ratelimit import Limiter
from bot.playground.server import Server
from bot.playground.world import DIRECT, Channel
from tests.playground.page.examples import DOT
from tests.playground.page.hands import (
    WIDE_ALONE,
    Page,
    Watch,
    become,
    browser_marks,
    show_channels,
    show_panel,
    write,
)
from tests.playground.page.small_bot import connected

pytestmark = browser_marks()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[Server]:
    async with Server() as server:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(discord.http.Route, "BASE", server.api)
            yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(running: Server) -> AsyncIterator[discord.Client]:
    async with connected(running) as client:
        yield client


@pytest.fixture(scope="module")
def channels(running: Server) -> dict[str, Channel]:
    return dict(running.world.channels)


@pytest.fixture
def server(running: Server, channels: dict[str, Channel]) -> Server:
    """Give the server as it began: nothing said, nothing read, no limit used up."""
    world = running.world
    # The bot remembers a direct channel for ever.
    direct = {id_: one for id_, one in world.channels.items() if one.type == DIRECT}
    world.channels = channels | direct
    running.sockets.user_id = world.user_named("mina").id
    world.messages.clear()
    world.read_marks.clear()
    running.hub.limiter = Limiter(running.clock)
    running.hub.trace.clear()
    return running


@pytest.fixture
def bot(client: discord.Client) -> discord.Client:
    return client


@pytest_asyncio.fixture(loop_scope="session")
async def page(server: Server, bot: discord.Client, watch: Watch, size: dict[str, int]) -> Any:
    return await watch(server.page_url, size)


async def use_tag(page: Page) -> Any:
    await write(page, "/tag ")
    await page.keyboard.type("cli")
    await page.get_by_role("option", name="Climate").wait_for()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    answer = page.locator(".message", has_text="page 1")
    await answer.wait_for()
    return answer


async def test_a_command_goes_to_the_bot_and_its_pages_turn(page: Page) -> None:
    answer = await use_tag(page)
    assert await answer.locator("h2").text_content() == "Climate, page 1"
    assert await answer.locator(".subtext strong").text_content() == "the archive"
    await answer.get_by_role("button", name="Next").click()
    await page.get_by_text("Climate, page 2").wait_for()
    await show_panel(page)
    await page.locator(".steps-name", has_text="button “Next” by mina").wait_for()


async def test_a_late_answer_for_one_alone_replaces_the_thinking_row(page: Page) -> None:
    answer = await use_tag(page)
    await answer.get_by_role("button", name="Read…").click()
    await page.get_by_role("option", name="Energy").click()
    await page.get_by_text("Tagwire is thinking…").wait_for()
    await page.locator(".message.ephemeral", has_text="Energy is read").wait_for()
    assert await page.locator(".pending-row").count() == 0
    await page.get_by_role("button", name="Dismiss message").click()
    await page.locator(".message.ephemeral").wait_for(state="detached")


@WIDE_ALONE
async def test_a_file_is_given_to_a_command_and_kept_while_more_is_filled_in(page: Page) -> None:
    await write(page, "/take ")
    given = {"name": "subscriptions.json", "mimeType": "application/json", "buffer": b"{naive}"}
    await page.locator(".pills input[type=file]").set_input_files(given)
    await page.get_by_role("button", name="Add option note").click()
    await page.locator(".file-name", has_text="subscriptions.json").wait_for()
    await page.keyboard.type("as it was")
    await page.keyboard.press("Enter")
    await page.locator(".message", has_text="subscriptions.json: {naive} as it was").wait_for()


async def test_a_form_is_filled_in_and_answered(page: Page) -> None:
    await write(page, "/digest ")
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="New digest")
    await dialog.get_by_label("Name").fill("Harbour")
    await dialog.get_by_label("Weekly").check()
    logo = {"name": "logo.svg", "mimeType": "image/svg+xml", "buffer": "<svg>é</svg>".encode()}
    await dialog.get_by_label("Logo").set_input_files(logo)
    await dialog.get_by_text("logo.svg · 1 KB").wait_for()
    await dialog.get_by_role("button", name="Submit").click()
    await dialog.wait_for(state="detached")
    await page.locator(".message", has_text="Digest Harbour, w, logo.svg: <svg>é</svg>").wait_for()


@WIDE_ALONE
async def test_silence_of_the_bot_is_told_after_three_seconds(page: Page) -> None:
    await write(page, "/silent ")
    await page.keyboard.press("Enter")
    await page.get_by_text("The application did not respond").wait_for()


async def test_a_moderator_makes_the_bot_post_elsewhere(page: Page) -> None:
    await become(page, "ravi")
    await write(page, "/watch ")
    await page.keyboard.type("newsr")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await show_channels(page)
    await page.locator("[aria-label='newsroom, text channel, 1 unread']").click()
    await page.locator(".message", has_text="Posted by the bot").wait_for()
    await show_panel(page)
    panel = page.get_by_role("complementary")
    await panel.get_by_text("/watch channel=#newsroom by ravi").wait_for()


@WIDE_ALONE
async def test_markdown_is_drawn_as_discord_draws_it(
    page: Page, bot: discord.Client, server: Server
) -> None:
    general = bot.get_channel(int(server.world.channel_named("general").id))
    assert isinstance(general, discord.TextChannel)
    mina = server.world.user_named("mina").id
    lines = ("# Head", "-# small", "- one", "  - two", "> said", "`code` **bold** ||end||")
    more = (f"[words](https://news.example/) <@{mina}>", "<t:1767225600:D> <t:1767225600:R>")
    await general.send("\n".join((*lines, *more, "<:tide:123456789012345678>")), silent=True)
    said = page.locator(".message", has_text="small")
    for what in ("h1", ".subtext", "li li", "blockquote", "code", "strong", ".spoiler"):
        await said.locator(what).first.wait_for()
    link = said.get_by_role("link", name="words")
    assert await link.get_attribute("href") == "https://news.example/"
    assert await said.locator(".mention").text_content() == "@Mina"
    times = await said.locator("time[data-style]").all_text_contents()
    assert times[0] == "1 January 2026" and "ago" in times[1]
    assert ":tide:" in (await said.text_content() or "")


@WIDE_ALONE
async def test_what_a_person_writes_is_rendered_and_never_becomes_markup(page: Page) -> None:
    await write(page, "**bold** <img src=x onerror=alert(1)> ||end||")
    await page.keyboard.press("Enter")
    said = page.locator(".message", has_text="onerror")
    assert await said.locator("strong").text_content() == "bold"
    assert await said.locator("img").count() == 0
    await said.locator(".spoiler").click()
    assert await said.locator(".spoiler.open").count() == 1


async def test_a_direct_message_opens_a_place_of_its_own(
    page: Page, bot: discord.Client, server: Server
) -> None:
    mina = await bot.fetch_user(int(server.world.user_named("mina").id))
    await mina.send("For you **alone**")
    await show_channels(page)
    await page.locator("[aria-label='Tagwire, direct message, 1 unread']").click()
    await page.locator(".message", has_text="For you alone").wait_for()


async def test_a_forum_post_of_the_bot_shows_up_with_its_tags(
    page: Page, bot: discord.Client, server: Server
) -> None:
    forum = bot.get_channel(int(server.world.channel_named("stories").id))
    assert isinstance(forum, discord.ForumChannel)
    await show_channels(page)
    await page.locator(f"[data-channel='{forum.id}']").click()
    await page.get_by_text("No posts yet").wait_for()
    tags = forum.available_tags[:2]
    await forum.create_thread(name="Night trains", content="They run again", applied_tags=tags)
    post = page.locator(".post", has_text="Night trains")
    await post.get_by_text("They run again").wait_for()
    assert await post.locator(".tag").all_inner_texts() == [tag.name for tag in tags]


@WIDE_ALONE
async def test_a_picture_sent_by_the_bot_is_shown(
    page: Page, bot: discord.Client, server: Server
) -> None:
    general = bot.get_channel(int(server.world.channel_named("general").id))
    assert isinstance(general, discord.TextChannel)
    await general.send(file=dot())
    image = page.locator(".message img")
    await image.evaluate("image => image.decode()")
    assert await image.evaluate("image => image.naturalWidth") == 1


def dot() -> discord.File:
    return discord.File(io.BytesIO(base64.b64decode(DOT.partition(",")[2])), "dot.gif")


@WIDE_ALONE
async def test_a_webhooks_posts_bear_its_names_and_pictures(
    page: Page, bot: discord.Client, server: Server
) -> None:
    general = bot.get_channel(int(server.world.channel_named("general").id))
    assert isinstance(general, discord.TextChannel)
    picture = (await general.send(file=dot())).attachments[0].url
    hook = await general.create_webhook(name="Harbour Wire")
    await hook.send("Low tide", avatar_url=picture)
    await hook.send("High tide", username="Coast Desk", avatar_url="https://pictures.example/a")
    first = page.locator(".message", has_text="Low tide")
    await first.locator(".avatar img").evaluate("image => image.decode()")
    assert await first.locator(".author").text_content() == "Harbour Wire"
    second = page.locator(".message", has_text="High tide")
    assert await second.locator(".author").text_content() == "Coast Desk"
    assert await second.locator(".avatar").text_content() == "C"


async def test_an_announcement_is_published_by_whoever_may(
    page: Page, bot: discord.Client, server: Server
) -> None:
    place = server.world.channel_named("announcements").id
    channel = bot.get_channel(int(place))
    assert isinstance(channel, discord.TextChannel)
    sent = await channel.send("The harbour is open")
    await page.evaluate(f"location.hash = '#/{place}'")
    said = page.locator(".message", has_text="The harbour is open")
    await said.click(button="right")
    await page.get_by_role("option", name="Copy text").wait_for()
    assert await page.get_by_role("option", name="Publish").count() == 0
    await page.keyboard.press("Escape")
    await become(page, "ravi")
    await page.keyboard.press("Escape")
    await said.hover()
    await said.get_by_role("button", name="Publish").click()
    await said.get_by_text("Published").wait_for()
    assert (await channel.fetch_message(sent.id)).flags.crossposted
    await said.hover()
    assert await said.get_by_role("button", name="Publish").count() == 0


async def test_people_and_roles_are_offered_and_reach_the_bot(page: Page) -> None:
    await write(page, "/who ")
    options = page.locator(".option-label")
    await options.first.wait_for()
    assert await options.all_inner_texts() == ["Olga", "Tagwire", "Mina", "Ravi"]
    await page.keyboard.type("@ra")
    await page.keyboard.press("Enter")
    await page.get_by_role("option", name="@everyone").wait_for()
    assert await options.all_inner_texts() == ["@everyone", "Moderator", "Tagwire"]
    await page.keyboard.type("mod")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Add option either").click()
    await page.keyboard.type("tagwire")
    assert await options.all_inner_texts() == ["Tagwire", "Tagwire"]
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    answer = page.locator(".message", has_text="A person, a role")
    await answer.get_by_text("ravi is named with Moderator and the role Tagwire").wait_for()


async def test_the_panel_shows_each_request_with_the_state_of_its_limit(
    page: Page, bot: discord.Client, server: Server
) -> None:
    general = bot.get_channel(int(server.world.channel_named("general").id))
    assert isinstance(general, discord.TextChannel)
    await show_panel(page)
    await general.send("Tide one")
    first = page.locator(".step-limit").first
    await first.wait_for()
    assert (await first.inner_text()).startswith("4 of 5 left, whole again in ")
    server.faults.add("POST /channels/*/messages", TooMany(0.05))
    await general.send("Tide two")
    limited = page.locator(".step", has_text="limited (user), again in 0.05 s")
    await limited.locator("summary").click()
    assert "You are being rate limited." in await limited.locator("pre").inner_text()


@WIDE_ALONE
async def test_a_deleted_channel_is_left(page: Page, bot: discord.Client, server: Server) -> None:
    newsroom = server.world.channel_named("newsroom").id
    await show_channels(page)
    await page.locator(f"[data-channel='{newsroom}']").click()
    await page.get_by_role("button", name="Make trouble").click()
    await page.get_by_role("option", name="Delete this channel").click()
    await page.get_by_text("#newsroom was deleted.").wait_for()
    assert await page.locator("h1").inner_text() == "general"


@WIDE_ALONE
async def test_a_bot_that_is_away_is_shown_and_fails_commands(
    watch: Watch, size: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Server() as alone:
        monkeypatch.setattr(discord.http.Route, "BASE", alone.api)
        async with connected(alone) as client:
            page = await watch(alone.page_url, size)
            await write(page, "/tag ")
            await page.keyboard.type("x")
            await client.close()
            await page.get_by_title("Tagwire is offline").wait_for()
            await page.keyboard.press("Enter")
            await page.get_by_text("The application did not respond").wait_for()
