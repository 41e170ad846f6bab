-- What a feed asks of its readers, what was noticed about it, and how far long readings have come.
ALTER TABLE feeds ADD COLUMN skip_hours TEXT NOT NULL DEFAULT '[]';   -- JSON: UTC hours without polls
ALTER TABLE feeds ADD COLUMN skip_days TEXT NOT NULL DEFAULT '[]';    -- JSON: days without, Monday is 0
ALTER TABLE feeds ADD COLUMN notice TEXT;                             -- a message key: items passed unseen
ALTER TABLE feeds ADD COLUMN notice_params TEXT NOT NULL DEFAULT '{}';
ALTER TABLE feeds ADD COLUMN notice_at INTEGER;

-- A whole site or file that is read in parts, so that an interrupted reading goes on.
CREATE TABLE walks (
    name TEXT PRIMARY KEY,                 -- sync:FEED_ID, or file: and a digest of what was read
    place TEXT NOT NULL,                   -- JSON: where it goes on
    done INTEGER NOT NULL DEFAULT 0,       -- articles read so far
    updated_at INTEGER NOT NULL,
    completed_at INTEGER                   -- when the last whole reading began; NULL before the first
) STRICT, WITHOUT ROWID;
