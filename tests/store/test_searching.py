"""Search returns exactly what a query matches, a page at a time, in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import NotFoundError
from bot.model import PUBLIC_SCOPE, Hit, Kind, Page, Scope, TargetKind
from bot.query import language
from bot.store import Store
from tests.conftest import NOW, Newsroom, make_entry


async def titles(store: Store, query: str, scope: Scope = PUBLIC_SCOPE) -> set[str]:
    page = await store.articles.search(language.parse(query), scope, now=NOW, limit=50)
    assert page.total == len(page.hits)
    return {hit.title for hit in page.hits}


@pytest.fixture
async def archive(newsroom: Newsroom) -> Store:
    await newsroom.publish(
        make_entry(
            "Assembly votes on water",
            body=[
                "The assembly met for hours.",
                "Members of the U.N. spoke with us about covid-19.",
            ],
            tags=["UN", "Water"],
            authors=("Maria van der Berg", "Li Wei"),
            source="AP / Reuters",
            published_at=datetime(2022, 8, 1, tzinfo=UTC),
            url="https://example.org/1",
        ),
        make_entry(
            "東京で雨が降る",
            body="今日は東京で大雨が降りました。",
            tags=["日本"],
            published_at=datetime(2022, 8, 31, 23, 59, 59, tzinfo=UTC),
            url="https://example.org/2",
        ),
        make_entry(
            "Chart of the week",
            kind=Kind.CHART,
            image_url="https://example.org/i.png",
            tags=["C++", "Café"],
            url="https://example.org/3",
        ),
        make_entry(
            "Running the elections",
            body="Elections are run by people. The word OR is a word.",
            tags=["un-reform"],
            source="Harbour Post",
            published_at=NOW - timedelta(days=3),
            url="https://example.org/4",
        ),
    )
    return newsroom.store


WATER, TOKYO, CHART, RUN = (
    "Assembly votes on water",
    "東京で雨が降る",
    "Chart of the week",
    "Running the elections",
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {WATER, TOKYO, CHART, RUN}),
        ("assembly", {WATER}),
        ("ASSEMBLIES", {WATER}),
        ("assembly OR chart", {WATER, CHART}),
        ("assembly chart", set()),
        ("assembly -members", set()),
        ("-assembly", {TOKYO, CHART, RUN}),
        ("-assembly -chart", {TOKYO, RUN}),
        ("-(assembly OR chart)", {TOKYO, RUN}),
        ("chart OR -assembly", {TOKYO, CHART, RUN}),
        ('"met for hours"', {WATER}),
        ('"hours for met"', set()),
        ('"water UN"', set()),
        ("covid-19", {WATER}),
        ("electi*", {RUN}),
        ("assem*", {WATER}),
        ("東京", {TOKYO}),
        ("大雨", {TOKYO}),
        ("京都", set()),
        ("tag:UN", {WATER}),
        ("tag:u.n.", {WATER}),
        ("tag:C++", {CHART}),
        ("tag:C", set()),
        ("tag:cafe", set()),
        ("tag:café,water", {WATER, CHART}),
        ("-tag:un", {TOKYO, CHART, RUN}),
        ("author:berg", {WATER}),
        ('author:"maria berg"', {WATER}),
        ('author:"maria wei"', set()),
        ("source:ap", {WATER}),
        ("source:reuters,harbour", {WATER, RUN}),
        ("source:example", {TOKYO, CHART}),
        ('feed:"example wire"', {WATER, TOKYO, CHART, RUN}),
        ("feed:example", set()),
        ("title:elections", {RUN}),
        ("title:people", set()),
        ("is:chart", {CHART}),
        ("-is:chart has:image", set()),
        ("has:image", {CHART}),
        ("on:2022-08", {WATER, TOKYO}),
        ("after:2022-08-31", {TOKYO, RUN}),
        ("before:2022-08-31", {WATER}),
        ("-on:2022", {CHART, RUN}),
        ("-after:2000", {CHART}),
        ("newer:7d", {RUN}),
        ("newer:2d", set()),
        ("chart OR before:2022-08-02", {WATER, CHART}),
        ("tag:un OR newer:7d", {WATER, RUN}),
        ("(tag:un after:2022-08-02) OR is:chart", {CHART}),
        ("-(on:2022 東京)", {WATER, CHART, RUN}),
        ('"OR"', {RUN}),
        ("after:1900 -tag:日本", {WATER, RUN}),
        ('") OR (" NEAR( { }', set()),
    ],
)
async def test_a_query_finds_what_it_says(archive: Store, query: str, expected: set[str]) -> None:
    assert await titles(archive, query) == expected


@pytest.mark.fault("F48")
@pytest.mark.parametrize(
    "query",
    [
        *('"', "*", "a* OR", "^", "-", "🎉", "\0", "AND", "NEAR(*", "NEAR(a b)", "{title}:x"),
        *("c++", "x:y", "a\0b", "x" * 10_000, "a " * 5_000, "(" * 10_000, "東" * 10_000),
    ],
    ids=lambda text: text[:9].encode("unicode_escape").decode(),
)
async def test_no_text_raises(archive: Store, query: str) -> None:
    await titles(archive, query)
    # As members ask: where nothing has all the words, the nearest answer.
    page = await archive.articles.find(language.parse(query), PUBLIC_SCOPE, now=NOW)
    assert {hit.title for hit in page.hits} <= {WATER, TOKYO, CHART, RUN}


@pytest.mark.fault("F48")
@pytest.mark.parametrize(("query", "title"), [("東京", TOKYO), ("大雨", TOKYO), ("tag:C++", CHART)])
async def test_two_characters_and_signs_find(archive: Store, query: str, title: str) -> None:
    page = await archive.articles.find(language.parse(query), PUBLIC_SCOPE, now=NOW)
    assert [hit.title for hit in page.hits] == [title]


@pytest.mark.fault("F49")
async def test_a_regular_expression_is_text_and_never_one(newsroom: Newsroom) -> None:
    await newsroom.publish(make_entry("Primer", published_at=NOW - timedelta(days=9)))
    add = newsroom.store.subscriptions.add
    for channel_id, text in ((1, "(a+)+$"), (2, '"(a+)+$"'), (3, "title:primer")):
        await add(TargetKind.TEXT, 7, channel_id, str(language.parse_strict(text)), 1, NOW)
    # As a pattern it would try the ways to part them: 2 to the power of 10,000.
    row_of_a = make_entry("Row", body="a" * 10_000 + "!", url="https://e.org/row")
    meant = make_entry("Meant", body="The grade was an a+ again.", url="https://e.org/meant")
    assert (await newsroom.publish(row_of_a, announce=True)).owed == 0
    assert (await newsroom.publish(meant, announce=True)).owed > 0
    assert await titles(newsroom.store, "(a+)+$") == {"Meant"}


async def pages(store: Store, query: str, limit: int) -> list[Page]:
    found = [await store.articles.search(language.parse(query), PUBLIC_SCOPE, now=NOW, limit=limit)]
    while found[-1].next is not None:
        found.append(
            await store.articles.search(
                language.parse(query), PUBLIC_SCOPE, now=NOW, limit=limit, cursor=found[-1].next
            )
        )
    return found


@pytest.mark.parametrize("sort", ["new", "old", "best"])
@pytest.mark.parametrize("text", ["", "harbour", "harbour OR before:2021", "tag:even"])
async def test_pages_forth_and_back_show_each_article_once(
    newsroom: Newsroom, sort: str, text: str
) -> None:
    entries = [
        make_entry(
            f"Harbour {'harbour ' * (i % 3)}{i}",
            body="word " * i,
            tags=["even"] if i % 2 == 0 else [],
            published_at=datetime(2020 + i % 3, 1, 1 + i % 5, tzinfo=UTC) if i % 4 else None,
            url=f"https://example.org/{i}",
        )
        for i in range(23)
    ]
    await newsroom.publish(*entries)
    query = f"{text} sort:{sort}"
    forth = await pages(newsroom.store, query, 4)
    shown = [hit.id for page in forth for hit in page.hits]
    whole = await newsroom.store.articles.search(
        language.parse(query), PUBLIC_SCOPE, now=NOW, limit=50
    )
    assert shown == [hit.id for hit in whole.hits]
    assert len(shown) == len(set(shown)) == whole.total
    assert [page.first for page in forth] == [1 + 4 * i for i in range(len(forth))]
    back = [forth[-1]]
    while back[-1].previous is not None:
        back.append(
            await newsroom.store.articles.search(
                language.parse(query), PUBLIC_SCOPE, now=NOW, limit=4, cursor=back[-1].previous
            )
        )
    assert [page.hits for page in reversed(back)] == [page.hits for page in forth]
    assert back[-1].first == 1


async def test_newest_first_and_undated_in_page_order(newsroom: Newsroom) -> None:
    await newsroom.publish(
        make_entry("first of page"),
        make_entry("second of page"),
        make_entry("old", published_at=datetime(2001, 1, 1, tzinfo=UTC)),
    )
    page = await newsroom.store.articles.search(language.parse(""), PUBLIC_SCOPE, now=NOW, limit=3)
    assert [hit.title for hit in page.hits] == ["first of page", "second of page", "old"]
    assert page.hits[0].published_at is None


async def test_what_arrives_later_stays_off_the_pages(newsroom: Newsroom) -> None:
    for i in range(4):
        await newsroom.publish(make_entry(f"old {i}"))
    query = language.parse("")
    first = await newsroom.store.articles.search(query, PUBLIC_SCOPE, now=NOW, limit=2)
    await newsroom.publish(make_entry("late", published_at=datetime(2001, 1, 1, tzinfo=UTC)))
    second = await newsroom.store.articles.search(
        query, PUBLIC_SCOPE, now=NOW, limit=10, cursor=first.next, until=first.until
    )
    assert [hit.title for hit in second.hits] == ["old 1", "old 0"]
    assert second.total == 4


async def test_a_title_counts_for_more_than_the_body(newsroom: Newsroom) -> None:
    await newsroom.publish(
        make_entry("Something else", body="harbour " * 3 + "and more words " * 20),
        make_entry("The harbour", body="Nothing much is said here. " * 20),
    )
    page = await newsroom.store.articles.search(
        language.parse("harbour sort:best"), PUBLIC_SCOPE, now=NOW
    )
    assert [hit.title for hit in page.hits] == ["The harbour", "Something else"]


async def excerpt_of(newsroom: Newsroom, query: str) -> Hit:
    page = await newsroom.store.articles.search(language.parse(query), PUBLIC_SCOPE, now=NOW)
    return page.hits[0]


async def test_the_excerpt_is_original_text_around_the_match(newsroom: Newsroom) -> None:
    await newsroom.publish(
        make_entry("Long", body=["Filler words stand here. " * 40 + "Ströme fließen nach Osten."])
    )
    hit = await excerpt_of(newsroom, "strome")
    assert "Ströme fließen" in hit.excerpt
    assert 100 < len(hit.excerpt) <= 240
    assert hit.excerpt.startswith("…")


async def test_a_guilds_articles_appear_nowhere_else(newsroom: Newsroom) -> None:
    store = newsroom.store
    await newsroom.publish(make_entry("Public news", tags=["shared"], url="https://e.org/p"))
    await newsroom.publish(
        make_entry(
            "Private news", tags=["secret", "shared"], authors=("Ann Ode",), source="Inside"
        ),
        feed="Own feed",
        scope_id=77,
    )
    for query in (
        "",
        "private",
        "tag:secret",
        "tag:shared",
        "author:ode",
        "source:inside",
        "priv*",
    ):
        assert "Private news" not in await titles(store, query)
        assert "Private news" not in await titles(store, query, Scope(78))
        assert "Private news" in await titles(store, query, Scope(77))
    assert await titles(store, "tag:shared", Scope(77)) == {"Public news", "Private news"}


async def test_a_title_is_completed_from_what_is_typed(newsroom: Newsroom) -> None:
    await newsroom.publish(
        make_entry("Harbour", url="a"),
        make_entry("The harbour reopens", url="b"),
        make_entry("Harbour master resigns", url="c"),
        make_entry("Storm", body="The harbour was closed.", url="d"),
    )
    named = newsroom.store.articles.named
    found = [hit.title for hit in await named("harb", PUBLIC_SCOPE)]
    assert found == ["Harbour", "Harbour master resigns", "The harbour reopens"]
    assert [hit.title for hit in await named("the harbour re", PUBLIC_SCOPE)] == [
        "The harbour reopens"
    ]
    assert len(await named("", PUBLIC_SCOPE, limit=3)) == 3
    assert await named("zzz", PUBLIC_SCOPE) == ()


async def test_no_way_of_reading_shows_a_guilds_article_elsewhere(newsroom: Newsroom) -> None:
    store = newsroom.store
    intake = await newsroom.publish(make_entry("Private news"), feed="Own", scope_id=77)
    (article_id,) = intake.new_ids
    for scope in (PUBLIC_SCOPE, Scope(78)):
        with pytest.raises(NotFoundError):
            await store.articles.get(article_id, scope)
        with pytest.raises(NotFoundError):
            await store.articles.versions(article_id, scope)
        assert await store.articles.get_many([article_id], scope) == ()
        assert await store.articles.named("priv", scope) == ()
        assert [a async for a in store.articles.each(scope)] == []
        page = await store.articles.find(language.parse("privat newz"), scope, now=NOW)
        assert (page.total, page.notes) == (0, ())
    assert (await store.articles.get(article_id, Scope(77))).title == "Private news"
