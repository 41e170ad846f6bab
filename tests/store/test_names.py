"""Names as they are typed: exact, begun, misspelt, and never from another guild."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import NotFoundError
from bot.model import PUBLIC_SCOPE, Scope
from bot.store import Store
from bot.store.names import What
from tests.conftest import NOW, Newsroom, make_entry

TAGS = {
    "United Nations": 5,
    "UN": 9,
    "Unrest": 2,
    "European Union": 7,
    "Élections": 3,
    "Climate": 4,
    "日本": 1,
}


@pytest.fixture
async def tagged(newsroom: Newsroom) -> Store:
    entries = [
        make_entry(f"{tag} {i}", tags=[tag], authors=("Maria van der Berg",), source="AP / Reuters")
        for tag, count in TAGS.items()
        for i in range(count)
    ]
    await newsroom.publish(*entries)
    return newsroom.store


async def suggested(
    store: Store, typed: str, what: What = "tag", scope: Scope = PUBLIC_SCOPE
) -> list[str]:
    return [name.name for name in await store.names.suggest(what, typed, scope)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("un", ["UN", "United Nations", "Unrest", "European Union"]),
        ("UNI", ["United Nations", "European Union"]),
        ("u.n.", ["UN", "United Nations", "Unrest", "European Union"]),
        ("nations", ["United Nations"]),
        ("elect", ["Élections"]),
        ("Untied", ["United Nations"]),
        ("climat", ["Climate"]),
        ("climaet", ["Climate"]),
        ("lcimate", ["Climate"]),
        ("xlimate", ["Climate"]),
        ("limate", ["Climate"]),
        ("zclimate", ["Climate"]),
        ("climmat", ["Climate"]),
        ("natoins", ["United Nations"]),
        ("eurpean unoin", ["European Union"]),
        ("europaen uni", ["European Union"]),
        ("日", ["日本"]),
        ("zebra", []),
        ("xq", []),
        ("ux", []),
        ("%", []),
        ("\0", ["UN", "European Union", "United Nations", "Climate"]),
    ],
)
async def test_what_is_typed_suggests(tagged: Store, typed: str, expected: list[str]) -> None:
    found = await suggested(tagged, typed)
    assert found[:4] == expected


async def test_nothing_typed_suggests_the_most_used(tagged: Store) -> None:
    assert (await suggested(tagged, ""))[:3] == ["UN", "European Union", "United Nations"]


async def test_nothing_typed_prefers_what_is_used_lately(newsroom: Newsroom) -> None:
    old = NOW - timedelta(days=400)
    await newsroom.publish(
        *[make_entry(f"o{i}", tags=["Old"], published_at=old) for i in range(5)],
        make_entry("n", tags=["New"], published_at=NOW),
    )
    assert await suggested(newsroom.store, "") == ["New", "Old"]


async def test_new_names_are_suggested_at_once_with_their_counts(newsroom: Newsroom) -> None:
    await newsroom.publish(make_entry("a", tags=["Harbour"]))
    assert await suggested(newsroom.store, "har") == ["Harbour"]
    await newsroom.publish(make_entry("b", tags=["Harvest", "Harbour"]))
    found = await newsroom.store.names.suggest("tag", "har", PUBLIC_SCOPE)
    assert [(name.name, name.count) for name in found] == [("Harbour", 2), ("Harvest", 1)]


async def test_authors_and_sources_by_any_of_their_words(tagged: Store) -> None:
    assert await suggested(tagged, "berg", "author") == ["Maria van der Berg"]
    assert await suggested(tagged, "reut", "source") == ["AP / Reuters"]
    (author,) = await tagged.names.author("van berg", PUBLIC_SCOPE)
    assert author.name == "Maria van der Berg"
    (source,) = await tagged.names.source("reuters", PUBLIC_SCOPE)
    assert source.count == sum(TAGS.values())


async def test_a_guilds_names_are_suggested_to_it_alone(newsroom: Newsroom) -> None:
    await newsroom.publish(make_entry("p", tags=["Secrecy"]))
    await newsroom.publish(
        make_entry("g", tags=["Secret plan", "Secrecy"], authors=("Secret Ode",), source="Secrets"),
        feed="Own",
        scope_id=7,
    )  # fmt: skip
    for scope in (PUBLIC_SCOPE, Scope(8)):
        for typed in ("secret", "secretp", "Sercet plan"):
            assert "Secret plan" not in await suggested(newsroom.store, typed, scope=scope)
        assert await suggested(newsroom.store, "secr", "author", scope) == []
        assert await suggested(newsroom.store, "", "source", scope) == []
        assert [tag.count for tag in await newsroom.store.names.tags(scope)] == [1]
    own = await newsroom.store.names.suggest("tag", "secr", Scope(7))
    assert [(name.name, name.count) for name in own] == [("Secrecy", 2), ("Secret plan", 1)]
    secret = await newsroom.store.names.tag("secret plan", Scope(7))
    with pytest.raises(NotFoundError):
        await newsroom.store.names.by_id("tag", secret[0].id, PUBLIC_SCOPE)


async def test_a_guilds_alias_works_in_that_guild(newsroom: Newsroom) -> None:
    await newsroom.publish(make_entry("a", tags=["United Nations"]))
    await newsroom.store.names.alias("UN", "United Nations", 7)
    assert [tag.name for tag in await newsroom.store.names.tag("un", Scope(7))] == [
        "United Nations"
    ]
    assert await newsroom.store.names.tag("un", PUBLIC_SCOPE) == ()


async def test_tags_are_listed_by_count_a_page_at_a_time(tagged: Store) -> None:
    first = await tagged.names.tags(PUBLIC_SCOPE, limit=4)
    last = first[-1]
    rest = await tagged.names.tags(PUBLIC_SCOPE, limit=4, after=(last.count, last.key))
    assert [tag.count for tag in (*first, *rest)] == sorted(TAGS.values(), reverse=True)
    assert len({tag.key for tag in (*first, *rest)}) == len(TAGS)
