"""Articles: search them, find the nearest, read one, list them all."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, tzinfo
from functools import partial

from bot.errors import NotFoundError
from bot.model import PUBLIC_SCOPE, Article, Cursor, Hit, Page, Scope
from bot.query import text
from bot.query.nodes import Query
from bot.store import changes, facets, find, heads, searching
from bot.store.beside import Beside
from bot.store.connections import Connections
from bot.store.excerpt import Passage
from bot.store.facets import Facets
from bot.store.resolve import Asked
from bot.store.rows import visible
from bot.store.searching import Window
from bot.store.vectors import Vectors
from bot.store.vocabulary import Vocabulary

_CHUNK = 200
_TITLE_SCAN = 200


class ArticleStore:
    """The archive as a reader sees it; every call names whose eyes it reads with."""

    def __init__(
        self,
        connections: Connections,
        vocabulary: Vocabulary,
        beside: Beside,
        vectors: Vectors,
    ) -> None:
        self._connections = connections
        self._vocabulary = vocabulary
        self._beside = beside
        self._vectors = vectors

    async def search(
        self,
        query: Query,
        scope: Scope,
        *,
        now: datetime,
        limit: int = 5,
        cursor: Cursor | None = None,
        until: int | None = None,
        zone: tzinfo = UTC,
    ) -> Page:
        """Return one page of exactly the articles a query matches, newest first unless it says.

        `until` is an earlier page's: articles that arrived later stay off.
        """
        asked, window = Asked(scope, now, zone), Window(limit, cursor, until)
        self._connections.asked(query)
        return await self._connections.read(
            lambda connection: searching.search(connection, query, asked, window, self._beside)
        )

    async def find(
        self,
        query: Query,
        scope: Scope,
        *,
        now: datetime,
        limit: int = 5,
        cursor: Cursor | None = None,
        until: int | None = None,
        zone: tzinfo = UTC,
    ) -> Page:
        """Search, and when nothing has all the words return the nearest, with notes that say so.

        Articles that tell one story are one hit, which names the others.
        """
        asked, window = Asked(scope, now, zone), Window(limit, cursor, until, fold=True)
        self._connections.asked(query)
        return await self._connections.read(
            lambda connection: find.find(
                connection, self._vocabulary, query, asked, window, self._vectors, self._beside
            )
        )

    async def facets(
        self,
        query: Query,
        scope: Scope,
        *,
        now: datetime,
        zone: tzinfo = UTC,
        until: int | None = None,
        each: int = 8,
    ) -> Facets:
        """Return the names and years that would narrow a query's 2,000 best hits most."""
        asked = Asked(scope, now, zone)
        return await self._connections.read(
            lambda connection: facets.facets(
                connection, query, asked, self._beside, until=until, each=each
            )
        )

    async def get(self, article_id: int, scope: Scope) -> Article:
        """Return one article. Raises NotFoundError outside the scope or after a takedown."""
        found = await self.get_many([article_id], scope)
        if not found:
            raise NotFoundError("store.no_article", id=article_id)
        return found[0]

    async def get_many(self, ids: Sequence[int], scope: Scope) -> tuple[Article, ...]:
        """Return the articles a reader may see, in the order asked for; others are left out."""
        found = await self._connections.read(
            lambda connection: heads.articles(connection, ids, scope)
        )
        return tuple(found[article_id] for article_id in ids if article_id in found)

    async def known_as(self, key: str, scope: Scope) -> Article | None:
        """Return the article that is known by a key of identity, None where there is none."""
        return await self._connections.read(partial(_known_as, key, scope))

    async def named(self, title: str, scope: Scope, limit: int = 25) -> tuple[Hit, ...]:
        """Return articles for what is typed of a title: whole title, then its words, newest first.

        Nothing typed gives the latest.
        """
        return await self._connections.read(partial(_named, title, scope, limit))

    async def versions(self, article_id: int, scope: Scope) -> tuple[Article, ...]:
        """Return how an article was before each change, oldest first. Raises NotFoundError."""
        return await self._connections.read(partial(changes.versions, article_id, scope))

    async def hide(self, article_id: int, how: changes.Hidden) -> None:
        """Take an article out of every list: gone upstream, or removed for good (a takedown)."""
        await self._connections.write(partial(changes.hide, article_id, how))

    async def erase(self, article_id: int) -> None:
        """Remove an article for good, its text and versions with it. Raises NotFoundError."""
        await self._connections.write(partial(changes.erase, article_id))

    async def each(self, scope: Scope = PUBLIC_SCOPE) -> AsyncIterator[Article]:
        """Yield every article by id, a chunk at a time (export)."""
        last = 0
        while True:
            chunk = await self._connections.read(partial(_chunk, scope, last))
            for article in chunk:
                yield article
            if len(chunk) < _CHUNK:
                return
            last = chunk[-1].id


def _known_as(key: str, scope: Scope, connection: sqlite3.Connection) -> Article | None:
    rows = connection.execute(
        """
        SELECT k.article_id FROM article_keys k JOIN articles a ON a.id = k.article_id
        WHERE k.scope_id IN (SELECT value FROM json_each(:scopes)) AND k.key = :key
          AND a.hidden IS NULL
        """,
        {"key": key, "scopes": visible(scope)},
    ).fetchall()
    found = heads.articles(connection, [row["article_id"] for row in rows], scope)
    return next(iter(found.values()), None)


def _chunk(scope: Scope, after: int, connection: sqlite3.Connection) -> list[Article]:
    rows = connection.execute(
        """
        SELECT id FROM articles
        WHERE id > :after AND hidden IS NULL
          AND scope_id IN (SELECT value FROM json_each(:scopes))
        ORDER BY id LIMIT :limit
        """,
        {"after": after, "scopes": visible(scope), "limit": _CHUNK},
    )
    return list(heads.articles(connection, [row["id"] for row in rows], scope).values())


def _named(typed: str, scope: Scope, limit: int, connection: sqlite3.Connection) -> tuple[Hit, ...]:
    parts = text.prefix(typed).split()
    match = " AND ".join(
        f'{{title words}} : "{part}" *' if i == len(parts) - 1 else f'{{title words}} : "{part}"'
        for i, part in enumerate(parts)
    )
    values = {"match": match, "scopes": visible(scope), "limit": _TITLE_SCAN if match else limit}
    places = connection.execute(_TITLED if match else _LATEST, values).fetchall()
    wanted = text.fold(typed)

    def nearness(place: sqlite3.Row) -> tuple[int, int]:
        title = text.fold(place["title"])
        near = 0 if title == wanted else 1 if title.startswith(wanted) else 2
        return near, -place["sort_at"]

    # The index finds words of the text beside those of the title: only the latter count here.
    titled = [place for place in places if not parts or _all_in(parts, place["title"])]
    return heads.hits(connection, sorted(titled, key=nearness)[:limit], Passage())


def _all_in(parts: Sequence[str], title: str) -> bool:
    words = {*text.tokens(title), *text.prefix(title).split()}
    return all(part in words for part in parts[:-1]) and any(
        word.startswith(parts[-1]) for word in words
    )


_LATEST = """
    SELECT sort_at, id, title, 0.0 AS score FROM articles INDEXED BY articles_seen
    WHERE hidden IS NULL AND scope_id IN (SELECT value FROM json_each(:scopes))
    ORDER BY sort_at DESC LIMIT :limit
"""
_TITLED = """
    SELECT a.sort_at, a.id, a.title, 0.0 AS score
    FROM article_index f
    CROSS JOIN articles a INDEXED BY articles_by_id ON a.id = f.rowid
    WHERE f.article_index MATCH :match AND a.hidden IS NULL
      AND a.scope_id IN (SELECT value FROM json_each(:scopes))
    ORDER BY f.rowid DESC LIMIT :limit
"""
