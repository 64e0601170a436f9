-- \da: aggregates by patterns of their name and schema.
SELECT
    n.nspname AS "Schema",
    p.proname AS "Name",
    pg_catalog.format_type(p.prorettype, NULL) AS "Result data type",
    CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_catalog.pg_get_function_arguments(p.oid) END AS "Argument data types",
    pg_catalog.obj_description(p.oid, 'pg_proc') AS "Description"
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE p.prokind = 'a'
  AND p.proname ~ $1::text
  AND CASE WHEN $2::text = '' THEN pg_catalog.pg_function_is_visible(p.oid) ELSE n.nspname ~ $2::text END
  AND ($3::boolean OR n.nspname NOT IN ('pg_catalog', 'information_schema'))
ORDER BY 1, 2, 4;
