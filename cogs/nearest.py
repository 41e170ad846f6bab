"""What to offer when nothing was found: the nearest tags, authors and sources, then full text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from bot.chat.room import Say
from bot.model import Scope
from bot.query import language
from bot.query.nodes import And, Named, Node, Or, Phrase, Prefix, Query, Word

if TYPE_CHECKING:
    from bot.store import Store

What = Literal["tag", "author", "source"]
WHATS: tuple[What, ...] = ("tag", "author", "source")
OFFERED = 5
PROBE_CHARS = 80
PROBES = 6


@dataclass(frozen=True, slots=True)
class Ask:
    """Something a button can ask: a canonical query, its heading and the button's label."""

    query: str
    heading: str
    label: str


@dataclass(frozen=True, slots=True)
class Probe:
    """A text that may be a misspelt name, and of which kinds, the likeliest first."""

    text: str
    whats: tuple[What, ...] = WHATS


def probe_of(what: What, typed: str) -> Probe:
    """Return the probe of a name that was asked for as one kind: that kind comes first."""
    return Probe(typed, (what, *(other for other in WHATS if other != what)))


def probes_of(query: Query) -> list[Probe]:
    """Return what of a query may be a misspelt name: its words together, then each filter."""
    nodes = list(_asked(query.root))
    words = " ".join(node.text for node in nodes if isinstance(node, Word))
    found = [Probe(words)] if words else []
    for node in nodes:
        if isinstance(node, Named) and node.field in WHATS:
            found += [probe_of(node.field, value) for value in node.values]
    return [probe for probe in found if len(probe.text) <= PROBE_CHARS][:PROBES]


def looks_for_words(query: Query) -> bool:
    """Whether a query looks for words of the text, and not for names, dates and kinds alone."""
    return any(isinstance(node, Word | Phrase | Prefix) for node in _asked(query.root))


def _asked(node: Node | None) -> Iterator[Node]:
    # What a query excludes is not what it looks for.
    if isinstance(node, And | Or):
        for child in node.children:
            yield from _asked(child)
    elif node is not None:
        yield node


async def offers(
    store: Store, scope: Scope, probes: Sequence[Probe], now: datetime, say: Say
) -> tuple[Ask, ...]:
    """Return the nearest names and the search for what was typed, five in all at most."""
    text: tuple[Ask, ...] = ()
    for probe in probes:
        text = text or await full_text(store, scope, probe.text, now, say)
    return (*await nearest(store, scope, probes, say, OFFERED - len(text)), *text)


async def nearest(
    store: Store, scope: Scope, probes: Sequence[Probe], say: Say, room: int = OFFERED
) -> tuple[Ask, ...]:
    """Return the names nearest to the probes, some of every kind, each once."""
    kinds: list[list[Ask]] = []
    known: set[str] = set()
    for probe in probes:
        for what in probe.whats if probe.text.strip() else ():
            names = await store.names.suggest(what, probe.text, scope, limit=OFFERED)
            asks = [_ask_for(what, name.name, name.count, say) for name in names]
            kinds.append([ask for ask in asks if ask.query not in known])
            known.update(ask.query for ask in asks)
    return shared_out(kinds, room)


def shared_out(kinds: Sequence[Sequence[Ask]], room: int) -> tuple[Ask, ...]:
    """Return the first of each kind, as far as there is room, and fill up with the first kinds'."""
    kinds = [kind for kind in kinds if kind][:room]
    left = room - len(kinds)
    shown: list[Ask] = []
    for kind in kinds:
        more = min(left, len(kind) - 1)
        left -= more
        shown += kind[: 1 + more]
    return tuple(shown)


def _ask_for(what: What, name: str, count: int, say: Say) -> Ask:
    label = say(f"cogs.offer_{what}", name=name, count=count)
    return Ask(str(query_of(what, name)), heading_of(what, name, say), label)


async def full_text(
    store: Store, scope: Scope, typed: str, now: datetime, say: Say
) -> tuple[Ask, ...]:
    """Return the search for what was typed as a name, when the archive holds such words."""
    query = language.parse(typed)
    found = await store.articles.search(query, scope, now=now, limit=1)
    if not found.total:
        return ()
    text = str(query)
    label = say("cogs.offer_search", query=text, count=found.total)
    return (Ask(text, say("cogs.heading_search", query=text), label),)


def query_of(what: What, name: str) -> Query:
    """Return the query that a name's archive is, newest first."""
    return Query(Named(what, (name,)), "new")


def heading_of(what: What, name: str, say: Say) -> str:
    """Return the heading of a name's archive."""
    return say(f"cogs.heading_{what}", name=name)
