CREATE TABLE accounts (name text PRIMARY KEY, balance int NOT NULL);
INSERT INTO accounts VALUES ('Ada', 100), ('Linus', 100);

-- A: BEGIN;
-- A: SELECT balance FROM accounts WHERE name = 'Ada' FOR UPDATE;
-- B: BEGIN;
-- B: SELECT balance FROM accounts WHERE name = 'Ada' FOR UPDATE;
-- A: UPDATE accounts SET balance = 90 WHERE name = 'Ada';
-- A: COMMIT;
-- B: UPDATE accounts SET balance = 80 WHERE name = 'Ada';
-- B: COMMIT;
-- A: SELECT balance FROM accounts WHERE name = 'Ada';
