"""The page's socket and files: what a browser asks, gets pushed, and is refused."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.playground import people
from bot.playground.languages import localized
from bot.playground.server import Server


class Page:
    """A page that keeps what it is told."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self.number = 0

    async def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        self.number += 1
        await self.socket.send_json({"op": op, "n": self.number, **fields})
        while True:
            got: dict[str, Any] = await self.socket.receive_json()
            if got.get("re") == self.number:
                return got
            self.events.append(got)

    async def event(self, name: str, **fields: Any) -> dict[str, Any]:
        def fits(one: dict[str, Any]) -> bool:
            return one.get("event") == name and all(one.get(k) == v for k, v in fields.items())

        async with asyncio.timeout(5):
            while not any(fits(one) for one in self.events):
                self.events.append(await self.socket.receive_json())
        return next(one for one in self.events if fits(one))


def socket_url(server: Server, token: str = "") -> str:
    return f"{server.address}/page/socket?t={token or server.page_token}"


@pytest.fixture
async def page(server: Server) -> AsyncIterator[Page]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(socket_url(server)) as socket,
    ):
        yield Page(socket)


async def test_hello_tells_everything_the_page_draws(bot: Any, page: Page) -> None:
    hello = await page.ask("hello")
    assert hello["guild"]["name"] == "Tagwire Playground"
    kinds = {c["name"]: c["type"] for c in hello["channels"]}
    assert kinds == {
        "general": 0,
        "newsroom": 0,
        "announcements": 5,
        "stories": 15,
        "story ideas": 11,
    }
    assert {u["username"]: u["moderator"] for u in hello["users"] if not u["bot"]} == {
        "olga": True,
        "mina": False,
        "ravi": True,
    }
    assert hello["bot"]["online"] is True
    assert "tag" in [c["name"] for c in hello["commands"]]
    assert "desk" not in [c["name"] for c in hello["commands"]]
    assert hello["feeds"][0]["url"].endswith("/feed/live.xml")


async def test_a_command_from_the_page_ends_in_a_drawn_message(
    server: Server, bot: Any, page: Page
) -> None:
    general = server.world.channel_named("general").id
    tag = next(c["id"] for c in server.world.commands.values() if c["name"] == "tag")
    typed = [{"name": "name", "type": 3, "value": "U", "focused": True}]
    where = {"channel_id": general, "command_id": tag}
    choices = await page.ask("autocomplete", **where, options=typed)
    assert choices["choices"] == [{"name": "U (3)", "value": "U"}]
    given = [{"name": "name", "type": 3, "value": "UN"}]
    begun = await page.ask("command", **where, options=given)
    message = (await page.event("message_create"))["message"]
    assert message["components"][0]["components"][0]["html"].strip() == "<h1>UN</h1>"
    assert message["interaction_metadata"]["name"] == "tag"
    settled = await page.event("interaction", interaction_id=begun["interaction_id"])
    assert settled["state"] == "answered"
    press = {"message_id": message["id"], "custom_id": "next", "component_type": 2}
    assert (await page.ask("component", **press))["ok"]
    updated = (await page.event("message_update"))["message"]
    assert updated["components"][0]["content"] == "Page two"


async def test_a_form_comes_to_its_person_alone(server: Server, bot: Any, page: Page) -> None:
    general = server.world.channel_named("general").id
    form = next(c["id"] for c in server.world.commands.values() if c["name"] == "form")
    begun = await page.ask("command", channel_id=general, command_id=form, options=[])
    opened = await page.event("modal")
    assert opened["interaction_id"] == begun["interaction_id"]
    filled = [
        {"type": 18, "component": {"type": 4, "custom_id": "name", "value": "Mina"}},
        {"type": 18, "component": {"type": 3, "custom_id": "kind", "values": ["card"]}},
    ]
    asked = {"interaction_id": opened["interaction_id"], "components": filled}
    assert (await page.ask("modal", custom_id=opened["modal"]["custom_id"], **asked))["ok"]
    assert (await page.event("message_create"))["message"]["content"] == "Mina as card"


async def test_what_is_for_one_is_not_shown_to_another_and_can_be_dismissed(
    server: Server, bot: Any, page: Page
) -> None:
    general = server.world.channel_named("general").id
    slow = next(c["id"] for c in server.world.commands.values() if c["name"] == "slow")
    hidden = [{"name": "hidden", "type": 5, "value": True}]
    await page.ask("command", channel_id=general, command_id=slow, options=hidden)
    thinking = await page.event("interaction", state="thinking")
    assert thinking["ephemeral"] is True
    message = (await page.event("message_create"))["message"]
    assert (message["ephemeral"], message["for_user"]) == (True, server.world.user_named("mina").id)
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(socket_url(server)) as socket,
    ):
        other = Page(socket)
        await other.ask("become", user_id=server.world.user_named("ravi").id)
        assert (await other.ask("history", channel_id=general))["messages"] == []
        commands = await other.event("commands")
        assert "desk" in [c["name"] for c in commands["commands"]]
    assert len((await page.ask("history", channel_id=general))["messages"]) == 1
    await page.ask("dismiss", message_id=message["id"])
    assert (await page.ask("history", channel_id=general))["messages"] == []


async def test_a_person_s_language_is_that_of_their_commands_and_interactions(
    server: Server, bot: Any, page: Page
) -> None:
    told = (await page.ask("hello"))["locales"]
    assert told["ja"] == "日本語" and told["en-GB"] == "English"
    assert (await page.ask("language", locale="fr"))["name"] == "Français"
    me = server.world.users[server.world.user_named("mina").id]
    assert me.locale == "fr" and server.world.user_named("ravi").locale == "en-GB"
    assert (await page.ask("language", locale="tlh"))["ok"] is False


def test_a_command_is_shown_in_the_language_of_a_client_and_sent_by_its_name() -> None:
    form = {
        "name": "follow",
        "description": "Follow",
        "description_localizations": {"es-ES": "Sigue"},
        "options": [
            {
                "name": "when",
                "description": "When",
                "choices": [
                    {"name": "Daily", "value": "d", "name_localizations": {"es-ES": "Cada día"}}
                ],
            }
        ],
    }
    shown = localized(form, "es-419")
    assert shown["name"] == "follow" and shown["description"] == "Sigue"
    (option,) = shown["options"]
    assert option["description"] == "When"
    assert option["choices"][0]["name"] == "Cada día" and option["choices"][0]["value"] == "d"
    assert localized(form, "fr")["description"] == "Follow"


async def test_words_are_said_drawn_and_paged(server: Server, page: Page) -> None:
    general = server.world.channel_named("general").id
    for n in range(5):
        await page.ask("say", channel_id=general, text=f"**{n}**")
    latest = (await page.ask("history", channel_id=general, limit=2))["messages"]
    assert [m["html"].strip() for m in latest] == [
        "<p><strong>3</strong></p>",
        "<p><strong>4</strong></p>",
    ]
    earlier = await page.ask("history", channel_id=general, limit=2, before=latest[0]["id"])
    assert [m["content"] for m in earlier["messages"]] == ["**1**", "**2**"]


async def test_what_is_unread_is_told_until_it_is_read(server: Server, page: Page) -> None:
    general = server.world.channel_named("general").id
    ravi = server.world.user_named("ravi").id
    assert (await page.ask("hello"))["unread"] == {}
    for _ in range(2):
        people.say(server.hub, ravi, general, "News")
    await page.ask("say", channel_id=general, text="Mine")
    assert (await page.ask("hello"))["unread"] == {general: 2}
    assert (await page.ask("read", channel_id=general))["ok"]
    assert (await page.ask("hello"))["unread"] == {}
    await page.ask("become", user_id=ravi)
    assert (await page.ask("hello"))["unread"] == {general: 1}


async def test_refusals_are_sentences(server: Server, page: Page) -> None:
    announcements = server.world.channel_named("announcements").id
    questions: list[dict[str, Any]] = [
        {"op": "say", "channel_id": announcements, "text": "x"},
        {"op": "say", "channel_id": "1", "text": "x"},
        {"op": "history"},
        {"op": "trouble", "kind": "rain"},
        {"op": "component", "message_id": "1", "custom_id": "x", "component_type": 2},
        {"op": "become", "user_id": server.world.bot_id},
        {"op": "command", "channel_id": announcements, "command_id": "1", "options": []},
    ]
    for fields in questions:
        op = fields.pop("op")
        got = await page.ask(op, **fields)
        assert got["ok"] is False
        assert got["error"]
    await page.socket.send_str("{")
    assert (await page.socket.receive_json())["ok"] is False


@pytest.mark.parametrize(
    "kind",
    ["feed_down", "rest_500", "disconnect", "rate_limit", "permission_lost", "permission_back"],
)
async def test_each_trouble_says_what_should_happen(server: Server, page: Page, kind: str) -> None:
    general = server.world.channel_named("general").id
    assert (await page.ask("trouble", kind=kind, channel_id=general))["says"]


async def test_a_deleted_channel_and_a_cut_gateway_reach_the_bot(
    server: Server, bot: Any, page: Page
) -> None:
    newsroom = server.world.channel_named("newsroom").id
    assert (await page.ask("trouble", kind="channel_delete", channel_id=newsroom))["ok"]
    assert (await page.event("channel_delete"))["channel"]["id"] == newsroom
    assert (await page.ask("trouble", kind="gateway_cut"))["ok"]
    assert (await page.event("bot", online=False))["online"] is False
    await page.event("bot", online=True)
    assert bot.get_channel(int(newsroom)) is None
    assert (await page.ask("trouble", kind="bot_kill"))["ok"] is False


async def test_publishing_and_the_trace(server: Server, page: Page) -> None:
    assert (await page.ask("publish"))["title"] == "Item one"
    entries = (await page.ask("trace"))["entries"]
    assert entries[-1]["kind"] == "feed"
    assert "Item one" in entries[-1]["text"]


async def test_the_trace_keeps_together_what_belongs_to_one_action(
    server: Server, bot: Any, page: Page
) -> None:
    general = server.world.channel_named("general")
    where = {
        "channel_id": general.id,
        "command_id": next(c["id"] for c in server.world.commands.values() if c["name"] == "tag"),
    }
    typed = {"name": "name", "type": 3, "value": "un"}
    await page.ask("autocomplete", **where, options=[typed | {"focused": True}])
    begun = await page.ask("command", **where, options=[typed])
    await page.event("message_create")
    await page.ask("publish")
    link = f"{server.address}/feed/item/1"
    await bot.get_channel(int(general.id)).send(f"New: {link}")
    entries = (await page.ask("trace"))["entries"]
    texts = [one["text"] for one in entries if one["kind"] == "autocomplete"]
    assert texts[0].startswith("autocomplete /tag name=un → 1 in ")
    action = [one["kind"] for one in entries if one["of"] == begun["interaction_id"]]
    assert action == ["interaction", "rest"]
    item = [one for one in entries if one["of"] == "item 1"]
    assert [one["kind"] for one in item] == ["feed", "post", "rest"]
    assert item[-1]["detail"]["rate limit"].startswith("4 of 5 left")


async def test_only_this_page_with_its_token_gets_in(server: Server) -> None:
    port = server.address.rpartition(":")[2]
    async with aiohttp.ClientSession() as session:

        async def status(path: str, **headers: str) -> int:
            async with session.get(server.address + path, headers=headers) as answer:
                return answer.status

        good = f"/?t={server.page_token}"
        assert await status(good) == 200
        assert await status(good, Host=f"localhost:{port}") == 200
        assert await status(good, Host="rebound.example") == 403
        assert await status(good, Origin="http://elsewhere.example") == 403
        assert await status(good, Origin=server.address) == 200
        assert await status("/") == 403
        assert await status("/?t=wrong") == 403
        assert await status("/page/page.js", Host="rebound.example") == 403
        assert await status("/page/..%2frun.py") == 404
        assert await status("/page/%2e%2e/run.py") == 404
        assert await status("/page/nothing.js") == 404
        for url, headers in (
            (socket_url(server, "wrong"), {}),
            (socket_url(server), {"Origin": "http://elsewhere.example"}),
            (socket_url(server), {"Host": "rebound.example"}),
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url, headers=headers)


async def test_the_policy_allows_nothing_from_outside(server: Server) -> None:
    async with aiohttp.ClientSession() as session, session.get(server.page_url) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_an_attached_page_is_served_in_a_sandbox(server: Server) -> None:
    general = server.world.channel_named("general").id
    file_id = people.upload(server.hub, general, "a.html", b"<script>alert(1)</script>")
    url = server.world.uploads[file_id]["url"]
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
