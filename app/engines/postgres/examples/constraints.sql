DROP TABLE IF EXISTS accounts;

CREATE TABLE accounts (
    owner   text PRIMARY KEY,
    balance numeric(10, 2) NOT NULL CONSTRAINT no_overdraft CHECK (balance >= 0)
);

INSERT INTO accounts VALUES ('Ada', 100), ('Grace', 20);

-- One statement, so both halves happen or neither does.
UPDATE accounts SET balance = balance + CASE owner WHEN 'Ada' THEN -30 ELSE 30 END RETURNING *;

-- Grace has 50 now. This one fails, on purpose.
UPDATE accounts SET balance = balance - 500 WHERE owner = 'Grace';
