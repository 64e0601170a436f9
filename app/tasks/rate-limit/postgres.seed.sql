CREATE TABLE calls (client text, minute text, calls int NOT NULL CHECK (calls <= 2), PRIMARY KEY (client, minute));
INSERT INTO calls VALUES ('c1', '12:00', 2);
