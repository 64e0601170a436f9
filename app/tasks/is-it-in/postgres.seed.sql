CREATE TABLE blocked (number int PRIMARY KEY);
INSERT INTO blocked SELECT n FROM generate_series(3712, 4711) AS n;
