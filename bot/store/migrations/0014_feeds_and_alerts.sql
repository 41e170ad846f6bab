-- Looked up every few seconds: which feeds fail, and who heard of it and has to hear that one works again.
CREATE INDEX feeds_failing ON feeds (failing_since_at) WHERE failing_since_at IS NOT NULL;
CREATE INDEX alerts_by_feed ON alerts (key, params ->> '$.id', guild_id);
