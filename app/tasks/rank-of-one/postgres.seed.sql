CREATE TABLE players (name text PRIMARY KEY, points int NOT NULL);
CREATE INDEX ON players (points);
INSERT INTO players VALUES ('Ada', 120), ('Linus', 95), ('Grace', 180), ('Alan', 60), ('Edsger', 140);
