"""The postings beside the index, kept up: loaded, caught up with, made anew, and asked.

They are loaded when somebody searches and let go when nobody does: numpy alone takes a third of
what a bare client takes.
Search is right without them: whoever asks gets None while they are missing or too far behind, and
asks the index itself. The file's name and the last change in it are settled in the database, so a
file of another time or another database is never believed.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sqlite3
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.store.connections import Connections
from bot.store.freshness import Freshness
from bot.store.impacts import Impacts, from_postings
from bot.store.leaves import Lookup, asked_phrases
from bot.store.postings import Array, Postings, read, seq_of
from bot.store.ranking import Search
from bot.store.resolve import Asked, Test
from bot.store.statements import Order
from bot.store.tail import Late, Tail
from bot.store.view import Stories, View

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np

KEY = "postings"
# Below this the index itself is quick enough.
LEAST_ARTICLES = 1_000
# Rows a search takes over on its way (half a millisecond each), and a refresh at a time.
_ON_THE_WAY = 40
_AT_ONCE = 40
# Late articles, at least and as a share, from which on the file is made anew.
_LATE = 2_000
_LATE_SHARE = 20
_LATE_MOST = 20_000
_PREFIX, _SUFFIX = "postings-", ".idx"

_NOW = """
    SELECT (SELECT value FROM meta WHERE key = 'postings'),
           (SELECT seq FROM sqlite_sequence WHERE name = 'index_changes')
"""


class Beside:
    """Holds what is loaded. Readers on several threads ask; one task refreshes."""

    def __init__(self, folder: Path, connections: Connections) -> None:
        self._folder = folder
        self._connections = connections
        self._lock = threading.Lock()
        self._view: View | None = None
        self._stories: tuple[View, Stories] | None = None
        self._asked_at: datetime | None = None
        # Whether somebody had to ask the index since the last refresh.
        self.is_missed = False

    @property
    def articles(self) -> int:
        """How many articles the loaded file holds, 0 without one."""
        return self._view.postings.articles if self._view else 0

    @property
    def late(self) -> int:
        """How many articles changed since it was made."""
        return len(self._view.tail.changed) if self._view else 0

    @contextmanager
    def asked(
        self,
        connection: sqlite3.Connection,
        test: Test,
        asked: Asked,
        until: int,
        order: Order,
        *,
        fold: bool = False,
    ) -> Iterator[Search | None]:
        """Ask what a test admits; None when the index itself has to be asked.

        `fold` counts articles that tell one story as one.
        """
        self._asked_at = asked.now
        if self._view is None:
            self.is_missed = True
            yield None
            return
        # A phrase is for the index to find: before anybody else is kept waiting.
        phrases = asked_phrases(connection, test, ranked=order == "best")
        freshness = Freshness.at(asked.now, asked.freshness if order == "best" else 0.0)
        with self._lock:
            view = self._caught_up(connection, _ON_THE_WAY)
            if view is None:
                yield None
                return
            stories = self._told(connection, view) if fold else None
            lookup = Lookup(view.postings, view.tail, view.dead, phrases)
            scopes = asked.scope.visible
            yield Search(view, lookup, test, scopes, until, freshness, stories, order == "best")

    def best(
        self, connection: sqlite3.Connection, test: Test, asked: Asked, until: int, most: int
    ) -> tuple[Postings, Array, list[Late], int] | None:
        """Return the best hits, in the file and late, and how many there are; None as above."""
        with self.asked(connection, test, asked, until, "best") as search:
            if search is None:
                return None
            ords, late = search.best(most)
            return search.view.postings, ords, late, search.total

    def everyone(
        self, connection: sqlite3.Connection, test: Test, asked: Asked, until: int
    ) -> tuple[Array, Array] | None:
        """Return the ids and the sort_at of all hits, in no order; None as above."""
        with self.asked(connection, test, asked, until, "new") as search:
            return None if search is None else search.everyone

    def impacts(
        self, connection: sqlite3.Connection, tokens: Sequence[str], limit: int = -1
    ) -> list[Impacts] | None:
        """Return what each token is worth to the articles that hold it; None as above.

        Of a token that more articles hold than a limit, nothing.
        """
        with self._lock:
            view = self._caught_up(connection, _ON_THE_WAY)
            return None if view is None else [from_postings(view, token, limit) for token in tokens]

    def _told(self, connection: sqlite3.Connection, view: View) -> Stories:
        """Return the stories as they are; they change only where rows of the index do."""
        if self._stories is None or self._stories[0] is not view:
            rows = connection.execute("SELECT article_id, story_id FROM story_members").fetchall()
            by_id = {row[0]: row[1] for row in rows}
            ords = view.postings.ords_of(np.fromiter(by_id, np.int64, len(by_id)))
            ids = view.postings.ids[ords].tolist()
            story_of = np.array([by_id[i] for i in ids], np.int64)
            self._stories = (view, Stories(ords, story_of, by_id))
        return self._stories[1]

    def _caught_up(self, connection: sqlite3.Connection, most: int) -> View | None:
        view = self._view
        token, seq = connection.execute(_NOW).fetchone()
        if view is None or token != view.postings.token:
            return None
        tail, seq = view.tail, seq or 0
        if seq == tail.seq:
            return view
        # A snapshot from before the tail's last change cannot see what the tail holds.
        behind = tail.behind(connection, most) if seq > tail.seq else None
        if behind is None:
            return None
        if len(tail.changed) + len(behind) > _LATE_MOST:
            return None
        tail.take(connection, behind, seq)
        self._view = View.of(view.postings, tail)
        return self._view

    async def refresh(
        self,
        *,
        least: int = LEAST_ARTICLES,
        rebuild: bool = False,
        asked_since: datetime | None = None,
    ) -> bool:
        """Load what there is, catch up, and make the file anew when it is due; return whether so.

        `rebuild` makes it in any case. With `asked_since`, it is loaded only if somebody searched
        since then, and let go otherwise. Called by one task at a time.
        """
        self.is_missed = False
        token, articles = await self._connections.read(_stored)
        is_wanted = asked_since is None or bool(self._asked_at and self._asked_at >= asked_since)
        if not is_wanted:
            self._let_go()
        elif self._view is None or self._view.postings.token != token:
            await self._load(token)
        if not rebuild:
            late = await (self._late() if is_wanted else self._late_of(token))
            due = late is None or late > max(_LATE, articles // _LATE_SHARE)
            if articles < least or not due:
                return False
        await self._remake(load=is_wanted)
        return True

    def _let_go(self) -> None:
        with self._lock:
            self._view = self._stories = None

    async def _late(self) -> int | None:
        await self._catch_up()
        return None if self._view is None else self.late

    async def _late_of(self, token: str | None) -> int | None:
        """Return how many articles changed since a file that is not loaded, None without one."""
        seq = None if token is None else await asyncio.to_thread(seq_of, self._file(token), token)
        return None if seq is None else await self._connections.read(partial(_changed_since, seq))

    async def _load(self, token: str | None) -> None:
        loaded = None
        if token is not None:
            loaded = await asyncio.to_thread(read, self._file(token), token)
        view = None if loaded is None else View.of(loaded, Tail(loaded.seq))
        with self._lock:
            self._view = view

    async def _catch_up(self) -> None:
        """Take over what changed, a little at a time, so that readers get their turn."""
        while self._view is not None:
            if await self._connections.read(self._step):
                return

    def _step(self, connection: sqlite3.Connection) -> bool:
        """Take over some changes; return whether none, or too many, are left."""
        with self._lock:
            view = self._view
            if view is None:
                return True
            ids = [
                row[0]
                for row in connection.execute(
                    "SELECT article_id, seq FROM index_changes WHERE seq > :seq ORDER BY seq"
                    " LIMIT :most",
                    {"seq": view.tail.seq, "most": _AT_ONCE},
                )
            ]
            if not ids or len(view.tail.changed) > _LATE_MOST:
                return True
            (last,) = connection.execute(
                """
                SELECT max(seq) FROM (
                    SELECT seq FROM index_changes WHERE seq > :seq ORDER BY seq LIMIT :most)
                """,
                {"seq": view.tail.seq, "most": _AT_ONCE},
            ).fetchone()
            view.tail.take(connection, list(dict.fromkeys(ids)), last)
            self._view = View.of(view.postings, view.tail)
            return False

    async def _remake(self, *, load: bool) -> None:
        token = secrets.token_hex(8)
        file = self._file(token)
        database = self._connections.path
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.store.postings_build", str(database), str(file), token
        )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            self._tidy(keep=self._view.postings.token if self._view else None)
            raise
        seq = seq_of(file, token)
        loaded = await asyncio.to_thread(read, file, token) if load else None
        if code or seq is None or (load and loaded is None):
            raise OSError(f"the postings could not be made: {code}")
        await self._connections.write(partial(_settle, token, seq), durable=False)
        with self._lock:
            self._view = None if loaded is None else View.of(loaded, Tail(seq))
        await self._catch_up()
        await asyncio.to_thread(self._tidy, keep=token)

    def _file(self, token: str) -> Path:
        return self._folder / f"{_PREFIX}{token}{_SUFFIX}"

    def _tidy(self, keep: str | None) -> None:
        """Remove the files of other times. One that another process has mapped may stay."""
        for path in self._folder.glob(f"{_PREFIX}*"):
            if path.is_dir():
                # What a build that was killed had written.
                shutil.rmtree(path, ignore_errors=True)
            elif keep is None or path != self._file(keep):
                with suppress(OSError):
                    path.unlink()


def _stored(connection: sqlite3.Connection) -> tuple[str | None, int]:
    token = connection.execute("SELECT value FROM meta WHERE key = 'postings'").fetchone()
    # Near enough for what is decided by it, and read at once.
    (articles,) = connection.execute("SELECT coalesce(max(id), 0) FROM articles").fetchone()
    return (token[0] if token else None), articles


def _changed_since(seq: int, connection: sqlite3.Connection) -> int:
    (count,) = connection.execute(
        "SELECT count(DISTINCT article_id) FROM index_changes WHERE seq > :seq", {"seq": seq}
    ).fetchone()
    return int(count)


def _settle(token: str, seq: int, connection: sqlite3.Connection) -> None:
    connection.execute(
        """
        INSERT INTO meta (key, value) VALUES ('postings', :token)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value
        """,
        {"token": token},
    )
    connection.execute("DELETE FROM index_changes WHERE seq <= :seq", {"seq": seq})
