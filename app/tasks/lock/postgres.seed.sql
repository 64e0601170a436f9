CREATE TABLE locks (name text PRIMARY KEY, holder text NOT NULL, until timestamptz NOT NULL);
INSERT INTO locks VALUES ('report', 'w1', '2100-01-01');
