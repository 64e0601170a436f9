CREATE INDEX ON follows (followed_id);
CREATE INDEX ON posts (author_id, at);
ANALYZE;
