CREATE TABLE accounts (name text PRIMARY KEY, balance int NOT NULL);
INSERT INTO accounts VALUES ('Ada', 100), ('Linus', 100);

-- A: BEGIN;
-- A: SELECT balance FROM accounts WHERE name = 'Ada';
-- B: BEGIN;
-- B: SELECT balance FROM accounts WHERE name = 'Ada';
-- A: UPDATE accounts SET balance = 90 WHERE name = 'Ada';
-- B: UPDATE accounts SET balance = 90 WHERE name = 'Ada';
-- A: COMMIT;
-- B: COMMIT;
-- A: SELECT balance FROM accounts WHERE name = 'Ada';
