"""Wire copies are one story across feeds, whatever came first, and each reader's own."""

from __future__ import annotations

import itertools
import sqlite3
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.model import PUBLIC_SCOPE, Article, Entry, Keyed, Page, Scope
from bot.query import language
from bot.store import Store, grouping
from bot.store.grouping import Member
from tests.conftest import NOW, Newsroom, make_entry, make_reading

TITLE = "Lantern fleet returns to Port Veld after storm"
TEXT = (
    "The lantern fleet of Port Veld came home on Sunday with torn sails and all hands. Its "
    "nineteen boats had sheltered behind Lowen Island for two nights, and the harbour choir sang "
    "them in."
)
GUILD, OTHER_GUILD = 7, 8


def copy(name: str, title: str = TITLE, body: str = TEXT, **fields: Any) -> Entry:
    fields = {"url": f"https://{name.lower()}.example/1", "published_at": NOW, **fields}
    return make_entry(title, body=body, **fields)


async def by_feed(store: Store, scope: Scope = PUBLIC_SCOPE) -> dict[str, Article]:
    return {article.feed: article async for article in store.articles.each(scope)}


async def groups(store: Store, scope: Scope = PUBLIC_SCOPE) -> dict[str, set[str]]:
    """Return which publishers each feed's article is also at."""
    found = await by_feed(store, scope)
    return {feed: {other.name for other in a.also} for feed, a in found.items()}


def _run(sql: str, connection: sqlite3.Connection) -> int:
    return connection.execute(sql).rowcount


async def find(store: Store, query: str, **fields: object) -> Page:
    asked = {"now": NOW, "scope": PUBLIC_SCOPE, **fields}
    return await store.articles.find(language.parse(query), **asked)  # type: ignore[arg-type]


async def test_copies_in_two_feeds_name_each_other(newsroom: Newsroom) -> None:
    await newsroom.publish(copy("A", source="Reuters"), feed="A")
    await newsroom.publish(copy("B", title="Fleet is home", source="AP"), feed="B")
    found = await by_feed(newsroom.store)
    (other,) = found["A"].also
    assert (other.id, other.name, other.url) == (found["B"].id, "AP", "https://b.example/1")
    assert [c.name for c in found["B"].also] == ["Reuters"]


async def test_one_agency_in_two_feeds_is_told_apart_by_the_feed(newsroom: Newsroom) -> None:
    await newsroom.publish(copy("A", source="AP"), feed="A")
    await newsroom.publish(copy("B", source="AP"), feed="B")
    assert await groups(newsroom.store) == {"A": {"B"}, "B": {"A"}}


async def test_one_feed_is_no_company_for_itself(newsroom: Newsroom) -> None:
    await newsroom.publish(copy("A", guid="1"), copy("A", guid="2", url="https://a.example/2"))
    assert [a.also async for a in newsroom.store.articles.each()] == [(), ()]


async def test_an_archive_of_many_publishers_holds_stories_by_itself(newsroom: Newsroom) -> None:
    await newsroom.publish(copy("A", source="AP"), copy("B", source="Reuters"))
    assert [[c.name for c in a.also] async for a in newsroom.store.articles.each()] == [
        ["AP"],
        ["Reuters"],
    ]


CHAIN = {
    "A": copy("A"),
    "B": copy("B", published_at=NOW + timedelta(days=2), body=TEXT + " A feast follows."),
    "C": copy("C", published_at=NOW + timedelta(days=4)),
    "D": copy("D", title="Choir sings fleet in", published_at=NOW + timedelta(hours=3)),
    "E": copy("E", title="Mayor opens the market hall", body="Its new roof cost a fortune."),
}


EXPECTED = {"A": {"B", "D"}, "B": {"A", "D"}, "C": set(), "D": {"A", "B"}, "E": set()}


@pytest.mark.parametrize("order", list(itertools.permutations("ABCDE"))[::7])
async def test_the_order_of_arrival_changes_nothing(
    newsroom: Newsroom, order: tuple[str, ...]
) -> None:
    for name in order:
        await newsroom.publish(CHAIN[name], feed=name)
    assert await groups(newsroom.store) == EXPECTED


def test_groups_are_the_same_whatever_the_ids() -> None:
    def member(number: int, name: int) -> Member:
        at = name * 86_400
        return Member(number, 0, name, 0, at, (at, str(name), ""))

    likeness = {(0, 1): 0.9, (1, 2): 0.9, (2, 3): 0.8, (3, 4): 0.8, (1, 4): 0.7}
    seen = set()
    for ids in itertools.permutations(range(1, 6)):
        members = {ids[name]: member(ids[name], name) for name in range(5)}
        links = [(ids[a], ids[b], alike) for (a, b), alike in likeness.items()]
        found = grouping.grouped(members, links)
        parts: dict[int, set[int]] = {}
        for article_id, story_id in found.items():
            parts.setdefault(story_id, set()).add(ids.index(article_id))
        seen.add(frozenset(frozenset(part) for part in parts.values()))
    assert len(seen) == 1


async def test_a_late_copy_brings_two_groups_together(newsroom: Newsroom) -> None:
    feast = "A feast on the quay followed, with soup for all, paid by the owners of the boats, who "
    feast += "had feared the worst since the wind turned on Friday night and the radio fell silent."
    for name in "AB":
        await newsroom.publish(copy(name), feed=name)
    for name in "CD":
        await newsroom.publish(copy(name, "Soup for every sailor", feast), feed=name)
    two = {"A": {"B"}, "B": {"A"}, "C": {"D"}, "D": {"C"}}
    assert await groups(newsroom.store) == two
    await newsroom.publish(copy("E", TITLE, feast), feed="E")
    assert await groups(newsroom.store) == {name: set("ABCDE") - {name} for name in "ABCDE"}
    await newsroom.store.articles.hide((await by_feed(newsroom.store))["E"].id, "withdrawn")
    assert await groups(newsroom.store) == two


async def test_a_correction_joins_a_story_and_leaves_it(newsroom: Newsroom) -> None:
    await newsroom.publish(copy("A"), feed="A")
    await newsroom.publish(
        copy("B", "Harbour choir finds a new home", "A hall by the sea."), feed="B"
    )
    assert await groups(newsroom.store) == {"A": set(), "B": set()}
    await newsroom.publish(copy("B"), feed="B")
    assert await groups(newsroom.store) == {"A": {"B"}, "B": {"A"}}
    await newsroom.publish(
        copy("B", "Harbour choir finds a new home", "A hall by the sea."), feed="B"
    )
    assert await groups(newsroom.store) == {"A": set(), "B": set()}


@pytest.mark.parametrize("how", ["withdrawn", "removed"])
async def test_a_hidden_article_leaves_its_story(newsroom: Newsroom, how: str) -> None:
    for name in "ABC":
        await newsroom.publish(copy(name), feed=name)
    hidden = (await by_feed(newsroom.store))["B"].id
    await newsroom.store.articles.hide(hidden, how)  # type: ignore[arg-type]
    assert await groups(newsroom.store) == {"A": {"C"}, "C": {"A"}}
    page = await find(newsroom.store, "lantern")
    assert (page.total, [c.name for c in page.hits[0].also]) == (1, ["A"])


async def test_a_guilds_own_copy_is_seen_by_that_guild_alone(newsroom: Newsroom) -> None:
    store = newsroom.store
    await newsroom.publish(copy("A"), feed="A")
    await newsroom.publish(copy("P"), feed="P", scope_id=GUILD)
    await newsroom.publish(copy("Q"), feed="Q", scope_id=OTHER_GUILD)
    assert await groups(store) == {"A": set()}
    assert await groups(store, Scope(GUILD)) == {"A": {"P"}, "P": {"A"}}
    assert await groups(store, Scope(OTHER_GUILD)) == {"A": {"Q"}, "Q": {"A"}}
    for scope, total in ((PUBLIC_SCOPE, 1), (Scope(GUILD), 1), (Scope(99), 1)):
        page = await find(store, "lantern", scope=scope)
        assert (page.total, len(page.hits)) == (total, 1)
    assert (await find(store, "lantern")).hits[0].also == ()


async def test_a_guilds_own_copy_never_joins_two_public_stories(newsroom: Newsroom) -> None:
    store = newsroom.store
    two_days = NOW + timedelta(days=2)
    await newsroom.publish(copy("A"), feed="A")
    await newsroom.publish(copy("C", published_at=NOW + timedelta(days=4)), feed="C")
    before = await groups(store)
    await newsroom.publish(copy("P", published_at=two_days), feed="P", scope_id=GUILD)
    assert await groups(store) == before == {"A": set(), "C": set()}
    seen = await groups(store, Scope(GUILD))
    assert len(seen["P"]) == 1 and "C" not in seen["A"]


async def test_results_list_a_story_once_and_count_it_once(newsroom: Newsroom) -> None:
    names = "ABCDEFGH"
    for place, name in enumerate(names):
        own = make_entry(
            f"Lantern maker {name} opens a workshop",
            body=f"Lanterns of {name}.",
            url=f"https://{name}.example/own",
            published_at=NOW - timedelta(hours=place),
        )
        await newsroom.publish(copy(name, source=f"Wire {name}"), own, feed=name)
    store = newsroom.store
    for sort in ("new", "old", "best"):
        seen: list[str] = []
        page = await find(store, f"lantern sort:{sort}")
        assert page.total == 9
        while True:
            seen += [hit.title for hit in page.hits]
            assert page.first + len(page.hits) - 1 == len(seen)
            if page.next is None:
                break
            page = await find(store, f"lantern sort:{sort}", cursor=page.next, until=page.until)
        assert len(seen) == len(set(seen)) == 9
        back = await find(store, f"lantern sort:{sort}", cursor=page.previous, until=page.until)
        assert [hit.title for hit in back.hits] == seen[-9:][: len(back.hits)]
    (hit,) = (await find(store, f'"{TITLE}"')).hits
    assert len(hit.also) == 7
    # A strict search returns each article: it is what saved queries are compared with.
    strict = await store.articles.search(language.parse("lantern"), PUBLIC_SCOPE, now=NOW)
    assert strict.total == 16


async def test_a_story_is_shown_by_an_article_that_the_query_matches(newsroom: Newsroom) -> None:
    await newsroom.publish(copy("A", source="AP"), feed="A")
    later = NOW + timedelta(minutes=5)
    await newsroom.publish(copy("B", source="Reuters", published_at=later), feed="B")
    for query, source in (("source:ap", "AP"), ("source:reuters", "Reuters"), ("", "Reuters")):
        page = await find(newsroom.store, query)
        assert (page.total, [hit.source for hit in page.hits]) == (1, [source])
        assert len(page.hits[0].also) == 1


async def test_nearest_results_list_a_story_once_too(newsroom: Newsroom) -> None:
    for name in "AB":
        await newsroom.publish(copy(name), feed=name)
    page = await find(newsroom.store, "lantern choir zeppelin sort:best")
    assert page.notes and (page.total, len(page.hits)) == (1, 1)


async def test_related_articles_leave_the_story_out(newsroom: Newsroom) -> None:
    for name in "AB":
        await newsroom.publish(copy(name, tags=["Sea"]), feed=name)
    for name in "CD":
        other = copy(name, f"Choir {name} sings", "Sea songs by the score. " * 9, tags=["Sea"])
        await newsroom.publish(other, feed=name)
    found = await by_feed(newsroom.store)
    related = await newsroom.store.related.to(found["A"].id, PUBLIC_SCOPE)
    assert [hit.feed for hit in related] in (["C"], ["D"])


async def test_an_archive_from_before_is_grouped_when_it_is_opened(tmp_path: Path) -> None:
    async with Store.open(tmp_path) as store:
        for name in "AB":
            await Newsroom(store).publish(copy(name), feed=name)
        for table in ("story_members", "story_links", "story_keys", "meta"):
            await store._connections.write(partial(_run, f"DELETE FROM {table}"))
        assert await groups(store) == {"A": set(), "B": set()}
    async with Store.open(tmp_path) as store:
        assert await groups(store) == {"A": {"B"}, "B": {"A"}}


async def test_candidates_are_looked_up_by_an_index(newsroom: Newsroom) -> None:
    """No statement of a recording reads a table of stories, or articles, from end to end."""
    seen: list[str] = []

    def watched(connection: object) -> None:
        connection.set_trace_callback(seen.append)  # type: ignore[attr-defined]

    for name in "AB":
        await newsroom.publish(copy(name), feed=name)
    await newsroom.store._connections.write(watched)
    await newsroom.publish(copy("C"), feed="C")
    await newsroom.store._connections.write(lambda connection: connection.set_trace_callback(None))
    about = [sql for sql in seen if "story_" in sql and not sql.startswith("--")]
    assert about

    def plans(connection: object) -> list[str]:
        return [
            row[3]
            for sql in about
            for row in connection.execute("EXPLAIN QUERY PLAN " + sql)  # type: ignore[attr-defined]
        ]

    scans = [
        step
        for step in await newsroom.store._connections.read(plans)
        if step.startswith("SCAN") and "json_each" not in step and "VIRTUAL TABLE" not in step
    ]
    assert [
        step for step in scans if "story" in step or step.split()[1] in ("a", "k", "m", "o")
    ] == []


@pytest.mark.parametrize(
    ("one", "other", "polled", "count"),
    [
        ("https://a.example/1", "https://b.example/1", False, 2),
        ("https://a.example/1", "https://m.a.example/1", False, 1),
        ("https://a.example/1", "https://www.a.example/amp/1", False, 1),
        ("http://127.0.0.1:1/x/1", "http://127.0.0.1:2/x/1", False, 2),
        ("https://a.example/paper/1", "https://a.example/wire/1", True, 2),
        ("https://a.example/paper/1", "https://a.example/paper/1", True, 1),
        ("https://a.example/1", None, True, 1),
    ],
)
async def test_the_same_words_at_two_places_are_two_articles_of_one_story(
    store: Store, one: str, other: str | None, polled: bool, count: int
) -> None:
    for name, url in (("A", one), ("B", other)):
        if polled:
            feed = await store.feeds.add(f"https://{name}.example/feed", name, 0, NOW)
        else:
            feed = await store.feeds.ensure_import(name, None, 0, NOW)
        entry = copy(name, url=url)
        own = (f"link:{url}",) if url else ()
        keyed = Keyed(entry, (*own, "text:same"), b"same")
        await store.intake.record(
            feed.id, make_reading(entry), [keyed], now=NOW, scope_id=0, announce=False
        )
    found = [a async for a in store.articles.each()]
    assert (len(found), [len(a.also) for a in found]) == (count, [count - 1] * count)
