"""The state as lines: whole, counted, readable by a later version, and never posted on a guess."""

import gzip
import io
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.messages import catalogue
from bot.model import PUBLIC_SCOPE
from bot.query.language import parse
from bot.store import DATABASE, Store
from bot.store.migrate import migrations
from bot.store.state import export, load
from tests.conftest import NOW

RELEASED = Path(__file__).parents[1] / "schemas" / "schema-1.db.gz"


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """Return a folder with a database of the first release, which has one of everything."""
    folder = tmp_path / "old"
    folder.mkdir()
    with gzip.open(RELEASED) as packed, (folder / DATABASE).open("wb") as database:
        shutil.copyfileobj(packed, database)
    return folder


def exported(folder: Path, *, views: bool = True) -> list[str]:
    out = io.StringIO()
    export(folder, out, views=views)
    return out.getvalue().splitlines(keepends=True)


def tables(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        names = connection.execute(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        ).fetchall()
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for (name,) in names
            if not name.startswith("sqlite_")
        }


async def test_a_state_of_an_older_schema_comes_back_whole_and_answers(
    released: Path, tmp_path: Path
) -> None:
    lines = exported(released)
    header = json.loads(lines[0])
    assert (header["format"], header["schema"]) == ("tagwire-state", 1)
    assert sum(header["rows"].values()) == len(lines) - 1
    moved, kept = load(tmp_path / "new", lines, NOW)
    assert (moved.total, kept) == (len(lines) - 1, None)
    async with Store.open(released) as store:
        assert await store.check() == ()
    async with Store.open(tmp_path / "new") as store:
        found = await store.articles.search(parse("gauge waves"), PUBLIC_SCOPE, now=NOW)
        (subscription,) = await store.subscriptions.list(1)
        assert await store.check() == ()
    assert [hit.title for hit in found.hits] == ["A tide gauge learns to count"]
    assert subscription.query == "tag:Oceans"
    old, new = tables(released), tables(tmp_path / "new")
    # What a restore changes on purpose is shown in test_backup.py.
    for name in old.keys() - {"feeds", "deliveries", "posts"}:
        assert new[name] == old[name], name
    assert {name: len(rows) for name, rows in new.items()} == {
        name: len(rows) for name, rows in old.items()
    }


async def test_what_was_owed_is_not_posted_after_an_import(released: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(released / DATABASE, isolation_level=None)) as connection:
        connection.execute("UPDATE deliveries SET state = 'owed', post_id = NULL")
    load(tmp_path / "new", exported(released), NOW)
    states = {row[4:6] for row in tables(tmp_path / "new")["deliveries"]}
    assert states == {("skipped", "restored")}


def test_views_may_be_left_out(released: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(released / DATABASE, isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO views (key, kind, query, user_id, asked_at, used_at)"
            " VALUES ('k', 'results', '', 1, 0, 0)"
        )
    assert any('"views"' in line for line in exported(released)[1:])
    lines = exported(released, views=False)
    assert not any('"views"' in line for line in lines)
    load(tmp_path / "new", lines, NOW)
    assert tables(tmp_path / "new")["views"] == []


def change_header(lines: list[str], **changed: object) -> list[str]:
    return [json.dumps({**json.loads(lines[0]), **changed}) + "\n", *lines[1:]]


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        (lambda lines: [], "state.foreign"),
        (lambda lines: ["hello\n"], "state.foreign"),
        (lambda lines: ["[]\n"], "state.foreign"),
        (lambda lines: change_header(lines, format="other"), "state.foreign"),
        (lambda lines: change_header(lines, version=2), "state.newer"),
        (lambda lines: change_header(lines, schema=9999), "state.newer"),
        (lambda lines: lines[:-1], "state.incomplete"),
        (lambda lines: [*lines[:-1], lines[-1][:-9]], "state.bad_line"),
        (lambda lines: [*lines, '{"table":"nothing","row":{"a":1}}\n'], "state.bad_line"),
        (lambda lines: [*lines, '{"table":"meta","row":{"a; --":1}}\n'], "state.bad_line"),
        (lambda lines: [*lines, '{"table":"meta","row":[]}\n'], "state.bad_line"),
        (lambda lines: [*lines, lines[1]], "state.bad_line"),
    ],
)
def test_a_state_that_cannot_be_used_changes_nothing(
    spoil: object, key: str, released: Path, tmp_path: Path
) -> None:
    assert callable(spoil)
    with pytest.raises(StoreError) as caught:
        load(tmp_path / "new", spoil(exported(released)), NOW)
    assert caught.value.key == key
    assert catalogue().say(key, **caught.value.params)
    assert not (tmp_path / "new" / DATABASE).exists()


async def test_a_state_goes_into_an_empty_store_only(released: Path, tmp_path: Path) -> None:
    lines = exported(released)
    with pytest.raises(StoreError) as caught:
        load(released, lines, NOW)
    assert caught.value.key == "state.not_empty"
    async with Store.open(tmp_path / "empty"):
        pass
    _, kept = load(tmp_path / "empty", lines, NOW)
    assert kept is not None
    with closing(sqlite3.connect(tmp_path / "empty" / DATABASE)) as connection:
        (schema,) = connection.execute("PRAGMA user_version").fetchone()
    assert schema == migrations()[-1][0]
