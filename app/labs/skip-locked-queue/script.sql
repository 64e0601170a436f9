CREATE TABLE jobs (id int PRIMARY KEY, what text, done boolean DEFAULT false);
INSERT INTO jobs VALUES (1, 'resize'), (2, 'mail'), (3, 'bill');

-- A: BEGIN;
-- A: SELECT id, what FROM jobs WHERE NOT done ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
-- B: BEGIN;
-- B: SELECT id, what FROM jobs WHERE NOT done ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
-- A: ROLLBACK;
-- B: UPDATE jobs SET done = true WHERE id = 2;
-- B: COMMIT;
-- B: SELECT id, what FROM jobs WHERE NOT done ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
