CREATE TABLE visits (name text NOT NULL);
INSERT INTO visits VALUES ('ada'), ('bob'), ('ada'), ('cleo'), ('bob');
