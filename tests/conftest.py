"""What every test may use: a migrated store in a temporary file, and makers of articles."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from bot.model import (
    PUBLIC_SCOPE_ID,
    Block,
    BlockType,
    Entry,
    Feed,
    Intake,
    Keyed,
    Reading,
    Term,
    Validators,
)
from bot.store import Store

NOW = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)

# The gate asks the same each time, so that what was green stays green until the code changes; new
# inputs are for `./tagwire test --hypothesis-profile=search`.
hypothesis.settings.register_profile("gate", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", max_examples=1000, deadline=None)
hypothesis.settings.load_profile("gate")


@pytest.fixture
def now() -> datetime:
    """The moment at which tests happen unless they say otherwise."""
    return NOW


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A new store in a temporary folder."""
    async with Store.open(tmp_path / "data") as opened:
        yield opened


def make_entry(
    title: str = "A headline",
    *,
    body: str | Sequence[str] = (),
    tags: Sequence[str] = (),
    **fields: Any,
) -> Entry:
    """Make an entry: `body` is a paragraph or several, `tags` are names, the rest Entry's own."""
    paragraphs = [body] if isinstance(body, str) else body
    entry = Entry(
        title,
        tags=tuple(Term(name) for name in tags),
        blocks=tuple(Block(BlockType.PARAGRAPH, text) for text in paragraphs),
    )
    return replace(entry, **fields)


def make_keyed(entry: Entry) -> Keyed:
    """Give an entry an identity: its guid, else its link, else its title and date."""
    keys = [f"guid:{entry.guid}"] if entry.guid else []
    keys += [f"link:{entry.url}"] if entry.url else []
    keys += [] if keys else [f"title:{entry.title}|{entry.published_at}"]
    shown = (entry.title, entry.authors, entry.source, entry.blocks, entry.tags, entry.kind)
    return Keyed(entry, tuple(keys), hashlib.sha256(repr(shown).encode()).digest())


def make_reading(*entries: Entry, **fields: Any) -> Reading:
    """Make what a format would have read: the entries in page order."""
    return replace(Reading("test", tuple(entries), len(entries)), **fields)


@dataclass
class Newsroom:
    """A store with a feed or two, into which a test publishes entries."""

    store: Store
    now: datetime = NOW

    async def feed(
        self,
        title: str = "Example Wire",
        *,
        scope_id: int = PUBLIC_SCOPE_ID,
        url: str | None = None,
    ) -> Feed:
        """Return the feed of this title in the scope, added on first use."""
        address = url or f"https://feed.example/{scope_id}/{title.replace(' ', '-')}"
        return await self.store.feeds.add(address, title, scope_id, self.now)

    async def publish(
        self,
        *entries: Entry,
        feed: str = "Example Wire",
        scope_id: int = PUBLIC_SCOPE_ID,
        announce: bool = False,
        now: datetime | None = None,
    ) -> Intake:
        """Record entries as one document that a poll of the feed brought."""
        source = await self.feed(feed, scope_id=scope_id)
        return await self.store.intake.record(
            source.id,
            make_reading(*entries),
            [make_keyed(entry) for entry in entries],
            validators=Validators(),
            now=now or self.now,
            scope_id=scope_id,
            announce=announce,
        )


@pytest.fixture
def newsroom(store: Store) -> Newsroom:
    """Publish into the store: `await newsroom.publish(make_entry("Title", tags=["UN"]))`."""
    return Newsroom(store)
