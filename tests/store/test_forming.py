"""What is owed becomes posts by a subscription's rhythm: digests, quiet hours, a cap an hour."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import NotFoundError, TagwireError
from bot.model import Fate, Outcome, Parcel, Subscription, TargetKind
from bot.store import Store
from bot.store.records import By
from tests.conftest import NOW, Newsroom, make_entry

GUILD = 7
BY = By(GUILD, 5, NOW)
SENT = Outcome(Fate.SENT, message_id=900)


@pytest.fixture
async def live(newsroom: Newsroom) -> AsyncIterator[Newsroom]:
    """A newsroom whose feed has had its first fetch, so that what comes next is announced."""
    await newsroom.publish(make_entry("primer", published_at=datetime(2020, 1, 1, tzinfo=UTC)))
    yield newsroom


async def subscribe(
    store: Store,
    channel_id: int = 1,
    query: str = "",
    kind: TargetKind = TargetKind.TEXT,
    **r: object,
) -> Subscription:
    return await store.subscriptions.add(kind, GUILD, channel_id, query, 1, NOW, rhythm=r)


async def publish(live: Newsroom, *titles: str, now: datetime = NOW) -> None:
    """Publish one a minute from now on, the first title being the oldest."""
    made = [
        make_entry(t, published_at=now + timedelta(minutes=n), url=f"https://e.org/{t}")
        for n, t in enumerate(titles)
    ]
    await live.publish(*reversed(made), announce=True, now=now)


async def drained(store: Store, now: datetime) -> list[tuple[list[str], int]]:
    """Form and send everything due; return the titles and the count left out of each post."""
    await store.outbox.form(now)
    shown: list[tuple[list[str], int]] = []
    while parcels := await store.outbox.claim(now, busy=set(), limit=50):
        for parcel in parcels:
            shown.append((titles_of(parcel), parcel.overflow))
            await store.outbox.sent(parcel.post_id, SENT, now)
    return shown


def titles_of(parcel: Parcel) -> list[str]:
    return [article.title for article in parcel.articles]


async def test_a_digest_carries_all_its_articles_in_one_post_at_its_hour(live: Newsroom) -> None:
    await subscribe(live.store, mode="daily", at="18:00")
    await publish(live, "a", "b")
    await publish(live, "c", now=NOW + timedelta(hours=1))
    assert await drained(live.store, NOW + timedelta(hours=5, minutes=59)) == []
    assert await drained(live.store, NOW + timedelta(hours=6)) == [(["a", "b", "c"], 0)]
    assert await drained(live.store, NOW + timedelta(days=3)) == []


async def test_a_digest_lists_its_newest_and_counts_the_rest(live: Newsroom) -> None:
    await subscribe(live.store, mode="hourly")
    await publish(live, *[f"n{number:02}" for number in range(30)], now=NOW + timedelta(minutes=1))
    ((titles, left_out),) = await drained(live.store, NOW + timedelta(hours=1))
    assert (titles[0], titles[-1], len(titles), left_out) == ("n05", "n29", 25, 5)


async def test_quiet_hours_hold_and_then_tell_it_in_one_post(live: Newsroom) -> None:
    await subscribe(live.store, quiet="11:00-14:00")
    await publish(live, "a", "b")
    assert await drained(live.store, NOW + timedelta(minutes=119)) == []
    await publish(live, "c", "d", now=NOW + timedelta(hours=2))
    assert await drained(live.store, NOW + timedelta(hours=2)) == [
        (["a", "b"], 0),
        (["c"], 0),
        (["d"], 0),
    ]


async def test_at_most_so_many_an_hour_with_the_rest_in_one_line(live: Newsroom) -> None:
    await subscribe(live.store, per_hour=2)
    await publish(live, "a", "b", "c", "d")
    assert await drained(live.store, NOW) == [(["c"], 0), (["d"], 2)]
    later = NOW + timedelta(minutes=30)
    await publish(live, "e", "f", "g", now=later)
    assert await drained(live.store, later) == []
    assert await drained(live.store, NOW + timedelta(hours=1)) == [(["f"], 0), (["g"], 1)]


async def test_a_delay_lets_a_correction_land_first(live: Newsroom) -> None:
    await subscribe(live.store, delay_s=300)
    first = make_entry("Wrong", url="https://e.org/1", published_at=NOW)
    await live.publish(first, announce=True)
    assert await drained(live.store, NOW + timedelta(minutes=4)) == []
    corrected = make_entry("Right", url="https://e.org/1", published_at=NOW)
    await live.publish(corrected, announce=True, now=NOW + timedelta(minutes=4))
    assert await drained(live.store, NOW + timedelta(minutes=5)) == [(["Right"], 0)]


async def test_a_digest_is_one_post_in_a_forum_too(live: Newsroom) -> None:
    await subscribe(live.store, kind=TargetKind.FORUM, mode="daily", at="18:00")
    await publish(live, "a", "b")
    assert await drained(live.store, NOW + timedelta(hours=6)) == [(["a", "b"], 0)]


async def test_an_edit_is_noted_with_before_and_after_and_moves_what_waits(live: Newsroom) -> None:
    made = await subscribe(live.store, mode="daily", at="18:00")
    await publish(live, "a")
    edit = live.store.subscriptions.edit
    changed = await edit(BY, made.id, rhythm={}, query="title:b")
    assert (changed.query, dict(changed.rhythm)) == ("title:b", {})
    assert await drained(live.store, NOW) == [(["a"], 0)]
    (entry, _) = await live.store.audit.list(GUILD, subject=str(made.id))
    assert (entry.actor_id, entry.action, entry.at) == (5, "subscription.edit", NOW)
    assert '"query":""' in (entry.before or "") and '"query":"title:b"' in (entry.after or "")
    assert "look" not in (entry.after or "")
    await edit(BY, made.id, query="title:b")
    assert len(await live.store.audit.list(GUILD, action="subscription.edit")) == 1
    with pytest.raises(NotFoundError):
        await edit(By(GUILD + 1, 5, NOW), made.id, query="x")


async def test_an_edit_to_a_query_that_the_channel_has_is_refused(live: Newsroom) -> None:
    await subscribe(live.store, query="title:a")
    other = await subscribe(live.store, query="title:b")
    with pytest.raises(TagwireError, match="same_subscription"):
        await live.store.subscriptions.edit(BY, other.id, query="title:a")


async def test_a_moved_subscription_takes_along_what_it_owes_but_repeats_nothing(
    live: Newsroom,
) -> None:
    made = await subscribe(live.store, 1, "title:a", mode="daily", at="18:00")
    await subscribe(live.store, 2, "title:b")
    await publish(live, "a", "a b")
    assert await drained(live.store, NOW) == [(["a b"], 0)]
    (moved,) = await live.store.subscriptions.move(BY, TargetKind.TEXT, 2, made.id)
    assert moved.target.channel_id == 2
    assert await drained(live.store, NOW + timedelta(hours=6)) == [(["a"], 0)]
    (entry,) = await live.store.audit.list(GUILD, action="subscription.move")
    assert (entry.before, entry.after) == ('{"channel_id":1}', '{"channel_id":2}')


async def test_what_a_server_blocks_reaches_none_of_its_channels(live: Newsroom) -> None:
    await subscribe(live.store, 1)
    await live.store.subscriptions.add(TargetKind.TEXT, GUILD + 1, 9, "", 1, NOW)
    await live.store.guilds.set(GUILD, blocked="title:gossip OR tag:sport")
    await publish(live, "gossip", "news")
    posts = await drained(live.store, NOW)
    assert sorted(title for (title,), _ in posts) == ["gossip", "news", "news"]
