"""What should follow a trouble is looked for, and a bot that fails it turns the line red."""

from typing import Any

import pytest

from bot.playground.checks import Check
from bot.playground.driver import Driver
from bot.playground.server import Server
from tests.playground.conftest import Api


@pytest.fixture
def quick(server: Server) -> Server:
    server.bench.quiet_s = 0.3
    return server


async def post(server: Server, api: Api, nonce: str, channel: str = "general") -> int:
    """Post the newest item, as a bot would."""
    place = server.world.channel_named(channel).id
    number = server.feed.published[0].number
    form: dict[str, Any] = {
        "content": f"[new]({server.address}/feed/item/{number})",
        "nonce": nonce,
        "enforce_nonce": True,
    }
    return (await api("POST", f"/channels/{place}/messages", form)).status


async def ended(server: Server) -> Check:
    check = server.bench.checks.kept[-1]
    await Driver(server).until(lambda: check.state != "waiting")
    return check


async def test_a_post_tried_again_with_its_nonce_is_good(quick: Server, api: Api) -> None:
    await quick.bench.make("rest_500")
    assert [await post(quick, api, "one") for _ in range(3)] == [500, 500, 200]
    check = await ended(quick)
    assert (check.state, check.found[:25]) == ("good", "Seen: 3 tries (500, 500, ")


async def test_a_post_that_appears_twice_is_bad(quick: Server, api: Api) -> None:
    await quick.bench.make("rest_500")
    for nonce in ("one", "one", "two"):
        await post(quick, api, nonce)
    check = await ended(quick)
    assert check.state == "bad" and "2 times" in check.found


async def test_one_who_comes_back_too_soon_after_a_limit_is_bad(quick: Server, api: Api) -> None:
    await quick.bench.make("rate_limit")
    assert [await post(quick, api, "one") for _ in range(2)] == [429, 200]
    check = await ended(quick)
    assert check.state == "bad" and "too soon" in check.found


async def test_one_who_keeps_knocking_at_a_closed_channel_is_bad(quick: Server, api: Api) -> None:
    general = quick.world.channel_named("general").id
    await quick.bench.make("permission_lost", general)
    assert [await post(quick, api, str(n)) for n in range(2)] == [403, 403]
    check = await ended(quick)
    assert check.state == "bad" and "tried 2 times" in check.found


async def test_a_corrected_item_wants_every_message_edited(quick: Server, api: Api) -> None:
    quick.feed.publish()
    await post(quick, api, "one")
    general = quick.world.channel_named("general").id
    (message,) = Driver(quick).messages("general")
    await quick.bench.make("feed_changed")
    assert quick.feed.published[0].title.startswith("Corrected: ")
    assert quick.bench.checks.kept[-1].state == "waiting"
    await api("PATCH", f"/channels/{general}/messages/{message['id']}", {"content": "Corrected"})
    assert (await ended(quick)).found == "Seen: 1 message edited in place."


async def test_what_is_watched_reaches_the_page(quick: Server, api: Api) -> None:
    told: list[str] = []
    quick.hub.listeners.append(
        lambda event: told.append(event.data["check"]["state"]) if event.name == "CHECK" else None
    )
    newsroom = quick.world.channel_named("newsroom").id
    await quick.bench.make("permission_lost", newsroom)
    for nonce in ("one", "two"):
        await post(quick, api, nonce, "newsroom")
    await ended(quick)
    assert told == ["waiting", "bad"]
