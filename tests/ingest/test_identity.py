"""By which keys an item is known again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.ingest.formats import read
from bot.ingest.identity import content_hash, keys, shared
from bot.ingest.links import fold_link, safe_link
from bot.model import Block, BlockType, Entry, Term

FIXTURES = Path(__file__).parents[1] / "fixtures"
FEED = "https://w.example/feed/"
DAY = datetime(2022, 3, 4, 8, tzinfo=UTC)
TEXT = (Block(BlockType.PARAGRAPH, "The harbour office moved the first ferry of the day. " * 5),)


def kinds(entry: Entry, feed_url: str | None = FEED) -> list[str]:
    return [key.partition(":")[0] for key in keys(entry, feed_url)]


def meet(
    one: Entry, other: Entry, one_feed: str | None = FEED, other_feed: str | None = FEED
) -> bool:
    return bool(set(keys(one, one_feed)) & set(keys(other, other_feed)))


def test_keys_come_strongest_first() -> None:
    entry = Entry("A", guid="https://w.example/?p=5", url="https://w.example/a/", published_at=DAY)
    assert kinds(entry) == ["guid", "post", "link", "dated"]


def test_every_item_has_a_key() -> None:
    assert kinds(Entry("")) == ["text"]
    assert kinds(Entry("A", blocks=TEXT)) == ["text"]


def test_a_guid_is_scoped_to_its_feed() -> None:
    entry = Entry("A", guid="1")
    assert set(keys(entry, FEED)) & set(
        keys(replace(entry, title="B"), "http://www.w.example/feed")
    )
    assert not meet(entry, replace(entry, title="B"), FEED, "https://other.example/feed/")


def test_one_post_meets_itself_in_page_feed_api_and_export() -> None:
    page = Entry("A", site="w.example", post_id=5)
    feed = Entry("A b", guid="http://www.w.example/?p=5")
    export = Entry("A c", site="w.example", post_id=5, guid="https://old.example/?p=5")
    api = Entry("A d", site="w.example", post_id=5, url="https://w.example/a/")
    for other in (feed, export, api):
        assert meet(page, other, None, FEED)
    assert not meet(page, replace(page, title="B", post_id=6), None, None)
    assert meet(Entry("x", guid="https://old.example/?p=5"), export, FEED, None), "an alias"


def test_spellings_of_a_link_are_one() -> None:
    spellings = [
        "https://w.example/a",
        "https://w.example/a/",
        "http://www.w.example/a?utm_source=rss",
        "https://W.example/a/#top",
        "https://w.example/a/amp/",
        "https://w.example/a/index.html",
        "https://w.example:443/a?fbclid=x",
    ]
    assert {fold_link(link) for link in spellings} == {"w.example/a"}
    assert fold_link("https://w.example/a?id=1") != fold_link("https://w.example/a?id=2")
    assert fold_link("https://w.example/a?b=1&a=2") == fold_link("https://w.example/a?a=2&b=1")


@given(st.text(max_size=60))
def test_a_shown_link_is_a_web_link_and_stable(text: str) -> None:
    for link in (text, f"https://w.example/{text}", f"http://{text}"):
        shown = safe_link(link, "https://base.example/")
        if shown is not None:
            assert shown.startswith(("http://", "https://")) and len(shown) <= 2_048
            assert safe_link(shown) == shown
            assert not any(char in shown for char in ' \n\t<>"')


def test_a_guid_on_every_item_is_no_identity() -> None:
    items = "".join(
        f"<item><title>P{n}</title><link>https://n.example/p{n}</link>"
        "<guid>https://n.example/</guid></item>"
        for n in range(20)
    )
    entries = read(f"<rss><channel><title>H</title>{items}</channel></rss>".encode()).entries
    ignore = shared(entries)
    assert len({keys(entry, FEED, None, ignore)[0] for entry in entries}) == 20
    assert not any(meet(one, other) for one in entries[:1] for other in entries[1:])


def test_items_with_one_guid_and_other_links_part_and_with_one_link_meet() -> None:
    links = ("https://n.example/a", "https://n.example/b", "https://n.example/a")
    entries = [Entry(t, guid="dup", url=link) for t, link in zip("ABC", links, strict=True)]
    ignore = shared(entries)
    found = [set(keys(entry, FEED, None, ignore)) for entry in entries]
    assert not found[0] & found[1]
    assert found[0] & found[2]


def test_a_link_that_every_item_has_is_no_identity() -> None:
    entries = [Entry(f"Episode {n}", url="https://p.example/show", guid=str(n)) for n in range(5)]
    ignore = shared(entries)
    found = [set(keys(entry, FEED, None, ignore)) for entry in entries]
    assert not found[0] & found[1]
    home = [Entry(f"Episode {n}", url="https://p.example/", guid=str(n)) for n in range(2)]
    assert not set(keys(home[0], FEED)) & set(keys(home[1], FEED))


def test_renamed_ids_and_new_links_meet_by_title_and_date() -> None:
    old = Entry("A title", guid="1", url="http://w.example/old", published_at=DAY)
    new = Entry("A  Title", guid="2", url="http://w.example/new", published_at=DAY)
    assert meet(old, new)
    assert not meet(old, replace(new, published_at=DAY + timedelta(days=1)))


def test_an_undated_page_meets_itself_and_its_feed_by_title_and_beginning() -> None:
    page = Entry("Spring Tide", blocks=TEXT)
    feed = Entry("Spring  Tide", blocks=TEXT, guid="9", url="https://w.example/9", published_at=DAY)
    assert meet(page, page, None, None)
    assert meet(page, feed, None, FEED)
    assert not meet(page, Entry("Spring Tide", blocks=(Block(BlockType.PARAGRAPH, "Else. " * 40),)))


def test_two_charts_without_text_meet_only_with_one_title_and_source() -> None:
    chart = Entry("Chart: Water", source="Tide Institute")
    assert meet(chart, replace(chart, guid="1"), None, FEED)
    assert not meet(chart, replace(chart, title="Chart: Wind"), None, None)


def test_importing_a_page_twice_gives_the_same_keys() -> None:
    data = (FIXTURES / "archive_page.txt").read_bytes()
    first, second = (
        [(keys(entry, None), content_hash(entry)) for entry in read(data).entries] for _ in range(2)
    )
    assert first == second
    assert len({key for found, _ in first for key in found}) >= len(first)


def test_keys_are_short_whatever_the_guid() -> None:
    assert all(len(key) < 50 for key in keys(Entry("A", guid="g" * 70_000), FEED))


def test_the_hash_is_of_what_a_reader_sees() -> None:
    entry = Entry("A", tags=(Term("UN"), Term("B")), blocks=TEXT, published_at=DAY)
    same = replace(
        entry,
        tags=(Term("b"), Term("U.N.")),
        guid="2",
        updated_at=DAY,
        published_at=None,
        poster="x",
    )
    assert content_hash(entry) == content_hash(same)
    for other in (
        replace(entry, title="B"),
        replace(entry, authors=("Jo Lind",)),
        replace(entry, source="AP"),
        replace(entry, blocks=()),
        replace(entry, tags=()),
    ):
        assert content_hash(other) != content_hash(entry)


def test_a_post_copied_on_its_site_does_not_keep_the_guid_of_the_first() -> None:
    first = Entry("A", site="w.example", post_id=568, guid="https://w.example/?p=568")
    copy = Entry("B", site="w.example", post_id=1158, guid="https://w.example/?p=568")
    assert not meet(first, copy)


def test_items_that_all_link_home_are_told_apart_by_title_where_one_guid_is_on_two() -> None:
    entries = [Entry(t, guid=g, url="https://p.example/") for t, g in ("Ax", "Bx", "Cy", "Dz")]
    found = [set(keys(entry, FEED, None, shared(entries))) for entry in entries]
    assert not found[0] & found[1]


def test_short_ids_of_files_without_a_site_meet_only_under_one_title() -> None:
    assert not meet(Entry("A", guid="1"), Entry("B", guid="1"), None, None)
    assert meet(Entry("A", guid="tag:x,1"), Entry("B", guid="tag:x,1"), None, None)
