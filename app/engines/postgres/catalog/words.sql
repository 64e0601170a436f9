-- The server's own functions (one row for all of a name, with its shortest signature), keywords, types and settings.
WITH functions AS (
    SELECT
        p.proname::text AS name,
        CASE p.prokind WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window function' ELSE 'function' END AS kind,
        pg_get_function_arguments(p.oid) AS arguments,
        pg_get_function_result(p.oid) AS result,
        obj_description(p.oid, 'pg_proc') AS info,
        count(*) OVER (PARTITION BY p.proname) AS overloads,
        row_number() OVER (PARTITION BY p.proname ORDER BY pg_get_function_arguments(p.oid) = '', length(pg_get_function_arguments(p.oid)), p.oid) AS place
    FROM pg_proc p
    WHERE p.pronamespace = 'pg_catalog'::regnamespace
      AND p.prokind IN ('f', 'a', 'w')
      AND obj_description(p.oid, 'pg_proc') !~ '^(implementation of|I/O|internal|deprecated|btree|hash|less-equal|planner|(sp-?)?gist|gin|brin|join |restriction )|support|selectivity|sampling|handler'
      AND pg_get_function_result(p.oid) !~ '^(internal|cstring|trigger|event_trigger|.*_handler)$'
      AND pg_get_function_arguments(p.oid) !~ '\m(internal|cstring)\M'
      AND p.proname !~ '^(binary_upgrade_|sandbox_|_|pg_(stat_|logical|replication|create_|drop_|copy_|wal|backup|ls_|read_|promote|restore_|sync_|switch_|advisory|try_advisory|set_attr|clear_)|RI_|lo_|(query|table|schema|database|cursor)_to_xml)'
      AND NOT EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = p.oid)
)
SELECT
    name, kind, NULL AS within, info,
    '(' || arguments || ') → ' || result || CASE WHEN overloads > 1 THEN ', ' || (overloads - 1) || ' more' ELSE '' END AS detail
FROM functions
WHERE place = 1
UNION ALL
SELECT upper(word), 'keyword', NULL, NULL, NULL FROM pg_get_keywords()
UNION ALL
SELECT format_type(t.oid, NULL), 'type', NULL, obj_description(t.oid, 'pg_type'), NULL
FROM pg_type t
WHERE t.typnamespace = 'pg_catalog'::regnamespace
  AND t.typtype IN ('b', 'r', 'm')
  AND t.typcategory <> 'A'
  AND t.typname !~ '^(_|pg_|reg|any)'
  AND obj_description(t.oid, 'pg_type') IS NOT NULL
UNION ALL
SELECT s.name, 'setting', 'SET', s.short_desc, s.vartype || coalesce(', ' || nullif(s.unit, ''), '')
FROM pg_settings s
WHERE s.context IN ('user', 'superuser') AND s.category NOT LIKE 'Developer%'
ORDER BY 1, 2;
