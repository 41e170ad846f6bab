"""Where a walk over an API goes on: pure, for the answers that no honest site gives."""

import pytest

from bot.ingest.api import advanced, is_posts_address, posts_address
from bot.ingest.api_page import Listed
from bot.ingest.paged import is_main_feed
from bot.ingest.place import Place


def listed(*posts: tuple[int, str]) -> list[Listed]:
    return [Listed(number, date, date) for number, date in posts]


def test_a_date_at_the_end_of_time_or_none_at_all_turns_to_page_numbers() -> None:
    for date in ("9999-12-31T23:59:59", "", "yesterday"):
        place = advanced(Place(), listed((1, date)))
        assert place is not None
        assert (place.by_number, place.page, place.cursor) == (True, 2, None)


def test_a_site_that_makes_up_posts_of_one_second_is_left() -> None:
    place: Place | None = Place(cursor="2026-01-01T00:00:01")
    pages = 0
    while place is not None:
        pages += 1
        assert pages < 1000
        first = pages * 100
        posts = [(first + n, "2026-01-01T00:00:00") for n in range(100)]
        place = advanced(place, listed(*posts))


def test_an_empty_page_is_the_end() -> None:
    assert advanced(Place(), []) is None
    assert advanced(Place(page=3, by_number=True), []) is None


def test_a_place_that_another_version_kept_begins_anew() -> None:
    kept = Place(cursor="2026-01-01T00:00:00", seen=(1, 2), size=20)
    assert Place.from_json(kept.as_json()) == kept
    assert Place.from_json({"page": 7, "unknown": True}) == Place()


@pytest.mark.parametrize(
    ("api", "posts"),
    [
        ("https://a.example/wp-json/", "https://a.example/wp-json/wp/v2/posts"),
        ("https://a.example/wp-json", "https://a.example/wp-json/wp/v2/posts"),
        ("https://a.example/b/wp-json/wp/v2/", "https://a.example/b/wp-json/wp/v2/posts"),
        ("https://a.example/wp-json/wp/v2/posts?page=3", "https://a.example/wp-json/wp/v2/posts"),
        ("https://a.example/?rest_route=/", "https://a.example/?rest_route=/wp/v2/posts"),
        (
            "https://public-api.wordpress.com/wp/v2/sites/a.example/",
            "https://public-api.wordpress.com/wp/v2/sites/a.example/posts",
        ),
        (
            "https://public-api.wordpress.com/rest/v1.1/sites/a.example",
            "https://public-api.wordpress.com/rest/v1.1/sites/a.example/posts/",
        ),
        (
            "https://b.example/rest/v1/sites/7/posts?number=5",
            "https://b.example/rest/v1/sites/7/posts/",
        ),
    ],
)
def test_the_posts_of_an_api_are_found_however_it_is_named(api: str, posts: str) -> None:
    assert posts_address(api) == posts
    assert posts_address(posts) == posts


def test_only_the_whole_list_of_posts_is_taken_for_the_site() -> None:
    assert is_posts_address("https://a.example/wp-json/wp/v2/posts")
    assert is_posts_address("https://a.example/?rest_route=/wp/v2/posts")
    assert is_posts_address("https://b.example/rest/v1.1/sites/a.example/posts/")
    assert not is_posts_address("https://b.example/rest/v1.1/sites/a.example/posts/7")
    assert not is_posts_address("https://b.example/rest/v1.1/sites/a.example/posts/?tag=water")
    assert not is_posts_address("https://a.example/wp-json/wp/v2/posts?tags=7")
    assert not is_posts_address("https://a.example/wp-json/wp/v2/posts/7")


@pytest.mark.parametrize(
    ("feed", "home", "is_main"),
    [
        ("https://www.a.example/feed/", "https://a.example", True),
        ("https://a.example/blog/feed/atom/", "https://a.example/blog/", True),
        ("https://a.example/?feed=rss2", "https://a.example", True),
        ("https://a.example/index.php/feed/", "https://a.example/", True),
        ("https://a.example/tag/water/feed/", "https://a.example/", False),
        ("https://a.example/?feed=rss2&tag=water", "https://a.example", False),
        ("https://a.example/feed/?author=3", "https://a.example", False),
        ("https://b.example/feed/", "https://a.example", False),
    ],
)
def test_a_feed_is_the_whole_sites_or_a_part_of_it(feed: str, home: str, is_main: bool) -> None:
    assert is_main_feed(feed, home) is is_main
