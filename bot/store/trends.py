"""The archive over time: how many articles match in each month, and one article at random."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Mapping
from datetime import datetime

from bot.model import Article, Scope
from bot.query.nodes import Query
from bot.store import compile, heads, searching, statements
from bot.store.connections import Connections
from bot.store.resolve import Asked, resolve

_DRAWS = 64


class TrendStore:
    """Counts over time; every call names whose eyes it reads with."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def months(self, query: Query, scope: Scope, now: datetime) -> Mapping[str, int]:
        """Return how many matching articles each month has ("2022-08"), oldest first.

        Articles without a known date are in no month.
        """

        def job(connection: sqlite3.Connection) -> Mapping[str, int]:
            branches = compile.branches(resolve(connection, query, Asked(scope, now)))
            if not branches:
                return {}
            wanted = statements.by_month(branches, scope, searching.newest(connection))
            rows = connection.execute(wanted.sql, wanted.values)
            return {row["month"]: row["count"] for row in rows}

        return await self._connections.read(job)

    async def any_article(self, scope: Scope, draw: random.Random) -> Article | None:
        """Return an article at random, None in an empty archive."""

        def job(connection: sqlite3.Connection) -> Article | None:
            last = searching.newest(connection)
            for _ in range(_DRAWS if last else 0):
                found = heads.articles(connection, [draw.randint(1, last)], scope)
                if found:
                    return next(iter(found.values()))
            page = searching.search(
                connection, Query(sort="new"), Asked(scope, _EPOCH), searching.Window(1)
            )
            if not page.hits:
                return None
            return heads.articles(connection, [page.hits[0].id], scope)[page.hits[0].id]

        return await self._connections.read(job)


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
