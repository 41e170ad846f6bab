"""Files damaged anywhere: a state, a backup or a database is refused in a sentence or is whole."""

from __future__ import annotations

import gzip
import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import StoreError
from bot.messages import catalogue
from bot.store import DATABASE, Store
from bot.store.backup import restore, verify
from bot.store.state import export, load
from tests.conftest import NOW

RELEASED = Path(__file__).parents[1] / "schemas" / "v0.1.db.gz"
bounded = settings(max_examples=60)


@pytest.fixture(scope="module")
def database() -> bytes:
    with gzip.open(RELEASED) as packed:
        return packed.read()


@pytest.fixture(scope="module")
def state(database: bytes) -> str:
    out = io.StringIO()
    with folder_with(database) as folder:
        export(folder, out)
    return out.getvalue()


@contextmanager
def folder_with(database: bytes | None = None) -> Iterator[Path]:
    with TemporaryDirectory() as name:
        folder = Path(name) / "data"
        if database is not None:
            folder.mkdir()
            (folder / DATABASE).write_bytes(database)
        yield folder


@st.composite
def damages(draw: st.DrawFn, whole: bytes) -> bytes:
    """Cut out, repeat, overwrite or zero a stretch."""
    start = draw(st.integers(0, len(whole) - 1))
    end = min(len(whole), start + draw(st.sampled_from((1, 2, 16, 700, 4096, 50_000))))
    what = draw(st.sampled_from(("cut", "twice", "other", "zero", "end")))
    if what == "cut":
        return whole[:start] + whole[end:]
    if what == "twice":
        return whole[:end] + whole[start:]
    if what == "end":
        return whole[:start]
    filler = bytes(end - start) if what == "zero" else draw(st.binary(min_size=1, max_size=8))
    return whole[:start] + (filler * (end - start))[: end - start] + whole[end:]


def has_a_sentence(error: StoreError) -> bool:
    return bool(catalogue().say(error.key, **error.params))


def is_sound(folder: Path) -> bool:
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        (said,) = connection.execute("PRAGMA integrity_check").fetchone()
        return said == "ok" and not connection.execute("PRAGMA foreign_key_check").fetchall()


def test_a_damaged_state_is_refused_whole_or_gives_a_sound_store(state: str) -> None:
    loaded: list[bool] = []

    @bounded
    @given(damages(state.encode()))
    def try_it(damaged: bytes) -> None:
        lines = damaged.decode("utf-8", "replace").splitlines(keepends=True)
        with folder_with() as folder:
            try:
                load(folder, lines, NOW)
            except StoreError as error:
                assert has_a_sentence(error)
                assert not (folder / DATABASE).exists()
                loaded.append(False)
            else:
                assert is_sound(folder)
                loaded.append(True)

    try_it()
    assert False in loaded


def test_a_damaged_backup_never_takes_the_place_of_a_database(database: bytes) -> None:
    @settings(bounded, max_examples=30)
    @given(damages(database))
    def try_it(damaged: bytes) -> None:
        with folder_with(database) as folder, folder_with(damaged) as other:
            try:
                restore(folder, other / DATABASE, NOW)
            except StoreError as error:
                assert has_a_sentence(error)
                assert verify(folder / DATABASE).articles
                assert (folder / DATABASE).read_bytes() == database
            else:
                assert verify(folder / DATABASE)

    try_it()


async def test_a_damaged_database_is_opened_or_refused_in_a_sentence(database: bytes) -> None:
    frames: list[bytes] = []

    @settings(bounded, max_examples=40)
    @given(damages(database))
    def collect(damaged: bytes) -> None:
        frames.append(damaged)

    collect()
    for damaged in frames:
        with folder_with(damaged) as folder:
            try:
                async with Store.open(folder):
                    pass
            except StoreError as error:
                assert has_a_sentence(error)
