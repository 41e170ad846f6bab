"""The reader: pages that break at sub-headings, and every type of block readable."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.chat import render
from bot.chat.reader import minutes
from bot.chat.sheets import PAGE_CHARS, pages
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
    assert "```\nYear  Tonnes\n2021      13\n2022       7\n```" in body


def test_a_wide_table_becomes_a_list_and_no_cell_closes_a_fence() -> None:
    (wide,) = bodies(Block(BlockType.TABLE, "a " * 30 + "\tb\nc\td"))
    assert wide.startswith("- a a") and wide.endswith("a: **c** · b: d")
    (fenced,) = bodies(Block(BlockType.TABLE, "x\t```\n**y**\tz"))
    assert fenced.count("```") == 2


def test_a_table_of_many_columns_names_each_cell_and_an_empty_one_moves_no_other() -> None:
    head = ["Town", *(f"Month {n}" for n in range(1, 12))]
    row = ["Vellen", "", *(str(n) for n in range(2, 12))]
    (body,) = bodies(Block(BlockType.TABLE, " | ".join(head) + "\n" + " | ".join(row)))
    assert body.startswith("- Town: **Vellen** · Month 2: 2 · Month 3: 3 ·")
    assert body.endswith("Month 11: 11")
    (headless,) = bodies(Block(BlockType.TABLE, "1 | 2 | x" + "y" * 40 + "\n3 |  | z"))
    assert "- 3 · – · z" in headless


def test_a_table_in_columns_fits_a_phone_and_takes_any_letters_of_one_width() -> None:
    (body,) = bodies(Block(BlockType.TABLE, "Año | Málaga\n2021 | 13\n2022 | 7"))
    assert body == "```\nAño   Málaga\n2021      13\n2022       7\n```"
    (wider,) = bodies(Block(BlockType.TABLE, "Route | Minutes | Boats\nTo the island | 45 | 12"))
    assert "```" not in wider
    (wide,) = bodies(Block(BlockType.TABLE, "年 | 量\n2021 | 13"))
    assert wide == "- 年: **2021** · 量: 13"


def test_a_list_in_a_list_keeps_its_place() -> None:
    (body,) = bodies(Block(BlockType.LIST, "First\n  Inner\n    Deep\nSecond"))
    assert body == "- First\n  - Inner\n    - Deep\n- Second"


def test_links_stay_links_within_their_text() -> None:
    said = "Read the full report, or (b)."
    links = ((9, 20, "https://a.example/r(1)"), (25, 28, "javascript:x"))
    (body,) = bodies(Block(P, said, links=links))
    assert body == "Read the [full report](https://a.example/r%281%29), or (b)."
    (item,) = bodies(Block(BlockType.LIST, "One\n  Two", links=((6, 9, "https://a.example/2"),)))
    assert item == "- One\n  - [Two](https://a.example/2)"
    (cut,) = bodies(Block(P, "Short", links=((0, 40, "https://a.example/x"),)))
    assert cut == "Short"


def test_no_link_hides_behind_the_address_of_another() -> None:
    own, other = "https://bank.example/pay", "https://trap.example/x"
    (same,) = bodies(Block(P, f"See {own}.", links=((4, 4 + len(own), own),)))
    assert same == f"See <{own}>."
    for shown in (own, "bank.example", "www.bank.example/pay"):
        (body,) = bodies(Block(P, shown, links=((0, len(shown), other),)))
        assert f"[{shown}]" not in body
        assert body.endswith(" ([trap.example](https://trap.example/x))")


def test_a_page_never_breaks_a_link_and_loses_none() -> None:
    said, links = "", []
    for number in range(120):
        said += f"Sentence {number} has a "
        links.append((len(said), len(said) + 4, f"https://a.example/{'l' * 200}/{number}"))
        said += "link inside. "
    found = bodies(Block(P, said.strip(), links=tuple(links)))
    whole = "\n".join(found)
    assert len(found) > 10 and all(len(body) <= PAGE_CHARS for body in found)
    assert all(f"[link]({url})" in whole for _, _, url in links)


def test_an_image_without_words_says_that_it_has_none() -> None:
    made = article(Block(BlockType.IMAGE, "", "https://news.example/hall.png"))
    drawn: Any = render.reader(made, 1, SAY)
    (gallery,) = [p for p in drawn.to_components()[0]["components"] if p["type"] == 12]
    assert "A title" in gallery["items"][0]["description"]
    assert "does not describe" in gallery["items"][0]["description"]


def controls(made: Article, number: int = 1) -> list[Any]:
    drawn: Any = render.reader(made, number, SAY)
    rows = [p for p in drawn.to_components()[0]["components"] if p["type"] == 1]
    return [control for row in rows for control in row["components"]]


def test_sixty_tags_are_five_buttons_and_a_menu() -> None:
    tags = tuple(Tag(n, f"Tag {n}", f"t{n}") for n in range(1, 61))
    shown = controls(article(Block(P, "x"), tags=tags))
    assert [
        c["custom_id"] for c in shown if ":tag:" in c.get("custom_id", "") and c["type"] == 2
    ] == [f"t1:tag:{n}" for n in range(1, 6)]
    (menu,) = [c for c in shown if c["type"] == 3]
    assert [o["value"] for o in menu["options"]] == [str(n) for n in range(6, 31)]


def test_the_contents_lead_to_each_sub_heading_and_mark_where_one_is() -> None:
    blocks = [b for n in range(8) for b in (Block(H, f"Part {n}"), Block(P, "word " * 250))]
    (menu,) = [c for c in controls(article(*blocks), 2) if c["type"] == 3]
    assert [o["label"] for o in menu["options"]] == [f"Part {n}" for n in range(8)]
    assert len({o["value"] for o in menu["options"]}) == 8
    (here,) = [o for o in menu["options"] if o.get("default")]
    assert here["value"].startswith("2.")
    assert not [c for c in controls(article(Block(P, "short"))) if c["type"] == 3]


def test_the_contents_of_a_wall_of_text_are_its_pages() -> None:
    made = article(Block(P, "Nothing but words here. " * 4_000))
    (menu,) = [c for c in controls(made) if c["type"] == 3]
    assert 15 <= len(menu["options"]) <= 25
    assert menu["options"][0]["label"].startswith("page 1 of ")


def test_a_title_with_stars_and_no_link_keeps_them() -> None:
    shown = text(article(Block(P, "x"), title="Two *stars*", url=None))
    assert shown.startswith("## Two \\*stars\\*\n")


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


def test_a_page_with_an_address_too_long_for_a_button_is_led_to_by_a_link() -> None:
    long = "https://news.example/" + "q" * 1_900
    shown = text(article(Block(P, "Text."), url=long))
    assert f"[Open the page]({long})" in shown
    assert "Source: World Desk" in shown
    full = text(article(Block(P, "word " * 455), url=long))
    assert "Source: World Desk" in full and full.count("](") == full.count(long + ")")
