-- The names a member asked for lately: they are suggested first to that member.
CREATE TABLE name_uses (
    user_id INTEGER NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('tag', 'author', 'source')),
    key TEXT NOT NULL,                     -- of the name, in whatever scopes it is
    name TEXT NOT NULL,
    used_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, what, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX name_uses_by_time ON name_uses (used_at);
