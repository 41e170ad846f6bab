"""A feed that may be quoted but not reprinted shows a beginning everywhere, and loses nothing."""

from __future__ import annotations

import pytest

from bot.errors import NotFoundError
from bot.model import PUBLIC_SCOPE, Block, BlockType, article_json
from bot.query import language
from bot.store.quote import MOST, quoted
from tests.conftest import NOW, Newsroom, make_entry

SENTENCE = "The tide mill of Port Veld grinds again after forty years of silence. "
HIDDEN = "The miller keeps a zeppelin in the loft."
BODY = (SENTENCE * 6, HIDDEN)


def paragraph(text: str) -> Block:
    return Block(BlockType.PARAGRAPH, text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (SENTENCE * 9, (SENTENCE * 4).strip()),
        ("Short and whole.", "Short and whole."),
        ("満潮の港。" * 100, "満潮の港。" * 60),
        ("x" * 999, "x" * 299 + "…"),
        ("word " * 99, ("word " * 60).strip() + "…"),
        ("At 9.30 a.m. it began. " + "and then " * 99, None),
    ],
)
def test_a_quotation_ends_with_a_sentence_where_it_can(text: str, shown: str | None) -> None:
    (block,) = quoted([paragraph(text)])
    assert len(block.text) <= MOST
    assert block.text == shown if shown else block.text.endswith("…")


def test_a_quotation_has_no_images_tables_or_headings_at_its_end() -> None:
    blocks = [
        Block(BlockType.IMAGE, "A mill", "https://e.org/m.png"),
        paragraph("The mill turns."),
        Block(BlockType.TABLE, "a\tb"),
        Block(BlockType.SUBHEADING, "How it works"),
        paragraph("x" * 999),
    ]
    assert quoted(blocks) == (paragraph("The mill turns."),)
    assert quoted([]) == ()


async def test_articles_and_results_of_the_feed_are_cut_and_whole_again(
    newsroom: Newsroom,
) -> None:
    store = newsroom.store
    await newsroom.publish(make_entry("Tide mill", body=BODY, url="https://e.org/1"))
    await newsroom.publish(make_entry("Tide mills", body=BODY, url="https://e.org/1"))
    (whole,) = [a async for a in store.articles.each()]
    feed = await newsroom.feed()
    await store.feeds.quote(feed.id, only=True)
    assert (await store.feeds.anywhere(feed.id)).excerpts_only
    (cut,) = [a async for a in store.articles.each()]
    assert [b.text for b in cut.blocks] == [(SENTENCE * 4).strip()] and cut.truncated
    assert (cut.url, cut.title) == (whole.url, whole.title)
    assert HIDDEN not in str(article_json(cut))
    (before,) = await store.articles.versions(cut.id, PUBLIC_SCOPE)
    assert [b.text for b in before.blocks] == [(SENTENCE * 4).strip()]
    # It is found by what it does not show, and the result does not show it either.
    page = await store.articles.find(language.parse("zeppelin"), PUBLIC_SCOPE, now=NOW)
    assert page.total == 1 and page.hits[0].truncated
    assert "zeppelin" not in page.hits[0].excerpt
    # The same document again is no change, and a full body is not lost to the cut one.
    again = await newsroom.publish(make_entry("Tide mills", body=BODY, url="https://e.org/1"))
    assert again.unchanged == 1
    await store.feeds.quote(feed.id, only=False)
    assert [a async for a in store.articles.each()] == [whole]


async def test_another_feed_is_shown_whole(newsroom: Newsroom) -> None:
    await newsroom.publish(make_entry("Tide mill", body=BODY), feed="A")
    await newsroom.publish(make_entry("Wind mill", body=BODY), feed="B")
    await newsroom.store.feeds.quote((await newsroom.feed("A")).id, only=True)
    cut = {a.feed: a.truncated async for a in newsroom.store.articles.each()}
    assert cut == {"A": True, "B": False}


async def test_a_feed_that_is_not_there_cannot_be_set(newsroom: Newsroom) -> None:
    with pytest.raises(NotFoundError):
        await newsroom.store.feeds.quote(99, only=True)
