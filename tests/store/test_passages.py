"""The order of the best leans to the newest, and a result leads to the block that answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.model import PUBLIC_SCOPE, Block, BlockType, Scope
from bot.query import language
from tests.conftest import NOW, Newsroom, make_entry


async def test_the_newest_gain_a_little_and_never_more(newsroom: Newsroom) -> None:
    store = newsroom.store
    body = "The harbour was quiet. " * 5
    await newsroom.publish(
        make_entry("Boats", body=body + "Ferry.", published_at=NOW - timedelta(days=2_000)),
        make_entry("Ships", body=body + "Ferry.", published_at=NOW - timedelta(days=1)),
        make_entry("Ferry", body=body + "Ferry.", published_at=NOW - timedelta(days=3_000)),
        *(make_entry(f"Other {n}", body=body) for n in range(20)),
    )
    for made in (False, True):
        if made:
            await store.beside.refresh(least=1)
        query = language.parse("ferry sort:best")
        page = await store.articles.search(query, PUBLIC_SCOPE, now=NOW)
        assert [hit.title for hit in page.hits] == ["Ferry", "Ships", "Boats"]


async def test_a_passage_is_the_block_with_most_of_the_words(newsroom: Newsroom) -> None:
    await newsroom.publish(
        make_entry("Harbour", body=["A quiet day.", "Two ferries met.", "Ferries met a storm."])
    )
    assert await quoted(newsroom, "ferry storm") == (2, "Ferries met a storm.", None)
    assert await quoted(newsroom, "ferr* storm") == (2, "Ferries met a storm.", None)
    assert await quoted(newsroom, "ferry") == (1, "Two ferries met.", None)
    assert await quoted(newsroom, "harbour") == (None, "A quiet day.", None)
    assert await quoted(newsroom, "title:harbour") == (None, "A quiet day.", None)


async def test_a_passage_names_the_sub_heading_it_stands_under(newsroom: Newsroom) -> None:
    entry = replace(
        make_entry("Harbour"),
        blocks=(
            Block(BlockType.PARAGRAPH, "A quiet day."),
            Block(BlockType.SUBHEADING, "At noon"),
            Block(BlockType.PARAGRAPH, "A ferry came."),
            Block(BlockType.IMAGE, "A ferry in a storm", "https://example.org/ferry.png"),
            Block(BlockType.SUBHEADING, "At night"),
            Block(BlockType.LIST, "A storm\nA ferry lost"),
        ),
    )
    await newsroom.publish(entry)
    assert await quoted(newsroom, "came") == (2, "A ferry came.", "At noon")
    assert await quoted(newsroom, "storm ferry") == (5, "A storm A ferry lost", "At night")
    assert await quoted(newsroom, "quiet") == (0, "A quiet day.", None)


async def quoted(newsroom: Newsroom, typed: str) -> tuple[int | None, str, str | None]:
    query = language.parse(typed)
    (hit,) = (await newsroom.store.articles.search(query, PUBLIC_SCOPE, now=NOW)).hits
    return hit.block, hit.excerpt, hit.heading


async def test_a_tags_other_name_finds_what_is_tagged_and_says_so(newsroom: Newsroom) -> None:
    store = newsroom.store
    await newsroom.publish(
        make_entry("Assembly votes", tags=["United Nations"], url="https://example.org/1"),
        make_entry("The UN of cats", tags=["Cats"], url="https://example.org/2"),
        make_entry("Assembly of bees", tags=["Bees"], url="https://example.org/3"),
    )
    await store.names.alias("UN", "United Nations", 7)

    guild = Scope(7)

    async def titles(typed: str, scope: Scope = guild) -> tuple[set[str], list[str]]:
        page = await store.articles.find(language.parse(typed), scope, now=NOW)
        return {hit.title for hit in page.hits}, [note.key for note in page.notes]

    said = ["store.note_alias"]
    assert await titles("UN") == ({"Assembly votes", "The UN of cats"}, said)
    assert await titles("assembly UN") == ({"Assembly votes"}, said)
    assert await titles("united nations") == ({"Assembly votes"}, said)
    assert await titles('"UN"') == ({"The UN of cats"}, [])
    assert await titles("UN", PUBLIC_SCOPE) == ({"The UN of cats"}, [])
    assert await titles("UN -assembly") == ({"The UN of cats"}, said)
