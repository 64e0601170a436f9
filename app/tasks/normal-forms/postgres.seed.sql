CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, city text NOT NULL);
CREATE TABLE purchases (id int PRIMARY KEY, person_id int NOT NULL REFERENCES people);
INSERT INTO people VALUES (1, 'Ada', 'Rome'), (2, 'Grace', 'Rome');
INSERT INTO purchases VALUES (10, 1), (11, 2), (12, 2);
