CREATE TABLE accounts (name text PRIMARY KEY, balance int NOT NULL);
INSERT INTO accounts VALUES ('Ada', 100), ('Linus', 100);

-- A: BEGIN ISOLATION LEVEL REPEATABLE READ;
-- A: SELECT balance FROM accounts WHERE name = 'Ada';
-- B: UPDATE accounts SET balance = 40 WHERE name = 'Ada';
-- A: SELECT balance FROM accounts WHERE name = 'Ada';
-- A: COMMIT;
-- A: SELECT balance FROM accounts WHERE name = 'Ada';
