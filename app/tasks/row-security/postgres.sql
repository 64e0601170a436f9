RESET ROLE;
SET app.tenant = 'north';
-- SET ROLE, with a name that is put together.
SELECT set_config('role', current_user || '_reader', false);

SELECT title FROM documents;
