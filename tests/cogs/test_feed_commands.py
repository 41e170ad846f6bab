"""/feed: a server's own feeds are looked at before they are kept, watched, asked and removed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.chat.view_keys import custom_id
from bot.model import Scope
from bot.playground.driver import Answer, Driver, labels_of, text_of
from tests.cogs.conftest import LOCAL, NOW, Stage
from tests.cogs.test_moderator_commands import replace_next

HOUR = timedelta(hours=1)


async def add(person: Driver) -> Answer:
    """Add the feed that works, as a moderator does."""
    asked = await person.command("feed add", url=LOCAL)
    return await person.press(asked.message or {}, "Confirm")


async def test_adding_shows_what_would_be_stored_and_stores_nothing_before_yes(
    stage: Stage,
) -> None:
    ravi = stage.person("ravi")
    asked = await ravi.command("feed add", url=LOCAL)
    assert asked.is_ephemeral and asked.message
    assert labels_of(asked.message) == ["Confirm", "Cancel"]
    for part in ("Local Gazette", "RSS 2.0 at local.example, 1 article", "2 more items hold"):
        assert part in asked.text, part
    for part in (
        "Town hall reopens",
        "Ana Berg · Harbour Post · date unknown",
        "Tags: Town",
        "The hall.",
    ):
        assert part in asked.text, part
    assert len(await stage.store.feeds.list(Scope(stage.guild_id))) == 1
    cancelled = await ravi.press(asked.message, "Cancel")
    assert "Nothing was changed" in cancelled.text
    assert len(await stage.store.feeds.list(Scope(stage.guild_id))) == 1
    await add(ravi)
    (entry,) = await stage.store.audit.list(stage.guild_id)
    assert entry.action == "feed.add"
    again = await ravi.command("feed add", url=LOCAL)
    assert "already" in again.text and again.message and labels_of(again.message) == []


async def test_a_confirmation_works_after_a_restart_and_not_for_another_view(stage: Stage) -> None:
    ravi = stage.person("ravi")
    asked = await ravi.command("feed add", url=LOCAL)
    await stage.stop()
    await stage.start()
    assert "Added" in (await ravi.press(asked.message or {}, "Confirm")).text
    shown = (await ravi.command("tag", name="UN")).message
    key = await stage.store.views.put("results", "x", Scope(stage.guild_id), 1, NOW, None, {})
    replace_next(stage, shown, custom_id("feed_new", key))
    assert "too old" in (await ravi.press(shown or {}, "Next")).text


async def test_no_answer_shows_an_address_or_its_secret(stage: Stage) -> None:
    ravi = stage.person("ravi")
    (public,) = await stage.store.feeds.list(Scope(stage.guild_id))
    answers = [await ravi.command("feed add", url=LOCAL), await add(ravi)]
    own = next(f for f in await stage.store.feeds.list(Scope(stage.guild_id)) if f.scope_id)
    for feed in (own, public):
        error: dict[str, str | int] = {"address": f"{feed.url}&token=hidden-pass"}
        await stage.store.feeds.failed(feed.id, NOW, "ingest.fetch_address", error, NOW + HOUR)
    answers += [await ravi.command(f"feed {verb}") for verb in ("list", "status")]
    answers.append(await ravi.command("feed remove", feed="Local"))
    for answer in answers:
        assert "Local Gazette" in answer.text
        assert "hidden-pass" not in str(answer.message), answer.text
        assert public.url and public.url not in str(answer.message)


async def test_status_says_how_each_feed_fares_and_what_to_do(stage: Stage) -> None:
    ravi = stage.person("ravi")
    (public,) = await stage.store.feeds.list(Scope(stage.guild_id))
    await add(ravi)
    own = next(f for f in await stage.store.feeds.list(Scope(stage.guild_id)) if f.scope_id)
    healthy = (await ravi.command("feed status")).text
    assert "Local Gazette" in healthy and "failing" not in healthy
    stamp = int((NOW + HOUR).timestamp())
    for feed in (own, public):
        error: dict[str, str | int] = {"host": "x.example", "code": 503}
        await stage.store.feeds.failed(feed.id, NOW, "ingest.fetch_server", error, NOW + HOUR)
    await stage.store.walks.notice(own.id, "ingest.gap_capped", {"count": 4, "id": own.id}, NOW)
    answer = await ravi.command("feed status")
    assert answer.is_ephemeral
    assert f"failing since <t:{int(NOW.timestamp())}:R>" in answer.text
    assert f"next poll <t:{stamp}:R>" in answer.text
    assert answer.text.count("x.example has a problem of its own (503)") == 1, "the own feed's"
    assert "4 articles had passed unseen" in answer.text
    assert "is for whoever runs me" in answer.text
    assert "Whoever runs me looks after this feed" in answer.text
    only = await ravi.command("feed status", feed="Local Gazette")
    assert "World Desk" not in only.text and "Local Gazette" in only.text
    await stage.store.feeds.stop(own.id, "ingest.fetch_gone", NOW)
    stopped = (await ravi.command("feed status", feed="Local Gazette")).text
    assert "gone for good" in stopped and "takes it up again" in stopped


async def test_refreshing_asks_the_servers_own_feed_alone(stage: Stage) -> None:
    ravi = stage.person("ravi")
    (public,) = await stage.store.feeds.list(Scope(stage.guild_id))
    await add(ravi)
    own = next(f for f in await stage.store.feeds.list(Scope(stage.guild_id)) if f.scope_id)
    (offered,) = await ravi.autocomplete("feed refresh", "feed", "")
    done = await ravi.command("feed refresh", feed=offered["value"])
    assert done.is_ephemeral and "2 new articles, 1 corrected" in done.text
    assert stage.desk.refreshed == [own.id]
    for typed in (f"feed:{public.id}", public.title):
        assert "no feed of its own" in (await ravi.command("feed refresh", feed=typed)).text
    assert stage.desk.refreshed == [own.id]


async def test_a_feed_belongs_to_the_server_that_adds_it(stage: Stage) -> None:
    ravi = stage.person("ravi")
    added = await add(ravi)
    assert added.is_ephemeral and "Local Gazette" in added.text and "1 article" in added.text
    found = await ravi.command("tag", name="Town")
    assert "Town hall reopens" in found.text
    assert await stage.store.names.tag("Town", Scope(4242)) == ()
    listed = await ravi.command("feed list")
    assert listed.text.index("Local Gazette") < listed.text.index("World Desk")


async def test_removing_a_feed_says_what_becomes_of_it_and_asks(stage: Stage) -> None:
    ravi = stage.person("ravi")
    await add(ravi)
    asked = await ravi.command("subscription add", channel="newsroom", query='feed:"Local Gazette"')
    await ravi.press(asked.message or {}, "Confirm")
    offered = await ravi.autocomplete("feed remove", "feed", "gaz")
    asked = await ravi.command("feed remove", feed=offered[0]["value"])
    assert "Its 1 article stays" in asked.text and "1 subscription names it" in asked.text
    removed = await ravi.press(asked.message or {}, "Confirm")
    assert "Removed the feed" in removed.text
    assert "Local Gazette" not in (await ravi.command("feed list")).text
    missing = await ravi.command("feed remove", feed="Local Gazette")
    assert "no feed of its own" in missing.text


async def test_a_public_feed_is_not_a_servers_to_remove(stage: Stage) -> None:
    (public,) = await stage.store.feeds.list(Scope(stage.guild_id))
    ravi = stage.person("ravi")
    assert await ravi.autocomplete("feed remove", "feed", "") == []
    for typed in (f"feed:{public.id}", public.title):
        assert "no feed of its own" in (await ravi.command("feed remove", feed=typed)).text
    shown = (await ravi.command("tag", name="UN")).message
    replace_next(stage, shown, custom_id("feed_del", str(public.id)))
    assert "no feed of its own" in (await ravi.press(shown or {}, "Next")).text


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en-US", "There is no site named"),
        ("es-ES", "No hay ningún sitio llamado"),
        ("fr", "Il n'y a pas de site nommé"),
        ("ja", "というサイトはありません"),
    ],
)
async def test_what_cannot_be_fetched_is_said_in_the_askers_language(
    stage: Stage, locale: str, words: str
) -> None:
    ravi, users = stage.person("ravi"), stage.server.world.users
    users[ravi.user_id] = replace(users[ravi.user_id], locale=locale)
    answer = await ravi.command("feed add", url="https://nowhere.example/")
    assert answer.is_ephemeral and answer.message
    assert words in text_of(answer.message)
