-- What a channel was sent long ago: all that is left of a delivery, so that it is never sent twice.
CREATE TABLE past_deliveries (
    target_id INTEGER NOT NULL REFERENCES targets (id),
    article_id INTEGER NOT NULL,
    PRIMARY KEY (target_id, article_id)
) STRICT, WITHOUT ROWID;
