CREATE TABLE authors (id int PRIMARY KEY, name text NOT NULL, first text, last text);
INSERT INTO authors (id, name) VALUES (1, 'Ada Lovelace');
