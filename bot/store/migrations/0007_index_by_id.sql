-- The index is kept by the article's id: small steps between ids make it a third smaller than
-- milliseconds did. It is made anew at the next start (index.prepare).
DELETE FROM meta WHERE key = 'text_version';
CREATE INDEX articles_by_id ON articles (id, sort_at, scope_id, published_at) WHERE hidden IS NULL;

-- Whose rows of the index changed, in order: what is kept beside it is behind by these.
CREATE TABLE index_changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    article_id INTEGER NOT NULL
) STRICT;
