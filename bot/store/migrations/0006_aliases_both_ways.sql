-- A tag's other names are followed both ways, from every server at once.
CREATE INDEX tag_aliases_by_key ON tag_aliases (key);
CREATE INDEX tag_aliases_by_target ON tag_aliases (target_key);
