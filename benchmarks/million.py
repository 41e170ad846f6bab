"""A million articles: each kind of question under 100 ms at the 99th percentile, with the cost.

Asked of the store as members' commands ask it, heads and excerpts drawn. `./tagwire bench
--million` makes the archive once (most of an hour, 12 GB in the temporary folder), so that it is
left out of the other benchmarks; `--articles N` makes a smaller one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from benchmarks import corpus
from benchmarks.pairs import Row, p99, table
from bot.model import PUBLIC_SCOPE
from bot.query import language
from bot.store import Store
from bot.store.postings import TEXT

ARTICLES = 1_000_000
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ASKED = 120
MOST_MS = 100.0


def _words(store: Store, articles: int, share: float) -> list[str]:
    view = store.beside._view
    assert view is not None
    spoken = corpus.Language()
    wanted = share * articles
    found: dict[str, str] = {}
    for word, stem in zip(spoken.words, spoken.stems, strict=True):
        posting = view.postings.posting(TEXT, stem)
        if posting and 0.8 * wanted <= posting.count <= 1.25 * wanted:
            found.setdefault(stem, word)
    return sorted(found.values())


def _mix(store: Store, articles: int) -> dict[str, list[str]]:
    """Return the questions of each kind."""
    chance = random.Random(9)
    rare, few, tenth, half = (_words(store, articles, s) for s in (0.001, 0.01, 0.1, 0.5))
    for words in (rare, few, tenth, half):
        chance.shuffle(words)
    spoken = corpus.Language()
    names = random.Random(corpus.SEED)
    tags = corpus._names(names, corpus.TAGS, 2)[:60]
    return {
        "a word": [f"{w} sort:best" for w in (*rare[:20], *few[:20], *tenth[:20], *half[:10])],
        "two words": [
            f"{a} {b} sort:best" for a, b in (*pairwise(tenth[:20]), *zip(half, few, strict=False))
        ],
        "eight words, any": [
            " OR ".join(chance.sample([*half[:10], *tenth[:20], *few[:40]], 8)) + " sort:best"
            for _ in range(30)
        ],
        "a word by tag and date": [
            f'{w} tag:"{t}" after:2020 sort:best' for w, t in zip(tenth, tags, strict=False)
        ],
        "a tag's page": [f'tag:"{tag}"' for tag in tags],
        "a beginning, newest first": [f"{w[:4]}* sort:new" for w in spoken.words[1_000:1_060]],
        "a phrase, newest first": [f'"{a} {b}" sort:new' for a, b in pairwise(tenth[:40])],
        "the latest": ["", "after:2024"],
    }


async def _asked(store: Store, queries: Sequence[str]) -> list[float]:
    seconds = []
    for turn in range(max(ASKED, len(queries))):
        query = language.parse(queries[turn % len(queries)])
        started = time.perf_counter()
        await store.articles.find(query, PUBLIC_SCOPE, now=NOW, limit=5)
        seconds.append(time.perf_counter() - started)
    return seconds


async def _measured(articles: int) -> list[Row]:
    made = corpus.made(articles)
    async with Store.open(made.folder) as store:
        started = time.perf_counter()
        remade = await store.beside.refresh()
        built = time.perf_counter() - started
        print(f"postings {'made' if remade else 'loaded'} in {built:.0f} s", file=sys.stderr)
        rows = []
        for name, queries in _mix(store, articles).items():
            await _asked(store, queries[:10])
            seconds = await _asked(store, queries)
            ms = p99(seconds) * 1000
            rows.append(
                Row(
                    f"{name}, of {articles:,} articles, at p99",
                    f"{ms:.1f} ms",
                    f"{MOST_MS:.0f} ms",
                    ms / MOST_MS,
                    1.0,
                    n=len(seconds),
                    note=f"median {sorted(seconds)[len(seconds) // 2] * 1000:.1f} ms",
                )
            )
        files = {path.name: path.stat().st_size for path in made.folder.iterdir() if path.is_file()}
        on_disk = sum(files.values()) / 1e9
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"disk {on_disk:.2f} GB; memory at most {most:.2f} GB, mapped files included")
        print(f"processor cores {os.cpu_count()}")
        return rows


def measure() -> Sequence[Row]:
    """Measure and return the promises."""
    return asyncio.run(_measured(ARTICLES))


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="tagwire bench --million", description=__doc__)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    rows = asyncio.run(_measured(parser.parse_args().articles))
    print(table(rows))
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
