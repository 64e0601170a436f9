CREATE TABLE recent (name text PRIMARY KEY, pages text[] NOT NULL);
INSERT INTO recent VALUES ('Ada', '{c,b,a}');
