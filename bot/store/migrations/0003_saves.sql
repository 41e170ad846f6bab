-- A member's reading list.
CREATE TABLE saves (
    user_id INTEGER NOT NULL,
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, article_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX saves_by_time ON saves (user_id, saved_at, article_id);
CREATE INDEX saves_by_article ON saves (article_id);
CREATE INDEX views_by_user ON views (user_id);
