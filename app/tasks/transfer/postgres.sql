BEGIN;
UPDATE accounts SET balance = balance - 30 WHERE name = 'Ada';
UPDATE accounts SET balance = balance + 30 WHERE name = 'Grace';
COMMIT;

SELECT name, balance FROM accounts ORDER BY name;
