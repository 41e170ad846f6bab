-- Wire copies of one story: what they are looked up by, which are alike, and how they are grouped.
-- All of it is made from the articles (stories.py) and can be made anew.

-- A hash of words in a row, which copies share. A row that no longer holds costs a look, no more.
CREATE TABLE story_keys (
    key INTEGER NOT NULL,
    at INTEGER NOT NULL,                   -- when the article was published, else found
    article_id INTEGER NOT NULL,
    feed_id INTEGER NOT NULL,
    source_id INTEGER NOT NULL,            -- 0: none
    PRIMARY KEY (key, at, article_id)
) STRICT, WITHOUT ROWID;

-- Two articles that tell one story, each way round, and how surely (0 to 1).
CREATE TABLE story_links (
    one_id INTEGER NOT NULL,
    other_id INTEGER NOT NULL,
    likeness REAL NOT NULL,
    PRIMARY KEY (one_id, other_id)
) STRICT, WITHOUT ROWID;

-- Articles that are shown as one with others. An article without a row is a story of its own.
CREATE TABLE story_members (
    article_id INTEGER PRIMARY KEY,
    story_id INTEGER NOT NULL,             -- the lowest id of its articles, those of the public first
    scope_id INTEGER NOT NULL
) STRICT;

CREATE INDEX story_members_by_story ON story_members (story_id);
