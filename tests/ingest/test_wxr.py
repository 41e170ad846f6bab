"""WordPress exports."""

import gzip
import tracemalloc
from io import BytesIO
from pathlib import Path

import pytest

from bot.errors import UnreadableError
from bot.ingest.document import file_pieces
from bot.ingest.formats import read
from bot.ingest.formats.wxr import Export, begins_export, count_items
from bot.model import BlockType, Reading, Term
from bot.query import indexing

FIXTURES = Path(__file__).parents[1] / "fixtures"
EXPORT = (FIXTURES / "export.xml").read_bytes()


def test_only_published_posts_without_a_password_are_read() -> None:
    reading = read(EXPORT)
    assert [entry.title for entry in reading.entries] == [
        "Council Puts Off Vote",
        "Code in a post",
        "Fish & chips",
    ]
    assert reading.read == 10, "every item counts as read"
    assert (reading.form, reading.title) == ("WordPress export 1.2", "Town Wire")


def test_blank_lines_part_paragraphs_and_block_comments_and_shortcodes_go() -> None:
    entry = read(EXPORT).entries[0]
    assert [(block.type, block.text) for block in entry.blocks] == [
        (BlockType.PARAGRAPH, "The council met on Tuesday.\nIt met again on Friday."),
        (BlockType.SUBHEADING, "What was said"),
        (BlockType.PARAGRAPH, "The vote was [sic] put off."),
        (BlockType.IMAGE, "The old hall"),
    ]
    assert (entry.authors, entry.source) == (("Ana van Dam",), "AP")


def test_a_login_becomes_its_display_name_and_admin_is_no_author() -> None:
    first, second, _ = read(EXPORT).entries
    assert (first.poster, second.poster, second.authors) == ("admin", "Jo Lind", ("Jo Lind",))


def test_tags_and_categories_are_terms_and_other_taxonomies_are_not() -> None:
    assert read(EXPORT).entries[0].tags == (
        Term("U.N.", "tag", "un"),
        Term("News, Politics", "category", "news"),
    )


def test_dates_are_utc_and_zero_dates_fall_back_to_the_feeds() -> None:
    dates = [entry.published_at for entry in read(EXPORT).entries]
    assert [date.isoformat() for date in dates if date] == ["2022-03-04T08:00:00+00:00"] * 3


def test_identity_is_the_sites_number_whatever_host_the_guid_names() -> None:
    entry = read(EXPORT).entries[0]
    assert (entry.site, entry.post_id, entry.guid) == (
        "new.example",
        11,
        "http://old.example/?p=11",
    )


def test_mail_and_addresses_of_readers_are_never_taken_in() -> None:
    assert "mail.example" not in repr(read(EXPORT)) and "192.0.2.7" not in repr(read(EXPORT))


def test_split_cdata_and_an_items_end_within_text_end_no_item() -> None:
    assert read(EXPORT).entries[1].blocks[0].text == "Cut here: ]]> and a tag </item> in text."


def test_a_broken_item_costs_no_other_and_is_reported() -> None:
    problems = read(EXPORT, name="export.xml").problems
    assert [(p.where, p.key, dict(p.params)) for p in problems] == [
        ("export.xml", "ingest.form_bad_item", {"number": 9})
    ]


def test_an_export_cut_off_gives_what_came_before() -> None:
    cut = EXPORT[: EXPORT.index(b"Code in a post") + 200]
    reading = read(cut)
    assert [entry.title for entry in reading.entries] == ["Council Puts Off Vote"]
    assert [problem.key for problem in reading.problems] == ["ingest.form_cut_off"]


@pytest.mark.parametrize("version", ["1.0", "1.1", "9.9"])
def test_versions_differ_only_in_their_namespaces(version: str) -> None:
    old = EXPORT.replace(b"/export/1.2/", f"/export/{version}/".encode())
    old = old.replace(b"<wp:wxr_version>1.2<", f"<wp:wxr_version>{version}<".encode())
    assert read(old).entries == read(EXPORT).entries


def test_nul_and_control_characters_are_dropped() -> None:
    dirty = EXPORT.replace(b"put off.", b"put\x00 \x0boff.")
    assert read(dirty).entries == read(EXPORT).entries


def test_a_compressed_export_is_read_as_a_stream() -> None:
    assert list(Export(BytesIO(gzip.compress(EXPORT)))) == list(read(EXPORT).entries)


def test_memory_does_not_grow_with_the_file() -> None:
    start, _, rest = EXPORT.partition(b"<item>")
    item = b"<item>" + rest.partition(b"<item>")[0]
    peaks = []
    for count in (300, 3_000):
        file = BytesIO(start + item * count + b"</channel></rss>")
        tracemalloc.start()
        export = Export(file)
        assert sum(1 for _ in export) == export.read == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5 + 500_000


def test_what_begins_as_an_export_but_is_damaged_is_an_error() -> None:
    broken = b'<rss xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>x</tilte></channel>'
    with pytest.raises(UnreadableError) as caught:
        read(broken)
    assert caught.value.key == "ingest.form_bad_export"


def test_an_export_is_told_by_its_first_bytes_also_when_it_is_compressed() -> None:
    assert begins_export(EXPORT[:65_536])
    assert begins_export(gzip.compress(EXPORT))
    assert not begins_export(b"<rss version='2.0'><channel/></rss>")
    assert not begins_export(EXPORT.decode().encode("utf-16"))
    assert read(EXPORT.decode().encode("utf-16")).entries == read(EXPORT).entries


def test_items_are_counted_for_a_progress_bar_before_they_are_read() -> None:
    file = BytesIO(EXPORT)
    assert count_items(file) == EXPORT.count(b"</item>")
    assert file.tell() == 0


def test_a_file_is_handed_over_in_pieces_with_its_exact_count_last(tmp_path: Path) -> None:
    path = tmp_path / "export.xml"
    path.write_bytes(EXPORT)
    first, *pieces, last = file_pieces(str(path))
    assert isinstance(first, Reading) and first.read == 11
    assert isinstance(last, Reading) and last.read == 10
    assert [problem.key for problem in last.problems] == ["ingest.form_bad_item"]
    keyed = [keyed for piece in pieces if isinstance(piece, tuple) for keyed in piece]
    entries = [indexing.whole(each).entry for each in keyed]
    assert entries == list(read(EXPORT).entries)


def test_a_damaged_header_costs_the_sites_name_and_no_item(tmp_path: Path) -> None:
    path = tmp_path / "export.xml"
    path.write_bytes(EXPORT.replace(b"</language>", b"</langue>"))
    first, *pieces, last = file_pieces(str(path))
    assert isinstance(first, Reading) and first.title is None
    assert len(pieces) == 1
    assert isinstance(last, Reading) and last.problems[0].key == "ingest.form_bad_header"
