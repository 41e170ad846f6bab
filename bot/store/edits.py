"""Which messages that stand have to show what changed in their articles."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.store.rows import many, milliseconds, second

# An article that keeps changing is edited so often and then left as it is.
EDITS_MOST = 5
# Corrections come in flurries: one edit shows the last of them.
SETTLE = timedelta(seconds=30)


def owe_edits(
    connection: sqlite3.Connection,
    article_ids: Iterable[int],
    now: datetime | None,
    *,
    settle: timedelta = SETTLE,
    last: bool = False,
    target_id: int | None = None,
) -> None:
    """Let every message that shows one of these articles be edited, a bounded number of times.

    One that may stand since a try in doubt is meant, too: what is found then shows how it was.
    `last` is for what must be shown whatever the count: a withdrawal. It is due when the article
    had `settle` to be corrected again, and at once without `now`. With `target_id` only that
    channel's messages are.
    """
    connection.execute(
        """
        INSERT INTO corrections (post_id, what, state, next_try_at, changed_at)
        SELECT DISTINCT p.id, 'edit', 'owed', :due, :now
        FROM deliveries d JOIN posts p ON p.id = d.post_id
        WHERE d.article_id IN (SELECT value FROM json_each(:articles))
          AND (p.state IN ('sending', 'sent') OR (p.state = 'ready' AND p.doubtful = 1))
          AND (:target IS NULL OR p.target_id = :target)
        ON CONFLICT (post_id) DO UPDATE
            SET state = 'owed', attempts = 0, changed_at = max(changed_at + 1, excluded.changed_at),
                next_try_at = iif(state = 'owed', min(next_try_at, excluded.next_try_at),
                                  excluded.next_try_at)
            WHERE state <> 'ended' AND what = 'edit' AND (edits < :most OR :last)
        """,
        {
            "articles": many(article_ids),
            "due": 0 if now is None else milliseconds(now + settle),
            "now": 0 if now is None else second(now),
            "most": EDITS_MOST,
            "last": last,
            "target": target_id,
        },
    )
