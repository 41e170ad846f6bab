"""Where a walk over the posts of an API has come to, and what each of its pages brings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from bot.errors import FetchError
from bot.model import Keyed, Reading

FactsT = TypeVar("FactsT")
SIZES = (100, 20, 10)
MOST_PAGES = 100_000
# Smaller pages help where these came of large ones.
_TOO_MUCH = frozenset({"ingest.fetch_too_large", "ingest.fetch_timeout", "ingest.fetch_server"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk goes on: before a moment of the site's time, or at a page by its number.

    `seen` are the posts of that moment (or of the page before) that were read already. `changed`
    is set in a walk over what was modified since then, in UTC. `handle` is what an API called the
    page itself.
    """

    cursor: str | None = None
    page: int = 1
    seen: tuple[int, ...] = ()
    by_number: bool = False
    size: int = SIZES[0]
    changed: str | None = None
    handle: str | None = None

    def as_json(self) -> dict[str, object]:
        """Return the place in the form that is kept."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Place:
        """Return the place that was kept; one of another version begins anew."""
        try:
            return cls(**{**kept, "seen": tuple(kept["seen"])})
        except (KeyError, TypeError):
            return cls()


@dataclass(frozen=True, slots=True)
class ApiPage:
    """The posts of one page, and the place after it: None when it was the last.

    `left` is how many posts the site says come after it, None where it does not say.
    """

    reading: Reading
    keyed: tuple[Keyed, ...]
    place: Place | None
    left: int | None = None


def smaller(place: Place, error: FetchError) -> Place | None:
    """Return the place with fewer posts a page where an answer was too much, else None."""
    if error.key not in _TOO_MUCH and not (error.status == 400 and place.page == 1):
        return None
    size = next((size for size in SIZES if size < place.size), None)
    if size is None:
        return None
    page = (place.page - 1) * place.size // size + 1 if place.by_number else place.page
    return replace(place, size=size, page=page)


async def gathered(
    parts: AsyncIterator[object], kind: type[FactsT]
) -> tuple[FactsT | None, Reading | None, tuple[Keyed, ...]]:
    """Return what a worker tells of a page: its facts, which are of a kind, its reading, its posts.

    None stands for what was not told.
    """
    facts: FactsT | None = None
    reading: Reading | None = None
    keyed: list[Keyed] = []
    async for part in parts:
        if isinstance(part, kind):
            facts = part
        elif isinstance(part, Reading):
            reading = part
        elif isinstance(part, tuple):
            keyed.extend(part)
    return facts, reading, tuple(keyed)
