CREATE TABLE accounts (id int PRIMARY KEY, email text NOT NULL UNIQUE);
INSERT INTO accounts VALUES (1, 'ada@example.com');
