-- What follows a post: the thread below it and the article's text, page by page, each a message of
-- its own. The text is drawn when the post stands, so that every try sends the same.
CREATE TABLE sequels (
    post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,               -- 0: the thread has to be started
    content TEXT,                          -- NULL once nothing is to be sent any more
    state TEXT NOT NULL CHECK (state IN ('ready', 'sending', 'sent', 'unknown', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_at INTEGER NOT NULL,          -- milliseconds
    started_at INTEGER,                    -- milliseconds: the first try whose fate is not known
    doubtful INTEGER NOT NULL DEFAULT 0,
    message_id INTEGER,
    reason TEXT,                           -- a message key: the last failure
    code INTEGER,                          -- Discord's error code
    PRIMARY KEY (post_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX sequels_waiting ON sequels (post_id, number) WHERE state IN ('ready', 'sending');
