-- \dp and \z: who may do what with tables, views and sequences, their columns, and the policies of row security.
SELECT
    n.nspname AS "Schema",
    c.relname AS "Name",
    CASE c.relkind
        WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
        WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table'
    END AS "Type",
    CASE WHEN pg_catalog.cardinality(c.relacl) = 0 THEN '(none)' ELSE pg_catalog.array_to_string(c.relacl, E'\n') END AS "Access privileges",
    (
        SELECT pg_catalog.string_agg(a.attname || E':\n  ' || pg_catalog.array_to_string(a.attacl, E'\n  '), E'\n' ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attacl IS NOT NULL
    ) AS "Column privileges",
    (
        SELECT pg_catalog.string_agg(
            p.polname
                || CASE WHEN p.polpermissive THEN '' ELSE ' (RESTRICTIVE)' END
                || CASE p.polcmd WHEN 'r' THEN ' (r)' WHEN 'a' THEN ' (a)' WHEN 'w' THEN ' (w)' WHEN 'd' THEN ' (d)' ELSE '' END || ':'
                || coalesce(E'\n  (u): ' || pg_catalog.pg_get_expr(p.polqual, p.polrelid), '')
                || coalesce(E'\n  (c): ' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), ''),
            E'\n' ORDER BY p.polname
        )
        FROM pg_catalog.pg_policy p
        WHERE p.polrelid = c.oid
    ) AS "Policies"
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  AND c.relname ~ $1::text
  AND CASE WHEN $2::text = '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname ~ $2::text END
  AND ($3::boolean OR n.nspname !~ '^(pg_catalog|information_schema|pg_toast.*)$')
ORDER BY 1, 2;
