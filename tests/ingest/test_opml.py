"""Lists of feeds."""

from datetime import UTC, datetime
from pathlib import Path

from bot.ingest.decode import decode
from bot.ingest.formats import read
from bot.ingest.formats.opml import FeedList, read_feeds, write_opml
from bot.model import Feed

FIXTURES = Path(__file__).parents[1] / "fixtures"
LIST = (FIXTURES / "feeds.opml").read_bytes()


def read_opml(data: bytes, *, where: str = "") -> FeedList:
    return read_feeds(decode(data), where=where)


def test_feeds_are_found_in_any_case_and_depth_each_once() -> None:
    found = read_opml(LIST)
    assert [(feed.url, feed.title, feed.folders) for feed in found.feeds] == [
        ("https://one.example/feed", "One & Only", ("News", "Wire")),
        ("http://two.example/rss", "Two", ("News",)),
        ("https://three.example/feed", "Bare", ()),
        ("https://four.example/atom", "R & D", ()),
    ]
    assert found.read == 6


def test_every_line_that_is_no_feed_is_reported_with_its_number() -> None:
    problems = read_opml(LIST, where="feeds.opml").problems
    assert [(p.where, p.key, p.params["title"]) for p in problems] == [
        ("feeds.opml:6", "ingest.opml_duplicate", "Again"),
        ("feeds.opml:8", "ingest.opml_bad_address", "Bad"),
        ("feeds.opml:9", "ingest.opml_no_feed", "Other list"),
        ("feeds.opml:10", "ingest.opml_no_feed", "A site"),
    ]


def test_a_line_that_holds_nothing_is_reported_and_a_folder_is_not() -> None:
    found = read_opml(
        b"<opml><body>\n<outline text='Folder'><outline text='A' xmlUrl='a.example/f'/></outline>\n"
        b"<outline text='Nothing'/>\n<outline text='Outer'><outline text='Inner'/></outline>"
        b"</body></opml>"
    )
    assert [(p.params["title"], p.params["line"]) for p in found.problems] == [
        ("Nothing", 3),
        ("Inner", 4),
    ]


def test_a_list_is_read_as_offers_and_no_articles() -> None:
    reading = read(LIST)
    assert reading.entries == ()
    assert [offer.url for offer in reading.offers][:1] == ["https://one.example/feed"]


def test_an_entity_of_the_doctype_is_left_as_text() -> None:
    assert read_opml(LIST).title == "My feeds &x;"


def test_a_list_cut_off_keeps_what_came_before() -> None:
    found = read_opml(LIST[: LIST.index(b"Bare") + 3])
    assert [feed.title for feed in found.feeds] == ["One & Only", "Two"]
    assert found.problems[-1].key == "ingest.opml_broken"


def test_no_nesting_is_too_deep() -> None:
    deep = (
        b"<opml><body>" + b"<outline text='f'>" * 20_000 + b"<outline xmlUrl='https://a.example/'/>"
    )
    assert [feed.url for feed in read_opml(deep).feeds] == ["https://a.example/"]


def test_a_list_with_too_many_feeds_is_cut_and_says_so() -> None:
    lines = "".join(f"<outline xmlUrl='https://a.example/{n}'/>" for n in range(5_010))
    found = read_opml(f"<opml><body>{lines}</body></opml>".encode())
    assert len(found.feeds) == 5_000
    assert [problem.key for problem in found.problems] == ["ingest.opml_too_long"]


def test_what_is_written_is_read_again() -> None:
    feeds = [
        Feed(1, 0, "https://a.example/?x=1&y=2", 'A "quoted" <title> & more', "https://a.example/"),
        Feed(2, 0, None, "Imported files"),
        Feed(
            3, 0, "https://b.example/feed", "音楽", last_success_at=datetime(2024, 1, 1, tzinfo=UTC)
        ),
    ]
    found = read_opml(write_opml(feeds, "Ours & theirs").encode())
    assert found.title == "Ours & theirs"
    assert [(feed.url, feed.title, feed.site_url) for feed in found.feeds] == [
        ("https://a.example/?x=1&y=2", 'A "quoted" <title> & more', "https://a.example/"),
        ("https://b.example/feed", "音楽", None),
    ]
