CREATE TABLE members (name text PRIMARY KEY);
INSERT INTO members VALUES ('Ada'), ('Grace');
