"""Real files beside the checkout, read as their expected.json says; skipped where there are none.

A miss that is known has its reason here; any other fails. The count is printed (pytest -s).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.errors import UnreadableError
from bot.ingest.dates import parse_date
from bot.ingest.formats import read
from bot.ingest.formats.opml import read_opml
from bot.ingest.identity import keys, shared
from bot.ingest.links import fold_link
from bot.model import Reading

KNOWN = {
    "feeds/wp-real/izq__comments_feed_index.xml": "a feed of comments is refused by default",
    "wxr/theme-test/themeunittestdata.wordpress.xml": "one of the 56 posts carries a password",
    "wprest/kcua_categories_10.json": "a category, not a post: refused with a sentence",
}


def samples() -> Path:
    for folder in Path(__file__).resolve().parents:
        found = folder.parent / "shared" / "samples"
        if found.is_dir():
            return found
    pytest.skip("the samples are not on this machine")


def expected(folder: str) -> list[dict[str, Any]]:
    text = (samples() / folder / "expected.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)
    return found


def settle(folder: str, misses: list[tuple[str, object]]) -> None:
    """Print the misses and fail for those without a reason."""
    print(f"\n{folder}: {len(misses)} misses of {len(expected(folder))}")
    for file, what in misses:
        print(f"  {file}: {KNOWN.get(file, what)}")
    assert [(file, what) for file, what in misses if file not in KNOWN] == []


def as_text(moment: object) -> str | None:
    return None if moment is None else str(moment).replace(" ", "T")


def feed_misses(reading: Reading, want: dict[str, Any]) -> Iterator[object]:
    if "entries" in want and reading.read != want["entries"]:
        yield ("entries", reading.read, want["entries"])
    if not reading.entries or not want.get("entries"):
        return
    first = reading.entries[0]
    if want["title"] is not None and first.title != want["title"]:
        yield ("title", first.title, want["title"])
    if first.guid != want["id"]:
        yield ("id", first.guid, want["id"])
    if as_text(first.published_at) != want["published"]:
        yield ("published", first.published_at, want["published"])
    if "updated" in want and as_text(first.updated_at) != want["updated"]:
        yield ("updated", first.updated_at, want["updated"])


def test_feeds_are_read_as_expected() -> None:
    misses: list[tuple[str, object]] = []
    for one in expected("feeds"):
        data = (samples() / one["file"]).read_bytes()
        try:
            reading = read(data, name=one["file"])
        except UnreadableError as error:
            if one["expected"].get("entries", 0):
                misses.append((one["file"], error.key))
            continue
        misses.extend((one["file"], miss) for miss in feed_misses(reading, one["expected"]))
    settle("feeds", misses)


def test_a_feed_of_comments_can_be_read_when_it_is_asked_for() -> None:
    (one,) = [one for one in expected("feeds") if "comments_feed" in one["file"]]
    reading = read((samples() / one["file"]).read_bytes(), allow_comments=True)
    assert list(feed_misses(reading, one["expected"])) == []


def page_misses(reading: Reading, want: dict[str, Any]) -> Iterator[object]:
    if len(reading.entries) != want["n_entries"]:
        yield ("entries", len(reading.entries))
    for entry, wanted in zip(reading.entries, want["entries"], strict=False):
        title = wanted.get("title_full") or wanted["title"]
        if entry.title != title:
            yield ("title", entry.title, title)
        if "authors" in wanted and list(entry.authors) != wanted["authors"]:
            yield ("authors", entry.authors)
        if wanted.get("published") and entry.published_at != parse_date(wanted["published"]):
            yield ("published", entry.published_at, wanted["published"])
        slugs = {(term.kind, term.slug) for term in entry.tags}
        keyed = {term.slug for term in entry.tags}
        # One normal form is one tag: a category with a tag's slug is not there twice.
        missing = {("tag", slug) for slug in wanted.get("tag_slugs", ())} - slugs
        if any(slug not in keyed for _, slug in missing):
            yield ("tags", missing)
        tail = wanted["link"].replace("../../", "/").removesuffix("index.html")
        if not (entry.url or entry.guid or "").endswith(tail):
            yield ("link", entry.url, wanted["link"])


def test_archive_pages_are_read_as_expected() -> None:
    misses = [
        (one["file"], miss)
        for one in expected("archive_html")
        for miss in page_misses(read((samples() / one["file"]).read_bytes()), one)
    ]
    settle("archive_html", misses)


def test_exports_are_read_as_expected() -> None:
    misses: list[tuple[str, object]] = []
    for one in expected("wxr"):
        try:
            reading = read((samples() / one["file"]).read_bytes())
        except UnreadableError as error:
            if one["items"]:
                misses.append((one["file"], error.key))
            continue
        if (
            reading.read != one["items"]
            or len(reading.entries) != one["importable_published_posts"]
        ):
            misses.append((one["file"], (reading.read, len(reading.entries))))
        want = one["first_published_post"]
        if want and reading.entries and reading.entries[0].post_id != int(want["id"]):
            misses.append((one["file"], ("id", reading.entries[0].post_id)))
        names = {term.name for term in reading.entries[0].tags} if reading.entries else set()
        if want and len(want["cats"]) > 1 and names != {*want["cats"], *want["tags"]}:
            misses.append((one["file"], ("terms", names)))
    settle("wxr", misses)


def test_answers_of_the_api_are_read_as_expected() -> None:
    misses: list[tuple[str, object]] = []
    for one in expected("wprest"):
        try:
            reading = read((samples() / one["file"]).read_bytes())
        except UnreadableError as error:
            misses.append((one["file"], error.key))
            continue
        if reading.read != one["entries"]:
            misses.append((one["file"], ("entries", reading.read)))
        if reading.entries:
            first = reading.entries[0]
            got = (str(first.post_id), first.title, first.published_at)
            want = (one["first_id"], one["first_title_text"], parse_date(one["first_date_gmt"]))
            if got != want or (one.get("first_authors") or list(first.authors)) != list(
                first.authors
            ):
                misses.append((one["file"], (got, want)))
    settle("wprest", misses)


def test_lists_of_feeds_are_read_as_expected() -> None:
    misses: list[tuple[str, object]] = []
    for one in expected("opml"):
        found = read_opml((samples() / one["file"]).read_bytes())
        folders = sorted({feed.folders[-1] if feed.folders else "" for feed in found.feeds})
        got = (found.read, len(found.feeds), folders)
        if got != (one["feeds"], one["distinct_urls"], one["folders"]):
            misses.append((one["file"], got))
        if one["first"] and [found.feeds[0].url, found.feeds[0].title] != one["first"][:2]:
            misses.append((one["file"], found.feeds[0]))
    settle("opml", misses)


def hostile(name: str) -> Reading | None:
    try:
        return read((samples() / "hostile" / name).read_bytes(), name=name)
    except UnreadableError:
        return None


COUNTS = {
    "0 or 1": range(2),
    "0..2": range(3),
    "2..3": range(2, 4),
    # What is stored of them is told below, by their keys.
    "1..2 stored": range(3, 4),
    "20 (link differs)": range(20, 21),
    "3 raw, 1 after URL folding": range(3, 4),
}


def test_hostile_files_end_in_articles_or_a_sentence() -> None:
    misses: list[tuple[str, object]] = []
    for one in expected("hostile"):
        reading = hostile(one["file"])
        got = 0 if reading is None else len(reading.entries)
        want = one["expect"].get("entries", 0)
        if got not in COUNTS.get(str(want), (want,)):
            misses.append((one["file"], (got, want)))
        if reading is not None and "root:" in repr(reading):
            misses.append((one["file"], "a local file was read"))
        title = one["expect"].get("title")
        if title and (reading is None or reading.entries[0].title != title):
            misses.append((one["file"], "title"))
    settle("hostile", misses)


def test_hostile_ids_and_links_are_told_apart() -> None:
    def distinct(name: str) -> int:
        reading = hostile(name)
        assert reading is not None
        ignore = shared(reading.entries)
        groups: list[set[str]] = []
        for entry in reading.entries:
            mine = set(keys(entry, "https://news.example/feed", reading.site_url, ignore))
            for group in [group for group in groups if group & mine]:
                groups.remove(group)
                mine |= group
            groups.append(mine)
        return len(groups)

    assert distinct("guid_is_everywhere_same.xml") == 20
    assert distinct("guid_case_and_slash.xml") == 1
    assert distinct("duplicate_guids.xml") == 2


def test_links_of_hostile_files_are_web_links_or_none() -> None:
    reading = hostile("bad_links.xml")
    assert reading is not None
    assert all(e.url is None or e.url.startswith("http") for e in reading.entries)
    relative = hostile("relative_links.xml")
    assert relative is not None
    assert [entry.url for entry in relative.entries] == [
        "https://news.example/blog/2022/09/post",
        "https://news.example/blog/sub/p",
    ]


def test_dates_of_hostile_files_are_known_or_none() -> None:
    reading = hostile("dates.xml")
    assert reading is not None
    wanted = next(o["expect"]["published"] for o in expected("hostile") if o["file"] == "dates.xml")
    for entry, want in zip(reading.entries, wanted, strict=True):
        got = as_text(entry.published_at)
        if want.startswith("2022"):
            assert got is not None and got.startswith(want.removesuffix("Z")), entry.title
        elif "or epoch" not in want and "future" not in want:
            assert got is None, entry.title


def test_one_post_of_a_page_and_its_feed_is_one_article() -> None:
    pairs = [
        (
            "archive_html/fp__tag_police_index.html",
            "feeds/wp-real/freepressokc__tag_police_feed_index.xml",
        ),
        ("archive_html/izq__tag_crisis_index.html", "feeds/wp-real/izq__tag_crisis_feed_index.xml"),
        (
            "archive_html/kcua__category_blog_index.html",
            "feeds/wp-real/kcua__category_blog_feed_index.xml",
        ),
    ]
    for page_file, feed_file in pairs:
        page = read((samples() / page_file).read_bytes())
        feed = read((samples() / feed_file).read_bytes())
        fed = {key for entry in feed.entries for key in keys(entry, None, feed.site_url)}
        for entry in page.entries:
            assert fed & set(keys(entry, None, page.site_url)), (
                entry.title,
                fold_link(entry.url or ""),
            )
