"""What serves members: search, and when nothing has all the words, the nearest, and say so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from bot.model import Hit, Note, Page
from bot.query import language, text
from bot.query.nodes import And, Named, Node, Or, Phrase, Prefix, Query, Word, all_of
from bot.store import lookup, repair, searching
from bot.store.beside import Beside
from bot.store.repair import only
from bot.store.resolve import Asked
from bot.store.searching import Weighing, Window
from bot.store.vectors import Vectors
from bot.store.vocabulary import Vocabulary

# Of more words than this, most of them says less than the order of those with any of them.
_MOST_WORDS = 3
_FULL = 10  # articles that have all the words of a question: no more need to follow
_NAME_WORDS = 5  # a tag's other name is not longer


@dataclass(frozen=True, slots=True)
class _Parts:
    """A query as its free words, which may give way, and its filters, which hold."""

    words: tuple[Node, ...]
    filters: tuple[Node, ...]

    @classmethod
    def of(cls, query: Query) -> _Parts:
        root = query.root
        nodes = root.children if isinstance(root, And) else () if root is None else (root,)
        words = tuple(node for node in nodes if isinstance(node, Word | Phrase | Prefix))
        return cls(words, tuple(node for node in nodes if node not in words))


@dataclass(frozen=True, slots=True)
class _Finding:
    connection: sqlite3.Connection
    vocabulary: Vocabulary
    asked: Asked
    window: Window
    vectors: Vectors
    beside: Beside | None

    def page(self, query: Query) -> Page:
        return searching.search(self.connection, query, self.asked, self.window, self.beside)

    def nearest(self, query: Query, words: Sequence[Node], first: Sequence[int] = ()) -> Page:
        """Return a page of what the query matches, ordered by weighed words if it can be."""
        weights = _weights(words)
        if weights is None or query.sort != "best":
            return self.page(query)
        weighing = Weighing(weights, _typed(words), first)
        page = searching.weighed(
            self.connection, query, self.asked, self.window, weighing, self.vectors, self.beside
        )
        return self.page(query) if page is None else page

    def fullest(self, query: Query) -> tuple[Hit, ...]:
        """Return the few articles that a query matches."""
        window = replace(self.window, limit=_FULL, cursor=None)
        return searching.search(self.connection, query, self.asked, window, self.beside).hits

    def finds(self, query: Query) -> bool:
        return searching.found(self.connection, query, self.asked, self.window.until)


def find(
    connection: sqlite3.Connection,
    vocabulary: Vocabulary,
    query: Query,
    asked: Asked,
    window: Window,
    vectors: Vectors,
    beside: Beside | None = None,
) -> Page:
    """Return what a search finds, else repaired or nearest results with notes."""
    finding = _Finding(connection, vocabulary, asked, window, vectors, beside)
    parts = _Parts.of(query)
    wider = _widened(connection, query, parts, asked) if parts.words else None
    if wider is not None:
        page = finding.page(_ordered(wider[0], parts))
        if page.total:
            return replace(page, notes=(wider[1],), read=language.str_of(wider[0]))
    whole = _ordered(query, parts)
    page = finding.page(whole)
    if page.total or not parts.words:
        return _filled(finding, page, whole, parts.words, parts.filters)
    if parts.filters and not finding.finds(only((), parts.filters)):
        return page
    likely = finding.vocabulary.words(connection).near
    repaired, notes = repair.repaired(query, parts.words, parts.filters, likely, finding.finds)
    if notes:
        better = only(repaired, parts.filters, query)
        page = finding.page(better)
        if page.total:
            page = replace(page, notes=notes, read=language.str_of(better))
            return _filled(finding, page, better, repaired, parts.filters)
    telling = _telling(repaired)
    known = tuple(word for word in telling if finding.finds(only((word,), ())))
    for wanted, count in _nearer(known, len(repaired)):
        near = only((wanted,), parts.filters, query)
        page = finding.nearest(near, known)
        if page.total:
            of = len(repaired) if count == len(telling) else len(telling)
            note = Note("store.note_nearest", {"count": count, "of": of})
            return replace(page, notes=(*notes, note), read=language.str_of(near))
    return page


def _filled(
    finding: _Finding,
    page: Page,
    query: Query,
    words: Sequence[Node],
    filters: Sequence[Node],
) -> Page:
    """Return a question's page with the nearest after the few articles that have all its words.

    Of a few words all are meant, and so are those of a title; who asks with many is answered by
    more than the one article that happens to hold them all.
    """
    telling = _telling(words)
    is_question = len(set(telling)) > _MOST_WORDS and all(isinstance(w, Word) for w in telling)
    if not is_question or not 0 < page.total < _FULL or query.sort != "best":
        return page
    full, wanted = finding.fullest(query), set(_weights(telling) or ())
    if all(wanted.issubset(text.tokens(hit.title)) for hit in full):
        return page
    near = only((Or(tuple(telling)),), filters, query)
    found = finding.nearest(near, telling, [hit.id for hit in full])
    if found.total <= page.total:
        return page
    note = Note("store.note_filled", {"count": page.total})
    return replace(found, notes=(*page.notes, note), read=language.str_of(near))


def _telling(words: Sequence[Node]) -> tuple[Node, ...]:
    """Return the words without those that any text holds: they tell nothing of what is near."""
    return tuple(word for word in words if not repair.is_everyday(word)) or tuple(words)


def _ordered(query: Query, parts: _Parts) -> Query:
    """Return a query with the order that members expect of it: words ask for the best."""
    return replace(query, sort="best") if query.sort is None and parts.words else query


def _widened(
    connection: sqlite3.Connection, query: Query, parts: _Parts, asked: Asked
) -> tuple[Query, Note] | None:
    """Return the query with words that a tag is known by letting its articles in, with a note.

    None when they are no tag's other name.
    """
    words = [word for word in parts.words if isinstance(word, Word)]
    if len(words) < len(parts.words) or len(words) > _NAME_WORDS:
        return None
    typed = " ".join(word.text for word in words)
    names = [(typed, words)] + ([(w.text, [w]) for w in words] if len(words) > 1 else [])
    for name, said in names:
        if lookup.has_alias(connection, name, asked.scope):
            meant = Or((all_of(*said) or said[0], Named("tag", (name,))))
            rest = [word for word in words if word not in said]
            exactly = only([Phrase(word.text) for word in words], parts.filters, query)
            back = language.str_of(replace(exactly, sort=query.sort))
            note = Note("store.note_alias", {"name": name}, back)
            wider = language.narrow(Query(None), meant, *rest, *parts.filters, sort=query.sort)
            return wider, note
    return None


def _nearer(known: Sequence[Node], asked_for: int) -> Iterator[tuple[Node, int]]:
    """Yield what to look for instead, most of the known words first, and how many that takes."""
    if known and len(known) < asked_for and len(known) <= _MOST_WORDS:
        yield all_of(*known) or known[0], len(known)
    if len(known) <= _MOST_WORDS:
        for size in range(len(known) - 1, 1, -1):
            yield Or(tuple(And(chosen) for chosen in combinations(known, size))), size
    if len(known) > 1:
        yield Or(tuple(known)), 1


def _typed(words: Sequence[Node]) -> str:
    return " ".join(word.text for word in words if isinstance(word, Word | Phrase))


def _weights(words: Sequence[Node]) -> dict[str, float] | None:
    """Return how often each token is asked for, or None where a word is only begun."""
    weights: dict[str, float] = {}
    for word in words:
        if not isinstance(word, Word | Phrase):
            return None
        for token in text.query_tokens(word.text).tokens:
            weights[token] = weights.get(token, 0.0) + 1.0
    return weights
