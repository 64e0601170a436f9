CREATE TABLE seats (seat text PRIMARY KEY, holder text);

-- A: BEGIN;
-- A: INSERT INTO seats VALUES ('12A', 'Ada');
-- B: BEGIN;
-- B: INSERT INTO seats VALUES ('12A', 'Linus');
-- A: COMMIT;
-- B: ROLLBACK;
-- B: INSERT INTO seats VALUES ('12A', 'Linus') ON CONFLICT (seat) DO UPDATE SET holder = seats.holder || ' (asked: Linus)' RETURNING holder;
