"""Messages, threads and publishing, asked for by a real discord.py client or bare requests."""

import io
from dataclasses import replace
from typing import Any

import discord
import pytest

from bot.playground import people
from bot.playground.clock import HandClock
from bot.playground.driver import Driver
from bot.playground.owner import set_permission
from bot.playground.permissions import Permission
from bot.playground.server import Server
from bot.playground.world import REQUIRE_TAG


def channel_path(server: Server, name: str) -> str:
    return f"/channels/{server.world.channel_named(name).id}"


async def test_a_message_with_file_and_embed_is_kept_and_served(
    server: Server, bot: discord.Client, driver: Driver
) -> None:
    channel = bot.get_channel(int(driver.channel_id))
    assert isinstance(channel, discord.TextChannel)
    embed = discord.Embed(title="Title", description="Text").set_image(url="attachment://a.png")
    file = discord.File(io.BytesIO(b"not really a picture"), "a.png", description="A picture")
    sent = await channel.send("Hello", embed=embed, file=file)
    assert sent.attachments[0].description == "A picture"
    assert await sent.attachments[0].read() == b"not really a picture"
    assert sent.embeds[0].title == "Title"
    await sent.edit(content="Changed", embed=None, attachments=[])
    again = await channel.fetch_message(sent.id)
    assert (again.content, again.embeds, again.attachments) == ("Changed", [], [])
    await sent.delete()
    with pytest.raises(discord.NotFound) as gone:
        await channel.fetch_message(sent.id)
    assert gone.value.code == 10008


async def test_the_same_nonce_makes_one_message_and_is_never_read_back(
    server: Server, api: Any
) -> None:
    path = channel_path(server, "general") + "/messages"
    form = {"content": "Once", "nonce": "n-1", "enforce_nonce": True}
    first, second = await api("POST", path, form), await api("POST", path, form)
    assert first.body["id"] == second.body["id"]
    assert first.body["nonce"] == "n-1"
    elsewhere = await api("POST", channel_path(server, "newsroom") + "/messages", form)
    assert elsewhere.body["id"] == first.body["id"]
    history = await api("GET", path)
    assert [m["id"] for m in history.body] == [first.body["id"]]
    assert "nonce" not in history.body[0]
    await api("DELETE", f"{path}/{first.body['id']}")
    gone = await api("POST", path, form)
    assert (gone.status, gone.body["code"]) == (404, 10008)


async def test_a_nonce_is_forgotten_after_its_window(still_server: Server, still_api: Any) -> None:
    path = channel_path(still_server, "general") + "/messages"
    form = {"content": "Again", "nonce": 7, "enforce_nonce": True}
    first = await still_api("POST", path, form)
    assert isinstance(still_server.clock, HandClock)
    still_server.clock.advance(still_server.hub.nonce_window_s + 1)
    second = await still_api("POST", path, form)
    assert first.body["id"] != second.body["id"]


async def test_history_goes_before_after_and_around(server: Server, api: Any) -> None:
    path = channel_path(server, "general") + "/messages"
    ids = [(await api("POST", path, {"content": str(n)})).body["id"] for n in range(7)]

    async def read(**query: str) -> list[int]:
        found = await api("GET", path, params=query)
        return [ids.index(m["id"]) for m in found.body]

    assert await read() == [6, 5, 4, 3, 2, 1, 0]
    assert await read(limit="2") == [6, 5]
    assert await read(before=ids[3], limit="2") == [2, 1]
    assert await read(after=ids[3], limit="2") == [5, 4]
    assert await read(around=ids[3], limit="3") == [4, 3, 2]
    assert (await api("GET", path, params={"limit": "101"})).body["code"] == 50035


async def test_words_of_others_are_hidden_from_a_bot_without_the_intent(
    server: Server, api: Any, driver: Driver
) -> None:
    driver.say("A secret")
    history = await api("GET", channel_path(server, "general") + "/messages")
    assert [m["content"] for m in history.body] == [""]


async def test_a_forum_gets_a_post_with_tags_and_its_message(
    server: Server, bot: discord.Client, driver: Driver
) -> None:
    forum = bot.get_channel(int(server.world.channel_named("stories").id))
    assert isinstance(forum, discord.ForumChannel)
    made = await forum.create_thread(
        name="A story", content="Its text", applied_tags=forum.available_tags[:2]
    )
    assert made.message.id == made.thread.id
    assert [t.name for t in driver.posts("stories")] == ["A story"]
    before: Any = await bot.http.get_channel(made.thread.id)
    await made.thread.send("A second message")
    after: Any = await bot.http.get_channel(made.thread.id)
    counts = [before["message_count"], after["message_count"]]
    assert counts == [0, 1], "the first message is none of the replies"
    assert [m["content"] for m in driver.messages(str(made.thread.id))] == [
        "Its text",
        "A second message",
    ]
    assert next(t.id for t in await forum.guild.active_threads()) == made.thread.id
    await made.thread.edit(archived=True)
    assert [t.id async for t in forum.archived_threads()] == [made.thread.id]
    with pytest.raises(discord.HTTPException) as refused:
        await bot.http.send_message(forum.id, params=discord.http.handle_message_parameters("x"))
    assert refused.value.code == 50008


async def test_tags_of_a_forum_are_checked(server: Server, api: Any) -> None:
    forum = server.world.channel_named("stories")
    path = f"/channels/{forum.id}/threads"
    form: dict[str, Any] = {"name": "A story", "message": {"content": "x"}}
    many = await api("POST", path, form | {"applied_tags": [t.id for t in forum.tags] + ["1"]})
    assert many.body["code"] == 50035
    unknown = await api("POST", path, form | {"applied_tags": ["1"]})
    assert unknown.codes() == {"applied_tags.0:FORUM_TAG_UNKNOWN"}
    server.hub.put_channel(replace(forum, flags=REQUIRE_TAG))
    assert (await api("POST", path, form)).body["code"] == 40067
    moderated = (replace(forum.tags[0], moderated=True),)
    server.hub.put_channel(replace(forum, tags=moderated))
    set_permission(server.hub, forum, allowed=False, bits=int(Permission.MANAGE_THREADS))
    server.hub.put_channel(replace(server.world.channels[forum.id], tags=moderated))
    assert (await api("POST", path, form | {"applied_tags": [moderated[0].id]})).body[
        "code"
    ] == 40066


async def test_a_thread_on_a_message_is_made_once(server: Server, api: Any) -> None:
    path = channel_path(server, "general") + "/messages"
    sent = (await api("POST", path, {"content": "x"})).body["id"]
    made = await api("POST", f"{path}/{sent}/threads", {"name": "Talk"})
    assert (made.status, made.body["id"], made.body["type"]) == (201, sent, 11)
    again = await api("POST", f"{path}/{sent}/threads", {"name": "Talk"})
    assert again.body["code"] == 160004
    assert (await api("GET", f"{path}/{sent}")).body["thread"]["name"] == "Talk"


async def test_an_announcement_is_published_once_and_ten_times_an_hour(
    still_server: Server, still_api: Any
) -> None:
    clock = still_server.clock
    assert isinstance(clock, HandClock)
    path = channel_path(still_server, "announcements") + "/messages"
    ids = []
    for _ in range(11):
        clock.advance(5)
        ids.append((await still_api("POST", path, {"content": "x"})).body["id"])
    answers = [await still_api("POST", f"{path}/{i}/crosspost") for i in ids]
    assert [a.status for a in answers] == [200] * 10 + [429]
    last = answers[-1]
    assert last.body["retry_after"] > 3000
    assert int(last.headers["X-RateLimit-Remaining"]) > 0
    assert last.headers["Via"]
    again = await still_api("POST", f"{path}/{ids[0]}/crosspost")
    assert again.body["code"] == 40033
    plain = channel_path(still_server, "general") + "/messages"
    sent = (await still_api("POST", plain, {"content": "x"})).body["id"]
    assert (await still_api("POST", f"{plain}/{sent}/crosspost")).body["code"] == 50024


async def test_permissions_are_those_of_the_channel(server: Server, api: Any) -> None:
    general = server.world.channel_named("general")
    path = f"/channels/{general.id}/messages"
    sent = (await api("POST", path, {"content": "x"})).body["id"]

    async def denied(bits: int, *ask: Any) -> tuple[int, int]:
        set_permission(server.hub, general, allowed=False, bits=int(bits))
        got = await api(*ask)
        set_permission(server.hub, general, allowed=True, bits=int(bits))
        return got.status, got.body["code"] if isinstance(got.body, dict) else len(got.body)

    post = ("POST", path, {"content": "x"})
    embed = ("POST", path, {"embeds": [{"title": "x"}]})
    assert await denied(Permission.SEND_MESSAGES, *post) == (403, 50013)
    assert await denied(Permission.VIEW_CHANNEL, *post) == (403, 50001)
    assert await denied(Permission.VIEW_CHANNEL, "GET", path) == (403, 50001)
    assert await denied(Permission.READ_MESSAGE_HISTORY, "GET", path) == (200, 0)
    assert await denied(Permission.EMBED_LINKS, *embed) == (403, 50013)
    assert await denied(Permission.PIN_MESSAGES, "PUT", f"{path}/pins/{sent}") == (403, 50013)
    assert await denied(
        Permission.CREATE_PUBLIC_THREADS, "POST", f"{path}/{sent}/threads", {"name": "x"}
    ) == (403, 50013)
    set_permission(server.hub, general, allowed=False, bits=int(Permission.EMBED_LINKS))
    edited = await api("PATCH", f"{path}/{sent}", {"embeds": [{"title": "x"}]})
    assert (edited.status, edited.body["embeds"]) == (200, [])


async def test_what_is_not_there_has_its_own_code(server: Server, api: Any) -> None:
    path = channel_path(server, "general")
    assert (await api("GET", "/channels/1")).body["code"] == 10003
    assert (await api("POST", "/channels/1/messages", {"content": "x"})).body["code"] == 10003
    assert (await api("GET", f"{path}/messages/1")).body["code"] == 10008
    assert (await api("GET", "/guilds/1")).body["code"] == 10004
    assert (await api("GET", "/users/1")).body["code"] == 10013
    assert (await api("GET", "/webhooks/1")).body["code"] == 10015
    assert (await api("GET", f"/guilds/{server.world.guild_id}/members/1")).body["code"] == 10013
    assert (await api("GET", "/nowhere")).status == 404
    wrong = await api("GET", "/users/@me", headers={"Authorization": "Bot wrong"})
    assert (wrong.status, wrong.body["code"]) == (401, 0)


async def test_somebody_elses_message_cannot_be_edited(
    server: Server, api: Any, driver: Driver
) -> None:
    said = driver.say("Mine")
    path = channel_path(server, "general")
    got = await api("PATCH", f"{path}/messages/{said['id']}", {"content": "Yours"})
    assert (got.status, got.body["code"]) == (403, 50005)


async def test_only_allowed_mentions_ping(server: Server, api: Any) -> None:
    mina = server.world.user_named("mina").id
    path = channel_path(server, "general") + "/messages"
    text = f"<@{mina}> @everyone `<@{mina}>`"
    loud = (await api("POST", path, {"content": text})).body
    assert [u["id"] for u in loud["mentions"]] == [mina]
    assert loud["mention_everyone"] is False  # the bot lacks MENTION_EVERYONE
    form = {"content": text, "allowed_mentions": {"parse": []}}
    assert (await api("POST", path, form)).body["mentions"] == []
    layout = [{"type": 10, "content": f"<@{mina}>"}]
    v2 = await api("POST", path, {"components": layout, "flags": 1 << 15})
    assert [u["id"] for u in v2.body["mentions"]] == [mina]


async def test_a_direct_channel_is_opened_once(server: Server, api: Any) -> None:
    mina = server.world.user_named("mina").id
    first = await api("POST", "/users/@me/channels", {"recipient_id": mina})
    second = await api("POST", "/users/@me/channels", {"recipient_id": mina})
    assert first.body["id"] == second.body["id"]
    path = f"/channels/{first.body['id']}/messages"
    assert (await api("POST", path, {"content": "Hello"})).status == 200
    with pytest.raises(people.NotPossible):
        people.person_channel(server.hub, server.world.user_named("ravi").id, str(first.body["id"]))


async def test_a_webhook_posts_under_its_own_name(server: Server, api: Any) -> None:
    path = channel_path(server, "general")
    made = (await api("POST", f"{path}/webhooks", {"name": "Harbour Wire"})).body
    hook = f"/webhooks/{made['id']}/{made['token']}"
    assert (await api("POST", hook, {"content": "x"})).status == 204
    sent = await api("POST", hook, {"content": "x"}, params={"wait": "true"})
    assert sent.body["author"]["username"] == "Harbour Wire"
    bad = await api("POST", hook, {"content": "x", "username": "Discord"})
    assert bad.codes() == {"username:USERNAME_INVALID_CONTAINS"}
    assert (await api("POST", f"/webhooks/{made['id']}/no", {"content": "x"})).body["code"] == 50027


async def test_leaving_ends_access(server: Server, api: Any) -> None:
    assert (await api("DELETE", f"/users/@me/guilds/{server.world.guild_id}")).status == 204
    got = await api("POST", channel_path(server, "general") + "/messages", {"content": "x"})
    assert (got.status, got.body["code"]) == (403, 50001)
