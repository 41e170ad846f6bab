"""What the rules do not keep is let go in place: nothing comes back, nothing is posted again."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from bot.errors import NotFoundError
from bot.model import PUBLIC_SCOPE, Entry, Fate, Outcome, TargetKind
from bot.query.language import parse
from bot.store import DATABASE
from bot.store.records import By
from bot.store.retention import Limits, Size, Tidied, monthly_growth
from tests.conftest import NOW, Newsroom, make_entry

DAY = timedelta(days=1)


def aged(number: int) -> Entry:
    return make_entry(
        f"Day {number}",
        body="Harbour gauge",
        tags=["Sea"],
        url=f"https://example.org/{number}",
        published_at=NOW - number * DAY,
    )


async def titles(newsroom: Newsroom) -> list[str]:
    page = await newsroom.store.articles.search(parse("harbour"), PUBLIC_SCOPE, now=NOW, limit=50)
    return sorted(hit.title for hit in page.hits)


async def test_articles_past_the_days_lose_their_text_and_never_come_back(
    newsroom: Newsroom,
) -> None:
    entries = [aged(n) for n in (1, 5, 20, 40)]
    await newsroom.publish(*entries)
    tidied = await newsroom.store.retention.tidy(Limits(days=10), NOW)
    assert tidied.articles == 2
    assert await titles(newsroom) == ["Day 1", "Day 5"]
    again = await newsroom.publish(*entries, announce=True)
    assert (again.new_ids, again.updated) == ((), 0)
    assert (await newsroom.store.counts()).articles == 2
    assert (await newsroom.store.retention.tidy(Limits(days=10), NOW)).articles == 0
    assert await newsroom.store.check() == ()


async def test_the_newest_of_each_feed_are_kept_by_count(newsroom: Newsroom) -> None:
    await newsroom.publish(*[aged(n) for n in range(1, 6)], feed="One")
    await newsroom.publish(*[aged(n) for n in range(11, 13)], feed="Two")
    assert (await newsroom.store.retention.tidy(Limits(articles=3), NOW)).articles == 2
    kept = ["Day 1", "Day 11", "Day 12", "Day 2", "Day 3"]
    assert await titles(newsroom) == kept


async def test_a_feeds_own_rule_goes_before_the_setting(newsroom: Newsroom) -> None:
    await newsroom.publish(aged(30), feed="Kept for ever")
    await newsroom.publish(aged(3), feed="Short")
    store = newsroom.store.retention
    long, short = [r.feed_id for r in await store.rules()]
    await store.set_rule(long, 0, None)
    await store.set_rule(short, 2, None)
    assert (await store.tidy(Limits(days=10), NOW)).articles == 1
    assert await titles(newsroom) == ["Day 30"]
    assert [(r.days, r.articles) for r in await store.rules()] == [(0, None), (2, None)]
    with pytest.raises(NotFoundError):
        await store.set_rule(99, 1, 1)


async def test_imported_files_are_kept_without_a_rule_of_their_own(newsroom: Newsroom) -> None:
    await newsroom.publish(aged(500))
    await newsroom.store._connections.write(
        lambda c: c.execute("UPDATE feeds SET url = NULL").rowcount
    )
    assert await newsroom.store.retention.tidy(Limits(1, 1), NOW) == Tidied()


async def test_what_is_owed_to_a_channel_is_kept_until_it_is_posted(newsroom: Newsroom) -> None:
    intake = await newsroom.publish(aged(30))

    def owe(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO targets (id, kind, guild_id, channel_id) VALUES (1, 'text', 1, 1)"
        )
        connection.execute(
            "INSERT INTO deliveries (target_id, article_id, state, created_at)"
            " VALUES (1, ?, 'owed', 0)",
            (intake.new_ids[0],),
        )

    await newsroom.store._connections.write(owe)
    assert (await newsroom.store.retention.tidy(Limits(days=1), NOW)).articles == 0
    await newsroom.store._connections.write(
        lambda c: c.execute("UPDATE deliveries SET state = 'posted'").rowcount
    )
    assert (await newsroom.store.retention.tidy(Limits(days=1), NOW)).articles == 1


async def test_unused_pages_and_old_changes_go_and_used_pages_stay(newsroom: Newsroom) -> None:
    store = newsroom.store
    old = NOW - 400 * DAY
    used = await store.views.put("results", "", PUBLIC_SCOPE, 1, old)
    unused = await store.views.put("results", "", PUBLIC_SCOPE, 1, old)
    await store.audit.add(1, 1, "x", "y", old)
    await store.audit.add(1, 1, "x", "z", NOW)
    assert await store.views.get(used, NOW - 30 * DAY)
    tidied = await store.retention.tidy(Limits(view_days=365, audit_days=365), NOW)
    assert (tidied.views, tidied.audit) == (1, 1)
    assert await store.views.get(used, NOW)
    assert await store.views.get(unused, NOW) is None
    assert [entry.subject for entry in await store.audit.list(1)] == ["z"]


async def test_free_pages_go_back_to_the_disk_while_others_read_and_write(
    newsroom: Newsroom,
) -> None:
    body = [f"Word{n} and more of it. " * 30 for n in range(60)]
    for batch in range(6):
        await newsroom.publish(
            *[
                make_entry(
                    f"Big {batch} {n}",
                    body=body,
                    url=f"https://example.org/{batch}/{n}",
                    published_at=NOW - 90 * DAY,
                )
                for n in range(40)
            ]
        )
    before = await newsroom.store._connections.read(
        lambda c: c.execute("PRAGMA page_count").fetchone()[0]
    )
    tidying = asyncio.create_task(newsroom.store.retention.tidy(Limits(days=30), NOW))
    for n in range(5):
        await newsroom.publish(make_entry(f"Meanwhile {n}", url=f"https://example.org/m{n}"))
    tidied = await tidying
    assert tidied.articles == 240
    assert tidied.pages > 1000
    (size,) = await newsroom.store.retention.sizes()
    assert size.bytes < before * 4096 / 2
    assert await newsroom.store.check() == ()


def test_growth_is_told_after_a_week() -> None:
    def size(day: str, mb: int) -> Size:
        return Size(day, mb * 2**20, 1)

    assert monthly_growth([]) is None
    assert monthly_growth([size("2026-01-01", 10), size("2026-01-05", 20)]) is None
    assert monthly_growth([size("2026-01-01", 10), size("2026-01-16", 20)]) == 20 * 2**20
    last_year = [size("2025-01-01", 1), size("2026-01-01", 10), size("2026-01-16", 20)]
    assert monthly_growth(last_year) == 20 * 2**20


async def delivered(newsroom: Newsroom, *, message_id: int = 1) -> None:
    """Post everything that is owed."""
    outbox = newsroom.store.outbox
    await outbox.form(NOW)
    for parcel in await outbox.claim(NOW):
        await outbox.sent(parcel.post_id, Outcome(Fate.SENT, message_id=message_id), NOW)


def rows(newsroom: Newsroom, table: str) -> int:
    with closing(sqlite3.connect(newsroom.store.folder / DATABASE)) as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count)


async def subscribed(newsroom: Newsroom) -> int:
    made = await newsroom.store.subscriptions.add(TargetKind.TEXT, 1, 11, "harbour", 5, NOW)
    await newsroom.publish(make_entry("Before", guid="before"))
    return made.id


async def test_posts_that_ended_long_ago_go_and_their_articles_are_never_sent_again(
    newsroom: Newsroom,
) -> None:
    await subscribed(newsroom)
    await newsroom.publish(aged(0), announce=True)
    await delivered(newsroom)
    later = NOW + 401 * DAY
    assert (await newsroom.store.retention.tidy(Limits(), NOW + 399 * DAY)).posts == 0
    assert (await newsroom.store.retention.tidy(Limits(), later)).posts == 1
    assert (rows(newsroom, "posts"), rows(newsroom, "deliveries")) == (0, 0)
    changed = make_entry(
        "Day 0 corrected", body="Harbour gauge moved", url="https://example.org/0", published_at=NOW
    )
    brought = await newsroom.publish(changed, announce=True, now=later)
    assert brought.updated == 1
    assert (brought.owed, rows(newsroom, "deliveries")) == (0, 0)
    (told,) = await newsroom.store.explain.article(
        (await newsroom.store.articles.named("Day 0 corrected", PUBLIC_SCOPE))[0].id, 1, later
    )
    assert told.key == "cogs.explain_past"
    assert await newsroom.store.check() == ()


async def test_what_is_not_at_its_end_is_kept_however_old(newsroom: Newsroom) -> None:
    await subscribed(newsroom)
    await newsroom.publish(aged(0), announce=True)
    await newsroom.store.outbox.form(NOW)
    later = NOW + 500 * DAY
    assert (await newsroom.store.retention.tidy(Limits(), later)).posts == 0
    (parcel,) = await newsroom.store.outbox.claim(NOW)
    text = Outcome(Fate.SENT, message_id=1, sequels=('["The text"]',))
    await newsroom.store.outbox.sent(parcel.post_id, text, NOW)
    assert (await newsroom.store.retention.tidy(Limits(), later)).posts == 0
    for number in (0, 1):
        await newsroom.store.sequels.sent(parcel.post_id, number, text)
    changed = make_entry(
        "Day 0", body="Harbour gauge moved", url="https://example.org/0", published_at=NOW
    )
    await newsroom.publish(changed, announce=True)
    assert (await newsroom.store.retention.tidy(Limits(), later)).posts == 0
    (amendment,) = await newsroom.store.corrections.claim(later)
    await newsroom.store.corrections.done(amendment)
    assert (await newsroom.store.retention.tidy(Limits(), later)).posts == 1
    assert rows(newsroom, "sequels") == rows(newsroom, "corrections") == 0


async def test_a_moved_subscription_does_not_bring_back_what_a_channel_had_long_ago(
    newsroom: Newsroom,
) -> None:
    made = await subscribed(newsroom)
    await newsroom.publish(aged(0), announce=True)
    await delivered(newsroom)
    later = NOW + 500 * DAY
    await newsroom.store.retention.tidy(Limits(), later)
    other = await newsroom.store.subscriptions.add(TargetKind.TEXT, 1, 12, "moved", 5, NOW)
    changed = make_entry(
        "Day 0", body="Harbour gauge moved", url="https://example.org/0", published_at=NOW
    )
    assert (await newsroom.publish(changed, announce=True, now=later)).owed == 1
    await newsroom.store.subscriptions.move(By(1, 5, later), TargetKind.TEXT, 11, other.id)
    await newsroom.store.outbox.form(later)
    assert await newsroom.store.outbox.claim(later) == ()
    assert made != other.id


async def test_a_members_past_goes_when_the_member_asks(newsroom: Newsroom) -> None:
    store = newsroom.store
    await store.subscriptions.follow(3, 30, "harbour", NOW, scope=PUBLIC_SCOPE)
    await newsroom.publish(make_entry("Before", guid="before"))
    await newsroom.publish(aged(0), announce=True)
    await delivered(newsroom)
    await store.retention.tidy(Limits(), NOW + 500 * DAY)
    assert rows(newsroom, "past_deliveries") == 1
    await store.members.erase(3)
    assert rows(newsroom, "past_deliveries") == rows(newsroom, "targets") == 0
    assert await store.check() == ()
