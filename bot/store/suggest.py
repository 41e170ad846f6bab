"""Names for what is being typed, from sorted lists in memory: bisect first, then near misses."""

from __future__ import annotations

import sqlite3
import threading
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import nsmallest

from bot.model import Scope
from bot.query import text
from bot.query.tags import tag_key

_LAST = "\U0010ffff"
_SHORTEST_TYPO = 4
_LONG = 8

_NEW = {
    "tag": "SELECT id, scope_id, name, article_count, last_at FROM tags WHERE id > :last",
    "author": "SELECT id, scope_id, name, article_count, last_at FROM authors WHERE id > :last",
    "source": "SELECT id, scope_id, name, article_count, last_at FROM sources WHERE id > :last",
}
_WEIGHTS = {
    "tag": "SELECT id, scope_id, article_count, last_at FROM tags",
    "author": "SELECT id, scope_id, article_count, last_at FROM authors",
    "source": "SELECT id, scope_id, article_count, last_at FROM sources",
}
# Counts only order names that fit alike: they are read anew when the archive grew by this much.
_GROWTH = 0.01
_LATELY_S = 30 * 86_400


@dataclass(slots=True)
class _Names:
    """The names of one kind in one scope: every beginning of every word, sorted."""

    starts: list[tuple[str, int]] = field(default_factory=list)
    spelt: dict[int, str] = field(default_factory=dict)
    weight: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, entries: list[tuple[int, str, int, int]]) -> None:
        new: list[tuple[str, int]] = []
        for name_id, name, count, last_at in entries:
            folded = text.fold(tag_key(name))
            self.spelt[name_id] = folded
            self.weight[name_id] = (-count, -last_at)
            new.extend((start, name_id) for start in _word_starts(folded))
        if len(new) < 16:
            for item in new:
                insort(self.starts, item)
        else:
            self.starts = sorted([*self.starts, *new])

    def beginning(self, typed: str) -> set[int]:
        first = bisect_left(self.starts, (typed, 0))
        last = bisect_left(self.starts, (typed + _LAST, 0))
        return {name_id for _, name_id in self.starts[first:last]}

    def near(self, typed: str) -> dict[int, int]:
        """Return names with a beginning near to what is typed, with how many errors that takes."""
        # Loaded here: a start needs none of it.
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        allowed = 2 if len(typed) >= _LONG else 1
        found: dict[int, int] = {}
        for part in self._parts(typed):
            cut = {i: start[: len(typed)] for i, (start, _) in part}
            whole = {i: start[: len(typed) + 1] for i, (start, _) in part}
            for choices in (cut, whole):
                for _, errors, i in process.extract_iter(
                    typed, choices, scorer=OSA.distance, score_cutoff=allowed
                ):
                    name_id = self.starts[i][1]
                    found[name_id] = min(int(errors), found.get(name_id, allowed))
        return found

    def _parts(self, typed: str) -> Iterator[list[tuple[int, tuple[str, int]]]]:
        # The first letter is rarely the wrong one; two changing places moves it one on.
        for letter in dict.fromkeys(typed[:2]):
            first = bisect_left(self.starts, (letter, 0))
            last = bisect_left(self.starts, (letter + _LAST, 0))
            yield list(enumerate(self.starts[first:last], first))


def _word_starts(folded: str) -> Iterator[str]:
    yield folded
    for place, character in enumerate(folded[:-1]):
        if not character.isalnum() and folded[place + 1].isalnum():
            yield folded[place + 1 :]


@dataclass(slots=True)
class Suggestions:
    """Keeps the lists, one a kind and scope, and takes over what is new at each question."""

    _lists: dict[tuple[str, int], _Names] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)
    _articles: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ids(
        self, connection: sqlite3.Connection, what: str, typed: str, scope: Scope, limit: int
    ) -> list[int]:
        """Return ids of names for what is typed, the likeliest first, from visible scopes alone."""
        folded = text.fold(tag_key(typed))
        with self._lock:
            self._refresh(connection, what)
            lists = [
                self._lists[what, scope_id]
                for scope_id in scope.visible
                if (what, scope_id) in self._lists
            ]
            return _chosen(lists, folded, limit)

    def _refresh(self, connection: sqlite3.Connection, what: str) -> None:
        new = connection.execute(_NEW[what], {"last": self._last.get(what, 0)}).fetchall()
        added: dict[int, list[tuple[int, str, int, int]]] = {}
        for row in new:
            entry = (row["id"], row["name"], row["article_count"], row["last_at"])
            added.setdefault(row["scope_id"], []).append(entry)
            self._last[what] = max(self._last.get(what, 0), row["id"])
        for scope_id, entries in added.items():
            self._lists.setdefault((what, scope_id), _Names()).add(entries)
        self._weigh(connection, what)

    def _weigh(self, connection: sqlite3.Connection, what: str) -> None:
        (articles,) = connection.execute("SELECT coalesce(max(id), 0) FROM articles").fetchone()
        if articles <= self._articles.get(what, 0) * (1 + _GROWTH):
            return
        self._articles[what] = articles
        for row in connection.execute(_WEIGHTS[what]):
            names = self._lists[what, row["scope_id"]]
            names.weight[row["id"]] = (-row["article_count"], -row["last_at"])


def _chosen(lists: list[_Names], typed: str, limit: int) -> list[int]:
    if not typed:
        return _used_lately(lists, limit)
    chosen: list[tuple[int, int, tuple[int, int], int]] = []
    for names in lists:
        for name_id in names.beginning(typed):
            spelt = names.spelt[name_id]
            nearness = 0 if spelt == typed else 1 if spelt.startswith(typed) else 2
            chosen.append((nearness, 0, names.weight[name_id], name_id))
    if len(chosen) < limit and len(typed) >= _SHORTEST_TYPO:
        begun = {name_id for *_, name_id in chosen}
        for names in lists:
            for name_id, errors in names.near(typed).items():
                if name_id not in begun:
                    chosen.append((3, errors, names.weight[name_id], name_id))
    return [name_id for *_, name_id in nsmallest(limit, chosen)]


def _used_lately(lists: list[_Names], limit: int) -> list[int]:
    """Return the most used names of the last month before the newest article, then the others."""
    weights = [(name_id, weight) for names in lists for name_id, weight in names.weight.items()]
    newest = max((-last_at for _, (_, last_at) in weights), default=0)

    def rank(item: tuple[int, tuple[int, int]]) -> tuple[bool, tuple[int, int]]:
        _, weight = item
        return -weight[1] < newest - _LATELY_S, weight

    return [name_id for name_id, _ in nsmallest(limit, weights, key=rank)]
