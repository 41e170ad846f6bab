"""HTML to blocks, and text as people should see it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ingest.clean import clean_text, html_to_blocks, read_html, title_text
from bot.ingest.dates import parse_date
from bot.ingest.plain import strip_invisible
from bot.model import BlockType


def shown(html: str, base: str | None = None) -> list[tuple[str, str]]:
    return [(str(block.type), block.text) for block in html_to_blocks(html, base)]


@pytest.mark.parametrize(
    ("html", "blocks"),
    [
        ("<p>One</p><p>Two</p>", [("paragraph", "One"), ("paragraph", "Two")]),
        ("<div>One<div>Two</div>Three</div>", [("paragraph", t) for t in ("One", "Two", "Three")]),
        ("One<br><br>Two<br>lines", [("paragraph", "One"), ("paragraph", "Two\nlines")]),
        ("One\n\nTwo\nlines", [("paragraph", "One"), ("paragraph", "Two lines")]),
        ("<p>a\n\nb</p>", [("paragraph", "a b")]),
        (
            "<h2>Head</h2>x<h4>Low</h4>",
            [("subheading", "Head"), ("paragraph", "x"), ("subheading", "Low")],
        ),
        (
            "<p>x</p><p><strong>Short line</strong></p>",
            [("paragraph", "x"), ("subheading", "Short line")],
        ),
        ("<p><b>A whole bold sentence.</b></p>", [("paragraph", "A whole bold sentence.")]),
        ("<p><b>Bold</b> start</p>", [("paragraph", "Bold start")]),
        ("<ul><li>a</li><li><p>b</p><ol><li>c</li></ol></li></ul>", [("list", "a\nb\n  c")]),
        ("<blockquote><p>a</p><p>b</p></blockquote>", [("quote", "a\nb")]),
        (
            "<table><tr><th>x</th><th>y</th></tr><tr><td>1</td><td>2</td></tr></table>",
            [("table", "x | y\n1 | 2")],
        ),
        (
            "<table><tr><td><p>a</p><p>b</p></td></tr></table>",
            [("paragraph", "a"), ("paragraph", "b")],
        ),
        ("<pre>a  b\n  c</pre>", [("paragraph", "a b\nc")]),
        ("a<script>x()</script><style>p{}</style><noscript>n</noscript>b", [("paragraph", "ab")]),
        (
            "<p>a<!-- note --></p><!-- wp:paragraph --><p>b</p>",
            [("paragraph", "a"), ("paragraph", "b")],
        ),
        ("<p>unclosed<p>b", [("paragraph", "unclosed"), ("paragraph", "b")]),
        ("<p>&nbsp;</p><p></p><p>x &amp; y&nbsp;z</p>", [("paragraph", "x & y z")]),
        ("plain [sic] text [1]", [("paragraph", "plain [sic] text [1]")]),
        ("[youtube https://v.example/1]<p>x</p>[gallery ids='1']", [("paragraph", "x")]),
        ('[vc_row a="1"]x[/vc_row]', [("paragraph", "x")]),
        ("", []),
    ],
)
def test_markup_becomes_blocks(html: str, blocks: list[tuple[str, str]]) -> None:
    assert shown(html) == blocks


def test_pictures_are_blocks_with_whole_links_and_their_captions() -> None:
    html = (
        '<p>a <img src="i.png" alt="An alt"> b</p>'
        '<figure><img src="/j.png"><figcaption>A <b>caption</b></figcaption></figure>'
        '<img src="data:image/gif;base64,x"><img src="https://t.example/p.gif" width="1">'
    )
    found = html_to_blocks(html, "https://s.example/a/")
    assert [(block.type, block.text, block.url) for block in found] == [
        (BlockType.PARAGRAPH, "a b", None),
        (BlockType.IMAGE, "An alt", "https://s.example/a/i.png"),
        (BlockType.IMAGE, "A caption", "https://s.example/j.png"),
    ]


def test_a_caption_shortcode_describes_its_picture() -> None:
    picture = '<a href="/l"><img src="https://s.example/i.png"/></a>'
    html = f'[caption id="x" width="9"]{picture} The hall[/caption]'
    assert shown(html) == [("image", "The hall")]


def test_share_rows_are_no_text_and_a_more_link_marks_an_excerpt() -> None:
    html = (
        '<p>x <a class="more-link" href="/a">Go on</a></p><div class="sharing"><p>Share</p></div>'
    )
    markup = read_html(html)
    assert [block.text for block in markup.blocks] == ["x"]
    assert markup.truncated


def test_stored_wordpress_text_keeps_single_line_breaks() -> None:
    markup = read_html("Two roads\ndiverged.\n\n<em>And</em> sorry\n\n<h2>Why</h2>\nx", autop=True)
    assert [block.text for block in markup.blocks] == [
        "Two roads\ndiverged.",
        "And sorry",
        "Why",
        "x",
    ]


def test_scripts_and_handlers_leave_no_trace() -> None:
    html = "<p onclick='a()'>x<svg onload='a()'><text>y</text></svg><iframe src='z'>w</iframe></p>"
    assert shown(html) == [("paragraph", "x")]


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 200_000,
        "<b>" * 100_000 + "x",
        "<ul><li>" * 50_000,
        "[" * 200_000,
        "&" * 200_000,
        "<a " * 60_000,
    ],
)
def test_no_markup_takes_long_or_breaks(html: str) -> None:
    start = time.process_time()
    html_to_blocks(html)
    assert time.process_time() - start < 8


def test_a_body_beyond_the_limit_is_cut_and_marked() -> None:
    markup = read_html("<p>" + "word " * 60_000)
    assert markup.truncated
    assert sum(len(block.text) for block in markup.blocks) <= 200_000


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("a\u00a0b\t c\u3000d", "a b c d"),
        ("\u202ea\u200bb\ufeffc\u00add\x00e\ud800", "abcde"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\u200db", "ab"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("e\u0301", "e\u0301"),
    ],
)
def test_invisible_characters_go_where_they_mean_nothing(raw: str, text: str) -> None:
    assert clean_text(raw) == text


def test_a_title_is_cut_at_its_limit() -> None:
    assert len(title_text("x" * 5_000)) == 1_000


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("Tue, 06 Sep 2022 10:00:00 +0000", "2022-09-06T10:00:00+00:00"),
        ("Tue, 06 Sep 22 10:00:00 EST", "2022-09-06T15:00:00+00:00"),
        ("Tue, 6 Sep 2022 10:00 PDT", "2022-09-06T17:00:00+00:00"),
        ("Di, 06 Sep 2022 12:00:00 +0200", "2022-09-06T10:00:00+00:00"),
        ("mer, 16 nov 2022 10:00:00 +0100", "2022-11-16T09:00:00+00:00"),
        ("Seg, 24 Set 2018 10:00:00 GMT", "2018-09-24T10:00:00+00:00"),
        ("2022-09-06T10:00:00Z", "2022-09-06T10:00:00+00:00"),
        ("2014-06-28T09:26:14+0200", "2014-06-28T07:26:14+00:00"),
        ("2022-09-06", "2022-09-06T00:00:00+00:00"),
        ("March 15th, 2016", "2016-03-15T00:00:00+00:00"),
        ("19th March 2018", "2018-03-19T00:00:00+00:00"),
        ("28 de junio de 2014", "2014-06-28T00:00:00+00:00"),
        ("15. März 2020", "2020-03-15T00:00:00+00:00"),
        ("2022年9月6日", "2022-09-06T00:00:00+00:00"),
        ("22/05/2020", "2020-05-22T00:00:00+00:00"),
        ("1662458400", "2022-09-06T10:00:00+00:00"),
        ("Tue, 06 Sep 2099 10:00:00 +0000", "2099-09-06T10:00:00+00:00"),
    ],
)
def test_dates_are_read_in_the_spellings_of_real_feeds(text: str, iso: str) -> None:
    found = parse_date(text)
    assert found is not None and found.isoformat() == iso


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not a date",
        "0000-00-00 00:00:00",
        "Wed, 30 Nov -0001 00:00:00 +0000",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Tue, 31 Feb 2022 10:00:00 GMT",
        "06/09/2022",
        "Tue, 06 Sep 2022 25:61:00 GMT",
        "2022-09-06T10:00:00+99:99",
        "253402300800",
        "Sat, 01 Jan 0001 00:00:00 GMT",
        "0001-01-01T00:00:00+14:00",
        "9" * 5_000,
        None,
        7,
    ],
)
def test_dates_that_are_unknown_impossible_or_undecidable_are_none(text: object) -> None:
    assert parse_date(text) is None


@given(st.text(st.sampled_from("a B.\u00a0\u200b\n\té\u202e東 "), max_size=12))
def test_a_line_has_single_spaces_and_nothing_invisible(text: str) -> None:
    expected = " ".join(strip_invisible(" ".join(text.split())).split())
    assert clean_text(text) == expected
