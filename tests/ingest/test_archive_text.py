"""A saved archive page as plain text."""

from pathlib import Path

import pytest

from bot.errors import UnreadableError
from bot.ingest.formats import read
from bot.model import BlockType, Entry, Kind, Term

FIXTURES = Path(__file__).parents[1] / "fixtures"
PAGE = (FIXTURES / "archive_page.txt").read_bytes()
HEADER = "Site\n\nTagline\n\nTag Archives: UN\n\n"


def texts(entry: Entry, kind: BlockType = BlockType.PARAGRAPH) -> list[str]:
    return [block.text for block in entry.blocks if block.type is kind]


def seed() -> bytes:
    for folder in Path(__file__).resolve().parents:
        found = folder.parent / "shared" / "seed" / "tag-archive-un.txt"
        if found.is_file():
            return found.read_bytes()
    pytest.skip("the seed is not on this machine")


def test_the_seed_gives_its_five_articles_in_page_order() -> None:
    reading = read(seed())
    shown = [
        (len(entry.authors), entry.source, len(texts(entry)), texts(entry, BlockType.SUBHEADING))
        for entry in reading.entries
    ]
    assert shown == [
        (2, "AP", 34, []),
        (1, "Reuters", 11, []),
        (
            0,
            "United Nations",
            16,
            ["Definition unclear", "Dozens of child arrests", "Promises broken"],
        ),
        (1, "Reuters", 21, ["DIRECT LOBBYING"]),
        (0, "Statista", 0, []),
    ]
    assert all("\xa0" not in entry.title for entry in reading.entries)
    assert all(entry.published_at is None and not entry.truncated for entry in reading.entries)
    assert {entry.tags for entry in reading.entries} == {(Term("UN"),)}
    assert reading.entries[4].kind is Kind.CHART
    assert (reading.archive, reading.read) == ("UN", 5)


def test_titles_bylines_and_sources_are_told_apart() -> None:
    reading = read(PAGE)
    assert reading.title == "Harbour Notes"
    assert [(entry.title, entry.authors, entry.source) for entry in reading.entries] == [
        (
            "Ferry Timetable Changes with the Spring Tide",
            ("Ana van Dam", "Luis M. Ortega, Jr.", "Mia Holt"),
            "Harbour Office",
        ),
        ("Lighthouse Opens Its Stairs to Visitors", (), "Coast Weekly / Town Gazette"),
        ("Chart: How High the Water Stood", (), "Tide Institute"),
        ("New Pier Waits for Money", ("Jo Lind",), None),
    ]


def test_a_short_open_line_is_a_subheading_and_a_quoted_or_closed_one_is_not() -> None:
    first, second = read(PAGE).entries[:2]
    assert texts(first, BlockType.SUBHEADING) == ["Fewer night crossings"]
    assert texts(first)[-1] == "“The water decides.”"
    assert texts(second, BlockType.SUBHEADING) == ["THE LAMP ROOM"]


def test_wrote_with_dots_inside_a_paragraph_is_no_byline() -> None:
    entry = read(PAGE).entries[0]
    assert "One captain wrote . . . but it was never sent." in texts(entry)[2]


def test_no_date_is_made_up_and_the_archives_tag_is_on_every_entry() -> None:
    for entry in read(PAGE).entries:
        assert entry.published_at is None
        assert entry.tags == (Term("Tides"),)


def test_an_entry_cut_in_its_middle_keeps_what_it_has_and_is_marked() -> None:
    entries = read(PAGE).entries
    assert texts(entries[-1]) == ["The council has put off its vote on the pier, which"]
    assert [entry.truncated for entry in entries] == [False, False, False, True]


@pytest.mark.parametrize("cut", [100, 300, 430, 600])
def test_a_page_cut_anywhere_is_read_as_far_as_it_goes(cut: int) -> None:
    reading = read(PAGE.decode()[:cut].encode())
    assert reading.entries[0].title.startswith("Ferry Timetable Changes")


def test_blank_lines_only_part_blocks_however_many_there_are() -> None:
    lines = [line for line in PAGE.decode().split("\n") if line.strip()]
    for gap in ("\n", "\n\n", "\n \n\n\n", "\r\n\r\n"):
        reading = read(gap.join(lines).encode())
        assert reading.entries == read(PAGE).entries


def test_paragraphs_wrapped_by_width_are_joined() -> None:
    wrapped = (
        f"{HEADER}A Title\n\nJo Lind wrote . . . .\n\nThe council met for the third time this month"
        " and put off\nits vote on the pier once more, since nobody could say what\nit would cost."
        "\n\nSource : AP\n"
    )
    assert len(texts(read(wrapped.encode()).entries[0])) == 1


def test_a_byline_starts_an_entry_where_a_source_line_is_missing() -> None:
    text = (
        f"{HEADER}One\n\nA B wrote . . . .\n\nText one.\n\nTwo\n\nC D wrote . . . .\n\nText two."
        "\n\nSource : AP"
    )
    entries = read(text.encode()).entries
    assert [(e.title, e.source, texts(e)) for e in entries] == [
        ("One", None, ["Text one."]),
        ("Two", "AP", ["Text two."]),
    ]


@pytest.mark.parametrize(
    ("heading", "name", "term"),
    [
        ("Tag Archives: UN", "UN", Term("UN", "tag")),
        ("Category Archives: News, Politics", "News, Politics", Term("News, Politics", "category")),
        ("Tagged: UN", "UN", Term("UN", "tag")),
        ("Tag: UN", "UN", Term("UN", "tag")),
        ("Archive for ‘World’", "World", Term("World", "category")),
        ("Archive for the ‘World’ Category", "World", Term("World", "category")),
        ("Archivo de Etiquetas de 'Crisis'", "Crisis", Term("Crisis", "tag")),
        ("Archiv für die ‘Welt’ Kategorie", "Welt", Term("Welt", "category")),
        ("タグ: 音楽", "音楽", Term("音楽", "tag")),
        ("Monthly Archives: May 2014", "May 2014", None),
        ("Author Archives: Jo Lind", "Jo Lind", None),
        ("Author: Jo Lind", "Jo Lind", None),
    ],
)
def test_the_heading_says_what_the_page_is_of(heading: str, name: str, term: Term | None) -> None:
    text = f"Site\n\n{heading}\n\nA Title\n\nJo Lind wrote . . . .\n\nText.\n\nSource : AP\n"
    reading = read(text.encode())
    assert reading.archive == name
    assert reading.entries[0].tags == (() if term is None else (term,))


def test_an_unknown_header_names_no_archive_and_the_import_goes_on() -> None:
    text = "Site\n\nSome page\n\nA Title\n\nJo Lind wrote . . . .\n\nText.\n\nSource : AP\n"
    reading = read(text.encode())
    assert reading.archive is None
    assert [(e.title, e.tags, e.source) for e in reading.entries] == [("A Title", (), "AP")]


def test_other_themes_are_read_by_look_and_said_to_be_uncertain() -> None:
    reading = read((FIXTURES / "archive_excerpts.txt").read_bytes(), name="page.txt")
    assert [problem.key for problem in reading.problems] == ["ingest.form_uncertain"]
    first, second = reading.entries
    assert (first.title, second.title) == ("Pruning the old trees", "A late frost")
    assert first.published_at is not None and first.published_at.date().isoformat() == "2016-03-15"
    assert [t.name for t in first.tags] == ["Orchard", "pears", "plums"]
    assert [t.name for t in second.tags] == ["Orchard"], "lost links leave no empty tags"


@pytest.mark.parametrize(
    ("line", "poster"),
    [
        ("March 3, 2020", None),
        ("3. März 2020 von Mara Quay", "Mara Quay"),
        ("March 3, 2020 by Mara Quay", "Mara Quay"),
        ("By Mara Quay | March 3, 2020", "Mara Quay"),
        ("par Mara Quay le 3 mars 2020", "Mara Quay"),
    ],
)
def test_a_date_may_stand_with_a_name(line: str, poster: str | None) -> None:
    text = f"Site\n\nTag: Water\n\nA late frost\n\n{line}\n\nIt came on Monday at night […]\n"
    [entry] = read(text.encode(), name="page.txt").entries
    assert entry.published_at is not None
    assert entry.published_at.date().isoformat() == "2020-03-03"
    assert (entry.poster, texts(entry)) == (poster, ["It came on Monday at night"])


@pytest.mark.parametrize("head", ["Recent Posts", "Neueste Beiträge", "最近の投稿"])
@pytest.mark.parametrize("rest", ["Source : AP\n", "Continue reading →\n"])
def test_the_lists_beside_a_page_are_no_entries(head: str, rest: str) -> None:
    text = f"Site\n\nTag: Water\n\nA late frost\n\nIt came on Monday at night.\n\n{rest}"
    lists = f"\n{head}\n\nA late frost\n\nPruning the old trees by hand\n"
    entries = read((text + lists).encode(), name="page.txt").entries
    assert [entry.title for entry in entries] == ["A late frost"]


def test_marks_of_excerpts_are_stripped_and_remembered() -> None:
    for entry in read((FIXTURES / "archive_excerpts.txt").read_bytes()).entries:
        assert entry.truncated
        assert not any("Continue" in text or "hellip" in text for text in texts(entry))
        assert len(texts(entry)) == 1, "menu, share rows and links to other pages are no text"


def test_text_without_anything_of_an_archive_says_how_it_begins() -> None:
    with pytest.raises(UnreadableError) as caught:
        read(b"Dear all,\n\nlunch is at noon.\n")
    assert caught.value.key == "ingest.form_plain_text"
    assert caught.value.params["start"] == "Dear all,"
    assert caught.value.exit_code == 2
