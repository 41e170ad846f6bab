"""The grammar of bylines, source lines, sub-headings and kinds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ingest import marks
from bot.ingest.byline import (
    declared_names,
    kind_of,
    mark_subheadings,
    read_body,
    read_byline,
    read_source,
    split_names,
)
from bot.ingest.furniture import is_furniture, named_terms
from bot.ingest.headings import read_heading
from bot.ingest.marks import strip_more
from bot.model import Block, BlockType, Kind

P, S, IMAGE = BlockType.PARAGRAPH, BlockType.SUBHEADING, BlockType.IMAGE


def blocks(*texts: str) -> list[Block]:
    return [Block(P, text) for text in texts]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Jo Lind wrote . . . . . . . . .", ("Jo Lind",)),
        ("Jo Lind and Edith M. Holt wrote . . . .", ("Jo Lind", "Edith M. Holt")),
        ("A B, C D and E F wrote ....", ("A B", "C D", "E F")),
        ("wrote . . . . .", ()),
        ("Jo Lind wrote…", ("Jo Lind",)),
        ("Jo Lind wrote . . . but it was lost", None),
        ("Jo Lind wrote", None),
        ("Jo Lind wrote .", None),
        ("Jo Lind wrote. . . . And so on.", None),
        ("x" * 200 + " wrote . . . .", None),
        ("A. Typewrote . . . .", None),
    ],
)
def test_a_byline_is_a_whole_short_line_that_ends_in_dots(
    line: str, names: tuple[str, ...] | None
) -> None:
    assert read_byline(line) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Luis Ortega, Jr. and Mia Holt, PhD", ("Luis Ortega, Jr.", "Mia Holt, PhD")),
        ("Ana van Dam & Inés de la Cruz", ("Ana van Dam", "Inés de la Cruz")),
        ("By Jo Lind", ("Jo Lind",)),
        ("Sandy Anders", ("Sandy Anders",)),
        ("A B, , A B", ("A B",)),
        ("", ()),
    ],
)
def test_names_are_parted_and_kept_whole(text: str, names: tuple[str, ...]) -> None:
    assert split_names(text) == names


def test_accounts_are_no_declared_authors() -> None:
    given = ["admin", "jo_lind7", "a@b.example", None, "", "Redaktion", "Jo Lind", "Jo Lind", "BBC"]
    assert declared_names(given) == ("Jo Lind", "BBC")


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("Source : AP", "AP"),
        ("SOURCE:Reuters", "Reuters"),
        ("Source：朝日新聞", "朝日新聞"),
        ("Source : AP / Reuters", "AP / Reuters"),
        ("Source :", ""),
        ("Sources close to AP", None),
        ("The source: AP", None),
        ("Source : " + "x" * 400, None),
    ],
)
def test_a_source_line_names_its_publisher_verbatim(line: str, source: str | None) -> None:
    assert read_source(line) == source


def test_byline_and_source_are_taken_off_and_kept_raw() -> None:
    body = read_body(blocks("Jo Lind wrote . . . .", "Text.", "Source : AP"), plain=True)
    assert ([b.text for b in body.blocks], body.authors, body.source) == (
        ["Text."],
        ("Jo Lind",),
        "AP",
    )
    assert (body.byline_raw, body.source_raw) == ("Jo Lind wrote . . . .", "Source : AP")


def test_they_may_share_a_paragraph_with_the_text_beside_a_line_break() -> None:
    body = read_body(blocks("Jo Lind wrote . . . .\nFirst.", "Last.\nSource : AP"), plain=False)
    assert ([b.text for b in body.blocks], body.authors, body.source) == (
        ["First.", "Last."],
        ("Jo Lind",),
        "AP",
    )


def test_a_byline_in_the_middle_and_a_source_line_before_text_are_text() -> None:
    given = blocks("Text.", "Jo Lind wrote . . . .", "Source : AP", "More text.")
    body = read_body(given, plain=True)
    assert (body.authors, body.source) == (None, None)
    assert [block.text for block in body.blocks] == [block.text for block in given]


def test_pictures_around_them_do_not_hide_them() -> None:
    picture = Block(IMAGE, "", "https://s.example/i.png")
    given = [picture, *blocks("Jo Lind wrote . . . .", "Text.", "Source : AP"), picture]
    body = read_body(given, plain=False)
    assert (body.authors, body.source, len(body.blocks)) == (("Jo Lind",), "AP", 3)


def test_subheadings_are_short_open_lines_inside_the_text() -> None:
    texts = [
        "First Line",
        "A sentence.",
        "Dozens of arrests",
        "Another one.",
        "“Quoted line”",
        "Said he.",
        "- a point",
        "More.",
        "Ends with colon:",
        "End.",
        "lower case line",
        "End.",
        "Last Line",
    ]
    marked = mark_subheadings(blocks(*texts))
    assert [block.text for block in marked if block.type is S] == ["Dozens of arrests"]


def test_a_link_broken_out_of_a_sentence_is_no_subheading() -> None:
    given = blocks("He said on", "Some Site", "that it was so.", "The end.")
    assert all(block.type is P for block in mark_subheadings(given))


def test_marked_subheadings_switch_the_rule_for_plain_text_off() -> None:
    given = [
        *blocks("One.", "A Caption", "Two."),
        Block(S, "Marked"),
        *blocks("Three.", "Source : AP"),
    ]
    body = read_body(given, plain=False)
    assert [block.text for block in body.blocks if block.type is S] == ["Marked"]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Chart: Who Paid", Kind.CHART),
        ("INFOGRAPHIC : Water", Kind.INFOGRAPHIC),
        ("“Video: A Walk”", Kind.VIDEO),
        ("Humour: A joke", Kind.ARTICLE),
        ("Charter: A story", Kind.ARTICLE),
        ("The chart: a story", Kind.ARTICLE),
    ],
)
def test_a_titles_marker_tells_the_kind(title: str, kind: Kind) -> None:
    assert kind_of(title) is kind


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Text [&hellip;]", "Text"),
        ("Text [...]", "Text"),
        ("Text (more…)", "Text"),
        ("Text … Continue reading A Long Title", "Text"),
        ("Text... Read more", "Text"),
        ("It came early. Read more", "It came early."),
        ("Вода забрала две лодки. Читать далее", "Вода забрала две лодки."),
        ("Text Read More »", "Text"),
        ("Text […] Weiterlesen →", "Text"),
        ("Continue reading “A Title”", ""),
        ("続きを読む", ""),
        ("Lire la suite →", ""),
    ],
)
def test_marks_of_excerpts_come_off(text: str, rest: str) -> None:
    assert strip_more(text) == (rest, True)


@pytest.mark.parametrize(
    "text",
    [
        "You can read more about it in the report.",
        "More than 40 people came.",
        "Read on the coast, the letter sounded different to all of them, and they left it there.",
        "He trailed off …",
        "It came early. Then he had to read more",
        "Less is more. More",
        "Keep reading habits are hard to change.",
    ],
)
def test_sentences_are_no_marks_of_excerpts(text: str) -> None:
    assert strip_more(text) == (text, False)


@pytest.mark.parametrize(
    "line",
    [
        "Leave a comment",
        "3 Comments",
        "Posted in World | Tagged a, b",
        "← Older posts",
        "Share this:",
        "Filed under: News",
        "Deja un comentario",
        "Schreibe einen Kommentar",
    ],
)
def test_furniture_is_told(line: str) -> None:
    assert is_furniture(line)


@pytest.mark.parametrize(
    "line",
    [
        "Posted letters were read aloud",
        "Posted in 1992, the letter was lost for thirty years.",
        "Tagged birds fly far. They come back in spring.",
        "Leave a comment at the door, he said.",
        "Menus for the week",
    ],
)
def test_sentences_are_no_furniture(line: str) -> None:
    assert not is_furniture(line)


def test_terms_in_furniture_are_parted_by_commas_and_lost_links_leave_none() -> None:
    assert named_terms("Posted in World, News | Tagged UN, Q&A") == (
        ["UN", "Q&A"],
        ["World", "News"],
    )
    assert named_terms("Tags: , , , ,") == ([], [])


@pytest.mark.parametrize("line", ["Harbour Notes", "Tagged by hand", "A category apart", "x" * 400])
def test_other_lines_are_no_headings(line: str) -> None:
    assert read_heading(line) is None


@given(
    st.lists(st.sampled_from([*"….[]( )&;»→>.", "read more", "&hellip;", "more", "suite", " a"]))
)
def test_no_mark_of_an_excerpt_is_passed_over(pieces: list[str]) -> None:
    text = "".join(pieces)
    possible = list(marks.possible(text))
    assert all(form in possible or form.search(text) is None for form in marks.FORMS)
