"""nDCG@10 of the real `find` on a judged collection, beside bm25s (Lucene) on the same data.

A collection is a folder: docs.jsonl (id, title, text a line), queries.tsv (id, text) and qrels.tsv
(query id, document id, grade), without header lines. A second pass asks the same queries with one
letter wrong in a third of their longer words.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import math
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.model import PUBLIC_SCOPE, PUBLIC_SCOPE_ID, Block, BlockType, Entry, Keyed, Reading
from bot.query import language
from bot.store import Store

DEPTH = 10
NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
_CHUNK = 500
_LONGER = 6
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

Rankings = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents (id, title, text), queries by id, and the graded judgements of each query."""

    docs: tuple[tuple[str, str, str], ...]
    queries: Mapping[str, str]
    judged: Mapping[str, Mapping[str, float]]

    @classmethod
    def read(cls, folder: Path) -> Collection:
        """Read a collection's three files."""
        lines = (folder / "docs.jsonl").read_text(encoding="utf-8-sig").split("\n")
        found = [json.loads(line) for line in lines if line.strip()]
        docs = {str(d["id"]): (d.get("title") or "", d.get("text") or "") for d in found}
        queries = {row[0]: row[1] for row in _rows(folder / "queries.tsv", 2)}
        judged: dict[str, dict[str, float]] = {}
        for query_id, doc_id, grade in _rows(folder / "qrels.tsv", 3):
            judged.setdefault(query_id, {})[doc_id] = float(grade)
        named = tuple((doc_id, *texts) for doc_id, texts in docs.items())
        return cls(named, queries, judged)

    @property
    def asked(self) -> dict[str, str]:
        """The queries that have a relevant document: only those can be measured."""
        has = {key for key, graded in self.judged.items() if any(g > 0 for g in graded.values())}
        return {key: text for key, text in self.queries.items() if key in has}


def _rows(path: Path, columns: int) -> list[list[str]]:
    lines = path.read_text(encoding="utf-8-sig").split("\n")
    rows = [line.rstrip("\r").split("\t", columns - 1) for line in lines if line.strip()]
    return [row for row in rows if len(row) == columns]


def misspelt(text: str, chance: random.Random) -> str:
    """Return the text with one letter wrong in a third of its words of six letters and more."""
    words = text.split(" ")
    longer = [i for i, word in enumerate(words) if len(word) >= _LONGER and word.isalpha()]
    for i in chance.sample(longer, math.ceil(len(longer) / 3)):
        words[i] = _with_an_error(words[i], chance)
    return " ".join(words)


def _with_an_error(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word) - 1)
    wrong = chance.choice([letter for letter in _LETTERS if letter != word[place].lower()])
    kind = chance.choice(("other", "dropped", "added", "swapped"))
    if kind == "swapped" and word[place] != word[place + 1]:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == "dropped":
        return word[:place] + word[place + 1 :]
    if kind == "added":
        return word[:place] + wrong + word[place:]
    return word[:place] + wrong + word[place + 1 :]


def ndcg(ranked: Sequence[str], judged: Mapping[str, float]) -> float:
    """Return nDCG@10 with linear gains, as trec_eval has it; 0 when nothing is judged relevant."""
    best = sorted((grade for grade in judged.values() if grade > 0), reverse=True)[:DEPTH]
    ideal = sum(grade / math.log2(rank + 2) for rank, grade in enumerate(best))
    gained = sum(
        max(0.0, judged.get(doc_id, 0.0)) / math.log2(rank + 2)
        for rank, doc_id in enumerate(ranked[:DEPTH])
    )
    return gained / ideal if ideal else 0.0


def mean_ndcg(rankings: Rankings, collection: Collection) -> float:
    """Return the mean over the queries that have a relevant document."""
    scores = [
        ndcg(rankings[query_id], judged)
        for query_id, judged in collection.judged.items()
        if query_id in rankings and any(grade > 0 for grade in judged.values())
    ]
    return statistics.fmean(scores) if scores else 0.0


async def fill(store: Store, collection: Collection) -> dict[int, str]:
    """Import the documents and return the document's id by the article's."""
    feed = await store.feeds.ensure_import("Collection", None, PUBLIC_SCOPE_ID, NOW)
    ids: dict[int, str] = {}
    for start in range(0, len(collection.docs), _CHUNK):
        docs = collection.docs[start : start + _CHUNK]
        keyed = [_keyed(*doc) for doc in docs]
        entries = tuple(item.entry for item in keyed)
        intake = await store.intake.record(
            feed.id,
            Reading("collection", entries, len(entries)),
            keyed,
            now=NOW,
            scope_id=PUBLIC_SCOPE_ID,
            announce=False,
            bulk=True,
        )
        ids.update(zip(intake.new_ids, (doc_id for doc_id, _, _ in docs), strict=True))
    return ids


def _keyed(doc_id: str, title: str, text: str) -> Keyed:
    parts = [part.strip() for part in text.split("\n\n")]
    blocks = tuple(Block(BlockType.PARAGRAPH, part) for part in parts if part)
    entry = Entry(title, guid=doc_id, blocks=blocks)
    return Keyed(entry, (f"guid:{doc_id}",), hashlib.sha256(f"{title}\n{text}".encode()).digest())


async def ours(collection: Collection, asked: Sequence[Mapping[str, str]]) -> list[Rankings]:
    """Return the first ten documents that `find` gives for each query, a ranking a set."""
    with tempfile.TemporaryDirectory() as folder:
        async with Store.open(Path(folder)) as store:
            ids = await fill(store, collection)
            # Both of which the bot does in the background.
            await store.beside.refresh()
            store.vectors.load()
            found: list[Rankings] = []
            for queries in asked:
                rankings: Rankings = {}
                for query_id, text in queries.items():
                    page = await store.articles.find(
                        language.parse(text), PUBLIC_SCOPE, now=NOW, limit=DEPTH
                    )
                    rankings[query_id] = [ids[hit.id] for hit in page.hits]
                found.append(rankings)
            return found


def peer(collection: Collection) -> Rankings:
    """Return bm25s's first ten: Lucene's bm25, English stems and stop words."""
    import bm25s  # type: ignore[import-untyped, import-not-found, unused-ignore]
    import Stemmer

    stem: Callable[[list[str]], list[str]] = Stemmer.Stemmer("english").stemWords
    texts = [f"{title} {text}" for _, title, text in collection.docs]
    engine = bm25s.BM25(method="lucene")
    engine.index(
        bm25s.tokenize(texts, stopwords="en", stemmer=stem, show_progress=False),
        show_progress=False,
    )
    asked = list(collection.asked.values())
    tokens = bm25s.tokenize(asked, stopwords="en", stemmer=stem, show_progress=False)
    found, _ = engine.retrieve(tokens, k=min(DEPTH, len(texts)), show_progress=False)
    doc_ids = [doc_id for doc_id, _, _ in collection.docs]
    return {
        query_id: [doc_ids[int(n)] for n in row]
        for query_id, row in zip(collection.asked, found, strict=True)
    }


def measure_collection(collection: Collection, seed: int = 20) -> dict[str, float]:
    """Return our nDCG@10, bm25s's, and ours with typing errors."""
    chance = random.Random(seed)
    asked = collection.asked
    typos = {query_id: misspelt(text, chance) for query_id, text in asked.items()}
    clean, wrong = asyncio.run(ours(collection, [asked, typos]))
    return {
        "ndcg@10": mean_ndcg(clean, collection),
        "bm25s": mean_ndcg(peer(collection), collection),
        "ndcg@10_typo": mean_ndcg(wrong, collection),
    }


def main() -> int:
    """Measure one collection: `python -m benchmarks.relevance DIR [--json]`."""
    parser = argparse.ArgumentParser(prog="benchmarks/relevance.py", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--seed", type=int, default=20, help="of the typing errors")
    options = parser.parse_args()
    collection = Collection.read(options.folder)
    found = measure_collection(collection, options.seed)
    clean, theirs, wrong = found["ndcg@10"], found["bm25s"], found["ndcg@10_typo"]
    print(f"{len(collection.docs)} documents, {len(collection.asked)} queries, nDCG@10")
    print(f"find {clean:.4f} · bm25s {theirs:.4f} · ratio {clean / theirs if theirs else 0:.3f}")
    print(f"find with typing errors {wrong:.4f} · of its own {wrong / clean if clean else 0:.3f}")
    if options.json:
        print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
