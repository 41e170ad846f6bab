-- A feed's own rule of what is kept; NULL: the operator's setting, 0: everything.
ALTER TABLE feeds ADD COLUMN keep_days INTEGER CHECK (keep_days >= 0);
ALTER TABLE feeds ADD COLUMN keep_articles INTEGER CHECK (keep_articles >= 0);
