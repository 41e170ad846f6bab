-- What becomes of messages that stand, and what a server's moderators are told.

-- A message that has to be edited or deleted. `edits` counts those made, so that they stay bounded.
CREATE TABLE corrections (
    post_id INTEGER PRIMARY KEY REFERENCES posts (id) ON DELETE CASCADE,
    what TEXT NOT NULL CHECK (what IN ('edit', 'delete')),
    state TEXT NOT NULL CHECK (state IN ('owed', 'done', 'ended')),
    edits INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_at INTEGER NOT NULL,          -- milliseconds
    changed_at INTEGER NOT NULL,           -- of the article, shown beside the mark "updated"
    reason TEXT,                           -- a message key: why it ended
    code INTEGER                           -- Discord's error code
) STRICT;

CREATE INDEX corrections_owed ON corrections (next_try_at) WHERE state = 'owed';

-- Told once in the channel that a server chose for it; without one they are kept and not told.
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id INTEGER NOT NULL,
    key TEXT NOT NULL,                     -- a message key
    params TEXT NOT NULL DEFAULT '{}',
    created_at INTEGER NOT NULL,
    told_at INTEGER
) STRICT;

CREATE INDEX alerts_waiting ON alerts (guild_id, id) WHERE told_at IS NULL;

-- How many posts a channel had in the last hour.
CREATE INDEX posts_by_creation ON posts (target_id, created_at);
