-- \df: functions by patterns of their name and schema.
SELECT
    n.nspname AS "Schema",
    p.proname AS "Name",
    pg_catalog.pg_get_function_result(p.oid) AS "Result data type",
    pg_catalog.pg_get_function_arguments(p.oid) AS "Argument data types",
    CASE p.prokind WHEN 'a' THEN 'agg' WHEN 'w' THEN 'window' WHEN 'p' THEN 'proc' ELSE 'func' END AS "Type",
    CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS "Volatility",
    CASE WHEN p.prosecdef THEN 'definer' ELSE 'invoker' END AS "Security",
    (SELECT l.lanname FROM pg_catalog.pg_language l WHERE l.oid = p.prolang) AS "Language",
    pg_catalog.obj_description(p.oid, 'pg_proc') AS "Description"
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE p.proname ~ $1::text
  AND CASE WHEN $2::text = '' THEN pg_catalog.pg_function_is_visible(p.oid) ELSE n.nspname ~ $2::text END
  AND ($3::boolean OR n.nspname NOT IN ('pg_catalog', 'information_schema'))
ORDER BY 1, 2, 4;
