CREATE TABLE accounts (name text PRIMARY KEY, balance int NOT NULL);
INSERT INTO accounts VALUES ('Ada', 100), ('Linus', 100);

-- A: BEGIN;
-- A: SELECT * FROM accounts WHERE name = 'Ada' FOR UPDATE;
-- B: SELECT * FROM accounts WHERE name = 'Ada' FOR UPDATE NOWAIT;
-- B: SET lock_timeout = '100ms';
-- B: SELECT * FROM accounts WHERE name = 'Ada' FOR UPDATE;
-- B: SELECT 'gave up' AS outcome;
-- A: COMMIT;
