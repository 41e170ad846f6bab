"""Puts misspelt words right from the archive's own vocabulary, and says so, with a way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bot.model import Note
from bot.query import language, text
from bot.query.nodes import And, Node, Phrase, Query, Word
from bot.store import nearest

_TRIED = 5

Near = Callable[[str], Sequence[str]]
"""Words that a typed one may be a misspelling of, the likeliest first."""
Finds = Callable[[Query], bool]


def only(words: Sequence[Node], filters: Sequence[Node], like: Query | None = None) -> Query:
    """Return a query of words and filters, in the order of another one, else the best first."""
    sort = "best" if like is None or like.sort is None else like.sort
    return language.narrow(Query(None), *words, *filters, sort=sort)


def is_everyday(word: Node) -> bool:
    """Return whether a word stands in any English text, so that finding it tells nothing."""
    return isinstance(word, Word) and nearest.is_everyday(word.text.casefold())


def repaired(
    query: Query, typed: Sequence[Node], filters: Sequence[Node], near: Near, finds: Finds
) -> tuple[tuple[Node, ...], tuple[Note, ...]]:
    """Return the words with those that nothing has put right, and what to say about it."""
    words: list[Node] = []
    notes: list[Note] = []
    for at, word in enumerate(typed):
        better: Word | None = None
        if isinstance(word, Word) and not finds(only((word,), ())):
            better = _better(word, tuple(_said(typed, at)), filters, near, finds)
        words.append(better or word)
        if better is not None and isinstance(word, Word):
            exactly = replace(query, root=_exactly(query.root, word))
            notes.append(
                Note(
                    "store.note_repaired",
                    {"typed": word.text, "read": better.text},
                    language.str_of(exactly),
                )
            )
    return tuple(words), tuple(notes)


def _said(words: Sequence[Node], at: int) -> Iterator[tuple[str, str]]:
    """Yield what is said before and after a word: the word beside it, where that tells anything."""
    for beside, is_before in ((at - 1, True), (at + 1, False)):
        if 0 <= beside < len(words):
            word = words[beside]
            if isinstance(word, Word) and not is_everyday(word):
                yield (f"{word.text} ", "") if is_before else ("", f" {word.text}")


def _better(
    word: Word,
    said: Sequence[tuple[str, str]],
    filters: Sequence[Node],
    near: Near,
    finds: Finds,
) -> Word | None:
    typed = text.prefix(word.text)
    if " " in typed:
        return None
    candidates = [Word(found) for found in near(typed)[:_TRIED]]
    # "time saring": what stands beside its neighbour somewhere was meant, however rare it is.
    for candidate in candidates:
        for before, after in said:
            if finds(only((Phrase(before + candidate.text + after),), filters)):
                return candidate
    # Only a word that this reader finds something with is offered, with the filters if it can be.
    for held in (filters, ()) if filters else ((),):
        for candidate in candidates:
            if finds(only((candidate,), held)):
                return candidate
    return None


def _exactly(root: Node | None, word: Word) -> Node | None:
    """Return the query with a word as a phrase, which is taken as it is typed."""
    if isinstance(root, And):
        return And(tuple(_exactly(child, word) or child for child in root.children))
    return Phrase(word.text) if root == word else root
