BEGIN;
UPDATE accounts SET balance = balance + 500 WHERE name = 'Ada';
UPDATE accounts SET balance = balance - 500 WHERE name = 'Grace';
