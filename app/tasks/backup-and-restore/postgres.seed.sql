CREATE TABLE notes (id int PRIMARY KEY, text text NOT NULL);
INSERT INTO notes VALUES (1, 'other'), (2, 'keep me');
