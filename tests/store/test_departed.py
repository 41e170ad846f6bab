"""All that is kept of a server goes a while after the bot was removed from it, and no sooner."""

import sqlite3
from datetime import timedelta

import pytest

from bot.model import PUBLIC_SCOPE, Fate, Outcome, Scope, TargetKind
from bot.query.language import parse
from bot.store import Store
from bot.store.retention import Limits
from tests.conftest import NOW, Newsroom, make_entry

DAY = timedelta(days=1)
GUILD, OTHER = 7_001, 7_002
LIMITS = Limits(left_days=30)


async def furnish(newsroom: Newsroom, guild_id: int, channel_id: int) -> None:
    """Let a server have a subscription, a feed of its own, a post, changes and a page shown."""
    store, own = newsroom.store, f"Gazette {guild_id}"
    scope = Scope(guild_id)
    await newsroom.publish(make_entry("primer"), feed=own, scope_id=guild_id)
    made = await store.subscriptions.add(TargetKind.TEXT, guild_id, channel_id, "", 1, NOW)
    entry = make_entry(
        f"Town hall of {guild_id}",
        body="The hall reopens",
        tags=["Hall"],
        authors=("Ana Berg",),
        source="Town",
        url=f"https://e.org/{guild_id}",
    )
    await newsroom.publish(entry, feed=own, scope_id=guild_id, announce=True)
    await store.outbox.form(NOW)
    for parcel in await store.outbox.claim(NOW):
        sent = Outcome(Fate.SENT, message_id=channel_id * 10, sequels=("A page",))
        await store.outbox.sent(parcel.post_id, sent, NOW)
    await store.guilds.set(guild_id, language="fr")
    await store.audit.add(guild_id, 5, "subscription.add", str(made.id), NOW)
    await store.views.put("results", "", scope, 5, NOW)
    (hit,) = await store.articles.named("Town hall", scope)
    await store.members.save(5, hit.id, scope, NOW)


def left_over(guild_id: int, connection: sqlite3.Connection) -> dict[str, int]:
    """Count, in every table that names a server or belongs to one, what is still there."""
    counted = {}
    for table, where in {
        "guilds": "guild_id = :guild",
        "targets": "guild_id = :guild",
        "subscriptions": "owner_id = :guild",
        "audit": "guild_id = :guild",
        "alerts": "guild_id = :guild",
        "views": "scope_guild_id = :guild",
        "feeds": "scope_id = :guild",
        "articles": "scope_id = :guild",
        "article_keys": "scope_id = :guild",
        "tags": "scope_id = :guild",
        "authors": "scope_id = :guild",
        "sources": "scope_id = :guild",
        "name_words": "scope_id = :guild",
    }.items():
        sql = f"SELECT count(*) FROM {table} WHERE {where}"
        (counted[table],) = connection.execute(sql, {"guild": guild_id}).fetchone()
    return {table: count for table, count in counted.items() if count}


async def of(store: Store, guild_id: int) -> dict[str, int]:
    return await store._connections.read(lambda connection: left_over(guild_id, connection))


@pytest.mark.fault("F25")
async def test_all_of_a_server_goes_after_its_days_and_another_server_keeps_its_own(
    newsroom: Newsroom,
) -> None:
    store = newsroom.store
    await furnish(newsroom, GUILD, 11)
    await furnish(newsroom, OTHER, 12)
    before = await of(store, OTHER)
    assert len(await of(store, GUILD)) >= 11
    await store.guilds.left(GUILD, NOW)
    assert (await store.retention.tidy(LIMITS, NOW + 30 * DAY)).guilds == 0
    assert len(await of(store, GUILD)) >= 11
    assert (await store.retention.tidy(LIMITS, NOW + 31 * DAY)).guilds == 1
    assert await of(store, GUILD) == {}
    assert await of(store, OTHER) == before
    page = await store.articles.search(parse("hall"), Scope(GUILD), now=NOW)
    assert page.hits == ()
    page = await store.articles.search(parse("hall"), Scope(OTHER), now=NOW)
    assert len(page.hits) == 1
    assert await store.check() == ()
    assert (await store.retention.tidy(LIMITS, NOW + 32 * DAY)).guilds == 0


@pytest.mark.fault("F25")
async def test_a_server_that_comes_back_in_time_keeps_all_of_it(newsroom: Newsroom) -> None:
    store = newsroom.store
    await furnish(newsroom, GUILD, 11)
    before = await of(store, GUILD)
    await store.guilds.left(GUILD, NOW)
    await store.guilds.joined(GUILD)
    assert (await store.retention.tidy(LIMITS, NOW + 90 * DAY)).guilds == 0
    assert await of(store, GUILD) == before
    # A second removal has its own days.
    await store.guilds.left(GUILD, NOW + 90 * DAY)
    assert (await store.retention.tidy(LIMITS, NOW + 119 * DAY)).guilds == 0


@pytest.mark.fault("F25")
async def test_what_happened_while_the_bot_was_off_is_noted_once(newsroom: Newsroom) -> None:
    store = newsroom.store
    await furnish(newsroom, GUILD, 11)
    await furnish(newsroom, OTHER, 12)
    assert await store.guilds.here([OTHER], NOW) == 1
    # Being away still is no news, and does not begin the days anew.
    assert await store.guilds.here([OTHER], NOW + 29 * DAY) == 0
    assert await store.guilds.here([GUILD, OTHER], NOW + 29 * DAY) == 1
    assert (await store.retention.tidy(LIMITS, NOW + 40 * DAY)).guilds == 0
    assert await store.guilds.here([OTHER], NOW + 40 * DAY) == 1
    assert (await store.retention.tidy(LIMITS, NOW + 71 * DAY)).guilds == 1
    assert await of(store, GUILD) == {}
    assert (await store.counts(PUBLIC_SCOPE)).articles == 0


async def test_a_copy_in_the_public_archive_stays_and_is_a_story_of_its_own(
    newsroom: Newsroom,
) -> None:
    store = newsroom.store
    told = "The old harbour bridge of the town closes for repairs on Monday morning"
    body = f"{told}, the council said, and ferries carry everybody across until the spring."
    public = make_entry(told, body=[body], url="https://a.example/1", published_at=NOW)
    own = make_entry(told, body=[body], url="https://b.example/1", published_at=NOW)
    await newsroom.publish(public, feed="A")
    await newsroom.publish(own, feed="B", scope_id=GUILD)
    await store.guilds.left(GUILD, NOW)
    assert (await store.retention.tidy(LIMITS, NOW + 31 * DAY)).guilds == 1

    def linked(connection: sqlite3.Connection) -> int:
        (links,) = connection.execute("SELECT count(*) FROM story_links").fetchone()
        (members,) = connection.execute("SELECT count(*) FROM story_members").fetchone()
        return int(links + members)

    assert await store._connections.read(linked) == 0
    assert len((await store.articles.search(parse("harbour"), PUBLIC_SCOPE, now=NOW)).hits) == 1
    assert await store.check() == ()
