CREATE TABLE notes (id int PRIMARY KEY, body text NOT NULL, version int NOT NULL);
INSERT INTO notes VALUES (1, 'theirs', 2);
