CREATE TABLE sessions (name text PRIMARY KEY, until timestamptz NOT NULL);
INSERT INTO sessions VALUES ('Ada', '2100-01-01'), ('Bob', '2020-01-01');
