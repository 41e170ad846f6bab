"""The reader: pages that break at sub-headings, and every type of block readable."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.chat import render
from bot.chat.reader import PAGE_CHARS, minutes, pages
from bot.messages import catalogue
from bot.model import Article, Block, BlockType, Kind, Tag

SAY = catalogue().say
P, H = BlockType.PARAGRAPH, BlockType.SUBHEADING


def article(*blocks: Block, **changed: Any) -> Article:
    made = Article(
        id=7,
        scope_id=0,
        feed_id=1,
        feed="World Desk",
        title="A title",
        authors=("Ana Berg", "Tom Ito", "Mira Solheim"),
        source=None,
        poster=None,
        tags=(Tag(3, "UN", "un"),),
        published_at=datetime(2022, 8, 1, tzinfo=UTC),
        updated_at=None,
        url="https://news.example/a",
        kind=Kind.ARTICLE,
        truncated=False,
        blocks=blocks,
        image_url=None,
        found_at=datetime(2022, 8, 2, tzinfo=UTC),
        sort_at=1,
    )
    return replace(made, **changed)


def text(made: Article, number: int = 1) -> str:
    drawn: Any = render.reader(made, number, SAY)
    parts = drawn.to_components()[0]["components"]
    return "\n".join(part["content"] for part in parts if part["type"] == 10)


def bodies(*blocks: Block) -> list[str]:
    return ["\n".join(p for p in sheet.pieces if isinstance(p, str)) for sheet in pages(blocks)]


def test_short_sections_share_a_page_and_long_ones_begin_a_new_one() -> None:
    found = bodies(
        Block(H, "One"),
        Block(P, "short"),
        Block(H, "Two"),
        Block(P, "short too"),
        Block(H, "Three"),
        Block(P, "word " * 452),
        Block(H, "Four"),
        Block(P, "end"),
    )
    assert [body.count("### ") for body in found] == [2, 2]
    assert found[0].startswith("### One\n\nshort\n### Two")
    assert found[1].startswith("### Three") and found[1].endswith("end")


def test_a_section_too_long_for_a_page_breaks_between_sentences_and_loses_nothing() -> None:
    sentences = [f"This is sentence number {number}." for number in range(400)]
    found = bodies(Block(H, "Long"), Block(P, " ".join(sentences)))
    assert len(found) > 3
    assert all(len(body) <= PAGE_CHARS for body in found)
    assert all(body.endswith(".") for body in found)
    together = " ".join(found)
    assert all(sentence in together for sentence in sentences)


def test_lists_quotes_and_tables_keep_their_form() -> None:
    (body,) = bodies(
        Block(BlockType.LIST, "first\nsecond"),
        Block(BlockType.QUOTE, "said\nand said again"),
        Block(BlockType.TABLE, "Year\tTonnes\n2021\t13\n2022\t7"),
    )
    assert "- first\n- second" in body
    assert "> said\n> and said again" in body
    assert "```\nYear  Tonnes\n2021  13\n2022  7\n```" in body


def test_a_wide_table_becomes_a_list_and_no_cell_closes_a_fence() -> None:
    (wide,) = bodies(Block(BlockType.TABLE, "a " * 30 + "\tb\nc\td"))
    assert wide.startswith("- a a") and "\n- c · d" in wide
    (fenced,) = bodies(Block(BlockType.TABLE, "x\t```\n**y**\tz"))
    assert fenced.count("```") == 2


def test_images_stand_between_the_texts_with_their_description() -> None:
    made = article(
        Block(P, "before"),
        Block(BlockType.IMAGE, "A hall", "https://news.example/hall.png"),
        Block(BlockType.IMAGE, "A door", "https://news.example/door.png"),
        Block(P, "after"),
    )
    drawn: Any = render.reader(made, 1, SAY)
    parts = drawn.to_components()[0]["components"]
    (gallery,) = [part for part in parts if part["type"] == 12]
    assert [item["description"] for item in gallery["items"]] == ["A hall", "A door"]
    place = parts.index(gallery)
    assert parts[place - 1]["content"] == "before" and parts[place + 1]["content"] == "after"


def test_the_head_and_foot_say_who_where_and_when() -> None:
    shown = text(article(Block(P, "Text.")))
    assert shown.startswith("## [A title](https://news.example/a)")
    assert "Ana Berg, Tom Ito and Mira Solheim · World Desk · <t:1659312000:D>" in shown
    assert "Source: World Desk" in shown
    assert "Tags: UN" in shown
    assert "1 minute to read" in shown


def test_what_has_no_text_or_only_a_beginning_says_so() -> None:
    assert "no text of its own" in text(article(kind=Kind.CHART))
    assert "Chart · " in text(article(kind=Kind.CHART))
    assert "only the beginning" in text(article(Block(P, "Text."), truncated=True))


def test_a_page_out_of_range_is_the_nearest() -> None:
    made = article(Block(P, "word " * 440), Block(H, "Last"), Block(P, "word " * 440))
    assert text(made, 0) == text(made, 1)
    assert text(made, 99) == text(made, 2)
    assert "page 2 of 2" in text(made, 99)


def test_a_right_to_left_title_does_not_turn_its_line_around() -> None:
    assert "\u2068שלום עולם\u2069" in text(article(Block(P, "x"), title="שלום עולם"))


def test_reading_time_counts_words_and_where_there_are_none_characters() -> None:
    assert minutes([Block(P, "word " * 1100)]) == 5
    assert minutes([Block(P, "新聞" * 1000)]) == 4
    assert minutes([]) == 1
