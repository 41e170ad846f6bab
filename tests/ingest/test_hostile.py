"""Documents made to do harm end in an article or a sentence, never in a traceback."""

import gzip
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import UnreadableError
from bot.ingest.formats import read
from bot.messages import catalogue
from bot.model import Reading

RSS = "<rss version='2.0'><channel><title>H</title>{}</channel></rss>"
ITEM = "<item><title>{}</title><guid>g</guid></item>"


@contextmanager
def within(seconds: float) -> Iterator[None]:
    start = time.process_time()
    yield
    assert time.process_time() - start < seconds


def with_doctype(subset: str, title: str) -> bytes:
    return f"<?xml version='1.0'?><!DOCTYPE rss {subset}>{RSS.format(ITEM.format(title))}".encode()


@pytest.mark.fault("F39")
def test_entities_that_name_files_or_addresses_stay_text() -> None:
    for place in ("file:///etc/passwd", "http://127.0.0.1:1/x"):
        reading = read(with_doctype(f"[<!ENTITY x SYSTEM '{place}'>]", "A &x; B"))
        assert [entry.title for entry in reading.entries] == ["A &x; B"]


def test_parameter_entities_and_xinclude_fetch_nothing() -> None:
    subset = "[<!ENTITY % p SYSTEM 'http://127.0.0.1:1/e.dtd'> %p;]"
    assert read(with_doctype(subset, "Good")).entries[0].title == "Good"
    body = (
        "<item><title>A</title><description><xi:include xmlns:xi='http://www.w3.org/2001/XInclude'"
        " href='file:///etc/passwd' parse='text'/></description></item>"
    )
    assert "root:" not in repr(read(RSS.format(body).encode()))


@pytest.mark.fault("F39")
@pytest.mark.parametrize(
    ("subset", "title"),
    [
        (
            "[<!ENTITY a 'ha'>"
            + "".join(
                f"<!ENTITY {n} '{'&' + p + ';'}{'&' + p + ';'}'>"
                for p, n in zip("abcdefgh", "bcdefghi", strict=True)
            )
            + "]",
            "&i;" * 100,
        ),
        (f"[<!ENTITY a '{'a' * 50_000}'>]", "&a;" * 20_000),
    ],
    ids=["billion laughs", "quadratic blow-up"],
)
def test_entities_never_grow(subset: str, title: str) -> None:
    with within(4):
        (entry,) = read(with_doctype(subset, title)).entries
    assert len(entry.title) <= 1_000


def test_the_same_holds_for_exports_and_lists() -> None:
    head = "<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    export = (
        f"<?xml version='1.0'?>{head}<rss xmlns:wp='http://wordpress.org/export/1.2/'><channel>"
        "<title>x</title><item><title>A &x;</title><wp:post_type>post</wp:post_type>"
        "<wp:status>publish</wp:status></item></channel></rss>"
    )
    assert read(export.encode()).entries[0].title == "A &x;"
    opml = (
        "<!DOCTYPE opml [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><opml><body>"
        "<outline text='&x;' xmlUrl='https://a.example/'/></body></opml>"
    )
    assert read(opml.encode()).offers[0].title == "&x;"


@pytest.mark.fault("F38")
def test_a_compressed_document_is_read_and_a_bomb_is_not() -> None:
    feed = RSS.format(ITEM.format("A")).encode()
    assert read(gzip.compress(feed)).entries[0].title == "A"
    bomb = zlib.compressobj(9, wbits=31)
    data = b"".join(bomb.compress(b" " * 1_000_000) for _ in range(40)) + bomb.flush()
    with within(4), pytest.raises(UnreadableError) as caught:
        read(data)
    assert caught.value.key == "ingest.form_too_large"
    with pytest.raises(UnreadableError) as caught:
        read(gzip.compress(feed)[:20] + b"\x00" * 50)
    assert caught.value.key == "ingest.form_bad_gzip"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "ingest.form_empty"),
        (b" \n\t ", "ingest.form_empty"),
        (b"PK\x03\x04....", "ingest.form_binary_archive"),
        (b"%PDF-1.7", "ingest.form_binary_pdf"),
        (b"\x89PNG\r\n", "ingest.form_binary_image"),
        (b"SQLite format 3\x00", "ingest.form_binary_database"),
        (bytes(range(32)) * 40, "ingest.form_binary_data"),
        (b"/etc/passwd", "ingest.form_plain_text"),
        (b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'/>", "ingest.form_sitemap"),
        (b"<?xml version='1.0'?><svg/>", "ingest.form_other_xml"),
        (b"{", "ingest.form_bad_json"),
    ],
)
def test_what_cannot_be_read_says_what_it_is(data: bytes, key: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(data)
    assert caught.value.key == key
    assert caught.value.exit_code == 2


def test_in_a_feeds_place_nothing_else_is_taken() -> None:
    documents = {
        "ingest.form_text_not_feed": b"Site\n\nTag Archives: x\n\nT\n\nSource : AP\n",
        "ingest.form_opml_not_feed": b"<opml><body/></opml>",
        "ingest.form_wxr_not_feed": b"<rss xmlns:wp='http://wordpress.org/export/1.2/'/>",
        "ingest.form_page_not_feed": b"<html><body><h1>Tag: x</h1></body></html>",
    }
    for key, data in documents.items():
        with pytest.raises(UnreadableError) as caught:
            read(data, expect="feed", content_type="application/rss+xml", name="feed.xml")
        assert caught.value.key == key


def test_ids_and_tags_of_any_size_are_kept_within_limits() -> None:
    tags = "".join(f"<category>{'x' * 900}{n}</category>" for n in range(300))
    item = f"<item><title>A</title><guid>{'g' * 70_000}</guid>{tags}</item>"
    (entry,) = read(RSS.format(item).encode()).entries
    assert len(entry.tags) <= 100
    assert all(len(term.name) <= 500 for term in entry.tags)


@pytest.mark.fault("F39")
def test_nested_markup_and_long_lines_end_in_time() -> None:
    with within(12):
        read(RSS.format("<item><title>x" + "<a>" * 30_000).encode())
        read(("<html><body>" + "<h2><a href='/a/b/'>t</a></h2>" * 500).encode())
        read(("Tag Archives: x\n\n" + "word " * 100_000).encode())
        read(("Tag Archives: x\n\n" + "a\n\n" * 30_000).encode())
        read(
            (
                "Tag Archives: x\n\nT\n\n" + " , and" * 20_000 + " wrote . . . .\n\nSource : x"
            ).encode()
        )


def sentences(reading: Reading) -> list[str]:
    return [catalogue().say(problem.key, **problem.params) for problem in reading.problems]


CHUNKS = st.sampled_from(
    [
        "<rss>",
        "<channel>",
        "<item>",
        "<title>",
        "</item>",
        "<![CDATA[",
        "]]>",
        "<!DOCTYPE rss [",
        "]>",
        "&",
        "&amp;",
        "&#0;",
        "&#x110000;",
        "<feed xmlns='http://www.w3.org/2005/Atom'>",
        "<entry>",
        "<link href='",
        "'/>",
        "<opml>",
        "<outline xmlUrl='",
        "{",
        '"version":"https://jsonfeed.org/version/1"',
        "[",
        "]",
        "}",
        ",",
        '"items":',
        "<html>",
        "<h2><a href='/a/b'>",
        "Tag Archives: ",
        "\n\n",
        "wrote . . . .",
        "Source : ",
        "\x00",
        "\ud800",
        "<wp:wxr_version>",
        "<!--",
        "-->",
        "<table>",
        "<ul><li>",
        "2022-02-30",
        "http://[",
        "\u202e",
        "A b c",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(CHUNKS, st.text(max_size=8)), max_size=40), st.sampled_from([None, "feed"])
)
def test_any_jumble_ends_in_a_reading_or_a_sentence(parts: list[str], expect: str | None) -> None:
    data = "".join(parts).encode("utf-8", "surrogatepass")
    try:
        reading = read(data, url="https://s.example/x", expect="feed" if expect else None)
    except UnreadableError as error:
        assert catalogue().say(error.key, **error.params)
    else:
        sentences(reading)
        repr(reading).encode()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_reading_or_a_sentence(data: bytes) -> None:
    try:
        sentences(read(data))
    except UnreadableError as error:
        assert catalogue().say(error.key, **error.params)
