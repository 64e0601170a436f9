CREATE TABLE accounts (name text PRIMARY KEY, balance int NOT NULL);
INSERT INTO accounts VALUES ('Ada', 100), ('Linus', 100);

-- A: BEGIN;
-- A: UPDATE accounts SET balance = 0 WHERE name = 'Ada';
-- B: BEGIN ISOLATION LEVEL READ UNCOMMITTED;
-- B: SELECT balance FROM accounts WHERE name = 'Ada';
-- A: ROLLBACK;
-- B: SELECT balance FROM accounts WHERE name = 'Ada';
-- B: COMMIT;
