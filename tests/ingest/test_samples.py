"""Real files beside the checkout, read as their expected.json says; skipped where there are none.

A miss that is known has its reason here; any other fails. The count is printed (pytest -s).
"""

from pathlib import Path

import pytest

from benchmarks.samples import FOLDERS, KNOWN, as_text, expected, feed_misses, samples
from benchmarks.samples import hostile as read_hostile
from bot.ingest.formats import read
from bot.ingest.identity import keys, shared
from bot.ingest.links import fold_link
from bot.model import Reading


def root() -> Path:
    found = samples()
    if found is None:
        pytest.skip("the samples are not on this machine")
    return found


def hostile(name: str) -> Reading | None:
    return read_hostile(root(), name)


@pytest.mark.parametrize("folder", FOLDERS)
def test_files_are_read_as_expected(folder: str) -> None:
    missed = list(FOLDERS[folder](root()))
    print(f"\n{folder}: {len(missed)} misses of {len(expected(root(), folder))}")
    for file, what in missed:
        print(f"  {file}: {KNOWN.get(file, what)}")
    assert [(file, what) for file, what in missed if file not in KNOWN] == []


def test_a_feed_of_comments_can_be_read_when_it_is_asked_for() -> None:
    (one,) = [one for one in expected(root(), "feeds") if "comments_feed" in one["file"]]
    reading = read((root() / one["file"]).read_bytes(), allow_comments=True)
    assert list(feed_misses(reading, one["expected"])) == []


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
    wanted = next(
        o["expect"]["published"] for o in expected(root(), "hostile") if o["file"] == "dates.xml"
    )
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
        page = read((root() / page_file).read_bytes())
        feed = read((root() / feed_file).read_bytes())
        fed = {key for entry in feed.entries for key in keys(entry, None, feed.site_url)}
        for entry in page.entries:
            assert fed & set(keys(entry, None, page.site_url)), (
                entry.title,
                fold_link(entry.url or ""),
            )
