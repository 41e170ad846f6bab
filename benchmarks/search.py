"""Search over 100,000 articles beside bare FTS5 (`ORDER BY rank LIMIT 10`) and tantivy.

Each side is handed a query and gives the ten best articles on the same thread; ours counts all
matches too, and its newest gain a little, as members get it. Words of a class take turns, so that
nothing is asked twice in a row. What a member waits for, heads, excerpts and the hop to a reader
included, is a row of its own. Run it alone by `python -m benchmarks.search [--json]`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import corpus, readers
from benchmarks.pairs import Pairs, Row, p99
from bot.model import PUBLIC_SCOPE
from bot.query import language
from bot.query.nodes import Query
from bot.store import Store, compile, facets, index, postings_build, searching
from bot.store.beside import Beside
from bot.store.postings import TEXT
from bot.store.resolve import Asked, resolve
from bot.store.searching import Window

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LIMIT = 10
PAIRS = 21
WORDS = 12  # of a class
WEIGHTS = (8.0, 4.0, 4.0, 2.0, 1.0)
FIELDS = ("title", "tags", "byline", "subheadings", "body")
BUILT, BUILDS = 10_000, 5


@dataclass(frozen=True, slots=True)
class Timed:
    """A row with the seconds of both sides, for the figures that --json gives."""

    row: Row
    pairs: Pairs
    query: str
    peer: str


@dataclass
class Field:
    """The archive, the peers' indexes of it, and words by the share of articles that hold them."""

    store: Store
    connection: sqlite3.Connection
    bare: sqlite3.Connection
    tantivy: Any
    searcher: Any
    articles: int
    timed: list[Timed] = field(default_factory=list)

    @property
    def beside(self) -> Beside:
        """The postings beside the index."""
        return self.store.beside

    def words(self, share: float, count: int = WORDS, seed: int = 5) -> list[str]:
        """Return words that about this share of the articles hold, as they are written."""
        view = self.beside._view
        assert view is not None
        spoken = corpus.Language()
        wanted = self.articles * share
        near: dict[str, str] = {}
        for word, stem in zip(spoken.words, spoken.stems, strict=True):
            posting = view.postings.posting(TEXT, stem)
            if posting and 0.8 * wanted <= posting.count <= 1.25 * wanted:
                near.setdefault(stem, word)
        found = sorted(near.values())
        return random.Random(seed).sample(found, min(count, len(found)))


def peers(folder: Path, database: Path) -> tuple[sqlite3.Connection, Any]:
    """Return bare FTS5 and tantivy on the same texts, made on the first call."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", stored=True, indexed=True)
    for name in FIELDS:
        builder.add_text_field(name, stored=False, tokenizer_name="en_stem")
    kept = folder / "peers"
    kept.mkdir(exist_ok=True)
    bare = sqlite3.connect(kept / "bare.db", isolation_level=None)
    bare.execute("PRAGMA cache_size = -200000")
    bare.execute("PRAGMA mmap_size = 4294967296")
    whole = kept / "whole"
    if not whole.exists():
        for left in kept.iterdir():
            if left.name.startswith(("tantivy", ".tantivy", "meta", ".managed")) or left.is_dir():
                continue
    made = kept / "tantivy"
    made.mkdir(exist_ok=True)
    index = tantivy.Index(builder.build(), path=str(made))
    if not whole.exists():
        print("making the peers' indexes …", file=sys.stderr)
        _fill_peers(bare, index, database)
        whole.touch()
    index.reload()
    return bare, index


def _fill_peers(bare: sqlite3.Connection, index: Any, database: Path) -> None:
    import tantivy

    bare.executescript(
        f"""
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = OFF;
        DROP TABLE IF EXISTS docs;
        DROP TABLE IF EXISTS found;
        CREATE TABLE docs (id INTEGER PRIMARY KEY, {", ".join(FIELDS)});
        CREATE VIRTUAL TABLE found USING fts5 ({", ".join(FIELDS)}, content = 'docs',
            content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2');
        INSERT INTO found (found, rank) VALUES ('rank', 'bm25{WEIGHTS}');
        BEGIN;
        """
    )
    writer = index.writer(heap_size=200_000_000, num_threads=1)
    writer.delete_all_documents()
    for row in texts(database):
        bare.execute("INSERT INTO docs VALUES (?, ?, ?, ?, ?, ?)", row)
        document = tantivy.Document(id=row[0])
        for name, value in zip(FIELDS, row[1:], strict=True):
            document.add_text(name, str(value))
        writer.add_document(document)
    bare.execute("COMMIT")
    bare.execute("INSERT INTO found (found) VALUES ('rebuild')")
    bare.execute("INSERT INTO found (found) VALUES ('optimize')")
    writer.commit()
    writer.wait_merging_threads()


def texts(database: Path) -> Iterator[tuple[int, str, str, str, str, str]]:
    """Yield each article's id and the texts of its fields, as they are written."""
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(
            """
            SELECT a.id, a.title, s.name, a.blocks,
                (SELECT group_concat(t.name, '. ') FROM article_tags l
                 JOIN tags t ON t.id = l.tag_id WHERE l.article_id = a.id),
                (SELECT group_concat(n.name, '. ') FROM article_authors l
                 JOIN authors n ON n.id = l.author_id WHERE l.article_id = a.id)
            FROM articles a JOIN sources s ON s.id = a.source_id
            """
        )
        for key, title, source, blocks, tags, authors in found:
            parts = json.loads(blocks)
            heads = "\n".join(part[1] for part in parts if part[0] == "subheading")
            body = "\n".join(part[1] for part in parts if part[0] != "subheading")
            yield key, title, tags, f"{authors}. {source}", heads, body


@contextmanager
def opened(articles: int) -> Iterator[Field]:
    """Make or open the archive and the peers, with the postings up to date."""
    made = corpus.made(articles)
    bare, index = peers(made.folder, made.database)
    with asyncio.Runner() as runner, closing(bare):
        opening = Store.open(made.folder)
        store = runner.run(opening.__aenter__())
        try:
            runner.run(store.beside.refresh())
            with closing(sqlite3.connect(made.database, isolation_level=None)) as connection:
                connection.row_factory = sqlite3.Row
                connection.execute("PRAGMA mmap_size = 4294967296")
                yield Field(store, connection, bare, index, index.searcher(), articles)
        finally:
            runner.run(opening.__aexit__(None, None, None))


def ours(at: Field, query: Query, gain: float | None = None) -> list[int]:
    """Return the ids of the ten best, of what the store finds and counts."""
    asked = Asked(PUBLIC_SCOPE, NOW) if gain is None else Asked(PUBLIC_SCOPE, NOW, freshness=gain)
    test = resolve(at.connection, query, asked)
    until = searching.newest(at.connection)
    order = query.sort or "new"
    found = searching.places(at.connection, test, order, asked, Window(LIMIT), until, at.beside)
    return [place["id"] for place in found.places]


def fts5(at: Field, match: str) -> list[int]:
    """Return what bare FTS5 holds for the ten best."""
    rows = at.bare.execute(
        "SELECT rowid FROM found WHERE found MATCH ? ORDER BY rank LIMIT 10", (match,)
    )
    return [row[0] for row in rows]


def best(query: str) -> Query:
    """Return a query in the order of the best."""
    return language.parse(f"{query} sort:best")


def quoted(words: Sequence[str], joined: str) -> str:
    """Return words as FTS5 and tantivy read them."""
    return f" {joined} ".join(f'"{word}"' for word in words)


def compared(
    at: Field,
    name: str,
    queries: Sequence[str],
    peer: str,
    calls: Sequence[Callable[[], object]],
    bound: float,
    pairs: int = PAIRS,
) -> None:
    """Time queries beside the peer's, in turns, and keep the row."""
    asked = [best(query) for query in queries]
    for query, call in zip(asked, calls, strict=True):
        ours(at, query)
        call()
    mine: list[float] = []
    theirs: list[float] = []
    for turn in range(pairs):
        place = turn % len(asked)
        query, call = asked[place], calls[place]
        sides: list[tuple[Callable[[], object], list[float]]] = [
            (partial(ours, at, query), mine),
            (call, theirs),
        ]
        for side, kept in sides if turn % 2 == 0 else reversed(sides):
            started = time.perf_counter()
            side()
            kept.append(time.perf_counter() - started)
    both = Pairs(tuple(mine), tuple(theirs))
    note = f"p99 {p99(mine) * 1000:.2f} ms"
    row = Row(
        f"{name}, to {peer}",
        f"{both.ours_ms:.3f} ms",
        f"{both.peer_ms:.3f} ms",
        both.ratio,
        bound,
        n=pairs,
        note=note,
    )
    at.timed.append(Timed(row, both, name, peer))


def _queries(at: Field) -> None:
    rare, few, tenth, half = (at.words(share) for share in (0.001, 0.01, 0.1, 0.5))
    for name, words in (("a word in 0.1 %", rare), ("a word in 1 %", few)):
        calls = [lambda w=w: fts5(at, f'"{w}"') for w in words]
        compared(at, name, words, "bare FTS5", calls, 1.2)
    mixed = zip(half, tenth, tenth[1:], few, few[1:], few[2:], rare, rare[1:], strict=False)
    shapes: list[tuple[str, list[tuple[str, ...]], str, float]] = [
        ("a word in 10 %", [(word,) for word in tenth], "AND", 1.5),
        ("a word in 50 %", [(word,) for word in half], "AND", 1.5),
        ("10 % and 10 %", list(pairwise(tenth)), "AND", 1.5),
        ("50 % and 10 %", list(zip(half, tenth, strict=False)), "AND", 1.5),
        ("any of eight words, one in 50 %", list(mixed), "OR", 2.0),
        ("any of eight words in 10 %", [tuple(tenth[i : i + 8]) for i in range(4)], "OR", 2.0),
    ]
    for name, wordings, joined, bound in shapes:
        queries = [(" OR " if joined == "OR" else " ").join(words) for words in wordings]
        parsed = [at.tantivy.parse_query(quoted(w, joined), list(FIELDS)) for w in wordings]
        calls = [lambda q=q: at.searcher.search(q, LIMIT) for q in parsed]
        compared(at, name, queries, "tantivy", calls, bound)


def _filters(at: Field) -> None:
    words = at.words(0.1)
    connection = at.connection
    names = {
        "tag": "SELECT name FROM tags ORDER BY article_count DESC LIMIT 6",
        "source": "SELECT name FROM sources ORDER BY article_count DESC LIMIT 6",
        "author": "SELECT name FROM authors ORDER BY article_count DESC LIMIT 6",
    }
    for kind, sql in names.items():
        found = [row[0] for row in connection.execute(sql)]
        queries = [f'{w} {kind}:"{n}"' for w, n in zip(words, found, strict=False)]
        calls = [lambda w=w: fts5(at, f'"{w}"') for w in words[: len(queries)]]
        compared(at, f"a word in 10 % by {kind}", queries, "bare FTS5, no filter", calls, 1.1)
    queries = [f"{w} after:2021 before:2022-06" for w in words[:6]]
    calls = [lambda w=w: fts5(at, f'"{w}"') for w in words[:6]]
    compared(at, "a word in 10 % by date", queries, "bare FTS5, no filter", calls, 1.1)


def _same_ten(at: Field) -> Row:
    """Compare with the index's own weighted bm25, the prior switched off."""
    rare, few, tenth, half = (at.words(share, 8, 9) for share in (0.001, 0.01, 0.1, 0.5))
    queries = [*rare, *few, *tenth, *half]
    queries += [f"{a} {b}" for a, b in zip(half, tenth, strict=False)]
    queries += [f"{a} OR {b} OR {c}" for a, b, c in zip(half, tenth, rare, strict=False)]
    same = 0
    for query in queries:
        test = resolve(at.connection, best(query), Asked(PUBLIC_SCOPE, NOW))
        (branch,) = compile.branches(test)
        rows = at.connection.execute(
            "SELECT rowid FROM article_index WHERE article_index MATCH ? ORDER BY rank, rowid DESC"
            " LIMIT 10",
            (branch.match,),
        )
        same += [row[0] for row in rows] == ours(at, best(query), 0.0)
    return Row(
        "the same ten in the same order as weighted bm25",
        f"{same}",
        f"{len(queries)} queries",
        same / len(queries),
        1.0,
        at_least=True,
        n=len(queries),
        note="without the freshness prior",
    )


def _sizes(at: Field) -> Iterator[Row]:
    pages = dict(
        at.connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall()
    )
    table = pages["articles"]
    parts = ("article_index_data", "article_index_idx", "article_index_docsize")
    index = sum(pages.get(name, 0) for name in parts)
    view = at.beside._view
    assert view is not None
    kept = (at.store.folder / f"postings-{view.postings.token}.idx").stat().st_size
    megabytes = "{:.0f} MB".format
    yield Row(
        "the index on disk, to the table of articles",
        megabytes(index / 1e6),
        megabytes(table / 1e6),
        index / table,
        0.65,
        n=1,
    )
    yield Row(
        "what is kept beside the index on disk, to the table of articles",
        megabytes(kept / 1e6),
        megabytes(table / 1e6),
        kept / table,
        0.65,
        n=1,
        note="a word in a byte for each article, or five bytes for each that holds it",
    )


def _whole(at: Field) -> Row:
    """What a member waits for: the hop to a reader, ten heads and ten excerpts."""
    words = at.words(0.1)
    seconds: list[float] = []
    base: list[float] = []

    def drawn(word: str) -> object:
        page = searching.search(
            at.connection, best(word), Asked(PUBLIC_SCOPE, NOW), Window(LIMIT), at.beside
        )
        return page.hits

    for turn in range(PAIRS):
        word = words[turn % len(words)]
        started = time.perf_counter()
        drawn(word)
        middle = time.perf_counter()
        fts5(at, f'"{word}"')
        seconds.append(middle - started)
        base.append(time.perf_counter() - middle)
    both = Pairs(tuple(seconds), tuple(base))
    return Row(
        "a word in 10 %, ten heads and excerpts drawn, to bare FTS5's ids alone",
        f"{both.ours_ms:.2f} ms",
        f"{both.peer_ms:.2f} ms",
        both.ratio,
        1.2,
        n=PAIRS,
        note=f"p99 {p99(seconds) * 1000:.2f} ms",
    )


def _facets(at: Field) -> Row:
    words = at.words(0.1)
    asked = Asked(PUBLIC_SCOPE, NOW)

    def counted(turn: int) -> object:
        return facets.facets(at.connection, best(words[turn % len(words)]), asked, at.beside)

    mine, theirs = [], []
    for turn in range(PAIRS):
        started = time.perf_counter()
        counted(turn)
        middle = time.perf_counter()
        fts5(at, f'"{words[turn % len(words)]}"')
        mine.append(middle - started)
        theirs.append(time.perf_counter() - middle)
    both = Pairs(tuple(mine), tuple(theirs))
    return Row(
        "facets of the top 2,000 at a word in 10 %, to bare FTS5",
        f"{both.ours_ms:.2f} ms",
        f"{both.peer_ms:.2f} ms",
        both.ratio,
        0.5,
        n=PAIRS,
        note=f"p99 {p99(mine) * 1000:.2f} ms; tags, sources, authors and years with their names",
    )


def _builds() -> Iterator[Row]:
    """Time the index and what is beside it against a bare rebuild, on a smaller archive."""
    articles = BUILT
    made = corpus.made(articles)
    bare, _ = peers(made.folder, made.database)
    with closing(bare), closing(sqlite3.connect(made.database, isolation_level=None)) as ours_db:
        ours_db.row_factory = sqlite3.Row
        ours_db.execute("PRAGMA cache_size = -200000")
        ours_db.execute("PRAGMA synchronous = NORMAL")
        bare.execute("PRAGMA synchronous = NORMAL")
        seconds: dict[str, list[float]] = {"bare": [], "index": [], "beside": []}
        file = made.folder / "built.idx"
        for turn in range(-1, BUILDS):
            sides: dict[str, Callable[[], object]] = {
                "bare": lambda: bare.execute("INSERT INTO found (found) VALUES ('rebuild')"),
                "index": lambda: index.rebuild(ours_db),
                "beside": lambda: postings_build.build(made.database, file, "built"),
            }
            for name in sides if turn % 2 else reversed(sides):
                started = time.process_time()
                sides[name]()
                if turn >= 0:
                    seconds[name].append(time.process_time() - started)
        file.unlink()
    for name, promise in (
        ("index", "building the index, to a bare FTS5 rebuild"),
        ("beside", "building what is kept beside it, to a bare FTS5 rebuild"),
    ):
        both = Pairs(tuple(seconds[name]), tuple(seconds["bare"]))
        yield Row(
            promise,
            f"{both.ours_ms / 1000:.2f} s",
            f"{both.peer_ms / 1000:.2f} s",
            both.ratio,
            1.3,
            n=BUILDS,
            note=f"{articles:,} articles; processor time",
        )


def measured(articles: int) -> tuple[list[Row], list[Timed]]:
    """Measure everything on an archive of so many articles."""
    with opened(articles) as at:
        _queries(at)
        _filters(at)
        rows = [timed.row for timed in at.timed]
        rows += [_same_ten(at), _facets(at), _whole(at), *_sizes(at)]
    return [*rows, *_builds(), *readers.measure()], at.timed


def measure() -> Sequence[Row]:
    """Measure and return the promises."""
    return measured(corpus.ARTICLES)[0]


def main() -> int:
    """Print the table, with --json a last line of figures."""
    from benchmarks.pairs import table

    parser = argparse.ArgumentParser(prog="benchmarks/search.py", description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--articles", type=int, default=corpus.ARTICLES)
    options = parser.parse_args()
    rows, timed = measured(options.articles)
    print(table(rows))
    if options.json:
        figures = [
            {
                "query": each.query,
                "ours_ms": round(each.pairs.ours_ms, 4),
                "peer": each.peer,
                "peer_ms": round(each.pairs.peer_ms, 4),
                "ratio": round(each.row.ratio, 3),
            }
            for each in timed
        ]
        print(json.dumps({"rows": figures}))
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
