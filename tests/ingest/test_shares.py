"""A long export read by two processes is stored as one process, piece by piece, would store it."""

import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.newspaper import SITE, write_export
from bot.ingest import identity, shares
from bot.ingest.archive import Importer, import_paths
from bot.ingest.document import file_pieces
from bot.ingest.formats import read
from bot.ingest.worker import Workers
from bot.model import PUBLIC_SCOPE_ID, Keyed, Problem, Reading
from bot.query import indexing
from bot.store import DATABASE, Store

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
EXPORT = Path(__file__).parents[1] / "fixtures" / "export.xml"
COUNT = 160


async def stream(parts: Iterable[object]) -> AsyncIterator[object]:
    for part in parts:
        yield part


async def in_turn(*streams: Iterable[object]) -> list[object]:
    return [part async for part in shares.in_turn([stream(parts) for parts in streams])]


def reading(count: int, *numbers: int) -> Reading:
    problems = tuple(Problem("x", "ingest.form_bad_item", {"number": n}) for n in numbers)
    return Reading("x", (), count, problems=problems)


async def test_pieces_come_in_turn_and_a_reader_that_ends_leaves_the_order_as_it_is() -> None:
    assert await in_turn("adg", "beh", "cf") == list("abcdefgh")
    assert await in_turn("abc", "") == list("abc")
    assert await in_turn("", "abc") == list("abc")


async def test_the_last_reading_names_the_problems_of_all_readers_in_order() -> None:
    header = Problem("x", "ingest.form_bad_header", {})
    one = Reading("x", (), 9, problems=(header, *reading(9, 3, 8).problems))
    other = Reading("x", (), 9, problems=(header, *reading(9, 5).problems))
    parts = await in_turn([reading(10), "a", "c", one], ["b", other])
    assert parts[:4] == [reading(10), "a", "b", "c"]
    (*_, last) = parts
    assert isinstance(last, Reading) and last.read == 9
    assert last.problems == (header, *reading(9, 3, 5, 8).problems)


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_every_item_is_read_by_one_of_the_readers(tmp_path: Path, count: int) -> None:
    start, _, rest = EXPORT.read_bytes().partition(b"<item>")
    items = (b"<item>" + rest.rpartition(b"</channel>")[0]) * 17
    path = tmp_path / "export.xml"
    path.write_bytes(start + items + b"</channel></rss>")
    parts = await in_turn(*(file_pieces(str(path), share, count) for share in range(count)))
    whole = read(path.read_bytes(), name="export.xml")
    first, last = parts[0], parts[-1]
    assert isinstance(first, Reading) and isinstance(last, Reading)
    assert (last.read, last.problems) == (whole.read, whole.problems)
    keyed = [k for part in parts if isinstance(part, tuple) for k in part]
    assert [indexing.whole(k).entry for k in keyed] == list(whole.entries)


def rows(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of a store, and what its index holds, word by word."""
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        connection.execute(
            "CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, article_index, 'instance')"
        )
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'article_index%'"
        ).fetchall()
        found = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for (name,) in names}
        found["words"] = connection.execute("SELECT * FROM words").fetchall()
        return found


def portions(path: Path) -> Iterator[list[Keyed]]:
    """Yield what an import stores at once, read by one reader and without what workers prepare."""
    held: list[Keyed] = []
    undated: list[Keyed] = []
    for part in file_pieces(str(path)):
        for keyed in part if isinstance(part, tuple) else ():
            entry = indexing.whole(keyed).entry
            own = Keyed(entry, identity.keys(entry, None, SITE), identity.content_hash(entry))
            (undated if entry.published_at is None else held).append(own)
        if len(held) >= 500:
            yield held
            held = []
    yield [*undated, *held]


async def plainly(folder: Path, path: Path) -> None:
    """Store an export as a poll stores a feed: entries alone, every commit on the disk."""
    first = next(iter(file_pieces(str(path))))
    assert isinstance(first, Reading)
    async with Store.open(folder) as store:
        title = first.title or ""
        feed = await store.feeds.ensure_import(title, first.site_url, PUBLIC_SCOPE_ID, NOW)
        for keyed in portions(path):
            await store.intake.record(
                feed.id, first, keyed, now=NOW, scope_id=PUBLIC_SCOPE_ID, announce=False
            )


async def test_every_row_is_as_a_plain_reading_stores_it(workers: Workers, tmp_path: Path) -> None:
    path = tmp_path / "export.xml"
    write_export(path, COUNT)
    # Several kinds of trap among the plain articles, and each article of the end a second time.
    traps = EXPORT.read_text().partition("<item>")[2].rpartition("</channel>")[0]
    text = path.read_text().replace("<item>", f"<item>{traps}<item>", 1)
    again = text[-30_000:].partition("</item>")[2]
    path.write_text(text.replace("</channel>\n</rss>", again + " " * shares.LONG))
    assert path.stat().st_size > shares.LONG
    async with Store.open(tmp_path / "bulk") as store:
        report = await import_paths(Importer(store, workers, now=NOW), [str(path)])
    await plainly(tmp_path / "plain", path)
    bulk, plain = rows(tmp_path / "bulk"), rows(tmp_path / "plain")
    assert report.new > COUNT and report.unchanged
    assert bulk.keys() == plain.keys()
    for table in plain:
        assert bulk[table] == plain[table], table
