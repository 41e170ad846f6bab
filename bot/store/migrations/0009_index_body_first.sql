-- FTS5 marks each posting of every column but the first with two bytes: the body, which holds most
-- of the words, comes first. All else is as in 0001; the rowid is the article's id since 0007.
-- Contentless: a row is removed with the exact text it was written with, made again from the article.
DROP TABLE article_index;
CREATE VIRTUAL TABLE article_index USING fts5 (
    body, title, tags, byline, subheadings, words, keys,
    content = '',
    tokenize = "ascii tokenchars '_+#'"
);
DELETE FROM meta WHERE key = 'text_version';
