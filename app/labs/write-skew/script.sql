CREATE TABLE doctors (name text PRIMARY KEY, on_call boolean NOT NULL);
INSERT INTO doctors VALUES ('Ada', true), ('Grace', true);

-- A: BEGIN ISOLATION LEVEL REPEATABLE READ;
-- A: SELECT count(*) FROM doctors WHERE on_call;
-- B: BEGIN ISOLATION LEVEL REPEATABLE READ;
-- B: SELECT count(*) FROM doctors WHERE on_call;
-- A: UPDATE doctors SET on_call = false WHERE name = 'Ada';
-- B: UPDATE doctors SET on_call = false WHERE name = 'Grace';
-- A: COMMIT;
-- B: COMMIT;
-- A: SELECT count(*) FROM doctors WHERE on_call;
