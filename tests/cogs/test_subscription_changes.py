"""Editing, cloning, moving, history and explaining: what a moderator sees and what is kept."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from bot.model import (
    Entry,
    Fate,
    Keyed,
    Outcome,
    Reading,
    Scope,
    Subscription,
    TargetKind,
    Term,
)
from bot.playground import shapes
from bot.playground.driver import text_of
from bot.playground.permissions import Permission
from bot.playground.world import Overwrite
from bot.store.records import By
from tests.cogs.conftest import NOW, Stage, entries, record


async def subscribed(
    stage: Stage, channel: str = "newsroom", query: str = "tag:un"
) -> Subscription:
    channel_id = int(stage.server.world.channel_named(channel).id)
    return await stage.store.subscriptions.add(
        TargetKind.TEXT, stage.guild_id, channel_id, query, 1, NOW
    )


async def announce_ferry(stage: Stage) -> None:
    store = stage.store
    feed = await store.feeds.add("https://harbour.example/feed", "Harbour", 0, NOW)
    entry = Entry(title="Ferry strike ends", guid="f", tags=(Term("Harbour"),))
    for made in ((), (entry,)):
        reading = Reading("RSS 2.0", made, len(made))
        keyed = [Keyed(e, ("h:f",), b"1") for e in made]
        await store.intake.record(feed.id, reading, keyed, now=NOW, scope_id=0, announce=True)


async def shown(stage: Stage, count: int) -> str:
    """Return what Ravi sees once so many messages came since the channel's own."""
    ravi = stage.person("ravi")

    def own() -> list[str]:
        return [text_of(m) for m in ravi.messages() if m["flags"] & 64]

    await ravi.until(lambda: len(own()) >= count)
    return own()[-1]


async def current(stage: Stage) -> Subscription:
    return (await stage.store.subscriptions.list(stage.guild_id))[0]


async def test_an_edit_changes_look_and_rhythm_and_shows_a_post(stage: Stage) -> None:
    await subscribed(stage)
    done = await stage.person("ravi").command(
        "subscription edit",
        subscription="#1",
        look="compact",
        colour="#112233",
        when="daily",
        at="18.30",
        zone="europe/berlin",
        quiet="22-7",
        per_hour=5,
        delay=3,
    )
    assert done.is_ephemeral and "Changed." in done.text
    assert "Council meets for session 12" in await shown(stage, 2)
    made = await current(stage)
    assert dict(made.look) == {"form": "compact", "accent": 0x112233}
    assert dict(made.rhythm) == {
        "mode": "daily",
        "at": "18:30",
        "zone": "Europe/Berlin",
        "quiet": "22:00-07:00",
        "per_hour": 5,
        "delay_s": 180,
    }
    await stage.person("ravi").command(
        "subscription edit", subscription="#1", when="once", quiet="none", per_hour=0, delay=0
    )
    assert dict((await current(stage)).rhythm) == {"at": "18:30", "zone": "Europe/Berlin"}


async def test_a_template_is_previewed_as_it_will_look(stage: Stage) -> None:
    await subscribed(stage)
    ravi = stage.person("ravi")
    await ravi.command(
        "subscription edit", subscription="#1", template="**{title:30}** from {source|nowhere}"
    )
    assert "**Council meets for session 12** from Northern Wire" in await shown(stage, 2)
    wrong = await ravi.command("subscription edit", subscription="#1", template="{headline}")
    assert "{headline}" in wrong.text and "title, authors" in wrong.text


async def test_what_cannot_be_read_changes_nothing(stage: Stage) -> None:
    await subscribed(stage)
    ravi = stage.person("ravi")
    for option, typed in (
        ("zone", "Mars"),
        ("at", "late"),
        ("quiet", "night"),
        ("colour", "blue"),
        ("show", "headline"),
        ("query", "tga:UN"),
        ("ping", "tga:UN"),
    ):
        refused = await ravi.command("subscription edit", subscription="#1", **{option: typed})
        assert refused.is_ephemeral and "Changed." not in refused.text, option
    assert await stage.store.audit.list(stage.guild_id, action="subscription.edit") == ()


async def test_history_tells_who_changed_what_and_how_it_was(stage: Stage) -> None:
    await subscribed(stage)
    ravi = stage.person("ravi")
    edited = await ravi.command("subscription edit", subscription="#1", query="tag:climate")
    assert "would have posted" in edited.text
    await ravi.command("subscription move", subscription="#1", channel="general")
    await ravi.command("subscription pause", subscription="#1")
    told = (await ravi.command("subscription history", subscription="#1")).text
    assert told.count(f"<@{ravi.user_id}>") == 3
    assert "query: tag:un → tag:climate" in told
    world = stage.server.world
    before, after = (world.channel_named(name).id for name in ("newsroom", "general"))
    assert f"channel: <#{before}> → <#{after}>" in told
    assert (
        "Nothing was changed"
        in (await ravi.command("subscription history", subscription="#99")).text
    )


async def test_a_clone_has_the_same_look_in_another_channel(stage: Stage) -> None:
    await subscribed(stage)
    ravi = stage.person("ravi")
    await ravi.command("subscription edit", subscription="#1", look="image", when="hourly")
    done = await ravi.command("subscription clone", subscription="#1", channel="stories")
    assert "Done." in done.text
    first, second = await stage.store.subscriptions.list(stage.guild_id)
    assert (second.query, second.look, second.rhythm) == (first.query, first.look, first.rhythm)
    assert second.target.kind is TargetKind.FORUM


async def test_a_channels_name_moves_all_that_is_in_it(stage: Stage) -> None:
    for query in ("tag:un", "climate"):
        await subscribed(stage, "newsroom", query)
    ravi = stage.person("ravi")
    several = await ravi.command("subscription edit", subscription="newsroom", delay=1)
    assert "#1, #2" in several.text
    moved = await ravi.command("subscription move", subscription="newsroom", channel="general")
    assert "Moved 2 subscriptions" in moved.text
    general = int(stage.server.world.channel_named("general").id)
    found = await stage.store.subscriptions.list(stage.guild_id)
    assert {each.target.channel_id for each in found} == {general}


async def test_all_are_paused_and_resumed_at_once(stage: Stage) -> None:
    for query in ("tag:un", "climate"):
        await subscribed(stage, "newsroom", query)
    ravi = stage.person("ravi")
    assert "Paused 2" in (await ravi.command("subscription pause", subscription="all")).text
    found = await stage.store.subscriptions.list(stage.guild_id)
    assert all(each.paused for each in found)
    await ravi.command("subscription resume", subscription="all")
    found = await stage.store.subscriptions.list(stage.guild_id)
    assert not any(each.paused for each in found)
    again = await ravi.command("subscription resume", subscription="all")
    assert "2 subscriptions post again" in again.text
    kept = await stage.store.audit.list(stage.guild_id)
    assert [entry.action.rpartition(".")[2] for entry in kept] == [
        "resume", "resume", "pause", "pause", "add", "add",
    ]  # fmt: skip


async def test_explain_says_for_each_subscription_why_or_why_not(stage: Stage) -> None:
    store, ravi = stage.store, stage.person("ravi")
    await subscribed(stage, "newsroom", "tag:harbour -strike")
    await subscribed(stage, "general", "tag:harbour OR tag:sea")
    await subscribed(stage, "announcements", "tag:un")
    paused = await subscribed(stage, "story ideas", "ferry")
    await store.subscriptions.pause(
        By(stage.guild_id, 1, NOW), "cogs.paused_by_moderator", paused.id
    )
    await announce_ferry(stage)
    asked = (await ravi.autocomplete("subscription explain", "article", "ferry"))[0]["value"]
    waiting = (await ravi.command("subscription explain", article=asked)).text
    assert r"does not match **\-strike**" in waiting
    assert "does not match **tag:un**" in waiting
    assert "about to be posted; it matches **tag:harbour**" in waiting
    assert "the subscription is paused" in waiting
    await store.outbox.form(NOW)
    (parcel,) = await store.outbox.claim(NOW, set(), 5)
    await store.outbox.sent(parcel.post_id, Outcome(Fate.SENT, message_id=777), NOW)
    posted = (await ravi.command("subscription explain", article="Ferry strike ends")).text
    assert f"/{parcel.target.channel_id}/777" in posted and "Posted <t:" in posted


async def test_explain_names_what_failed_and_what_was_there_before(stage: Stage) -> None:
    store, ravi = stage.store, stage.person("ravi")
    await subscribed(stage, "newsroom", "tag:harbour")
    await announce_ferry(stage)
    await store.outbox.form(NOW)
    (parcel,) = await store.outbox.claim(NOW, set(), 5)
    refused = Outcome(Fate.REJECTED, reason="delivery.rejected", params={"detail": "too *odd*"})
    await store.outbox.dead(parcel.post_id, refused, NOW)
    stage.now = NOW + timedelta(hours=1)
    await store.subscriptions.add(TargetKind.TEXT, stage.guild_id, 77, "ferry", 1, stage.now)
    told = (await ravi.command("subscription explain", article="Ferry strike ends")).text
    assert "Failed" in told and r"too \*odd\*" in told
    assert "before the subscription" in told


async def test_another_servers_article_is_not_explained(stage: Stage) -> None:
    own = [e for e in entries() if e.guid == "glacier"]
    await record(stage.store, own, title="Foreign", scope_id=4242)
    foreign = [
        h for h in await stage.store.articles.named("Glacier", Scope(4242)) if h.feed == "Foreign"
    ]
    told = await stage.person("ravi").command(
        "subscription explain", article=f"article:{foreign[0].id}"
    )
    assert "There is no article" in told.text


async def test_the_whole_text_is_refused_where_threads_may_not_be_made(stage: Stage) -> None:
    await subscribed(stage)
    ravi, world = stage.person("ravi"), stage.server.world
    said = await ravi.command("subscription edit", subscription="#1", look="thread")
    assert "follows in a thread under each post" in said.text
    digest = await ravi.command("subscription edit", subscription="#1", when="daily")
    assert "cannot have their whole text" in digest.text
    place = world.channel_named("general")
    denied = Overwrite(str(stage.guild_id), 0, 0, int(Permission.CREATE_PUBLIC_THREADS))
    channel = stage.server.hub.put_channel(replace(place, overwrites=(denied,)))
    stage.server.hub.emit("CHANNEL_UPDATE", shapes.channel(world, channel))
    assert stage.client is not None
    guild = stage.client.get_guild(stage.guild_id)
    assert guild is not None
    await ravi.until(
        lambda: not guild.get_channel(int(place.id)).permissions_for(guild.me).create_public_threads  # type: ignore[union-attr]
    )
    refused = await ravi.command("subscription move", subscription="#1", channel="general")
    assert "Create Public Threads" in refused.text and "Moved" not in refused.text
    assert (await current(stage)).target.channel_id != int(place.id)


async def test_a_webhook_is_refused_where_none_may_be_made_and_the_right_is_named(
    stage: Stage,
) -> None:
    await subscribed(stage)
    ravi, world = stage.person("ravi"), stage.server.world
    done = await ravi.command("subscription edit", subscription="#1", webhook=True)
    assert "Changed." in done.text and dict((await current(stage)).look) == {"webhook": True}
    own = next(role for role in world.roles.values() if role.managed)
    less = replace(own, permissions=own.permissions & ~int(Permission.MANAGE_WEBHOOKS))
    world.roles[own.id] = less
    stage.server.hub.emit(
        "GUILD_ROLE_UPDATE", {"guild_id": world.guild_id, "role": shapes.role(less)}
    )
    assert stage.client is not None
    guild = stage.client.get_guild(stage.guild_id)
    assert guild is not None
    await ravi.until(lambda: not guild.me.guild_permissions.manage_webhooks)
    refused = await ravi.command("subscription clone", subscription="#1", channel="general")
    assert "Manage Webhooks" in refused.text
    assert len(await stage.store.subscriptions.list(stage.guild_id)) == 1
    await ravi.command("subscription edit", subscription="#1", webhook=False)
    assert dict((await current(stage)).look) == {}


async def test_a_channel_resumes_once_all_is_granted_that_its_looks_need(stage: Stage) -> None:
    made = await subscribed(stage)
    await stage.store.subscriptions.edit(
        By(stage.guild_id, 1, NOW), made.id, look={"webhook": True}
    )
    lost = Outcome(Fate.ACCESS_LOST, reason="delivery.no_webhooks")
    await stage.store.outbox.pause_target(made.target.id, lost, NOW)
    world, ravi = stage.server.world, stage.person("ravi")
    own = next(role for role in world.roles.values() if role.managed)
    assert stage.client is not None
    guild = stage.client.get_guild(stage.guild_id)
    assert guild is not None

    async def granted(permissions: int) -> None:
        world.roles[own.id] = role = replace(own, permissions=permissions)
        body = {"guild_id": world.guild_id, "role": shapes.role(role)}
        stage.server.hub.emit("GUILD_ROLE_UPDATE", body)
        await ravi.until(lambda: guild.me.guild_permissions.value & permissions == permissions)

    await granted(own.permissions & ~int(Permission.MANAGE_WEBHOOKS))
    await ravi.until(lambda: not guild.me.guild_permissions.manage_webhooks)
    await ravi.command("subscription list")
    assert await stage.store.outbox.paused_targets()
    await granted(own.permissions)
    async with asyncio.timeout(10):
        while await stage.store.outbox.paused_targets():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
