"""A saved archive page as HTML."""

from pathlib import Path

import pytest

from bot.errors import UnreadableError
from bot.ingest.formats import read
from bot.model import BlockType, Entry, Kind, Offer, Term

FIXTURES = Path(__file__).parents[1] / "fixtures"
WIRE = (FIXTURES / "theme_wire.html").read_bytes()
GRID = (FIXTURES / "theme_grid.html").read_bytes()
CARDS = (FIXTURES / "theme_cards.html").read_bytes()


def test_posts_are_found_once_and_sidebars_are_no_posts() -> None:
    assert [entry.title for entry in read(WIRE).entries] == [
        "Ferry Timetable Changes with the Spring Tide",
        "Chart: How High the Water Stood",
    ]
    assert [entry.title for entry in read(CARDS).entries] == ["特別講演会", "卒業式"]


def test_byline_and_source_in_markup_are_read_by_the_same_grammar_as_text() -> None:
    entry = read(WIRE).entries[0]
    assert (entry.authors, entry.source, entry.poster) == (
        ("Ana van Dam", "Mia Holt"),
        "Harbour Office",
        "admin",
    )
    assert [(block.type, block.text) for block in entry.blocks] == [
        (
            BlockType.PARAGRAPH,
            "The harbour office moved the first ferry of the day to half past six.",
        ),
        (BlockType.SUBHEADING, "Fewer night crossings"),
        (BlockType.PARAGRAPH, "The last boat now leaves at nine."),
        (BlockType.PARAGRAPH, "Islanders asked for a later boat and were told to wait."),
    ]
    assert not entry.truncated


def test_a_chart_of_one_picture_keeps_it_and_its_source() -> None:
    chart = read(WIRE).entries[1]
    assert (chart.kind, chart.source) == (Kind.CHART, "Tide Institute")
    assert [(block.type, block.text) for block in chart.blocks] == [
        (BlockType.IMAGE, "Water by month")
    ]
    assert chart.image_url == "https://harbour.example/img/chart.png"


def test_terms_come_by_name_from_links_else_by_slug_from_the_posts_classes() -> None:
    first, second = read(WIRE).entries
    assert first.tags == (
        Term("Tides", "tag", "tides"),
        Term("News", "category", "news"),
        Term("Old Port", "tag", "old-port"),
    )
    assert second.tags == (Term("Tides", "tag", "tides"), Term("news", "category", "news"))


def test_site_and_post_number_are_in_the_markup() -> None:
    assert [(e.site, e.post_id) for e in read(WIRE).entries] == [
        ("harbour.example", 31),
        ("harbour.example", 29),
    ]


def test_the_pages_own_feed_and_api_are_offered_and_its_comments_are_not() -> None:
    assert read(WIRE).offers == (
        Offer("feed", "https://harbour.example/feed/", "Harbour Notes » Feed"),
        Offer("wordpress", "https://harbour.example/wp-json/"),
    )


def test_a_title_cut_on_the_page_is_taken_whole_from_its_attribute() -> None:
    assert read(GRID).entries[0].title == "Body cams to be back by January – Leaders pleased"


def test_links_of_a_mirror_lead_to_the_site_it_was_saved_from() -> None:
    assert [entry.url for entry in read(GRID).entries] == [
        "https://town.example/body-cams/",
        "https://town.example/coffee/",
    ]


def test_a_date_is_read_by_machine_and_one_of_unknown_order_is_left_out() -> None:
    first, second = read(GRID).entries
    assert first.published_at is not None
    assert first.published_at.isoformat() == "2016-11-30T16:24:40+00:00"
    assert second.published_at is None, "01/02/2017 may be January or February"


def test_an_author_is_named_without_by_and_dashes() -> None:
    assert [entry.authors for entry in read(GRID).entries] == [("Brook Dane",), ("Brook Dane",)]


def test_a_list_of_titles_is_truncated_so_that_it_replaces_no_full_text() -> None:
    assert all(entry.truncated for entry in read(GRID).entries)
    assert all(entry.truncated for entry in read(CARDS).entries)


def test_a_badge_in_a_title_is_not_its_text() -> None:
    assert read(CARDS).entries[0].title == "特別講演会"


def test_the_archives_name_may_stand_alone_and_its_kind_in_the_bodys_classes() -> None:
    reading = read(CARDS)
    assert reading.archive == "音楽ブログ"
    assert reading.entries[0].tags == (
        Term("音楽ブログ", "category", "blog"),
        Term("concert", "tag", "concert"),
    )


def test_a_link_that_no_address_completes_still_identifies_its_post() -> None:
    page = (
        "<html><body><main><h1>Tag: x</h1><h2><a href='/a/b/'>One of two</a></h2><p>Text a.</p>"
        "<h2><a href='/a/c/'>Two of two</a></h2><p>Text b.</p></main></body></html>"
    )
    entries = read(page.encode()).entries
    assert [(entry.url, entry.guid) for entry in entries] == [(None, "/a/b/"), (None, "/a/c/")]
    fetched = read(page.encode(), url="https://site.example/tag/x/").entries
    assert fetched[0].url == "https://site.example/a/b/"


def test_the_page_of_one_post_is_read_as_that_post() -> None:
    page = """<html><head><link rel=canonical href="https://s.example/one/"></head><body>
        <article class="post-5 type-post"><h1>One post</h1><div class="entry-content">
        <p>Jo Lind wrote . . . .</p><p>Its text.</p><p>Source : AP</p></div></article></body>"""
    (entry,) = read(page.encode()).entries
    assert (entry.title, entry.url, entry.authors, entry.source) == (
        "One post",
        "https://s.example/one/",
        ("Jo Lind",),
        "AP",
    )


def test_a_page_without_posts_but_with_a_feed_offers_it() -> None:
    page = (
        b"<html><head><link rel=alternate type='application/rss+xml' href='/feed/'></head>"
        b"<body><p>Welcome.</p></body></html>"
    )
    reading = read(page, url="https://s.example/")
    assert reading.entries == ()
    assert reading.offers == (Offer("feed", "https://s.example/feed/"),)


def test_a_challenge_page_is_an_error_that_names_it() -> None:
    page = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>"
    with pytest.raises(UnreadableError) as caught:
        read(page)
    assert caught.value.key == "ingest.form_html_no_entries"
    with pytest.raises(UnreadableError) as caught:
        read(page, expect="feed", content_type="application/rss+xml")
    assert caught.value.key == "ingest.form_page_not_feed"
    assert caught.value.params["title"] == "Just a moment..."


PAGE = read((FIXTURES / "archive_page.txt").read_bytes())


def body_of(entry: Entry) -> str:
    parts = [f"<p>{entry.byline_raw.replace(' .', '&nbsp;.')}</p>"] if entry.byline_raw else []
    parts += [f"<p>{block.text}</p>" for block in entry.blocks]
    if entry.source:
        parts.append(f"<p><br/>Source : <a href='#'>{entry.source}</a></p>")
    return "\n".join(parts)


THEMES = {
    "articles": (
        "<header><h1 class=site-title><a href='https://w.example/'>Harbour Notes</a></h1></header>"
        "<header class=archive-header><h1>Tag Archives: <span>Tides</span></h1></header>{}",
        "<article id=post-{n} class='post-{n} post type-post hentry'><header>"
        "<h1 class=entry-title><a href='{link}'>{title}</a></h1>"
        "<div class=comments-link><a href='{link}#respond'>Leave a reply</a></div></header>"
        "<div class=entry-content>{body}</div><footer class=entry-meta>This entry was posted on "
        "<time class=entry-date datetime=2022-09-01T10:00:00+00:00>September 1</time></footer>"
        "</article>",
    ),
    "old": (
        "<div id=content><h2 class=pagetitle>Posts Tagged &#8216;Tides&#8217;</h2>{}</div>",
        "<div class=post><h3 id=post-{n}><a href='{link}'>{title}</a></h3>"
        "<small>Thursday, September 1st, 2022</small><div class=entry>{body}</div>"
        "<p class=postmetadata>Posted in <a href='/c/' rel='category tag'>News</a> | "
        "<a href='{link}#respond'>No Comments &#187;</a></p></div>",
    ),
    "blocks": (
        "<main><h1>Tag: <span>Tides</span></h1><ul>{}</ul></main>",
        "<li class='wp-block-post post-{n} type-post'><h2><a href='{link}'>{title}</a></h2>"
        "<div class='entry-content wp-block-post-content'>{body}</div></li>",
    ),
    "headings alone": (
        "<h1>Tag Archives: Tides</h1>{}",
        "<h3><a href='{link}'>{title}</a></h3>{body}",
    ),
    "no headings": (
        "<div>Harbour Notes</div><div>Tag Archives: Tides</div>{}",
        "<div><div class=y><a href='{link}'>{title}</a></div><div class=z>{body}</div></div>",
    ),
}


@pytest.mark.parametrize("theme", THEMES)
def test_every_theme_gives_the_same_articles_as_the_page_in_text(theme: str) -> None:
    page, post = THEMES[theme]
    posts = "".join(
        post.format(
            n=n,
            link=f"https://w.example/2022/09/p{n}/",
            title=entry.title.replace(" ", "&nbsp;"),
            body=body_of(entry),
        )
        for n, entry in enumerate(PAGE.entries, start=1)
    )
    reading = read(f"<html><body>{page.format(posts)}</body></html>".encode())
    assert reading.archive == "Tides"
    assert [(e.title, e.authors, e.source, e.blocks) for e in reading.entries] == [
        (e.title, e.authors, e.source, e.blocks) for e in PAGE.entries
    ]
    assert [entry.url for entry in reading.entries] == [
        f"https://w.example/2022/09/p{n}/" for n in range(1, 5)
    ]
