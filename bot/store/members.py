"""What is kept of a member: the reading list, the follows, the pages shown, the names
asked for; shown and erased."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.errors import NotFoundError
from bot.model import Article, Scope
from bot.store import heads, uses
from bot.store.connections import Connections
from bot.store.records import bump_revision
from bot.store.rows import second, visible
from bot.store.subscription_changes import withdraw
from bot.store.suggest import What


@dataclass(frozen=True, slots=True)
class Saved:
    """One page of a reading list, newest first; `after` is where the next one begins."""

    articles: tuple[Article, ...]
    total: int
    after: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """How much is kept of a member."""

    saves: int
    follows: int
    views: int
    names: tuple[str, ...] = ()


class MemberStore:
    """A member's own data. Whoever asks names the member, and nobody else's is touched."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def save(self, user_id: int, article_id: int, scope: Scope, now: datetime) -> bool:
        """Put an article on the reading list; tell whether it is new there. NotFoundError."""
        return await self._connections.write(partial(_save, user_id, article_id, scope, now))

    async def unsave(self, user_id: int, article_id: int) -> bool:
        """Take an article off the reading list; tell whether it was on it."""
        return await self._connections.write(
            lambda connection: (
                connection.execute(
                    "DELETE FROM saves WHERE user_id = :user AND article_id = :article",
                    {"user": user_id, "article": article_id},
                ).rowcount
                > 0
            )
        )

    async def saved(
        self, user_id: int, scope: Scope, limit: int = 10, after: tuple[int, int] | None = None
    ) -> Saved:
        """Return a page of the reading list, of what the scope may see."""
        return await self._connections.read(partial(_saved, user_id, scope, limit, after))

    async def unfollow(self, subscription_id: int, user_id: int) -> str:
        """End a member's follow and return its query. Raises NotFoundError for another's."""
        return await self._connections.write(partial(_unfollow, subscription_id, user_id))

    async def follows_of_post(self, post_id: int, user_id: int) -> tuple[int, ...]:
        """Return the follows of a member that a message of theirs came from."""

        def job(connection: sqlite3.Connection) -> tuple[int, ...]:
            rows = connection.execute(
                """
                SELECT DISTINCT s.id FROM deliveries d
                JOIN delivery_wants w ON w.delivery_id = d.id
                JOIN subscriptions s ON s.id = w.subscription_id
                WHERE d.post_id = :post AND s.owner = 'member' AND s.owner_id = :user
                ORDER BY s.id
                """,
                {"post": post_id, "user": user_id},
            )
            return tuple(row["id"] for row in rows)

        return await self._connections.read(job)

    async def claim_closed(self, user_id: int, now: datetime) -> bool:
        """Whether a member has to hear that direct messages cannot be sent; True only once."""
        if not await self._connections.read(partial(_is_to_hear, user_id)):
            return False
        return await self._connections.write(partial(_told_closed, user_id, now))

    async def used(self, user_id: int, what: What, name: str, now: datetime) -> None:
        """Note that a member asked for a name: the last twenty are suggested to them first."""
        await self._connections.write(
            lambda connection: uses.note(connection, user_id, what, name, now)
        )

    async def kept(self, user_id: int) -> Kept:
        """Count what is kept of a member."""

        def job(connection: sqlite3.Connection) -> Kept:
            row = connection.execute(
                """
                SELECT (SELECT count(*) FROM saves WHERE user_id = :user) AS saves,
                       (SELECT count(*) FROM subscriptions
                        WHERE owner = 'member' AND owner_id = :user) AS follows,
                       (SELECT count(*) FROM views WHERE user_id = :user) AS views
                """,
                {"user": user_id},
            ).fetchone()
            names = uses.names(connection, user_id)
            return Kept(row["saves"], row["follows"], row["views"], names)

        return await self._connections.read(job)

    async def erase(self, user_id: int) -> None:
        """Erase all that is kept of a member: list, follows with what they sent, pages, names."""
        await self._connections.write(partial(_erase, user_id))


def _save(
    user_id: int, article_id: int, scope: Scope, now: datetime, connection: sqlite3.Connection
) -> bool:
    if not heads.articles(connection, [article_id], scope):
        raise NotFoundError("store.no_article", id=article_id)
    added = connection.execute(
        """
        INSERT INTO saves (user_id, article_id, saved_at) VALUES (:user, :article, :now)
        ON CONFLICT DO NOTHING
        """,
        {"user": user_id, "article": article_id, "now": second(now)},
    )
    return added.rowcount > 0


def _saved(
    user_id: int,
    scope: Scope,
    limit: int,
    after: tuple[int, int] | None,
    connection: sqlite3.Connection,
) -> Saved:
    saved_at, article_id = after or (None, None)
    values = {
        "user": user_id,
        "scopes": visible(scope),
        "limit": limit + 1,
        "saved_at": saved_at,
        "article": article_id,
    }
    (total,) = connection.execute(
        """
        SELECT count(*) FROM saves s JOIN articles a ON a.id = s.article_id
        WHERE s.user_id = :user AND a.hidden IS NOT 'removed'
          AND a.scope_id IN (SELECT value FROM json_each(:scopes))
        """,
        values,
    ).fetchone()
    rows: Sequence[sqlite3.Row] = connection.execute(
        """
        SELECT s.saved_at, s.article_id FROM saves s JOIN articles a ON a.id = s.article_id
        WHERE s.user_id = :user AND a.hidden IS NOT 'removed'
          AND a.scope_id IN (SELECT value FROM json_each(:scopes))
          AND (:saved_at IS NULL OR (s.saved_at, s.article_id) < (:saved_at, :article))
        ORDER BY s.saved_at DESC, s.article_id DESC LIMIT :limit
        """,
        values,
    ).fetchall()
    shown = rows[:limit]
    found = heads.articles(connection, [row["article_id"] for row in shown], scope)
    last = (shown[-1]["saved_at"], shown[-1]["article_id"]) if len(rows) > limit else None
    return Saved(tuple(found[row["article_id"]] for row in shown), total, last)


def _unfollow(subscription_id: int, user_id: int, connection: sqlite3.Connection) -> str:
    row = connection.execute(
        """
        SELECT query, target_id FROM subscriptions
        WHERE id = :id AND owner = 'member' AND owner_id = :user
        """,
        {"id": subscription_id, "user": user_id},
    ).fetchone()
    if row is None:
        raise NotFoundError("store.no_subscription", id=subscription_id)
    withdraw(connection, row["target_id"], subscription_id, "filter")
    connection.execute("DELETE FROM subscriptions WHERE id = :id", {"id": subscription_id})
    bump_revision(connection, subscription_id)
    return str(row["query"])


_CLOSED = """
    user_id = :user AND paused IS NOT NULL AND told_at IS NULL
      AND EXISTS (SELECT 1 FROM subscriptions s WHERE s.target_id = targets.id)
"""


def _is_to_hear(user_id: int, connection: sqlite3.Connection) -> bool:
    found = connection.execute(
        f"SELECT 1 FROM targets WHERE {_CLOSED}",  # noqa: S608 - a constant
        {"user": user_id},
    )
    return found.fetchone() is not None


def _told_closed(user_id: int, now: datetime, connection: sqlite3.Connection) -> bool:
    told = connection.execute(
        f"UPDATE targets SET told_at = :now WHERE {_CLOSED}",  # noqa: S608 - a constant
        {"user": user_id, "now": second(now)},
    )
    return told.rowcount > 0


def _erase(user_id: int, connection: sqlite3.Connection) -> None:
    values = {"user": user_id}
    # In the order in which the rows refer to one another.
    for statement in (
        "DELETE FROM saves WHERE user_id = :user",
        "DELETE FROM views WHERE user_id = :user",
        "DELETE FROM name_uses WHERE user_id = :user",
        "DELETE FROM subscriptions WHERE owner = 'member' AND owner_id = :user",
        """
        DELETE FROM deliveries
        WHERE target_id IN (SELECT id FROM targets WHERE user_id = :user)
        """,
        """
        DELETE FROM posts WHERE target_id IN (SELECT id FROM targets WHERE user_id = :user)
        """,
        """
        DELETE FROM past_deliveries
        WHERE target_id IN (SELECT id FROM targets WHERE user_id = :user)
        """,
        "DELETE FROM targets WHERE user_id = :user",
    ):
        connection.execute(statement, values)
    bump_revision(connection)
