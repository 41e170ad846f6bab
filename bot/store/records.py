"""Small nouns: meta values, guilds with their settings, the audit trail, views, and counts."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.errors import StoreError
from bot.model import AuditEntry, Counts, Scope, View
from bot.query import language
from bot.query.nodes import Query
from bot.store.connections import Connections
from bot.store.matching import CHANGES, READ_WITH, REVISION
from bot.store.rows import at, many, moment, packed_json, second, visible

_KEY_BYTES = 9
_INSTANCE = "instance_id"
_CHANGES_KEPT = 100
_USED_AGAIN_S = 7 * 86_400


class MetaStore:
    """Values of the store itself, by key."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def get(self, key: str) -> str | None:
        """Return a value, None where there is none."""

        def job(connection: sqlite3.Connection) -> str | None:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
            return None if row is None else row["value"]

        return await self._connections.read(job)

    async def set(self, key: str, value: str) -> None:
        """Keep a value."""
        await self._connections.write(lambda connection: put_meta(connection, key, value))


def put_meta(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Keep a value of the store within a transaction."""
    connection.execute(
        """
        INSERT INTO meta (key, value) VALUES (:key, :value)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value
        """,
        {"key": key, "value": value},
    )


def instance_id(connection: sqlite3.Connection) -> str:
    """Return this store's own random id, made on first use (within a write transaction)."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_INSTANCE,)).fetchone()
    if row is not None:
        return str(row["value"])
    made = secrets.token_hex(16)
    put_meta(connection, _INSTANCE, made)
    return made


def bump_revision(connection: sqlite3.Connection, *subscription_ids: int) -> None:
    """Tell the matcher that saved queries, or what they are read with, have changed.

    It reads those anew; all of them where none is named. The last changes are kept by number.
    """
    (revision,) = connection.execute(
        """
        INSERT INTO meta (key, value) VALUES (:key, '1')
        ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1 RETURNING value
        """,
        {"key": REVISION},
    ).fetchone()
    kept = connection.execute("SELECT value FROM meta WHERE key = ?", (CHANGES,)).fetchone()
    changes = json.loads(kept["value"])[-_CHANGES_KEPT:] if kept else []
    put_meta(connection, CHANGES, json.dumps([*changes, [int(revision), subscription_ids]]))


def _bump_guild(connection: sqlite3.Connection, guild_id: int) -> None:
    rows = connection.execute(
        "SELECT id FROM subscriptions WHERE scope_guild_id = :guild", {"guild": guild_id}
    )
    ids = [row["id"] for row in rows]
    if ids:
        bump_revision(connection, *ids)


class GuildStore:
    """The guilds the bot is in, and what each has set."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def settings(self, guild_id: int) -> Mapping[str, object]:
        """Return a guild's settings; an empty object where it has set nothing."""
        return await self._connections.read(partial(_settings, guild_id))

    async def set(self, guild_id: int, by: By | None = None, **changed: object) -> None:
        """Change some of a guild's settings, noting who did; None takes a setting away."""

        def job(connection: sqlite3.Connection) -> None:
            before = _settings(guild_id, connection)
            connection.execute(
                """
                INSERT INTO guilds (guild_id, settings) VALUES (:id, json_patch('{}', :changed))
                ON CONFLICT (guild_id) DO UPDATE SET settings = json_patch(settings, :changed)
                """,
                {"id": guild_id, "changed": packed_json(changed)},
            )
            if not READ_WITH.isdisjoint(changed):
                _bump_guild(connection, guild_id)
            for key, value in changed.items():
                if by is None:
                    break
                was, is_ = (None if v is None else str(v) for v in (before.get(key), value))
                note_change(by.change("server.set", key, was, is_), connection)

        await self._connections.write(job)

    async def each(self, key: str) -> Mapping[int, object]:
        """Return what every guild has set under a key, by guild."""

        def job(connection: sqlite3.Connection) -> Mapping[int, object]:
            found = connection.execute("SELECT guild_id, settings FROM guilds").fetchall()
            settings = {row["guild_id"]: json.loads(row["settings"]) for row in found}
            return {guild: values[key] for guild, values in settings.items() if key in values}

        return await self._connections.read(job)

    async def joined(self, guild_id: int) -> None:
        """Note that the bot is in the guild: what it owes there is due again."""
        await self._note(guild_id, None)

    async def here(self, guild_ids: Collection[int], now: datetime) -> int:
        """Note all guilds that the bot is in; return for how many it is news, either way."""
        return await self._connections.write(partial(_here, guild_ids, now))

    async def left(self, guild_id: int, now: datetime) -> None:
        """Note that the bot is in the guild no more; all of it stays for a while (departed.py)."""
        await self._note(guild_id, second(now))

    async def _note(self, guild_id: int, left_at: int | None) -> None:
        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                """
                INSERT INTO guilds (guild_id, left_at) VALUES (:id, :left_at)
                ON CONFLICT (guild_id) DO UPDATE SET left_at = excluded.left_at
                """,
                {"id": guild_id, "left_at": left_at},
            )

        await self._connections.write(job)


def _settings(guild_id: int, connection: sqlite3.Connection) -> Mapping[str, object]:
    row = connection.execute(
        "SELECT settings FROM guilds WHERE guild_id = ?", (guild_id,)
    ).fetchone()
    found: Mapping[str, object] = {} if row is None else json.loads(row["settings"])
    return found


def _here(present: Collection[int], now: datetime, connection: sqlite3.Connection) -> int:
    """Note which servers the bot is in, all of them; return for how many that is news.

    A server that threw the bot out, or let it in, while it was off gives no event.
    """
    values = {"present": many(present), "now": second(now)}
    returned = connection.execute(
        """
        UPDATE guilds SET left_at = NULL
        WHERE left_at IS NOT NULL AND guild_id IN (SELECT value FROM json_each(:present))
        """,
        values,
    ).rowcount
    missing = connection.execute(
        """
        INSERT INTO guilds (guild_id, left_at)
        SELECT known.id, :now FROM (
            SELECT guild_id AS id FROM guilds WHERE left_at IS NULL
            UNION SELECT guild_id FROM targets WHERE guild_id IS NOT NULL
            UNION SELECT owner_id FROM subscriptions WHERE owner = 'guild'
            UNION SELECT scope_id FROM feeds WHERE scope_id <> 0
        ) known
        WHERE known.id NOT IN (SELECT value FROM json_each(:present))
        ON CONFLICT (guild_id) DO UPDATE SET left_at = excluded.left_at WHERE left_at IS NULL
        """,
        values,
    ).rowcount
    return returned + missing


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody changed, to be noted in the transaction that changes it."""

    guild_id: int
    actor_id: int
    now: datetime
    action: str
    subject: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class By:
    """Who changes something in a guild, and when."""

    guild_id: int
    actor_id: int
    now: datetime

    def change(
        self, action: str, subject: object, before: str | None = None, after: str | None = None
    ) -> Change:
        """Return what they did, to be noted."""
        return Change(self.guild_id, self.actor_id, self.now, action, str(subject), before, after)


def note_change(change: Change, connection: sqlite3.Connection) -> None:
    """Write a change into the audit trail."""
    connection.execute(
        """
        INSERT INTO audit (guild_id, actor_id, at, action, subject, before, after)
        VALUES (:guild, :actor, :at, :action, :subject, :before, :after)
        """,
        {
            "guild": change.guild_id,
            "actor": change.actor_id,
            "at": second(change.now),
            "action": change.action,
            "subject": change.subject,
            "before": change.before,
            "after": change.after,
        },
    )


class AuditStore:
    """Who changed what in a guild, when, and how it was before."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def add(
        self,
        guild_id: int,
        actor_id: int,
        action: str,
        subject: str,
        now: datetime,
        *,
        before: str | None = None,
        after: str | None = None,
    ) -> None:
        """Record one change."""
        change = Change(guild_id, actor_id, now, action, subject, before, after)
        await self._connections.write(partial(note_change, change))

    async def list(
        self, guild_id: int, limit: int = 25, *, subject: str | None = None, action: str = ""
    ) -> tuple[AuditEntry, ...]:
        """Return a guild's last changes, newest first; only of a subject, or of a kind.

        `action` is how the action's name begins, such as "subscription.".
        """

        def job(connection: sqlite3.Connection) -> tuple[AuditEntry, ...]:
            rows = connection.execute(
                """
                SELECT * FROM audit
                WHERE guild_id = :guild AND (:subject IS NULL OR subject = :subject)
                  AND substr(action, 1, length(:action)) = :action
                ORDER BY id DESC LIMIT :limit
                """,
                {"guild": guild_id, "subject": subject, "action": action, "limit": limit},
            )
            return tuple(
                AuditEntry(
                    row["id"],
                    row["guild_id"],
                    row["actor_id"],
                    at(row["at"]),
                    row["action"],
                    row["subject"],
                    row["before"],
                    row["after"],
                )
                for row in rows
            )

        return await self._connections.read(job)


class ViewStore:
    """Pages that were shown, so that their buttons work after a restart and for years."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def put(
        self,
        kind: str,
        query: Query | str,
        scope: Scope,
        user_id: int,
        now: datetime,
        until: int | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> str:
        """Keep a page and return its key of twelve letters. A `str` is a canonical query."""
        key = secrets.token_urlsafe(_KEY_BYTES)
        values = {
            "key": key,
            "kind": kind,
            "query": query if isinstance(query, str) else language.str_of(query),
            "guild": scope.guild_id,
            "user": user_id,
            "now": second(now),
            "until": until,
            "detail": packed_json(detail or {}),
        }
        await self._write(partial(_put_view, values))
        return key

    async def get(self, key: str, now: datetime) -> View | None:
        """Return the page of a key, None for a lost one. `now` is the moment of use."""

        def job(connection: sqlite3.Connection) -> View | None:
            row = connection.execute("SELECT * FROM views WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            used.append(row["used_at"])
            return View(
                row["key"],
                row["kind"],
                row["query"],
                Scope(row["scope_guild_id"]),
                row["user_id"],
                at(row["asked_at"]),
                row["until_id"],
                json.loads(row["detail"]),
            )

        used: list[int] = []
        found = await self._connections.read(job)
        # Noted once a week at most: a page that is used stays (retention.py).
        if used and second(now) - used[0] > _USED_AGAIN_S:
            await self._write(partial(_note_use, key, now))
        return found

    async def _write(self, job: Callable[[sqlite3.Connection], None]) -> None:
        # A power cut or a full disk may cost the newest keys; their buttons then say so. Waiting
        # for the disk would cost every answer, and a full one is no reason to show nothing.
        try:
            await self._connections.write(job, durable=False)
        except StoreError as error:
            if error.key != "store.full":
                raise


def _put_view(values: Mapping[str, object], connection: sqlite3.Connection) -> None:
    connection.execute(
        """
        INSERT INTO views
            (key, kind, query, scope_guild_id, user_id, asked_at, until_id, detail, used_at)
        VALUES (:key, :kind, :query, :guild, :user, :now, :until, :detail, :now)
        """,
        values,
    )


def _note_use(key: str, now: datetime, connection: sqlite3.Connection) -> None:
    connection.execute(
        "UPDATE views SET used_at = :now WHERE key = :key", {"key": key, "now": second(now)}
    )


def counts(scope: Scope, connection: sqlite3.Connection) -> Counts:
    """Count what a reader may see."""
    values = {"scopes": visible(scope)}
    row = connection.execute(
        """
        WITH seen (scope_id) AS (SELECT value FROM json_each(:scopes))
        SELECT
            (SELECT count(*) FROM tags JOIN seen USING (scope_id) WHERE article_count > 0) AS tags,
            (SELECT count(*) FROM authors JOIN seen USING (scope_id)
             WHERE article_count > 0) AS authors,
            (SELECT count(*) FROM sources JOIN seen USING (scope_id)
             WHERE article_count > 0) AS sources,
            (SELECT count(*) FROM feeds JOIN seen USING (scope_id)) AS feeds,
            count(*) AS articles, count(*) - count(published_at) AS undated,
            min(published_at) AS oldest, max(published_at) AS newest
        FROM articles INDEXED BY articles_seen
        WHERE hidden IS NULL AND scope_id IN (SELECT scope_id FROM seen)
        """,
        values,
    ).fetchone()
    return Counts(
        row["articles"],
        row["tags"],
        row["authors"],
        row["sources"],
        row["feeds"],
        row["undated"],
        moment(row["oldest"]),
        moment(row["newest"]),
    )
