-- By which webhook of the bot's own a message was posted: only that one can change it. Its token is
-- asked of Discord when it is needed and never kept.
ALTER TABLE posts ADD COLUMN webhook_id INTEGER;
-- The picture a feed gives itself, shown beside its name where a webhook posts.
ALTER TABLE feeds ADD COLUMN icon_url TEXT;
