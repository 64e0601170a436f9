-- \dx: extensions that are installed, by a pattern of their name.
SELECT
    e.extname AS "Name",
    e.extversion AS "Version",
    n.nspname AS "Schema",
    pg_catalog.obj_description(e.oid, 'pg_extension') AS "Description"
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname ~ $1::text AND $2::text = '' AND $3::boolean IS NOT NULL
ORDER BY 1;
