CREATE TABLE flags (name text PRIMARY KEY, flag text NOT NULL);
INSERT INTO flags VALUES ('beta', 'off');
