import json
import os
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.ingest.addresses import Guard
from bot.ingest.archive import Importer, ImportReport, import_paths
from bot.ingest.fetch import Fetcher, open_session
from bot.ingest.worker import Workers
from bot.messages import catalogue
from bot.model import Note, Scope
from bot.query.language import parse
from bot.store import Store
from tests.ingest.loopback import Site

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)

PAGE = """The Harbour Log
News from the quay

Tag Archives: Tides

New gauge measures the spring tide

Ada Quill and Bo Marsh wrote . . . . .

The harbour has a new gauge at its northern mole. It writes down the water every minute.

What it found

The spring tide came a hand higher than the almanac said.

Source : The Quay Gazette

Chart: Water at the mole
"""

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Quay</title>
<link>https://quay.example/</link>
<item><title>One</title><link>https://quay.example/1</link><guid>1</guid>
<pubDate>Mon, 04 May 2026 08:00:00 GMT</pubDate><description>First of the day.</description></item>
<item><title>Two</title><link>https://quay.example/2</link><guid>2</guid>
<pubDate>Mon, 04 May 2026 09:00:00 GMT</pubDate><description>Second of the day.</description></item>
</channel></rss>"""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(tmp_path / "data") as store:
        yield store


async def run(store: Store, workers: Workers, *paths: Path | str) -> ImportReport:
    report = await import_paths(Importer(store, workers, now=NOW), map(str, paths))
    for problem in report.problems:
        assert catalogue().say(problem.key, **problem.params)
    return report


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.read, report.new, report.updated, report.unchanged


async def test_a_saved_page_is_stored_whole_and_a_second_time_changes_nothing(
    store: Store, workers: Workers, tmp_path: Path
) -> None:
    page = tmp_path / "page.txt"
    page.write_text(PAGE, encoding="utf-8")
    assert counts(await run(store, workers, page)) == (2, 2, 0, 0)
    assert counts(await run(store, workers, page)) == (2, 0, 0, 2)
    found = await store.articles.search(parse("tag:Tides"), Scope(), now=NOW)
    assert [hit.title for hit in found.hits] == [
        "New gauge measures the spring tide",
        "Chart: Water at the mole",
    ]
    article = await store.articles.get(found.hits[0].id, Scope())
    assert article.authors == ("Ada Quill", "Bo Marsh")
    assert article.source == "The Quay Gazette"
    assert article.published_at is None


async def test_an_unreadable_file_is_a_problem_and_the_others_are_imported(
    store: Store, workers: Workers, tmp_path: Path
) -> None:
    (tmp_path / "feed.xml").write_text(FEED)
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)) * 8)
    report = await run(store, workers, tmp_path / "noise.bin", tmp_path / "feed.xml")
    assert report.documents == 1
    assert report.new == 2
    [problem] = report.problems
    assert problem.where.endswith("noise.bin")


async def test_nothing_is_stored_when_nothing_can_be_read(
    store: Store, workers: Workers, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("")
    report = await run(store, workers, tmp_path / "a.txt", tmp_path / "absent.xml")
    assert report.documents == 0
    assert len(report.problems) == 2
    assert await store.feeds.list(Scope()) == ()


async def test_a_folder_gives_every_file_in_it(
    store: Store, workers: Workers, tmp_path: Path
) -> None:
    folder = tmp_path / "files" / "deeper"
    folder.mkdir(parents=True)
    (folder / "feed.xml").write_text(FEED)
    (folder.parent / "page.txt").write_text(PAGE)
    (folder.parent / ".hidden").write_text("x")
    report = await run(store, workers, folder.parent)
    assert (report.documents, report.new) == (2, 4)


async def test_an_address_is_fetched_and_imported(
    store: Store, workers: Workers, site: Site
) -> None:
    url = site.answers("/feed", FEED.encode())
    guard = Guard(allow_private=True)
    async with open_session(guard) as session:
        importer = Importer(store, workers, now=NOW, fetcher=Fetcher(session, guard))
        report = await import_paths(importer, [url, site.base + "/absent"])
    assert (report.documents, report.new) == (1, 2)
    [problem] = report.problems
    assert problem.key == "ingest.fetch_absent"
    [feed] = await store.feeds.list(Scope())
    assert (feed.title, feed.url) == ("Quay", None)


async def test_a_document_that_is_a_path_reads_no_file(
    store: Store, workers: Workers, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text(FEED)
    (tmp_path / "lure.txt").write_text(str(secret))
    report = await run(store, workers, tmp_path / "lure.txt")
    assert report.new == 0


async def test_a_long_file_is_stored_in_portions_and_progress_is_told(
    store: Store, workers: Workers, tmp_path: Path
) -> None:
    feed = long_feed(1200)
    (tmp_path / "long.json").write_text(json.dumps(feed))
    told: list[tuple[str, int, int]] = []
    importer = Importer(store, workers, now=NOW, progress=lambda *step: told.append(step))
    report = await import_paths(importer, [str(tmp_path / "long.json")])
    assert report.new >= 500
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1][1] == report.new


async def test_an_interrupted_file_is_gone_on_with_and_a_changed_one_begins_anew(
    store: Store, workers: Workers, tmp_path: Path
) -> None:
    path = tmp_path / "long.json"
    path.write_text(json.dumps(long_feed(1800)))
    told: list[Note] = []

    def breaks_off(_: str, done: int, __: int) -> None:
        if done >= 1500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await import_paths(Importer(store, workers, now=NOW, progress=breaks_off), [str(path)])
    assert (await store.counts()).articles == 1500
    # The place behind the first 750 had been kept; the second 750 were stored and are met again.
    report = await import_paths(Importer(store, workers, now=NOW, tell=told.append), [str(path)])
    assert told == [Note("ingest.import_resumed", {"count": 750})]
    assert counts(report) == (1800, 300, 0, 1500)
    again = await import_paths(Importer(store, workers, now=NOW, tell=told.append), [str(path)])
    assert counts(again) == (1800, 0, 0, 1800)
    assert len(told) == 1, "what was finished is not gone on with"

    with pytest.raises(KeyboardInterrupt):
        await import_paths(Importer(store, workers, now=NOW, progress=breaks_off), [str(path)])
    path.write_text(json.dumps(long_feed(1900)))
    report = await import_paths(Importer(store, workers, now=NOW, tell=told.append), [str(path)])
    assert counts(report) == (1900, 100, 0, 1800)
    assert len(told) == 1


def long_feed(count: int) -> dict[str, object]:
    items = [
        {
            "id": str(n),
            "title": f"Item {n}",
            "url": f"https://quay.example/{n}",
            "content_text": f"The text of number {n}.",
            "date_published": f"2026-01-{n % 28 + 1:02d}T{n % 24:02d}:00:00Z",
        }
        for n in range(count)
    ]
    return {"version": "https://jsonfeed.org/version/1.1", "title": "Long", "items": items}


async def test_a_list_of_feeds_is_told_where_to_go_and_fetches_nothing(
    store: Store, workers: Workers, site: Site, tmp_path: Path
) -> None:
    path = tmp_path / "list.opml"
    path.write_text(
        f"<opml version='2.0'><body><outline text='Quay' xmlUrl='{site.base}/feed'/></body></opml>"
    )
    report = await run(store, workers, path)
    assert (report.documents, report.new) == (0, 0)
    [problem] = report.problems
    assert "import-opml" in str(catalogue().say(problem.key, **problem.params))
    assert site.requests == []


async def test_one_item_without_a_date_among_many_holds_up_no_other(
    store: Store, workers: Workers, tmp_path: Path
) -> None:
    items = [
        {"id": str(n), "title": f"Item {n}", "url": f"https://quay.example/{n}"}
        | ({"date_published": "2026-01-02T03:04:05Z"} if n else {})
        for n in range(500)
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Long", "items": items}
    (tmp_path / "long.json").write_text(json.dumps(feed))
    assert counts(await run(store, workers, tmp_path / "long.json")) == (500, 500, 0, 0)


async def test_what_is_no_file_is_named_and_stores_nothing(
    store: Store, workers: Workers, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    report = await run(store, workers, tmp_path / "empty", tmp_path / "pipe")
    assert [problem.key for problem in report.problems] == [
        "ingest.import_empty_folder",
        "ingest.import_no_file",
    ]
    assert report.read == 0


async def test_random_bytes_are_no_text(store: Store, workers: Workers, tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(random.Random(4).randbytes(300_000))
    report = await run(store, workers, tmp_path / "noise")
    assert [problem.key for problem in report.problems] == ["ingest.form_binary_data"]
