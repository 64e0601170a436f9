CREATE TABLE accounts (name text PRIMARY KEY, balance int NOT NULL);
INSERT INTO accounts VALUES ('Ada', 100), ('Linus', 100);

-- A: BEGIN ISOLATION LEVEL REPEATABLE READ;
-- A: SELECT balance FROM accounts WHERE name = 'Ada';
-- B: BEGIN ISOLATION LEVEL REPEATABLE READ;
-- B: SELECT balance FROM accounts WHERE name = 'Ada';
-- A: UPDATE accounts SET balance = 90 WHERE name = 'Ada';
-- B: UPDATE accounts SET balance = 90 WHERE name = 'Ada';
-- A: COMMIT;
-- B: ROLLBACK;
-- B: UPDATE accounts SET balance = balance - 10 WHERE name = 'Ada' RETURNING balance;
