CREATE TABLE accounts (name text PRIMARY KEY, balance int NOT NULL);
INSERT INTO accounts VALUES ('Ada', 100), ('Linus', 100);

-- A: BEGIN;
-- A: UPDATE accounts SET balance = balance - 10 WHERE name = 'Ada';
-- B: BEGIN;
-- B: UPDATE accounts SET balance = balance - 20 WHERE name = 'Linus';
-- A: UPDATE accounts SET balance = balance + 10 WHERE name = 'Linus';
-- B: UPDATE accounts SET balance = balance + 20 WHERE name = 'Ada';
-- A: ROLLBACK;
-- B: COMMIT;
-- A: SELECT * FROM accounts ORDER BY name;
