DROP TABLE IF EXISTS readings;

CREATE TABLE readings AS
SELECT g AS id, g % 500 AS sensor, round((20 + 5 * sin(g / 50.0))::numeric, 2) AS celsius
FROM generate_series(1, 20000) AS g;

ANALYZE readings;

-- No index yet: every row is read to keep 40.
EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM readings WHERE sensor = 42;

CREATE INDEX ON readings (sensor);

EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM readings WHERE sensor = 42;
