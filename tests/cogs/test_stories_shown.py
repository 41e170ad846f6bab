"""A story is shown once, with its other publishers, to members and to moderators."""

from datetime import timedelta

from bot.model import Entry, Keyed, Reading, TargetKind, Term
from tests.cogs.conftest import NOW, Stage, paragraph, record

TITLE = "Lantern fleet returns to Port Veld after storm"
TEXT = "The lantern fleet came home on Sunday with torn sails and all hands, late by two nights."


def copy(name: str, minutes: int) -> Entry:
    return Entry(
        title=TITLE,
        source=f"Wire {name}",
        tags=(Term("Lanterns"),),
        published_at=NOW - timedelta(minutes=minutes),
        url=f"https://{name.lower()}.example/lantern",
        guid=f"lantern-{name}",
        blocks=(paragraph(TEXT),),
    )


async def told(stage: Stage, scope_id: int = 0, names: str = "ABC") -> None:
    for minutes, name in enumerate(names):
        await record(stage.store, [copy(name, minutes)], title=f"Paper {name}", scope_id=scope_id)


async def test_results_have_a_row_a_story_and_name_the_others(stage: Stage) -> None:
    await told(stage)
    mina = stage.person()
    for command, options in (
        ("search", {"query": "lantern fleet"}),
        ("tag", {"name": "Lanterns"}),
        ("latest", {}),
    ):
        shown = await mina.command(command, **options)
        assert shown.text.count(f"[{TITLE}]") == 1, command
        assert "Wire A" in shown.text and "also at Wire C and Wire B" in shown.text
    assert "1 article" in (await mina.command("search", query="lantern fleet")).text


async def test_the_reader_has_a_button_for_each_copy(stage: Stage) -> None:
    await told(stage)
    mina = stage.person()
    found = await mina.command("search", query="lantern fleet source:wire")
    assert found.message
    article = next(a for a in [a async for a in stage.store.articles.each()] if a.also)
    opened = await mina.command("article", title=f"article:{article.id}")
    assert opened.message and "Also at:" in opened.text and "Read also" not in opened.text
    other = await mina.press(opened.message, article.also[0].name)
    assert article.also[0].name in other.text and TITLE in other.text


async def test_a_servers_own_copy_is_named_in_that_server_alone(stage: Stage) -> None:
    await told(stage, names="A")
    await told(stage, scope_id=stage.guild_id, names="B")
    shown = await stage.person().command("search", query="lantern fleet")
    assert shown.text.count(f"[{TITLE}]") == 1 and "also at" in shown.text
    await told(stage, scope_id=stage.guild_id + 1, names="C")
    again = await stage.person().command("search", query="lantern fleet")
    assert "Wire C" not in again.text


async def test_a_subscription_takes_every_copy_and_back(stage: Stage) -> None:
    channel_id = int(stage.server.world.channel_named("newsroom").id)
    add = stage.store.subscriptions.add
    await add(TargetKind.TEXT, stage.guild_id, channel_id, "lantern", 1, NOW)
    ravi = stage.person("ravi")
    await ravi.command("subscription edit", subscription="#1", copies=True)
    (made,) = await stage.store.subscriptions.list(stage.guild_id)
    assert dict(made.rhythm) == {"copies": True}
    await ravi.command("subscription edit", subscription="#1", copies=False)
    (made,) = await stage.store.subscriptions.list(stage.guild_id)
    assert dict(made.rhythm) == {}


async def test_a_subscription_is_added_with_every_copy(stage: Stage) -> None:
    ravi = stage.person("ravi")
    channel = stage.server.world.channel_named("newsroom")
    asked = await ravi.command(
        "subscription add", channel=str(channel.id), query="lantern", copies=True
    )
    assert asked.message
    await ravi.press(asked.message, "Confirm")
    (made,) = await stage.store.subscriptions.list(stage.guild_id)
    assert dict(made.rhythm) == {"copies": True}


async def test_explain_names_the_article_that_the_channel_has(stage: Stage) -> None:
    store = stage.store
    channel_id = int(stage.server.world.channel_named("newsroom").id)
    await store.subscriptions.add(TargetKind.TEXT, stage.guild_id, channel_id, "lantern", 1, NOW)
    for name in "AB":
        feed = await store.feeds.add(f"https://{name}.example/feed", f"Paper {name}", 0, NOW)
        for made in ((), (copy(name, 0),)):
            reading = Reading("RSS 2.0", made, len(made))
            keyed = [Keyed(e, (f"x:{name}",), b"1") for e in made]
            await store.intake.record(feed.id, reading, keyed, now=NOW, scope_id=0, announce=True)
    copies = [a async for a in store.articles.each() if a.source == "Wire B"]
    shown = await stage.person("ravi").command(
        "subscription explain", article=f"article:{copies[0].id}"
    )
    assert f"the same story as “{TITLE}”" in shown.text
