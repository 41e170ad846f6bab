"""What a word is worth to each article: the postings say what the index says."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from bot.store import DATABASE, Store, impacts
from tests.conftest import Newsroom, make_entry


def told(found: impacts.Impacts) -> dict[int, float]:
    return {int(i): round(float(worth), 9) for i, worth in zip(*found, strict=True)}


async def impacts_agree(store: Store, token: str) -> int:
    with closing(sqlite3.connect(store.folder / DATABASE)) as connection:
        connection.row_factory = sqlite3.Row
        found = store.beside.impacts(connection, [token])
        assert found is not None
        assert told(found[0]) == told(impacts.from_index(connection, token))
        return len(found[0][0])


@pytest.mark.parametrize(
    ("token", "more"), [("harbour", 1), ("glacier", 1), ("said", 0), ("nothing-at-all", 0)]
)
async def test_postings_and_index_agree_on_a_words_worth(
    newsroom: Newsroom, token: str, more: int
) -> None:
    await newsroom.publish(
        *[
            make_entry(
                f"Harbour {i}" if i % 3 else "Glacier",
                body=f"They said {'harbour ' * i} beside a glacier",
                guid=str(i),
            )
            for i in range(12)
        ],
        make_entry("Other", body="orchards"),
    )
    store = newsroom.store
    await store.beside.refresh(least=1, rebuild=True)
    before = await impacts_agree(store, token)
    # A changed article counts as it is now, a new one too.
    await newsroom.publish(
        make_entry("Harbour of harbours", body="glacier glacier", guid="3"),
        make_entry("Late", body="harbour and glacier, they said", guid="late"),
    )
    assert await impacts_agree(store, token) == before + more


async def test_no_more_articles_are_read_than_allowed(newsroom: Newsroom) -> None:
    await newsroom.publish(*[make_entry(f"Harbour {i}") for i in range(5)])
    with closing(sqlite3.connect(newsroom.store.folder / DATABASE)) as connection:
        assert len(impacts.from_index(connection, "harbour", 3)[0]) == 3
