CREATE TABLE events (id int PRIMARY KEY, kind text NOT NULL);
INSERT INTO events SELECT n, CASE WHEN n % 100 = 0 THEN 'error' ELSE 'ok' END FROM generate_series(1, 1000) AS n;
