"""What a feed or file brings is stored once, changed in place, and never announced twice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.errors import NotFoundError
from bot.model import (
    PUBLIC_SCOPE,
    PUBLIC_SCOPE_ID,
    Article,
    Block,
    BlockType,
    Entry,
    Intake,
    Keyed,
    Scope,
    TargetKind,
    Term,
    Validators,
)
from bot.query import language
from bot.store import DATABASE, Store, index
from tests.conftest import NOW, Newsroom, make_entry, make_keyed, make_reading

FULL = "The harbour opens at noon and the first ship is expected within the hour. " * 6


async def all_articles(store: Store, scope: Scope = PUBLIC_SCOPE) -> list[Article]:
    return [article async for article in store.articles.each(scope)]


async def the_article(store: Store) -> Article:
    (article,) = await all_articles(store)
    return article


async def test_an_article_is_read_back_as_it_came(newsroom: Newsroom) -> None:
    blocks = (
        Block(BlockType.PARAGRAPH, "One."),
        Block(BlockType.SUBHEADING, "Two"),
        Block(BlockType.LIST, "a\nb"),
        Block(BlockType.IMAGE, "A pier", "https://example.org/p.png"),
    )
    published_at = datetime(2022, 8, 1, 6, 30, tzinfo=UTC)
    await newsroom.publish(
        make_entry(
            "Pier", tags=["Sea", "sea", "Uncategorized", "Ports"], authors=("B", "A"), source="AP",
            poster="admin", published_at=published_at, url="https://e.org/1", blocks=blocks,
        )
    )  # fmt: skip
    article = await the_article(newsroom.store)
    assert article.blocks == blocks
    assert [tag.name for tag in article.tags] == ["Sea", "Ports"]
    assert (article.authors, article.source, article.poster) == (("B", "A"), "AP", "admin")
    assert (article.published_at, article.found_at, article.feed) == (
        published_at,
        NOW,
        "Example Wire",
    )


async def test_the_same_document_twice_changes_nothing(newsroom: Newsroom) -> None:
    entries = [make_entry(f"n{i}", body=FULL, tags=["Uncategorized", "X"]) for i in range(3)]
    first = await newsroom.publish(*entries)
    second = await newsroom.publish(*entries)
    assert (first.read, first.new, first.updated, first.unchanged) == (3, 3, 0, 0)
    assert (second.read, second.new, second.updated, second.unchanged) == (3, 0, 0, 3)


async def test_a_correction_updates_in_place_and_keeps_the_old_version(
    newsroom: Newsroom,
) -> None:
    url = "https://e.org/1"
    await newsroom.publish(make_entry("Ninety dead", body=FULL, url=url, authors=("Ann",)))
    before = await the_article(newsroom.store)
    result = await newsroom.publish(make_entry("Nine dead", body=FULL, url=url, authors=("Bo",)))
    after = await the_article(newsroom.store)
    assert (result.new, result.updated) == (0, 1)
    assert (after.id, after.title, after.revision) == (before.id, "Nine dead", 2)
    (old,) = await newsroom.store.articles.versions(after.id, PUBLIC_SCOPE)
    assert (old.title, old.authors, old.revision) == ("Ninety dead", ("Ann",), 1)
    search = newsroom.store.articles.search
    assert (await search(language.parse("ninety"), PUBLIC_SCOPE, now=NOW)).total == 0
    assert (await search(language.parse("nine author:bo"), PUBLIC_SCOPE, now=NOW)).total == 1
    assert await newsroom.store.names.suggest("author", "ann", PUBLIC_SCOPE) == ()


@pytest.mark.parametrize(
    "excerpt",
    [
        make_entry("Pier", body=FULL[:80] + "…", url="https://e.org/1", truncated=True),
        make_entry("Pier", body=FULL[:80] + " […]", url="https://e.org/1"),
        make_entry("Pier", url="https://e.org/1"),
    ],
)
async def test_an_excerpt_never_replaces_a_full_body(newsroom: Newsroom, excerpt: Entry) -> None:
    await newsroom.publish(make_entry("Pier", body=FULL, url="https://e.org/1"))
    assert (await newsroom.publish(excerpt)).unchanged == 1
    article = await the_article(newsroom.store)
    assert (article.blocks[0].text, article.truncated) == (FULL, False)


async def test_the_same_text_with_less_markup_changes_nothing(newsroom: Newsroom) -> None:
    guests = "Cod hide there.\nCrabs cut the shoots."
    page = (Block(BlockType.PARAGRAPH, "A meadow."), Block(BlockType.LIST, guests))
    saved = (page[0], *(Block(BlockType.PARAGRAPH, line) for line in guests.splitlines()))
    marked, plain = (replace(make_entry("Eelgrass", url="u"), blocks=b) for b in (page, saved))
    await newsroom.publish(plain)
    assert (await newsroom.publish(marked)).updated == 1
    assert (await newsroom.publish(plain)).unchanged == 1
    assert (await the_article(newsroom.store)).blocks == page


async def test_a_full_body_replaces_an_excerpt(newsroom: Newsroom) -> None:
    await newsroom.publish(make_entry("Pier", body="The harbour…", url="u", truncated=True))
    assert (await newsroom.publish(make_entry("Pier", body=FULL, url="u"), feed="B")).updated == 1
    article = await the_article(newsroom.store)
    assert (article.blocks[0].text, article.truncated) == (FULL, False)


async def test_two_feeds_with_the_same_article_do_not_take_turns_changing_it(
    newsroom: Newsroom,
) -> None:
    mine = make_entry("Pier opens", body=FULL, url="u", tags=["A"])
    theirs = make_entry("PIER OPENS", body=FULL + "More.", url="u", tags=["B"])
    await newsroom.publish(mine, feed="One")
    await newsroom.publish(theirs, feed="Two")
    for _ in range(2):
        assert (await newsroom.publish(mine, feed="One")).updated <= 1
        assert (await newsroom.publish(theirs, feed="Two")).updated <= 1
    settled = await the_article(newsroom.store)
    await newsroom.publish(mine, feed="One")
    await newsroom.publish(theirs, feed="Two")
    assert (await the_article(newsroom.store)).revision == settled.revision


@pytest.fixture
async def subscribed(newsroom: Newsroom) -> Newsroom:
    await newsroom.publish(make_entry("primer"))
    await newsroom.store.subscriptions.add(TargetKind.TEXT, 7, 1, "", 1, NOW)
    return newsroom


def items(prefix: str, published_at: datetime | None) -> list[Entry]:
    return [
        make_entry(
            f"Story {i}", body=f"{i} {FULL}", guid=f"{prefix}{i}", url=f"https://e.org/{i}",
            published_at=published_at + timedelta(hours=i) if published_at else None,
        )
        for i in range(5)
    ]  # fmt: skip


async def owed_by(newsroom: Newsroom, *entries: Entry) -> Intake:
    return await newsroom.publish(*entries, announce=True)


async def test_a_feed_that_renames_its_ids_or_dates_announces_nothing_twice(
    subscribed: Newsroom,
) -> None:
    assert (await owed_by(subscribed, *items("a", NOW))).owed == 5
    renamed = await owed_by(subscribed, *items("b", NOW))
    assert (renamed.new, renamed.owed) == (0, 0)
    dated_now = await owed_by(subscribed, *items("b", NOW + timedelta(days=9)))
    assert (dated_now.new, dated_now.owed) == (0, 0)
    both = await owed_by(subscribed, *items("c", NOW + timedelta(days=20)))
    assert (both.new, both.owed) == (0, 0)
    assert len(await all_articles(subscribed.store)) == 6


async def test_items_that_all_link_to_one_page_are_articles_of_their_own(
    subscribed: Newsroom,
) -> None:
    first = [
        make_entry(f"Status {i}", guid=f"g{i}", url="https://e.org/status", body=f"Step {i}.")
        for i in range(3)
    ]
    assert (await owed_by(subscribed, *first)).new == 3
    later = make_entry("Status 9", guid="g9", url="https://e.org/status", published_at=NOW)
    assert (await owed_by(subscribed, later)).new == 1
    assert (await owed_by(subscribed, *first, later)).unchanged == 4


async def test_a_date_learned_late_moves_an_article_once(newsroom: Newsroom) -> None:
    await newsroom.publish(make_entry("undated", url="u"), make_entry("other", url="o"))
    dated = make_entry("undated", url="u", published_at=datetime(2001, 1, 1, tzinfo=UTC))
    assert (await newsroom.publish(dated)).updated == 1
    page = await newsroom.store.articles.search(language.parse(""), PUBLIC_SCOPE, now=NOW)
    assert [hit.title for hit in page.hits] == ["other", "undated"]
    page = await newsroom.store.articles.search(language.parse("on:2001"), PUBLIC_SCOPE, now=NOW)
    assert page.total == 1


async def test_what_was_taken_down_never_returns(subscribed: Newsroom) -> None:
    entry = make_entry("Gone", body=FULL, url="u", tags=["T"])
    await owed_by(subscribed, entry)
    (article_id,) = [a.id for a in await all_articles(subscribed.store) if a.title == "Gone"]
    await subscribed.store.articles.hide(article_id, "removed")
    again = await owed_by(subscribed, replace(entry, title="Gone again"))
    assert (again.new, again.updated, again.unchanged) == (0, 0, 1)
    page = await subscribed.store.articles.search(language.parse("gone"), PUBLIC_SCOPE, now=NOW)
    assert page.total == 0
    with pytest.raises(NotFoundError):
        await subscribed.store.articles.get(article_id, PUBLIC_SCOPE)
    assert await subscribed.store.names.suggest("tag", "t", PUBLIC_SCOPE) == ()
    await subscribed.store.outbox.form(NOW)
    assert await subscribed.store.outbox.claim(NOW) == ()


async def test_a_withdrawn_article_that_returns_is_found_again(newsroom: Newsroom) -> None:
    await newsroom.publish(make_entry("Here", url="u"))
    article = await the_article(newsroom.store)
    await newsroom.store.articles.hide(article.id, "withdrawn")
    search = newsroom.store.articles.search
    assert (await search(language.parse("here"), PUBLIC_SCOPE, now=NOW)).total == 0
    await newsroom.publish(make_entry("Here", url="u"))
    assert (await search(language.parse("here"), PUBLIC_SCOPE, now=NOW)).total == 1


async def test_the_same_article_in_two_scopes_is_two_rows(newsroom: Newsroom) -> None:
    entry = make_entry("Same", url="u", tags=["T"])
    await newsroom.publish(entry)
    await newsroom.publish(entry, feed="Own", scope_id=7)
    assert len(await all_articles(newsroom.store)) == 1
    assert len(await all_articles(newsroom.store, Scope(7))) == 2
    (tag,) = await newsroom.store.names.tag("t", PUBLIC_SCOPE)
    assert tag.count == 1
    (tag,) = await newsroom.store.names.tag("t", Scope(7))
    assert tag.count == 2


async def test_a_feed_of_another_scope_cannot_be_recorded_into(newsroom: Newsroom) -> None:
    feed = await newsroom.feed("Own", scope_id=7)
    with pytest.raises(NotFoundError):
        await newsroom.store.intake.record(
            feed.id, make_reading(), [], now=NOW, scope_id=0, announce=False
        )


async def test_validators_and_schedule_are_stored_with_the_articles(newsroom: Newsroom) -> None:
    feed = await newsroom.feed()
    await newsroom.store.feeds.failed(feed.id, NOW, "ingest.timeout", {}, NOW)
    later = NOW + timedelta(minutes=15)
    await newsroom.store.intake.record(
        feed.id, make_reading(), [], now=NOW, scope_id=0, announce=True,
        validators=Validators('W/"x"', "Mon"), content_hash=b"h", next_check_at=later,
    )  # fmt: skip
    kept = await newsroom.store.feeds.get(feed.id, PUBLIC_SCOPE)
    assert (kept.etag, kept.last_modified, kept.next_check_at) == ('W/"x"', "Mon", later)
    assert (kept.primed, kept.failures, kept.error) == (True, 0, None)
    assert await newsroom.store.feeds.content_hash(feed.id) == b"h"


async def test_an_entry_that_cannot_be_stored_stores_nothing_of_its_document(
    newsroom: Newsroom,
) -> None:
    feed = await newsroom.feed()
    good = make_keyed(make_entry("good"))
    bad = Keyed(make_entry("bad"), ("k",), None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="NOT NULL"):
        await newsroom.store.intake.record(
            feed.id, make_reading(), [bad, good], now=NOW, scope_id=0, announce=True,
            validators=Validators("e"),
        )  # fmt: skip
    assert await all_articles(newsroom.store) == []
    assert (await newsroom.store.feeds.get(feed.id, PUBLIC_SCOPE)).etag is None


async def bulk(newsroom: Newsroom, *keyed: Keyed) -> None:
    feed = await newsroom.feed()
    await newsroom.store.intake.record(
        feed.id, make_reading(), keyed, now=NOW, scope_id=0, announce=False, bulk=True
    )


def index_settings(newsroom: Newsroom) -> dict[str, Any]:
    with closing(sqlite3.connect(newsroom.store.folder / DATABASE)) as connection:
        return dict(connection.execute("SELECT k, v FROM article_index_config").fetchall())


async def test_a_bulk_recording_is_one_segment_of_the_index_and_leaves_its_settings(
    newsroom: Newsroom,
) -> None:
    # More text than the index gathers by default, so that it would write several segments.
    words = [f"{n:x}th" for n in range(40_000)]
    entries = [make_entry(f"t{n}", body=" ".join(words[n::8] * 4), url=f"{n}") for n in range(8)]
    await bulk(newsroom, *map(make_keyed, entries))
    with closing(sqlite3.connect(newsroom.store.folder / DATABASE)) as connection:
        (segments,) = connection.execute(
            "SELECT count(DISTINCT segid) FROM article_index_idx"
        ).fetchone()
    settings = index_settings(newsroom)
    assert segments == 1
    assert (settings["automerge"], settings["hashsize"]) == (4, 1024 * 1024)


async def test_a_kill_amid_a_bulk_recording_leaves_the_index_as_it_was(newsroom: Newsroom) -> None:
    await bulk(newsroom, make_keyed(make_entry("first", url="1")))
    before = index_settings(newsroom)
    path = newsroom.store.folder / DATABASE
    with closing(sqlite3.connect(path, isolation_level=None)) as killed:
        killed.execute("BEGIN IMMEDIATE")
        with index.gathering(killed):
            # What another connection sees of it is what a kill leaves.
            assert index_settings(newsroom) == before
    assert index_settings(newsroom) == before
    await bulk(newsroom, make_keyed(make_entry("later", url="3")))
    search = newsroom.store.articles.search
    assert (await search(language.parse("later"), PUBLIC_SCOPE, now=NOW)).total == 1


async def test_merged_tags_are_filed_under_their_target(newsroom: Newsroom) -> None:
    await newsroom.store.names.alias("UN", "United Nations", 0, merge=True)
    await newsroom.publish(make_entry("a", tags=["UN"], url="a"))
    await newsroom.publish(make_entry("b", tags=["United Nations"], url="b"))
    for name in ("un", "united nations"):
        (tag,) = await newsroom.store.names.tag(name, PUBLIC_SCOPE)
        assert tag.count == 2
    assert (await newsroom.publish(make_entry("a", tags=["UN"], url="a"))).unchanged == 1


async def test_a_tags_slug_finds_it_until_a_tag_has_that_name(newsroom: Newsroom) -> None:
    term = Term("Q&A", slug="q-a")
    await newsroom.publish(make_entry("a", url="a", blocks=()), make_entry("b", url="b"))
    await newsroom.publish(replace(make_entry("c", url="c"), tags=(term,)))
    search = newsroom.store.articles.search
    page = await search(language.parse("tag:q-a"), PUBLIC_SCOPE, now=NOW)
    assert [hit.title for hit in page.hits] == ["c"]
    await newsroom.publish(make_entry("d", url="d", tags=["q-a"]))
    page = await search(language.parse("tag:q-a"), PUBLIC_SCOPE, now=NOW)
    assert [hit.title for hit in page.hits] == ["d"]


async def test_many_undated_articles_in_one_second_keep_their_order(newsroom: Newsroom) -> None:
    await newsroom.publish(*[make_entry(f"n{i}") for i in range(1500)])
    page = await newsroom.store.articles.search(
        language.parse("sort:new"), PUBLIC_SCOPE, now=NOW, limit=1500
    )
    assert [hit.title for hit in page.hits] == [f"n{i}" for i in range(1500)]


async def test_a_page_without_dates_is_numbered_from_its_top(store: Store) -> None:
    feed = await store.feeds.ensure_import("A page", None, PUBLIC_SCOPE_ID, NOW)
    for titles in (["first", "second", "third"], ["newer", "first", "second"]):
        entries = [make_entry(title) for title in titles]
        await store.intake.record(
            feed.id, make_reading(*entries), [make_keyed(entry) for entry in entries],
            now=NOW, scope_id=PUBLIC_SCOPE_ID, announce=False, bulk=True,
        )  # fmt: skip
    kept = [(article.id, article.title) for article in await all_articles(store)]
    assert kept == [(1, "first"), (2, "second"), (3, "third"), (4, "newer")]
    page = await store.articles.search(language.parse(""), PUBLIC_SCOPE, now=NOW, limit=9)
    assert [hit.title for hit in page.hits] == ["newer", "first", "second", "third"]


async def test_a_change_that_names_no_time_keeps_the_last_one_known(newsroom: Newsroom) -> None:
    entry = make_entry("Pier", body="One.", url="https://e.org/1", updated_at=NOW)
    await newsroom.publish(entry)
    await newsroom.publish(make_entry("Pier", body="Two.", url="https://e.org/1"))
    assert (await the_article(newsroom.store)).updated_at == NOW
