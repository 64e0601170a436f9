RESET ROLE;
-- SET ROLE, with a name that is put together.
SELECT set_config('role', current_user || '_reader', false);

SELECT name FROM people;

INSERT INTO people VALUES ('Mallory');
