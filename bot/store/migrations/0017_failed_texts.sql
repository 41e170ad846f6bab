-- A text that could not follow its post keeps its words, to be sent again by hand or dropped.
DROP INDEX sequels_failed;
CREATE INDEX sequels_failed ON sequels (post_id)
    WHERE state IN ('failed', 'unknown') AND content IS NOT NULL;

-- 1: a try whose fate is not known may have gone by a webhook, which no nonce protects.
ALTER TABLE posts ADD COLUMN by_webhook INTEGER NOT NULL DEFAULT 0;
