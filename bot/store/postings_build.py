"""Makes the file of postings from the index: `python -m bot.store.postings_build DATABASE FILE`.

It runs as a process of its own, beside the bot: reading a large index takes a minute of a core.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bot.store.postings import (
    ARRAYS,
    DENSE_SHARE,
    FORMAT,
    HEADER_BYTES,
    KEY,
    MAGIC,
    TEXT,
    TITLE,
    UNKNOWN_DATE,
    WORD,
    Array,
)

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np

# Numbers read from the index at a time, and the most bytes of one piece that is copied.
_INSTANCES = 2_000_000
_COPIED = 1 << 22
_ALIGNED = 64
# How an instance is told: the article's id, and in the low bits the column's weight (index.RANK),
# or one of these.
_LOW_BITS = 16
_IN_KEYS, _IN_WORDS, _IN_TITLE = 0, 9, 8
_HEAVIEST = 255

_INSTANCES_OF_TERMS = f"""
    SELECT term, count(*), group_concat(doc * {_LOW_BITS} + CASE col
        WHEN 'body' THEN 1 WHEN 'words' THEN {_IN_WORDS} WHEN 'keys' THEN {_IN_KEYS}
        WHEN 'subheadings' THEN 2 WHEN 'title' THEN {_IN_TITLE} ELSE 4 END)
    FROM temp.instances GROUP BY term
"""  # noqa: S608 - constants


class _Class:
    """The tokens of one class, written as they come."""

    def __init__(self, folder: Path, kind: bytes, stack: ExitStack) -> None:
        self.kind = kind
        self.terms: list[bytes] = []
        self.counts: list[Array] = []
        self.dense_places: list[int] = []
        self.dense_rows: list[Array] = []
        self.ords = self._opened(folder / f"ords{kind.decode()}", stack)
        self.weights = self._opened(folder / f"weights{kind.decode()}", stack)

    @staticmethod
    def _opened(path: Path, stack: ExitStack) -> IO[bytes]:
        return stack.enter_context(path.open("w+b"))

    def add(self, terms: list[bytes], term_of: Array, ords: Array, weights: Array, n: int) -> None:
        """Write articles by term; `term_of` and within it `ords` are in ascending order."""
        if not ords.size:
            return
        present, first, counts = np.unique(term_of, return_index=True, return_counts=True)
        dense = counts * DENSE_SHARE > n
        kept = np.ones(len(ords), bool)
        for place in np.flatnonzero(dense).tolist():
            start, count = int(first[place]), int(counts[place])
            row = np.zeros(n, np.uint8)
            row[ords[start : start + count]] = weights[start : start + count]
            self.dense_places.append(len(self.terms) + place)
            self.dense_rows.append(row)
            # One entry stays, in which the count is kept.
            kept[start + 1 : start + count] = False
            ords[start] = count
        self.terms += [self.kind + terms[i] for i in present.tolist()]
        self.counts.append(np.where(dense, 1, counts))
        ords[kept].astype("<u4").tofile(self.ords)
        if self.kind in (TITLE, TEXT):
            weights[kept].tofile(self.weights)


def build(database: Path, file: Path, token: str) -> int:
    """Write the postings of the index as it is now; return the last change that is in them."""
    with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as connection:
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA mmap_size = 8589934592")
        connection.execute(
            "CREATE VIRTUAL TABLE temp.instances USING fts5vocab(main, article_index, 'instance')"
        )
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        (seq,) = connection.execute(
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'index_changes'"
        ).fetchone()
        work = file.with_name(file.name + ".work")
        work.mkdir(exist_ok=True)
        try:
            _written(connection, work, file, token, int(seq))
        finally:
            for left in work.iterdir():
                left.unlink()
            work.rmdir()
        return int(seq)


def _written(connection: sqlite3.Connection, work: Path, file: Path, token: str, seq: int) -> None:
    arrays = _articles(connection)
    ids = arrays["ids"]
    ord_of = np.full(int(ids.max(initial=0)) + 1, -1, np.int64)
    ord_of[ids] = np.arange(len(ids))
    in_order = bool(np.all(np.diff(ids) > 0))
    with ExitStack() as stack:
        classes = {kind: _Class(work, kind, stack) for kind in (KEY, WORD, TITLE, TEXT)}
        for terms, term_of, told in _chunks(connection):
            places = ord_of[told // _LOW_BITS]
            low = (told % _LOW_BITS).astype(np.uint8)
            for kind, chosen in (
                (KEY, low == _IN_KEYS),
                (WORD, low == _IN_WORDS),
                (TITLE, low == _IN_TITLE),
                (TEXT, (low != _IN_KEYS) & (low != _IN_WORDS)),
            ):
                wanted = chosen & (places >= 0)
                found = _summed(term_of[wanted], places[wanted], low[wanted], in_order=in_order)
                classes[kind].add(terms, *found, len(ids))
        _assembled(file, token, seq, arrays, list(classes.values()))


def _articles(connection: sqlite3.Connection) -> dict[str, Array]:
    """Return what is kept of each article, in the order of `sort_at`."""
    rows = connection.execute(
        """
        SELECT a.id, a.sort_at, coalesce(a.published_at, :unknown), a.scope_id, d.sz
        FROM articles a INDEXED BY articles_by_id JOIN article_index_docsize d ON d.id = a.id
        WHERE a.hidden IS NULL ORDER BY a.sort_at
        """,
        {"unknown": UNKNOWN_DATE},
    )
    numbers: list[Array] = []
    sizes: list[bytes] = []
    while chunk := rows.fetchmany(50_000):
        numbers.append(np.array([row[:4] for row in chunk], np.int64))
        sizes += [row[4] for row in chunk]
    table = np.concatenate(numbers) if numbers else np.zeros((0, 4), np.int64)
    return {
        "ids": table[:, 0],
        "sort_at": table[:, 1],
        "published": table[:, 2],
        "scopes": table[:, 3],
        "lengths": _lengths(sizes),
    }


def _lengths(sizes: list[bytes]) -> Array:
    """Return the tokens of each article: the sum of a row of variable-length numbers (FTS5)."""
    if not sizes:
        return np.zeros(0, np.int64)
    joined = np.frombuffer(b"".join(sizes), np.uint8).astype(np.int64)
    ends = np.flatnonzero(joined < 128)
    number = np.searchsorted(ends, np.arange(len(joined)))
    values = np.bincount(number, (joined & 127) << (7 * (ends[number] - np.arange(len(joined)))))
    row_ends = np.cumsum([len(size) for size in sizes])
    row = np.searchsorted(row_ends, ends, side="right")
    return np.bincount(row, values, minlength=len(sizes)).astype(np.int64)


def _chunks(connection: sqlite3.Connection) -> Iterator[tuple[list[bytes], Array, Array]]:
    """Yield terms with their instances: for each which of the terms it is, and what is told."""
    terms: list[bytes] = []
    counts: list[int] = []
    texts: list[str] = []
    held = 0
    for term, count, told in connection.execute(_INSTANCES_OF_TERMS):
        terms.append(term.encode())
        counts.append(count)
        texts.append(told)
        held += count
        if held >= _INSTANCES:
            yield terms, np.repeat(np.arange(len(terms)), counts), _numbers(texts)
            terms, counts, texts, held = [], [], [], 0
    if terms:
        yield terms, np.repeat(np.arange(len(terms)), counts), _numbers(texts)


def _numbers(texts: list[str]) -> Array:
    return np.fromstring(",".join(texts), np.int64, sep=",")


def _summed(
    term_of: Array, places: Array, weights: Array, *, in_order: bool
) -> tuple[Array, Array, Array]:
    """Return each article of each term once, with the sum of its weights (255 at most)."""
    if not places.size:
        return term_of, places, weights
    if not in_order:
        order = np.lexsort((places, term_of))
        term_of, places, weights = term_of[order], places[order], weights[order]
    new = np.ones(len(places), bool)
    new[1:] = (places[1:] != places[:-1]) | (term_of[1:] != term_of[:-1])
    first = np.flatnonzero(new)
    sums = np.minimum(np.add.reduceat(weights, first, dtype=np.int64), _HEAVIEST)
    # Names and unstemmed words weigh nothing, but are there.
    return term_of[first], places[first], np.maximum(sums, 1).astype(np.uint8)


def _assembled(
    file: Path, token: str, seq: int, arrays: dict[str, Array], classes: list[_Class]
) -> None:
    terms = [term for each in classes for term in each.terms]
    counts = [count for each in classes for count in each.counts]
    lengths = np.fromiter(map(len, terms), np.int64, len(terms))
    dense_rows = np.full(len(terms), -1, np.int32)
    dense: list[Array] = []
    before = 0
    for each in classes:
        for place, row in zip(each.dense_places, each.dense_rows, strict=True):
            dense_rows[before + place] = len(dense)
            dense.append(row)
        before += len(each.terms)
    arrays["letters"] = np.frombuffer(b"".join(terms), np.uint8)
    arrays["term_ends"] = np.concatenate([[0], np.cumsum(lengths)])
    none = [np.zeros(0, np.int64)]
    arrays["starts"] = np.concatenate([[0], np.cumsum(np.concatenate(counts or none))])
    arrays["dense_rows"] = dense_rows
    arrays["dense"] = np.concatenate(dense or [np.zeros(0, np.uint8)])
    arrays["held_starts"], arrays["held_keys"] = _held(classes[0], len(arrays["ids"]))
    streams = {
        "ords": [each.ords for each in classes],
        "weights": [each.weights for each in classes],
    }
    _save(file, token, seq, arrays, streams)


def _held(keys: _Class, n: int) -> tuple[Array, Array]:
    """Return the names each article carries, as places of their tokens: where each begins."""
    keys.ords.flush()
    ords = np.fromfile(keys.ords.name, "<u4")
    counts = np.concatenate(keys.counts or [np.zeros(0, np.int64)])
    term_of = np.repeat(np.arange(len(keys.terms)), counts)
    is_dense = np.zeros(len(keys.terms), bool)
    is_dense[keys.dense_places] = True
    listed = ~is_dense[term_of]
    holders = [ords[listed].astype(np.int64)]
    held = [term_of[listed]]
    for place, row in zip(keys.dense_places, keys.dense_rows, strict=True):
        found = np.flatnonzero(row)
        holders.append(found)
        held.append(np.full(len(found), place))
    holder, key = np.concatenate(holders), np.concatenate(held)
    order = np.argsort(holder, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(holder, minlength=n))])
    return starts, key[order]


def _save(
    file: Path, token: str, seq: int, arrays: dict[str, Array], streams: dict[str, list[IO[bytes]]]
) -> None:
    """Write the file under another name, and give it its own once it is whole on the disk."""
    part = file.with_name(file.name + ".part")
    places: dict[str, tuple[int, int]] = {}
    crc = 0
    with part.open("wb") as out:
        out.write(b"\0" * HEADER_BYTES)
        at = HEADER_BYTES
        for name, dtype in ARRAYS:
            start = at
            for piece in _pieces(name, dtype, arrays, streams):
                crc = zlib.crc32(piece, crc)
                at += out.write(piece)
            places[name] = (start, at - start)
            gap = b"\0" * (-at % _ALIGNED)
            crc = zlib.crc32(gap, crc)
            at += out.write(gap)
        told = {"format": FORMAT, "token": token, "seq": seq, "bytes": at, "crc": crc}
        out.seek(0)
        out.write(MAGIC + json.dumps({**told, "arrays": places}).encode())
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)


def _pieces(
    name: str, dtype: str, arrays: dict[str, Array], streams: dict[str, list[IO[bytes]]]
) -> Iterator[bytes]:
    if name not in streams:
        yield arrays[name].astype(dtype).tobytes()
        return
    for stream in streams[name]:
        stream.flush()
        stream.seek(0)
        while piece := stream.read(_COPIED):
            yield piece


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
