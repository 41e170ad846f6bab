"""Answers of WordPress APIs."""

import json
from pathlib import Path

import pytest

from bot.errors import UnreadableError
from bot.ingest.formats import read
from bot.model import Offer, Term

FIXTURES = Path(__file__).parents[1] / "fixtures"
POSTS = (FIXTURES / "api_posts.json").read_bytes()
POST = json.loads(POSTS)[0]


def as_bytes(document: object) -> bytes:
    return json.dumps(document).encode()


def test_a_list_gives_its_published_posts_and_reports_junk() -> None:
    reading = read(POSTS, name="p.json")
    assert [entry.post_id for entry in reading.entries] == [3561]
    assert reading.read == 5
    assert [(p.key, p.params["number"]) for p in reading.problems] == [("ingest.form_bad_item", 5)]


def test_names_come_unescaped_from_embed_and_an_error_among_them_is_passed_over() -> None:
    (entry,) = read(POSTS).entries
    assert entry.title == "Back to work – R&D"
    assert entry.tags == (
        Term("Systems & Research", "category", "sys"),
        Term("KDSF", "tag", "kdsf"),
    )
    assert (entry.authors, entry.image_url) == (("Sam Rivers",), "https://blog.example/i.jpg")


def test_dates_are_the_gmt_ones() -> None:
    (entry,) = read(POSTS).entries
    assert entry.published_at is not None and entry.updated_at is not None
    assert entry.published_at.isoformat() == "2024-10-07T06:33:35+00:00"
    assert entry.updated_at.isoformat() == "2024-10-08T06:00:00+00:00"


def test_a_site_in_a_folder_keeps_it() -> None:
    assert read(POSTS).entries[0].site == "blog.example/sub"
    links = {"self": [{"href": "https://moved.example/x/wp-json/wp/v2/posts/3561"}]}
    (entry,) = read(as_bytes([{**POST, "_links": links}])).entries
    assert entry.site == "moved.example/x"


def test_one_post_alone_is_read() -> None:
    assert read(as_bytes(POST)).entries == read(POSTS).entries


def test_without_embed_numbers_alone_name_no_tag_and_no_author() -> None:
    bare = {key: value for key, value in POST.items() if key != "_embedded"}
    (entry,) = read(as_bytes([bare])).entries
    assert (entry.tags, entry.authors, entry.poster) == ((), (), None)


def test_the_hosted_shape_is_read_too() -> None:
    post = {
        "ID": 7,
        "title": "A &#8211; B",
        "content": "<p>Text.</p>",
        "date": "2023-07-13T07:44:59+01:00",
        "modified": "2023-07-14T07:44:59+01:00",
        "URL": "https://w.example/7/",
        "guid": "https://w.example/?p=7",
        "author": {"login": "sr", "name": "Sam Rivers", "email": "s@mail.example"},
        "tags": {"Open Access": {"slug": "open-access"}},
        "categories": {"Web": {"slug": "web"}},
        "featured_image": "https://w.example/f.png",
        "status": "publish",
        "type": "post",
    }
    reading = read(as_bytes({"found": 1, "posts": [post]}))
    (entry,) = reading.entries
    assert reading.form == "WordPress.com API"
    assert (entry.title, entry.site, entry.post_id) == ("A – B", "w.example", 7)
    assert entry.tags == (Term("Web", "category", "web"), Term("Open Access", "tag", "open-access"))
    assert entry.published_at is not None
    assert entry.published_at.isoformat() == "2023-07-13T06:44:59+00:00"


def test_the_shape_of_2016_is_read_too() -> None:
    post = {
        "id": 9,
        "date": "2016-01-02T03:04:05",
        "date_gmt": "2016-01-02T02:04:05",
        "guid": {"raw": "https://o.example/?p=9", "rendered": "https://o.example/?p=9"},
        "link": "https://o.example/9/",
        "title": {"raw": "Old shape", "rendered": "Old shape"},
        "content": {"raw": "x", "rendered": "<p>x</p>"},
        "excerpt": {"rendered": ""},
        "author": 3,
        "featured_image": 0,
    }
    (entry,) = read(as_bytes([post])).entries
    assert (entry.title, entry.post_id, entry.site) == ("Old shape", 9, "o.example")


def test_the_apis_own_description_is_an_offer_and_no_posts() -> None:
    reading = read(
        as_bytes({"name": "Site &amp; Co", "home": "https://s.example", "routes": {}, "url": "x"})
    )
    assert reading.entries == ()
    assert reading.offers == (Offer("wordpress", "https://s.example/wp-json/", "Site & Co"),)


@pytest.mark.parametrize(
    ("document", "key"),
    [
        (
            {"code": "rest_post_invalid_page_number", "message": "Too far.", "data": {}},
            "ingest.form_rest_error",
        ),
        (
            {"id": 10, "name": "ブログ", "slug": "blog", "taxonomy": "category"},
            "ingest.form_rest_term",
        ),
        ({"hello": "world"}, "ingest.form_json_unknown"),
        ([1, 2, 3], "ingest.form_json_unknown"),
        ("text", "ingest.form_plain_text"),
    ],
)
def test_other_json_says_what_it_is(document: object, key: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(as_bytes(document))
    assert caught.value.key == key


def test_an_empty_page_of_posts_holds_none() -> None:
    assert read(b"[]").entries == ()
