"""JSON Feed."""

import json

import pytest

from bot.errors import UnreadableError
from bot.ingest.formats import read
from bot.model import Reading

VERSION = "https://jsonfeed.org/version/1.1"


def feed(*items: object, **facts: object) -> Reading:
    document = {"version": VERSION, "title": "Wire", "items": list(items), **facts}
    return read(json.dumps(document).encode(), url="https://w.example/feed.json", expect="feed")


@pytest.mark.parametrize(
    ("version", "form"),
    [
        ("https://jsonfeed.org/version/1", "JSON Feed 1.0"),
        ("http://jsonfeed.org/version/1.1", "JSON Feed 1.1"),
        ("1.0", "JSON Feed 1.0"),
    ],
)
def test_spellings_of_the_version_are_told(version: str, form: str) -> None:
    assert feed(version=version).form == form


def test_an_id_may_be_a_number_or_missing() -> None:
    entries = feed(
        {"id": 5, "title": "A"}, {"id": 5.0, "title": "B"}, {"url": "https://w.example/c"}
    ).entries
    assert [entry.guid for entry in entries] == ["5", "5", "https://w.example/c"]


def test_authors_of_both_versions_are_read_and_inherited() -> None:
    entries = feed(
        {"id": "1", "author": {"name": "Jo Lind"}},
        {"id": "2", "authors": [{"name": "Mia Holt"}, "Ana van Dam"]},
        {"id": "3", "title": "x"},
        authors=[{"name": "Whole Desk"}],
    ).entries
    assert [entry.authors for entry in entries] == [
        ("Jo Lind",),
        ("Mia Holt", "Ana van Dam"),
        ("Whole Desk",),
    ]


def test_html_is_preferred_to_text_and_text_to_the_summary() -> None:
    entries = feed(
        {"id": "1", "content_html": "<p>h</p>", "content_text": "t", "summary": "s"},
        {"id": "2", "content_text": "a < b\n\nc", "summary": "s"},
        {"id": "3", "summary": "short…"},
    ).entries
    assert [[block.text for block in entry.blocks] for entry in entries] == [
        ["h"],
        ["a < b", "c"],
        ["short…"],
    ]
    assert [entry.truncated for entry in entries] == [False, False, True]


def test_wrong_types_cost_a_field_or_an_item_never_the_feed() -> None:
    reading = feed(
        {"id": 5, "title": None, "tags": "UN", "authors": "x", "date_published": 1662458400},
        {"id": None, "url": {}},
        "str",
        None,
        {"id": "ok", "title": "Good", "tags": ["UN", 3, None], "authors": [{"name": "A B"}, 7]},
    )
    assert [entry.guid for entry in reading.entries] == ["5", "ok"]
    assert [term.name for term in reading.entries[1].tags] == ["UN"]
    assert [problem.params["number"] for problem in reading.problems] == [2, 3, 4]
    assert reading.read == 5


def test_duplicate_keys_and_numbers_that_are_none_do_not_crash() -> None:
    text = (
        f'{{"version":"{VERSION}","items":[{{"id":"1","title":"A","x":NaN,"y":1e999}}],'
        '"items":[{"id":1e999,"title":"B"}]}'
    )
    assert [entry.title for entry in read(text.encode()).entries] == ["B"]


def test_dates_may_lack_an_offset() -> None:
    (entry,) = feed({"id": "1", "date_published": "2020-01-02T21:00:00"}).entries
    assert entry.published_at is not None
    assert entry.published_at.isoformat() == "2020-01-02T21:00:00+00:00"


def test_relative_links_are_completed_by_the_feeds_address() -> None:
    (entry,) = feed({"id": "1", "url": "/a", "image": "i.png"}).entries
    assert (entry.url, entry.image_url) == ("https://w.example/a", "https://w.example/i.png")


def test_lone_surrogates_cannot_reach_the_store() -> None:
    (entry,) = feed({"id": "1", "title": "a\ud800b", "content_text": "c\udfffd"}).entries
    assert (entry.title, entry.blocks[0].text) == ("ab", "cd")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"version":"https://jsonfeed.org/version/1","items":7}', "ingest.form_json_no_items"),
        (
            '{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","ti',
            "ingest.form_bad_json",
        ),
        ('{"a": 1}', "ingest.form_json_unknown"),
        ("[" * 100_000, "ingest.form_bad_json"),
    ],
)
def test_what_is_no_feed_is_an_error_with_its_place(text: str, key: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(text.encode())
    assert caught.value.key == key
    if key == "ingest.form_bad_json":
        assert caught.value.params["line"] == 1


def test_a_feeds_own_picture_is_its_icon_else_its_favicon() -> None:
    assert feed(icon="https://w.example/i.png", favicon="/f.ico").icon_url == (
        "https://w.example/i.png"
    )
    assert feed(favicon="/f.ico").icon_url == "https://w.example/f.ico"
    assert feed(icon="javascript:alert(1)").icon_url is None
