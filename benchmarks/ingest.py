"""An export of 10,000 articles imported as `./tagwire import` does, beside a bare index of them.

The peer only rebuilds an FTS5 table (porter, unicode61) over rows that it holds already: title,
body and tags. Each runs in a process of its own. `BENCH_LARGE=1` measures 100,000 too.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.newspaper import write_export
from benchmarks.pairs import Row
from bot.ingest.archive import Importer, import_paths
from bot.ingest.worker import Limits, Workers
from bot.store import DATABASE, Store

ARTICLES, LARGE, PAIRS = 10_000, 100_000, 5
LEAST, MOST_MB = 0.6, 120.0


def measure() -> Sequence[Row]:
    """Measure rate and memory; about three minutes, and many more with the large export."""
    with tempfile.TemporaryDirectory(prefix="tagwire-bench-") as name:
        folder = Path(name)
        rows = list(_pairs(folder))
        if os.environ.get("BENCH_LARGE"):
            export = folder / "large.xml"
            write_export(export, LARGE)
            seconds, peak_mb = _run("ours", export, folder / "large")
            rows.append(_memory(LARGE, peak_mb, 1, f"{LARGE / seconds:,.0f} articles/s"))
        return rows


def _pairs(folder: Path) -> Sequence[Row]:
    export = folder / "export.xml"
    write_export(export, ARTICLES)
    store = folder / "first"
    _run("ours", export, store)
    _run("peer", store / DATABASE, folder / "bare-first.db")
    ours: list[float] = []
    peer: list[float] = []
    peaks: list[float] = []
    for turn in range(PAIRS):
        for side in ("ours", "peer") if turn % 2 == 0 else ("peer", "ours"):
            if side == "ours":
                seconds, peak_mb = _run(side, export, folder / f"store-{turn}")
                ours.append(seconds)
                peaks.append(peak_mb)
            else:
                seconds, _ = _run(side, store / DATABASE, folder / f"bare-{turn}.db")
                peer.append(seconds)
    ratio = statistics.median(b / a for a, b in zip(ours, peer, strict=True))
    row = Row(
        "import of a WordPress export: share of the rate of a bare FTS5 rebuild",
        f"{ARTICLES / statistics.median(ours):,.0f} articles/s",
        f"{ARTICLES / statistics.median(peer):,.0f} articles/s",
        ratio,
        LEAST,
        at_least=True,
        n=PAIRS,
        note="parsing, identity, names, stories and the start of the workers included",
    )
    return [row, _memory(ARTICLES, max(peaks), PAIRS, "")]


def _memory(articles: int, peak_mb: float, n: int, note: str) -> Row:
    promise = f"peak memory of the main process, {articles:,} articles, in MB"
    return Row(promise, f"{peak_mb:.0f} MB", f"{MOST_MB:.0f} MB", peak_mb, MOST_MB, n=n, note=note)


def _run(side: str, source: Path, target: Path) -> tuple[float, float]:
    """Return the seconds and the peak megabytes of one side in a process of its own."""
    # Not "-m": readers would load this module too, where those of `tagwire import` load none.
    start = "from benchmarks.ingest import main; main()"
    command = [sys.executable, "-c", start, side, str(source), str(target)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=1_800)
    seconds, peak_mb = said.stdout.split()
    return float(seconds), float(peak_mb)


def _peak_mb() -> float:
    # Of this program alone: what getrusage() tells begins with the peak of who started it.
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return float(line.split()[1]) / 1024


async def _import(export: Path, folder: Path) -> float:
    limits = Limits(seconds=300.0, memory_mb=2048)
    async with Store.open(folder) as store, Workers(limits=limits) as workers:
        started = time.perf_counter()
        report = await import_paths(Importer(store, workers, now=datetime.now(UTC)), [str(export)])
        seconds = time.perf_counter() - started
    assert report.new in (ARTICLES, LARGE), report
    return seconds


def _rebuild(store: Path, target: Path) -> float:
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("ATTACH :store AS ours", {"store": str(store)})
        connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, title, body, tags)")
        connection.execute(
            """
            INSERT INTO main.rows
            SELECT a.id, a.title,
                   (SELECT group_concat(value ->> 1, char(10)) FROM json_each(a.blocks)),
                   (SELECT group_concat(t.name, ', ') FROM ours.article_tags l
                    JOIN ours.tags t ON t.id = l.tag_id WHERE l.article_id = a.id)
            FROM ours.articles a
            """
        )
        connection.execute(
            """
            CREATE VIRTUAL TABLE main.bare USING fts5 (
                title, body, tags, content = 'rows', content_rowid = 'id',
                tokenize = 'porter unicode61 remove_diacritics 2')
            """
        )
        started = time.perf_counter()
        connection.execute("INSERT INTO bare (bare) VALUES ('rebuild')")
        return time.perf_counter() - started


def main() -> None:
    """Run one side: what it is to do, from what file, into which; prints seconds and megabytes."""
    side, source, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    seconds = asyncio.run(_import(source, target)) if side == "ours" else _rebuild(source, target)
    print(seconds, _peak_mb())
