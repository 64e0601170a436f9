CREATE TABLE words (name text PRIMARY KEY);
CREATE INDEX ON words (name text_pattern_ops);
INSERT INTO words VALUES ('Pencil'), ('Postcard'), ('Pot'), ('Pocket atlas'), ('Purse'), ('Teapot');
