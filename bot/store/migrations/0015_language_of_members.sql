-- A direct message speaks the language of the member, who may have none in common with a server.
ALTER TABLE targets ADD COLUMN language TEXT; -- the member's, as Discord names it; NULL: the server's

-- Looked for after every command: hardly any member has closed direct messages.
CREATE INDEX targets_closed ON targets (user_id) WHERE paused IS NOT NULL AND told_at IS NULL;
