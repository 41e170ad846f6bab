"""Traps of themes in a few lines each: what stands beside titles, names and texts of posts."""

from bot.ingest.formats import read
from bot.model import Entry, Reading


def page(
    posts: str, *, body: str = "archive tag tag-still-water tag-9", title: str = ""
) -> Reading:
    head = f"<title>{title}</title><link rel=canonical href='https://w.example/tag/water/'>"
    return read(f"<html><head>{head}</head><body class='{body}'>{posts}</body></html>".encode())


def two(post: str) -> list[Entry]:
    """Read a page of two posts; {n} is the number in each."""
    return list(page("<main>" + "".join(post.replace("{n}", n) for n in "34") + "</main>").entries)


def test_the_words_before_a_name_are_no_author() -> None:
    first, _ = two(
        "<div class='post-{n} post hentry'><h2><a href='/p{n}/'>Tide {n}</a></h2>"
        "<div class=entry-meta><span class='meta-prep meta-prep-author'>Posted on</span> "
        "<span class=entry-date>March 3, 2011</span> <span class=meta-sep>by</span> "
        "<span class='author vcard'><a class='url fn n' href='/a/'>Mara Quay</a></span></div>"
        "<div class=entry-summary><p>The tide came early.</p></div></div>"
    )
    assert (first.authors, first.poster) == (("Mara Quay",), "Mara Quay")


def test_what_only_screen_readers_see_is_no_text() -> None:
    first, _ = two(
        "<article class='post-{n} hentry'><h2><a href='/p{n}/'>Tide {n}</a></h2>"
        "<div class=entry-content><p>The tide came early &hellip;</p><p class=read-more>"
        "<a href='/p{n}/'> <span class=screen-reader-text>Tide {n}</span> Read More &raquo;</a></p>"
        "</div></article>"
    )
    assert [block.text for block in first.blocks] == ["The tide came early …"]
    assert first.truncated


def test_a_link_over_a_whole_post_is_its_titles() -> None:
    first, second = two(
        "<article class=post-entry><h2>Tide {n}</h2><div class=entry-content><p>It came early, "
        "with <a href='https://else.example/'>a map</a>.</p></div><a class=entry-link "
        "aria-label='post link to Tide {n}' href='https://w.example/p{n}/'></a></article>"
    )
    assert (first.title, first.url) == ("Tide 3", "https://w.example/p3/")
    assert (second.title, second.url) == ("Tide 4", "https://w.example/p4/")


def test_a_post_with_one_link_in_its_text_stays_the_page_of_that_post() -> None:
    reading = page(
        "<article class=post-7><h1>Tide 7</h1><p>It came early, with "
        "<a href='https://else.example/'>a map</a>.</p><p>Source : AP</p></article>",
        body="single",
    )
    [entry] = reading.entries
    assert (entry.title, entry.url, entry.source) == (
        "Tide 7",
        "https://w.example/tag/water/",
        "AP",
    )


def test_an_archive_without_a_heading_is_named_by_its_page() -> None:
    posts = "".join(
        f"<article class='post-{n} hentry'><h2><a href='/p{n}/'>Tide {n}</a></h2><p>Early.</p>"
        "</article>"
        for n in (3, 4)
    )
    assert page(posts, title="Still Water Archives - Quay").archive == "Still Water"
    assert page(posts, title="Quay | Still Water").archive == "Still Water"
    assert page(posts, title="Quay").archive == "still-water", "its slug is better than nothing"


def test_a_line_that_tells_the_label_is_a_heading() -> None:
    post = (
        "<div class='post hentry'><h3 class=post-title><a href='http://w.example/{n}.html'>Tide "
        "{n}</a></h3><div class='post-body entry-content'>It came.<br><br>Source : AP</div></div>"
    )
    shown = "<div class=status-msg-body>Showing posts with label <b>Water</b>.</div>"
    reading = page(shown + post.replace("{n}", "3") + post.replace("{n}", "4"), body="")
    assert reading.archive == "Water"
    assert [(e.title, e.source) for e in reading.entries] == [("Tide 3", "AP"), ("Tide 4", "AP")]
