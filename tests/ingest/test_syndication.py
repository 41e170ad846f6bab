"""RSS, Atom and RDF: the traps of real feeds."""

from datetime import UTC, datetime

import pytest

from bot.errors import UnreadableError
from bot.ingest.formats import read
from bot.ingest.limits import MAX_ITEMS
from bot.model import BlockType, Entry, Term

HEAD = (
    '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">'
    "<channel><title>Wire</title><link>https://wire.example/</link>"
)


def rss(items: str, head: str = "") -> bytes:
    return f"{HEAD}{head}{items}</channel></rss>".encode()


def one(item: str) -> Entry:
    (entry,) = read(rss(f"<item>{item}</item>")).entries
    return entry


def first_title(data: bytes, content_type: str | None = None) -> str:
    return read(data, content_type=content_type).entries[0].title


def paragraphs(entry: Entry) -> list[str]:
    return [block.text for block in entry.blocks if block.type is BlockType.PARAGRAPH]


@pytest.mark.parametrize(
    ("document", "form"),
    [
        ('<rss version="0.91"><channel><title>t</title></channel></rss>', "RSS 0.91"),
        ('<rss version="2.0"><channel><title>t</title></channel></rss>', "RSS 2.0"),
        ("<rss><channel><title>t</title></channel></rss>", "RSS"),
        (
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
            ' xmlns="http://purl.org/rss/1.0/"><channel><title>t</title></channel></rdf:RDF>',
            "RSS 1.0",
        ),
        ('<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title></feed>', "Atom 1.0"),
        (
            '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>t</title></feed>',
            "Atom 0.3",
        ),
    ],
)
def test_every_kind_of_feed_is_named_and_an_empty_one_is_no_error(document: str, form: str) -> None:
    reading = read(document.encode(), expect="feed")
    assert (reading.form, reading.title, reading.entries) == (form, "t", ())


def test_content_is_preferred_to_the_description_and_is_no_excerpt() -> None:
    entry = one(
        "<title>A</title><description>Short [&amp;hellip;]</description>"
        "<content:encoded><![CDATA[<p>Whole.</p><p>Text.</p>]]></content:encoded>"
    )
    assert (paragraphs(entry), entry.truncated) == (["Whole.", "Text."], False)


@pytest.mark.parametrize(
    "description",
    [
        "Beginning [&#8230;]",
        "Beginning [&amp;hellip;]",
        "Beginning […]",
        "&lt;p&gt;Beginning&lt;/p&gt;&lt;a href='/x'&gt;Continue reading A &amp;rarr;&lt;/a&gt;",
        "Beginning&lt;br&gt;&lt;br&gt;Weiterlesen »",
        "Beginning &lt;a class='more-link' href='/x'&gt;(mehr)&lt;/a&gt;",
    ],
)
def test_an_excerpt_is_marked_and_its_mark_stripped(description: str) -> None:
    entry = one(f"<title>A</title><description>{description}</description>")
    assert (paragraphs(entry), entry.truncated) == (["Beginning"], True)


def test_where_a_post_first_appeared_is_no_text() -> None:
    body = "<p>Text.</p><p>The post <a href='/a'>A</a> appeared first on <a href='/'>Wire</a>.</p>"
    entry = one(f"<title>A</title><content:encoded><![CDATA[{body}]]></content:encoded>")
    assert (paragraphs(entry), entry.truncated) == (["Text."], False)


def test_byline_source_and_account_are_three_fields() -> None:
    body = "<p>Ana van Dam wrote . . . .</p><p>Text.</p><p>Source : AP</p>"
    entry = one(
        "<title>A</title><dc:creator>Jo Lind</dc:creator>"
        f"<content:encoded><![CDATA[{body}]]></content:encoded>"
    )
    assert (entry.authors, entry.source, entry.poster) == (("Ana van Dam",), "AP", "Jo Lind")


@pytest.mark.parametrize(
    ("creator", "authors"),
    [
        ("Jo Lind", ("Jo Lind",)),
        ("admin", ()),
        ("kcua_musicology", ()),
        ("jlind", ()),
        ("Guest Author", ()),
        ("Jo Lind and Mia Holt", ("Jo Lind", "Mia Holt")),
        ("Vignieri, S.", ("Vignieri, S.",)),
        ("高橋花子", ("高橋花子",)),
    ],
)
def test_a_declared_author_counts_unless_it_is_an_account(
    creator: str, authors: tuple[str, ...]
) -> None:
    entry = one(f"<title>A</title><dc:creator>{creator}</dc:creator>")
    assert (entry.authors, entry.poster) == (authors, creator)


def test_an_authors_mail_address_is_not_kept() -> None:
    assert "mail.example" not in repr(one("<title>A</title><author>jo@mail.example</author>"))
    named = one("<title>A</title><author>jo@mail.example (Jo Lind)</author>")
    assert named.authors == ("Jo Lind",) and "mail.example" not in repr(named)


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Ham &amp;amp; eggs", "Ham & eggs"),
        ("Ham &amp;#038; eggs", "Ham & eggs"),
        ("1 &lt; 2 and 3 &gt; 2", "1 < 2 and 3 > 2"),
        ("1 &amp;lt; 2", "1 < 2"),
        ("An &lt;em&gt;odd&lt;/em&gt; title", "An odd title"),
        ("Read &lt;stdio.h&gt; first", "Read <stdio.h> first"),
        ("Spring&#160;Tide", "Spring Tide"),
        ("a\x01b\x08c\x1bd\u202ee\u200bf", "abcdef"),
        ("<![CDATA[R&D &eacute;]]>", "R&D é"),
    ],
)
def test_titles_come_out_as_people_read_them(raw: str, title: str) -> None:
    assert one(f"<title>{raw}</title>").title == title


def test_an_item_without_a_title_is_called_by_its_beginning() -> None:
    assert one("<description>Only a note.</description><guid>g</guid>").title == "Only a note."


def test_dates_are_utc_and_an_updated_one_is_no_published_one() -> None:
    atom = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><title>A</title>'
        b"<updated>2022-03-04T09:00:00+01:00</updated></entry></feed>"
    )
    (entry,) = read(atom).entries
    assert (entry.published_at, entry.updated_at) == (None, datetime(2022, 3, 4, 8, tzinfo=UTC))
    assert (
        one("<title>A</title><pubDate>Tue, 31 Feb 2022 10:00:00 GMT</pubDate>").published_at is None
    )


def test_a_comma_in_a_category_parts_nothing_and_each_normal_form_is_there_once() -> None:
    names = [
        "UN",
        "U.N.",
        "un",
        " UN ",
        "News, Politics",
        "C",
        "C#",
        "C++",
        "",
        "  ",
        "Q&amp;amp;A",
    ]
    names += ["Q&amp;#038;A", "Uncategorized"]
    tags = "".join(f"<category>{name}</category>" for name in names)
    shown = [term.name for term in one(f"<title>A</title>{tags}").tags]
    assert shown == ["UN", "News, Politics", "C", "C#", "C++", "Q&A"]


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("mailto:a@b.example", None),
        ("not a url", None),
        ("http://wire.example:99999/", None),
        ("https://wire.example/" + "a" * 3000, None),
        ("https://user:pw@wire.example/x", "https://wire.example/x"),
        ("HTTPS://WIRE.EXAMPLE/UP", "https://wire.example/UP"),
        ("https://wire.example/a b", "https://wire.example/a%20b"),
        ("https://\u0430pple.example/", "https://xn--pple-43d.example/"),
        ("/rel", "https://wire.example/rel"),
        ("//wire.example/x", "https://wire.example/x"),
    ],
)
def test_only_web_links_are_links(link: str, url: str | None) -> None:
    assert one(f"<title>A</title><link>{link}</link>").url == url


def test_xml_base_nests() -> None:
    atom = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://n.example/blog/">
      <title>H</title>
      <entry><title>A</title><link href="2022/post"/><content type="html">&lt;img src="i/a.png"&gt;
      </content></entry>
      <entry xml:base="sub/"><title>B</title><link href="p"/></entry></feed>"""
    first, second = read(atom.encode()).entries
    assert (first.url, second.url) == (
        "https://n.example/blog/2022/post",
        "https://n.example/blog/sub/p",
    )
    assert first.blocks[0].url == "https://n.example/blog/i/a.png"


def test_atoms_kinds_of_titles_differ_in_escaping_and_authors_are_inherited() -> None:
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><author><name>Jo Lind</name>
      </author><entry><title type="text">A &lt; b</title></entry>
      <entry><title type="html">B &lt;b&gt;bold&lt;/b&gt;</title></entry>
      <entry><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">C <i>x</i></div></title>
      <author><name>Mia Holt</name></author></entry></feed>"""
    entries = read(atom.encode()).entries
    assert [entry.title for entry in entries] == ["A < b", "B bold", "C x"]
    assert [entry.authors for entry in entries] == [("Jo Lind",), ("Jo Lind",), ("Mia Holt",)]


@pytest.mark.fault("F40")
@pytest.mark.parametrize(
    ("data", "content_type", "title"),
    [
        (b'<?xml version="1.0" encoding="ISO-8859-1"?>{}', None, "Café “naïve”"),
        (b"{}", "application/rss+xml; charset=iso-8859-1", "Café “naïve”"),
        (b"\xef\xbb\xbf{}", None, "Café “naïve”"),
    ],
)
def test_bytes_that_are_utf8_are_read_so_whatever_is_claimed(
    data: bytes, content_type: str | None, title: str
) -> None:
    document = f"<rss><channel><title>t</title><item><title>{title}</title></item></channel></rss>"
    assert first_title(data.replace(b"{}", document.encode()), content_type) == title


@pytest.mark.fault("F40")
@pytest.mark.parametrize(
    ("codec", "declared", "content_type"),
    [
        ("utf-16-le", None, None),
        ("utf-16-be", None, None),
        ("utf-16", "utf-16", None),
        ("utf-32-be", None, None),
        ("koi8-r", "koi8-r", None),
        ("koi8-r", None, "text/xml; charset=koi8-r"),
        ("koi8-r", "utf-8", "text/xml; charset=koi8-r"),
        ("shift_jis", "shift_jis", None),
        ("cp949", "euc-kr", None),
    ],
)
def test_other_encodings_are_told_by_bom_header_or_declaration(
    codec: str, declared: str | None, content_type: str | None
) -> None:
    title = {"shift_jis": "音楽", "cp949": "음악"}.get(codec, "Музыка")
    claim = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = (
        f"{claim}<rss><channel><title>t</title><item><title>{title}</title></item></channel></rss>"
    )
    assert first_title(text.encode(codec), content_type) == title


def test_windows_quotes_that_claim_to_be_utf8_are_read() -> None:
    data = (
        b'<?xml version="1.0" encoding="UTF-8"?><rss><channel><title>t</title><item>'
        b"<title>It\x92s \x93here\x94</title></item></channel></rss>"
    )
    assert first_title(data) == "It’s “here”"


def test_utf7_and_unknown_charsets_are_neither_believed_nor_a_crash() -> None:
    for charset in ("UTF-7", "x-klingon"):
        data = (
            f'<?xml version="1.0" encoding="{charset}"?><rss><channel><title>t</title><item>'
            "<title>+ADw-b+AD4-</title></item></channel></rss>"
        )
        assert first_title(data.encode()) == "+ADw-b+AD4-"


@pytest.mark.parametrize(
    "junk",
    [
        "\n\n  ",
        "<br />\n<b>Notice</b>:  Undefined index: x in <b>/srv/wp.php</b> on line <b>3</b><br />\n",
        '<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//N//DTD RSS 0.91//EN" "http://x.example/d">',
        "<!-- made by a machine -->\n",
        "\ufeff\n",
    ],
)
def test_junk_before_the_feed_is_passed_over(junk: str) -> None:
    feed = rss("<item><title>A</title></item>").decode()
    assert first_title(f"{junk}{feed}".encode(), "text/html") == "A"


@pytest.mark.parametrize(
    "item",
    ["<title>Fish & chips</title>", "<odd:x>1</odd:x><title>Fish &amp; chips</title>"],
)
def test_loose_ampersands_and_unknown_prefixes_do_not_lose_the_item(item: str) -> None:
    assert one(item).title == "Fish & chips"


def test_a_feed_of_comments_is_refused_unless_it_is_asked_for() -> None:
    comments = rss("<item><title>By: Ann</title><link>https://w.example/a/#comment-1</link></item>")
    titled = rss("<item><title>x</title></item>").replace(b"Wire", b"Comments on: A post")
    for data in (comments, titled):
        with pytest.raises(UnreadableError) as caught:
            read(data)
        assert caught.value.key == "ingest.comment_feed"
        assert len(read(data, allow_comments=True).entries) == 1


def test_a_feed_may_ask_for_its_rhythm() -> None:
    assert read(rss("", "<ttl>30</ttl>")).ttl_s == 1800
    period = "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"
    assert read(rss("", period)).ttl_s == 1800
    hours = "<skipHours><hour>0</hour><hour>24</hour><hour>5</hour><hour>99</hour></skipHours>"
    assert read(rss("", hours)).skip_hours == frozenset((0, 5))


@pytest.mark.fault("F39")
def test_more_items_of_a_polled_feed_than_the_limit_are_left_out_and_said() -> None:
    items = "<item><title>x</title></item>" * (MAX_ITEMS + 3)
    assert len(read(rss(items)).entries) == MAX_ITEMS + 3, "a file is read whole"
    reading = read(rss(items), name="f.xml", expect="feed")
    assert (reading.read, len(reading.entries)) == (MAX_ITEMS + 3, MAX_ITEMS)
    assert [(p.key, p.params["count"]) for p in reading.problems] == [("ingest.form_items_left", 3)]


def test_a_posts_site_and_number_are_in_its_guid() -> None:
    entry = one("<title>A</title><guid isPermaLink='false'>https://w.example/sub/?p=12</guid>")
    assert (entry.site, entry.post_id) == ("w.example/sub", 12)


def test_pictures_come_from_media_enclosures_and_text() -> None:
    enclosed = one("<title>A</title><enclosure url='https://w.example/e.jpg' type='image/jpeg'/>")
    shown = one("<title>A</title><description>&lt;img src='/i.png'&gt; x</description>")
    assert enclosed.image_url == "https://w.example/e.jpg"
    assert shown.image_url == "https://wire.example/i.png"


def test_a_wordpress_feed_offers_its_sites_api() -> None:
    head = "<generator>https://wordpress.org/?v=6.1</generator>"
    assert [(o.kind, o.url) for o in read(rss("", head)).offers] == [
        ("wordpress", "https://wire.example/wp-json/")
    ]


def test_a_category_and_a_tag_of_one_name_are_one_tag() -> None:
    entry = one("<title>A</title><category>Education</category><category>education</category>")
    assert entry.tags == (Term("Education"),)


def test_what_only_begins_like_a_feed_is_an_error() -> None:
    with pytest.raises(UnreadableError) as caught:
        read(b"<rss")
    assert caught.value.key in ("ingest.form_broken_feed", "ingest.form_plain_text")


def test_an_item_that_holds_nothing_is_counted_and_reported_and_no_article() -> None:
    reading = read(rss("<item><comments/></item><item><title>A</title></item>"))
    assert (reading.read, [entry.title for entry in reading.entries]) == (2, ["A"])
    assert [(p.key, p.params["number"]) for p in reading.problems] == [("ingest.form_bad_item", 1)]


@pytest.mark.parametrize("reference", ["&#x110000;", "&#xD800;", "&#55296;", "&#" + "9" * 40 + ";"])
@pytest.mark.parametrize("tail", ["", " & <b>"], ids=["well formed", "ill formed"])
def test_a_reference_to_no_character_costs_only_itself(reference: str, tail: str) -> None:
    item = f"<item><title>Tide{reference} tables{tail}</title></item>"
    feed = f"<rss version='2.0'><channel><title>t</title>{item}</channel></rss>"
    (entry,) = read(feed.encode()).entries
    assert entry.title.startswith("Tide tables")


@pytest.mark.parametrize(
    ("document", "icon"),
    [
        (rss("", "<image><url>https://w.example/i.png</url></image>"), "https://w.example/i.png"),
        (rss("", "<image><url>javascript:alert(1)</url></image>"), None),
        (
            b'<feed xmlns="http://www.w3.org/2005/Atom"><title>W</title>'
            b"<link href='https://w.example/'/><icon>/square.png</icon>"
            b"<logo>https://w.example/wide.png</logo></feed>",
            "https://w.example/square.png",
        ),
    ],
    ids=["RSS", "no address", "Atom"],
)
def test_a_feeds_own_picture_is_known(document: bytes, icon: str | None) -> None:
    assert read(document, url="https://w.example/feed", expect="feed").icon_url == icon
