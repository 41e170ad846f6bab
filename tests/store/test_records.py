"""Views, guild settings, the audit trail, and counts by scope."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import TagwireError
from bot.model import PUBLIC_SCOPE, Scope, TargetKind
from bot.query import language
from bot.store import Store
from tests.conftest import NOW, Newsroom, make_entry


async def test_a_view_is_the_same_years_and_a_restart_later(tmp_path: Path) -> None:
    query = language.parse("tag:UN newer:7d")
    async with Store.open(tmp_path) as store:
        key = await store.views.put("results", query, Scope(7), 42, NOW, 99, {"heading": "UN"})
    async with Store.open(tmp_path) as store:
        view = await store.views.get(key, NOW.replace(year=2031))
        assert view is not None
        assert (language.parse(view.query), view.scope, view.user_id) == (query, Scope(7), 42)
        assert (view.asked_at, view.until, view.detail) == (NOW, 99, {"heading": "UN"})
        assert await store.views.get("lost", NOW) is None
    assert len(key) == 12


@pytest.mark.fault("F32")
async def test_on_a_full_disk_pages_are_shown_whose_buttons_are_lost(store: Store) -> None:
    kept = await store.views.put("results", "tag:UN", PUBLIC_SCOPE, 42, NOW)

    def fill_up(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE filler (bytes)")
        for change in ("INSERT", "UPDATE"):
            connection.execute(
                f"""CREATE TRIGGER fills_{change} AFTER {change} ON views
                    BEGIN INSERT INTO filler VALUES (zeroblob(1000000)); END"""
            )
        connection.execute("PRAGMA max_page_count = 1").fetchone()

    await store._connections.outside_transaction(fill_up)
    lost = await store.views.put("results", "tag:US", PUBLIC_SCOPE, 42, NOW)
    assert await store.views.get(lost, NOW) is None
    view = await store.views.get(kept, NOW.replace(year=2031))
    assert view is not None
    assert view.query == "tag:UN"


async def test_guild_settings_change_one_by_one(store: Store) -> None:
    assert await store.guilds.settings(7) == {}
    await store.guilds.set(7, language="fr", zone="Europe/Paris")
    await store.guilds.set(7, language=None)
    assert await store.guilds.settings(7) == {"zone": "Europe/Paris"}


async def test_a_guilds_zone_is_what_its_saved_dates_are_read_in(newsroom: Newsroom) -> None:
    store = newsroom.store
    await newsroom.publish(make_entry("primer"))
    await store.subscriptions.add(TargetKind.TEXT, 7, 1, "on:2022-09-01", 1, NOW)
    late = datetime(2022, 8, 31, 23, 0, tzinfo=UTC)
    first = await newsroom.publish(make_entry("a", published_at=late), announce=True)
    await store.guilds.set(7, zone="Europe/Paris")
    second = await newsroom.publish(make_entry("b", published_at=late), announce=True)
    assert (first.owed, second.owed) == (0, 1)


async def test_the_audit_trail_is_a_guilds_own(store: Store) -> None:
    await store.audit.add(7, 1, "subscription.add", "5", NOW, after="tag:UN")
    await store.audit.add(7, 2, "subscription.remove", "5", NOW, before="tag:UN")
    await store.audit.add(8, 3, "feed.add", "1", NOW)
    assert [(e.actor_id, e.before, e.after) for e in await store.audit.list(7)] == [
        (2, "tag:UN", None),
        (1, None, "tag:UN"),
    ]


async def test_counts_are_what_a_reader_may_see(newsroom: Newsroom) -> None:
    await newsroom.publish(make_entry("p", tags=["A"], authors=("X",), published_at=NOW))
    await newsroom.publish(make_entry("g", tags=["B"]), feed="Own", scope_id=7)
    public, own = (
        await newsroom.store.counts(PUBLIC_SCOPE),
        await newsroom.store.counts(Scope(7)),
    )
    assert (public.articles, public.tags, public.feeds, public.undated) == (1, 1, 1, 0)
    assert (own.articles, own.tags, own.feeds, own.undated) == (2, 2, 2, 1)
    assert public.newest_at == NOW


async def test_a_channel_has_a_query_once(store: Store) -> None:
    first = await store.subscriptions.add(TargetKind.TEXT, 7, 1, "tag:UN", 1, NOW)
    with pytest.raises(TagwireError) as refused:
        await store.subscriptions.add(TargetKind.TEXT, 7, 1, "tag:UN", 2, NOW)
    assert refused.value.params == {"id": first.id}
    assert [s.id for s in await store.subscriptions.of_channel(1)] == [first.id]
    assert await store.subscriptions.list(8) == ()


async def test_a_members_follow_is_its_own(store: Store) -> None:
    made = await store.subscriptions.follow(42, 900, "tag:UN", NOW, scope=Scope(7))
    assert made.target.user_id == 42
    assert [s.id for s in await store.subscriptions.follows(42)] == [made.id]
    assert await store.subscriptions.list(42) == ()
