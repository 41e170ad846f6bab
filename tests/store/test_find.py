"""When nothing has all the words, the nearest is shown and said; filters hold there too."""

from __future__ import annotations

import pytest

from bot.model import PUBLIC_SCOPE, Page, Scope
from bot.query import language
from bot.store import Store
from tests.conftest import NOW, Newsroom, make_entry


@pytest.fixture
async def archive(newsroom: Newsroom) -> Store:
    await newsroom.publish(
        make_entry("Economy grows", body="The economy of the harbour grows fast.", tags=["Money"]),
        make_entry("Harbour reopens", body="Ships return to the harbour.", tags=["Sea"]),
        make_entry("Glacier lakes", body="Sensors watch the glacier lakes.", tags=["Climate"]),
    )
    return newsroom.store


async def found(store: Store, typed: str, scope: Scope = PUBLIC_SCOPE) -> Page:
    return await store.articles.find(language.parse(typed), scope, now=NOW)


def titles(page: Page) -> list[str]:
    return [hit.title for hit in page.hits]


async def test_what_a_search_finds_has_no_note(archive: Store) -> None:
    page = await found(archive, "harbour")
    assert page.total == 2
    assert page.notes == ()


@pytest.mark.parametrize("typed", ["econmy", "econoym", "ecomomy", "Econnomy", "conomy"])
async def test_a_misspelt_word_is_repaired_with_a_way_back(archive: Store, typed: str) -> None:
    page = await found(archive, typed)
    assert titles(page) == ["Economy grows"]
    (note,) = page.notes
    assert (note.key, note.params["read"]) == ("store.note_repaired", "economy")
    assert note.query is not None
    back = await found(archive, note.query)
    assert (back.total, back.notes) == (0, ())


async def test_the_nearest_is_said_to_be_the_nearest(archive: Store) -> None:
    page = await found(archive, "economy glacier harbour")
    assert titles(page) == ["Economy grows"]
    (note,) = page.notes
    assert (note.key, note.params) == ("store.note_nearest", {"count": 2, "of": 3})
    page = await found(archive, "economy glacier")
    assert set(titles(page)) == {"Economy grows", "Glacier lakes"}
    assert page.notes[0].params == {"count": 1, "of": 2}


async def test_a_word_that_nothing_resembles_leaves_the_others(archive: Store) -> None:
    page = await found(archive, "glacier xylophonist")
    assert titles(page) == ["Glacier lakes"]
    assert page.notes[0].key == "store.note_nearest"


@pytest.mark.parametrize("typed", ["xylophonist", "zzzz qqqq", '"economy glacier"', "zzzz -the"])
async def test_what_nothing_resembles_finds_nothing(archive: Store, typed: str) -> None:
    page = await found(archive, typed)
    assert (page.total, page.notes) == (0, ())


async def test_everyday_words_are_no_reason_to_show_an_article(archive: Store) -> None:
    page = await found(archive, "the lakes of economy")
    assert set(titles(page)) == {"Glacier lakes", "Economy grows"}
    assert page.notes[0].params == {"count": 1, "of": 2}


async def test_filters_hold_when_words_give_way(archive: Store) -> None:
    page = await found(archive, "economy glacier tag:sea")
    assert page.total == 0
    page = await found(archive, "econmy harbour -tag:money")
    assert titles(page) == ["Harbour reopens"]
    page = await found(archive, "econmy tag:climate")
    assert page.total == 0


async def test_no_word_of_another_guild_is_offered(newsroom: Newsroom) -> None:
    await newsroom.publish(make_entry("Public harbour"))
    await newsroom.publish(make_entry("Marmalade plan"), feed="Own", scope_id=7)
    for scope in (PUBLIC_SCOPE, Scope(8)):
        page = await found(newsroom.store, "marmelade", scope)
        assert (page.total, page.notes) == (0, ())
    page = await found(newsroom.store, "marmelade", Scope(7))
    assert titles(page) == ["Marmalade plan"]


async def test_pages_of_the_nearest_can_be_turned(newsroom: Newsroom) -> None:
    await newsroom.publish(
        *[make_entry(f"Harbour {i}", body="harbour " * i) for i in range(5)],
        *[make_entry(f"Glacier {i}", body="glacier " * i) for i in range(4)],
    )
    query = language.parse("harbour glacier")
    seen: list[int] = []
    cursor = None
    while True:
        page = await newsroom.store.articles.find(
            query, PUBLIC_SCOPE, now=NOW, limit=2, cursor=cursor
        )
        assert page.notes
        seen += [hit.id for hit in page.hits]
        cursor = page.next
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 9


async def test_the_nearest_are_ordered_by_what_the_best_ones_speak_of(newsroom: Newsroom) -> None:
    await newsroom.publish(
        *[make_entry(f"Report {i}", body="glacier moraine meltwater icefall") for i in range(3)],
        make_entry("Alike", body="glacier beside moraine and icefall with meltwater"),
        make_entry("Apart", body="glacier mints"),
        make_entry("Other", body="orchards in blossom"),
    )
    page = await found(newsroom.store, "glacier tourists xylophone bagpipe concertina")
    assert set(titles(page)[:4]) == {"Report 0", "Report 1", "Report 2", "Alike"}
    assert titles(page)[4:] == ["Apart"]


async def test_pages_of_the_nearest_can_be_turned_back(newsroom: Newsroom) -> None:
    await newsroom.publish(*[make_entry(f"Harbour {i}", body="harbour " * i) for i in range(7)])
    await newsroom.publish(make_entry("Glacier"))
    query, asked = language.parse("harbour glacier"), newsroom.store.articles.find
    first = await asked(query, PUBLIC_SCOPE, now=NOW, limit=3)
    second = await asked(query, PUBLIC_SCOPE, now=NOW, limit=3, cursor=first.next)
    third = await asked(query, PUBLIC_SCOPE, now=NOW, limit=3, cursor=second.next)
    assert (first.previous, third.next) == (None, None)
    assert [page.first for page in (first, second, third)] == [1, 4, 7]
    back = await asked(query, PUBLIC_SCOPE, now=NOW, limit=3, cursor=third.previous)
    assert (titles(back), back.first) == (titles(second), 4)


ASKED = "which glacier sensors warned villages before floods"


async def asked_archive(newsroom: Newsroom) -> Store:
    await newsroom.publish(
        make_entry("Meltwater", body="Sensors at a glacier warned villages before the floods."),
        make_entry("Sensors", body="A glacier has sensors, which count meltwater, floods and ice."),
        make_entry("Villages", body="Villages are warned by bells."),
        make_entry("Orchards", body="Apples in blossom."),
    )
    return newsroom.store


async def test_a_question_is_answered_by_the_nearest_after_those_with_all_its_words(
    newsroom: Newsroom,
) -> None:
    store = await asked_archive(newsroom)
    page = await found(store, ASKED.replace("which ", ""))
    assert titles(page) == ["Meltwater", "Sensors", "Villages"]
    (note,) = page.notes
    assert (note.key, note.params) == ("store.note_filled", {"count": 1})
    query = language.parse(ASKED.replace("which ", ""))
    first = await store.articles.find(query, PUBLIC_SCOPE, now=NOW, limit=1)
    second = await store.articles.find(query, PUBLIC_SCOPE, now=NOW, limit=2, cursor=first.next)
    assert (titles(first), titles(second)) == (["Meltwater"], ["Sensors", "Villages"])


@pytest.mark.parametrize("typed", ["glacier warned villages", "the sensors at a glacier"])
async def test_of_a_few_words_all_are_meant(newsroom: Newsroom, typed: str) -> None:
    store = await asked_archive(newsroom)
    page = await found(store, typed)
    assert (titles(page), page.notes) == (["Meltwater"], ())


async def test_the_words_of_a_title_find_that_article_alone(newsroom: Newsroom) -> None:
    store = await asked_archive(newsroom)
    await newsroom.publish(make_entry("Apples and orchards in the early morning frost"))
    page = await found(store, "apples orchards early morning frost")
    assert (page.total, page.notes) == (1, ())


async def test_filters_hold_for_what_fills_a_page(newsroom: Newsroom) -> None:
    store = await asked_archive(newsroom)
    await newsroom.publish(make_entry("Glacier floods villages", tags=["Climate"]))
    await newsroom.publish(
        make_entry("Said", body="glacier sensors warned villages of floods", tags=["Climate"])
    )
    page = await found(store, "glacier sensors warned villages floods tag:climate")
    assert titles(page) == ["Said", "Glacier floods villages"]


async def test_what_stands_beside_a_misspelt_word_tells_which_was_meant(newsroom: Newsroom) -> None:
    await newsroom.publish(
        *[make_entry(f"String {i}", body="string theory") for i in range(5)],
        make_entry("Computers", body="a time sharing system"),
    )
    page = await found(newsroom.store, "saring")
    assert page.notes[0].params["read"] == "string"
    page = await found(newsroom.store, "time saring")
    assert (titles(page), page.notes[0].params["read"]) == (["Computers"], "sharing")
    page = await found(newsroom.store, "saring of theory")
    assert page.notes[0].params["read"] == "string"


@pytest.mark.parametrize("typed", ["who harbour economy", "harbour OR", "what about harbour"])
async def test_everyday_words_that_nothing_has_leave_the_telling_ones_together(
    archive: Store, typed: str
) -> None:
    page = await found(archive, typed)
    telling = [word for word in ("harbour", "economy") if word in typed]
    assert titles(page)[0] == ("Economy grows" if len(telling) == 2 else "Harbour reopens")
    assert page.total == (1 if len(telling) == 2 else 2)
    assert page.notes[0].params == {"count": len(telling), "of": len(typed.split())}
