CREATE EXTENSION vector;
CREATE TABLE films (name text PRIMARY KEY, traits vector(3) NOT NULL);
INSERT INTO films VALUES ('Alien', '[0.9,0.1,0.8]'), ('Predator', '[0.8,0.1,0.9]'), ('Gravity', '[0.9,0.3,0.3]'), ('Amelie', '[0.1,0.9,0.1]');
