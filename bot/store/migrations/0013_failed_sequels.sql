-- The status tells of texts that could not follow their posts; nearly all could.
CREATE INDEX sequels_failed ON sequels (post_id) WHERE state = 'failed';
