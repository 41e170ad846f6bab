"""Real files beside the checkout, read as the expected.json of their folders says.

Each folder (feeds, saved pages, exports, answers of APIs, lists, hostile files) says what a right
reading gives. Misses are printed; one that is known has its reason here, any other breaks the
promise. There is no peer. `BENCH_SAMPLES` names another folder than ../shared/samples.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.grounds import Unmeasurable
from benchmarks.pairs import Row
from bot.errors import UnreadableError
from bot.ingest.dates import parse_date
from bot.ingest.decode import decode
from bot.ingest.formats import read
from bot.ingest.formats.opml import read_feeds
from bot.model import Reading

KNOWN = {
    "feeds/wp-real/izq__comments_feed_index.xml": "a feed of comments is refused by default",
    "wxr/theme-test/themeunittestdata.wordpress.xml": "one of the 56 posts carries a password",
    "wprest/kcua_categories_10.json": "a category, not a post: refused with a sentence",
}
"""Why these files are read otherwise than their expected.json says."""

Miss = tuple[str, object]
_Expected = dict[str, Any]


def samples() -> Path | None:
    """Return the folder of the samples, None where there is none on this machine."""
    named = os.environ.get("BENCH_SAMPLES")
    if named:
        return Path(named)
    around = (folder.parent / "shared" / "samples" for folder in Path(__file__).resolve().parents)
    return next((found for found in around if found.is_dir()), None)


def expected(root: Path, folder: str) -> list[_Expected]:
    """Return what a right reading of a folder's files gives, a row a file."""
    found: list[_Expected] = json.loads((root / folder / "expected.json").read_text("utf-8"))
    return found


def measure() -> Sequence[Row]:
    """Read all samples; a few seconds. Raises Unmeasurable where there are none."""
    root = samples()
    if root is None:
        raise Unmeasurable("the samples are not beside this checkout; BENCH_SAMPLES names them")
    return [_row(root, folder) for folder in FOLDERS]


def _row(root: Path, folder: str) -> Row:
    missed = list(FOLDERS[folder](root))
    files = len(expected(root, folder))
    unexplained = [miss for miss in missed if miss[0] not in KNOWN]
    return Row(
        f"samples/{folder} read as its expected.json says: misses without a reason",
        f"{len(missed)} misses of {files} files",
        "0",
        float(len(unexplained)),
        0.0,
        n=files,
        note="; ".join(f"{file}: {KNOWN.get(file, what)}" for file, what in missed),
    )


def as_text(moment: object) -> str | None:
    """Return a moment as the samples write it."""
    return None if moment is None else str(moment).replace(" ", "T")


def _feeds(root: Path) -> Iterator[Miss]:
    for one in expected(root, "feeds"):
        try:
            reading = read((root / one["file"]).read_bytes(), name=one["file"])
        except UnreadableError as error:
            if one["expected"].get("entries", 0):
                yield one["file"], error.key
            continue
        for miss in feed_misses(reading, one["expected"]):
            yield one["file"], miss


def feed_misses(reading: Reading, want: _Expected) -> Iterator[object]:
    """Yield what a feed was read otherwise than wanted."""
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


def _pages(root: Path) -> Iterator[Miss]:
    for one in expected(root, "archive_html"):
        for miss in _page_misses(read((root / one["file"]).read_bytes()), one):
            yield one["file"], miss


def _page_misses(reading: Reading, want: _Expected) -> Iterator[object]:
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


def _exports(root: Path) -> Iterator[Miss]:
    for one in expected(root, "wxr"):
        try:
            reading = read((root / one["file"]).read_bytes())
        except UnreadableError as error:
            if one["items"]:
                yield one["file"], error.key
            continue
        if (
            reading.read != one["items"]
            or len(reading.entries) != one["importable_published_posts"]
        ):
            yield one["file"], (reading.read, len(reading.entries))
        want = one["first_published_post"]
        if want and reading.entries and reading.entries[0].post_id != int(want["id"]):
            yield one["file"], ("id", reading.entries[0].post_id)
        names = {term.name for term in reading.entries[0].tags} if reading.entries else set()
        if want and len(want["cats"]) > 1 and names != {*want["cats"], *want["tags"]}:
            yield one["file"], ("terms", names)


def _answers(root: Path) -> Iterator[Miss]:
    for one in expected(root, "wprest"):
        try:
            reading = read((root / one["file"]).read_bytes())
        except UnreadableError as error:
            yield one["file"], error.key
            continue
        if reading.read != one["entries"]:
            yield one["file"], ("entries", reading.read)
        if reading.entries:
            first = reading.entries[0]
            got = (str(first.post_id), first.title, first.published_at)
            want = (one["first_id"], one["first_title_text"], parse_date(one["first_date_gmt"]))
            if got != want or (one.get("first_authors") or list(first.authors)) != list(
                first.authors
            ):
                yield one["file"], (got, want)


def _lists(root: Path) -> Iterator[Miss]:
    for one in expected(root, "opml"):
        found = read_feeds(decode((root / one["file"]).read_bytes()))
        folders = sorted({feed.folders[-1] if feed.folders else "" for feed in found.feeds})
        got = (found.read, len(found.feeds), folders)
        if got != (one["feeds"], one["distinct_urls"], one["folders"]):
            yield one["file"], got
        if one["first"] and [found.feeds[0].url, found.feeds[0].title] != one["first"][:2]:
            yield one["file"], found.feeds[0]


_COUNTS = {
    "0 or 1": range(2),
    "0..2": range(3),
    "2..3": range(2, 4),
    # What is stored of them is told below, by their keys.
    "1..2 stored": range(3, 4),
    "20 (link differs)": range(20, 21),
    "3 raw, 1 after URL folding": range(3, 4),
}


def _hostile(root: Path) -> Iterator[Miss]:
    for one in expected(root, "hostile"):
        reading = hostile(root, one["file"])
        got = 0 if reading is None else len(reading.entries)
        want = one["expect"].get("entries", 0)
        if got not in _COUNTS.get(str(want), (want,)):
            yield one["file"], (got, want)
        if reading is not None and "root:" in repr(reading):
            yield one["file"], "a local file was read"
        title = one["expect"].get("title")
        if title and (reading is None or reading.entries[0].title != title):
            yield one["file"], "title"


def hostile(root: Path, name: str) -> Reading | None:
    """Return what a hostile file is read as, None where it ends in a sentence."""
    try:
        return read((root / "hostile" / name).read_bytes(), name=name)
    except UnreadableError:
        return None


FOLDERS: Mapping[str, Callable[[Path], Iterator[Miss]]] = {
    "feeds": _feeds,
    "archive_html": _pages,
    "wxr": _exports,
    "wprest": _answers,
    "opml": _lists,
    "hostile": _hostile,
}
"""What reads the files of each folder, and yields each miss."""
