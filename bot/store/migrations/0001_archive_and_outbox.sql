-- The main job: archive, names, index, feeds, subscriptions, deliveries, posts, views, settings.
-- Times are integers, seconds since 1970 UTC, unless a comment says otherwise.
-- scope_id is 0 for the public archive, else the guild whose own feeds brought the row.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE feeds (
    id INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL,
    url TEXT,                              -- NULL: brought by import, never polled
    title TEXT NOT NULL,
    title_key TEXT NOT NULL,               -- normal form, what feed: compares
    site_url TEXT,
    etag TEXT,
    last_modified TEXT,
    content_hash BLOB,                     -- of the last body read: an equal body is not parsed again
    next_check_at INTEGER,                 -- NULL: not polled
    interval_s INTEGER,
    primed INTEGER NOT NULL DEFAULT 0,     -- 0 until its first fetch is recorded, which announces nothing
    last_success_at INTEGER,
    failing_since_at INTEGER,
    failures INTEGER NOT NULL DEFAULT 0,
    error TEXT,                            -- a message key
    error_params TEXT NOT NULL DEFAULT '{}',
    told_at INTEGER,                       -- when a person was told that it fails
    moved_url TEXT,                        -- a permanent redirect seen, and how often in a row
    moved_count INTEGER NOT NULL DEFAULT 0,
    stopped TEXT,                          -- a message key: why it is polled no more (410)
    excerpts_only INTEGER NOT NULL DEFAULT 0,
    added_by INTEGER,
    added_at INTEGER NOT NULL,
    UNIQUE (scope_id, url)
) STRICT;

CREATE INDEX feeds_due ON feeds (next_check_at) WHERE next_check_at IS NOT NULL AND stopped IS NULL;

-- Names. `key` is the normal form within a scope; `name` the spelling shown; counts are kept by intake.
CREATE TABLE tags (
    id INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    article_count INTEGER NOT NULL DEFAULT 0,
    last_at INTEGER NOT NULL DEFAULT 0,
    UNIQUE (scope_id, key)
) STRICT;

CREATE TABLE authors (
    id INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    article_count INTEGER NOT NULL DEFAULT 0,
    last_at INTEGER NOT NULL DEFAULT 0,
    UNIQUE (scope_id, key)
) STRICT;

CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    article_count INTEGER NOT NULL DEFAULT 0,
    last_at INTEGER NOT NULL DEFAULT 0,
    UNIQUE (scope_id, key)
) STRICT;

-- The words of author, source and feed names, so that `author:van` costs an index lookup.
CREATE TABLE name_words (
    word TEXT NOT NULL,                    -- a token of index_text()
    what TEXT NOT NULL CHECK (what IN ('author', 'source', 'feed')),
    scope_id INTEGER NOT NULL,
    name_id INTEGER NOT NULL,
    PRIMARY KEY (word, what, scope_id, name_id)
) STRICT, WITHOUT ROWID;

-- Another name for a tag. In scope 0 the operator's (and feeds' slugs); a guild's works for itself.
-- merge = 1: articles that come in under the alias are filed under the target, also on re-import.
CREATE TABLE tag_aliases (
    scope_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    target_key TEXT NOT NULL,
    merge INTEGER NOT NULL DEFAULT 0,
    kind TEXT NOT NULL DEFAULT 'alias' CHECK (kind IN ('alias', 'slug')),
    PRIMARY KEY (scope_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE articles (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    scope_id INTEGER NOT NULL,
    feed_id INTEGER NOT NULL REFERENCES feeds (id),
    source_id INTEGER REFERENCES sources (id),
    sort_at INTEGER NOT NULL UNIQUE,       -- milliseconds, made unique: date, else when found, page order
    title TEXT NOT NULL,
    poster TEXT,
    url TEXT,
    image_url TEXT,
    kind TEXT NOT NULL DEFAULT 'article'
        CHECK (kind IN ('article', 'chart', 'infographic', 'video')),
    truncated INTEGER NOT NULL DEFAULT 0,
    published_at INTEGER,                  -- NULL: unknown, and shown as unknown
    updated_at INTEGER,
    found_at INTEGER NOT NULL,
    blocks TEXT NOT NULL,                  -- JSON: [[type, text], [type, text, url], …]
    byline_raw TEXT,
    source_raw TEXT,
    content_hash BLOB NOT NULL,            -- of what a reader sees: equal means unchanged
    revision INTEGER NOT NULL DEFAULT 1,
    hidden TEXT                            -- NULL, 'withdrawn' (gone upstream) or 'removed' (takedown)
) STRICT;

-- What search joins on and lists by, without touching the rows' text.
CREATE INDEX articles_seen ON articles (sort_at, scope_id, published_at) WHERE hidden IS NULL;
CREATE INDEX articles_by_feed ON articles (feed_id, sort_at);
CREATE INDEX articles_by_source ON articles (source_id, sort_at);
CREATE INDEX articles_by_published ON articles (published_at, sort_at);

-- Every key an article is known by in its scope (identity.py): scoped guid, site and post id, link, title and date.
CREATE TABLE article_keys (
    scope_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    PRIMARY KEY (scope_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX article_keys_by_article ON article_keys (article_id);

CREATE TABLE article_versions (
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    replaced_at INTEGER NOT NULL,
    content TEXT NOT NULL,                 -- JSON of the article as it was
    PRIMARY KEY (article_id, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE article_authors (
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    author_id INTEGER NOT NULL REFERENCES authors (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (article_id, author_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX article_authors_by_author ON article_authors (author_id);

CREATE TABLE article_tags (
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    tag_id INTEGER NOT NULL REFERENCES tags (id),
    kind TEXT NOT NULL DEFAULT 'tag' CHECK (kind IN ('tag', 'category')),
    position INTEGER NOT NULL,
    PRIMARY KEY (article_id, tag_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX article_tags_by_tag ON article_tags (tag_id);

-- rowid = articles.sort_at, so that newest first is the index's own order. All columns hold the
-- output of index_text(): tokens parted by spaces, already folded and stemmed; the tokenizer only
-- splits. `words` holds the unstemmed words that differ from their stem (for prefixes), `keys` the
-- opaque tokens of ids and facts (t7 tag, a3 author, s2 source, f1 feed, kchart, himage).
-- Contentless: a row is removed with the exact text it was written with, made again from the article.
CREATE VIRTUAL TABLE article_index USING fts5 (
    title, tags, byline, subheadings, body, words, keys,
    content = '',
    tokenize = "ascii tokenchars '_+#'"
);

CREATE TABLE targets (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('text', 'announcement', 'thread', 'forum', 'direct')),
    guild_id INTEGER,
    channel_id INTEGER NOT NULL UNIQUE,
    user_id INTEGER,
    paused TEXT,                           -- a message key: access lost, channel gone
    paused_at INTEGER,
    told_at INTEGER,
    CHECK ((kind = 'direct') = (guild_id IS NULL AND user_id IS NOT NULL))
) STRICT;

CREATE INDEX targets_by_guild ON targets (guild_id);

CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    target_id INTEGER NOT NULL REFERENCES targets (id),
    owner TEXT NOT NULL CHECK (owner IN ('guild', 'member')),
    owner_id INTEGER NOT NULL,             -- guild id, or the member's user id
    scope_guild_id INTEGER,                -- whose archive it reads besides the public one
    query TEXT NOT NULL,                   -- canonical
    paused TEXT,                           -- a message key, NULL while active
    look TEXT NOT NULL DEFAULT '{}',
    rhythm TEXT NOT NULL DEFAULT '{}',
    mention_role_id INTEGER,
    mention_query TEXT,
    created_by INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (target_id, query)
) STRICT;

CREATE INDEX subscriptions_by_owner ON subscriptions (owner, owner_id);

CREATE TABLE posts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    target_id INTEGER NOT NULL REFERENCES targets (id),
    state TEXT NOT NULL CHECK (state IN ('ready', 'sending', 'sent', 'unknown', 'dead')),
    generation INTEGER NOT NULL DEFAULT 1, -- rises only when a person sends a dead letter again
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_at INTEGER NOT NULL,          -- milliseconds: the courier's clock is finer than a second
    started_at INTEGER,                    -- milliseconds: the first try whose fate is not known
    doubtful INTEGER NOT NULL DEFAULT 0,   -- 1: a try since then may have got through
    sent_at INTEGER,
    message_id INTEGER,
    thread_id INTEGER,
    follow_up TEXT CHECK (follow_up IN ('publish', 'published', 'failed')),
    degraded INTEGER NOT NULL DEFAULT 0,   -- 1: the next try is plain text (content was rejected)
    overflow INTEGER NOT NULL DEFAULT 0,   -- articles left out by the cap
    query TEXT NOT NULL DEFAULT '',        -- opens them
    reason TEXT,                           -- a message key: the last failure
    reason_params TEXT NOT NULL DEFAULT '{}',
    code INTEGER,                          -- Discord's error code
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX posts_waiting ON posts (state, next_try_at) WHERE state IN ('ready', 'sending');
CREATE INDEX posts_to_publish ON posts (next_try_at) WHERE follow_up = 'publish';
CREATE INDEX posts_by_target ON posts (target_id, state, id);
CREATE INDEX posts_by_message ON posts (message_id) WHERE message_id IS NOT NULL;

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    target_id INTEGER NOT NULL REFERENCES targets (id),
    article_id INTEGER NOT NULL REFERENCES articles (id),
    subscription_id INTEGER REFERENCES subscriptions (id) ON DELETE SET NULL,
    state TEXT NOT NULL CHECK (state IN ('owed', 'posted', 'skipped')),
    reason TEXT,                           -- of skipped: filter, cap, quiet, paused, story, withdrawn
    not_before INTEGER NOT NULL DEFAULT 0,
    post_id INTEGER REFERENCES posts (id),
    created_at INTEGER NOT NULL,
    UNIQUE (target_id, article_id)
) STRICT;

CREATE INDEX deliveries_owed ON deliveries (not_before) WHERE state = 'owed' AND post_id IS NULL;
CREATE INDEX deliveries_by_post ON deliveries (post_id);
CREATE INDEX deliveries_by_article ON deliveries (article_id);

-- Which subscriptions wanted a delivery: the older one's look, both pings, and "why was this posted?".
CREATE TABLE delivery_wants (
    delivery_id INTEGER NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    subscription_id INTEGER NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
    PRIMARY KEY (delivery_id, subscription_id)
) STRICT, WITHOUT ROWID;

-- A page someone was shown: what its buttons ask again, as it was at the moment it was asked.
CREATE TABLE views (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,                    -- results, reader, tags, confirm, …
    query TEXT NOT NULL,
    scope_guild_id INTEGER,
    user_id INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    until_id INTEGER,                      -- articles that arrived after are not on these pages
    detail TEXT NOT NULL DEFAULT '{}',     -- JSON: heading, options, article id, …
    used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE guilds (
    guild_id INTEGER PRIMARY KEY,
    left_at INTEGER,
    settings TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id INTEGER NOT NULL,
    actor_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    before TEXT,
    after TEXT
) STRICT;

CREATE INDEX audit_by_guild ON audit (guild_id, id);
