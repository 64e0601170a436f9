CREATE INDEX ON albums (artist_id);
CREATE INDEX ON plays (listener, at);
ANALYZE;
