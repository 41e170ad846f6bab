"""What is left of a member after they erased it: every cell of every table is looked at."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from bot.model import Fate, Outcome
from bot.store import DATABASE
from tests.cogs.conftest import NOW, Stage
from tests.cogs.test_member_data import arrives, noted, sent

# What a moderator did belongs to the server: docs/privacy.md says so, and so does the answer.
MODERATORS = {("audit", "actor_id"), ("feeds", "added_by"), ("subscriptions", "created_by")}


def cells(stage: Stage, *wanted: str) -> Iterator[tuple[str, str]]:
    """Yield the table and column of each cell that holds one of these texts or numbers."""
    with closing(sqlite3.connect(stage.store.folder / DATABASE)) as connection:
        connection.row_factory = sqlite3.Row
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'article_index%'"
        ).fetchall()
        for (table,) in tables:
            for row in connection.execute(f"SELECT * FROM {table}"):
                for column in row.keys():  # noqa: SIM118 - a Row is no mapping
                    if any(text in str(row[column]) for text in wanted):
                        yield table, column


async def test_nothing_of_a_member_is_left_in_any_table_but_what_a_moderator_did(
    stage: Stage,
) -> None:
    ravi = stage.person("ravi")
    (title,) = await ravi.autocomplete("save", "title", "glac")
    await ravi.command("save", title=title["value"])
    await ravi.command("follow query", query="tag:Harbour")
    await ravi.command("follow query", query="tag:Climate", when="daily")
    results = await ravi.command("tag", name="UN")
    await ravi.press(results.message or {}, "Next")
    await ravi.command("search", query="nothing like it zzq")
    await noted(stage, ravi, "UN")
    await arrives(stage, "Ship docks")
    parcel, outcome = await sent(stage)
    await stage.store.outbox.sent(parcel.post_id, outcome, NOW)
    await arrives(stage, "Ship leaves")
    await stage.store.outbox.form(NOW)
    await stage.store.outbox.pause_target(
        parcel.target.id, Outcome(Fate.ACCESS_LOST, reason="delivery.no_access"), NOW
    )
    await ravi.command("stats")
    added = await ravi.command("subscription add", channel="general", query="tag:UN")
    await ravi.press(added.message or {}, "Confirm")

    own = (ravi.user_id, str(parcel.target.channel_id))
    before = set(cells(stage, *own))
    assert {table for table, _ in before} >= {"saves", "views", "targets", "name_uses", "audit"}
    asked = await ravi.command("privacy erase")
    assert "Erased" in (await ravi.press(asked.message or {}, "Confirm")).text
    assert set(cells(stage, *own)) <= MODERATORS
    with closing(sqlite3.connect(stage.store.folder / DATABASE)) as connection:
        owners = connection.execute("SELECT DISTINCT owner FROM subscriptions").fetchall()
        (posts,) = connection.execute("SELECT count(*) FROM posts").fetchone()
    assert owners == [("guild",)] and posts == 0
    assert await stage.store.check() == ()


def test_every_column_that_can_hold_a_member_is_known_here(stage: Stage) -> None:
    """A new one must be erased, or be a moderator's, before it may be added to this list."""
    with closing(sqlite3.connect(stage.store.folder / DATABASE)) as connection:
        found = {
            (table, column)
            for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
            for _, column, *_ in connection.execute(f"PRAGMA table_info({table})")
            if column in ("user_id", "owner_id") or column.endswith(("_by", "actor_id"))
        }
    erased = {("saves", "user_id"), ("views", "user_id"), ("name_uses", "user_id")}
    erased |= {("targets", "user_id"), ("subscriptions", "owner_id")}
    assert found == erased | MODERATORS
