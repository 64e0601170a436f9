CREATE TABLE accounts (name text PRIMARY KEY, balance int NOT NULL);
INSERT INTO accounts VALUES ('Ada', 100), ('Linus', 100);

-- A: BEGIN ISOLATION LEVEL READ COMMITTED;
-- A: SELECT count(*) FROM accounts WHERE balance >= 100;
-- B: INSERT INTO accounts VALUES ('Grace', 300);
-- A: SELECT count(*) FROM accounts WHERE balance >= 100;
-- A: COMMIT;
-- A: BEGIN ISOLATION LEVEL REPEATABLE READ;
-- A: SELECT count(*) FROM accounts WHERE balance >= 100;
-- B: INSERT INTO accounts VALUES ('Alan', 500);
-- A: SELECT count(*) FROM accounts WHERE balance >= 100;
-- A: COMMIT;
