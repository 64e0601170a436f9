CREATE TABLE blocked (number int PRIMARY KEY);
INSERT INTO blocked SELECT n FROM generate_series(4000, 4999) AS n;
