BEGIN;
ALTER TABLE members ADD COLUMN plan text NOT NULL DEFAULT 'free';
UPDATE members SET plan = 'pro' WHERE name = 'Grace';
COMMIT;

SELECT name, plan FROM members;
