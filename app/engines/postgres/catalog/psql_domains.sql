-- \dD: domains by patterns of their name and schema.
SELECT
    n.nspname AS "Schema",
    t.typname AS "Name",
    pg_catalog.format_type(t.typbasetype, t.typtypmod) AS "Type",
    CASE WHEN t.typnotnull THEN 'not null' END AS "Nullable",
    t.typdefault AS "Default",
    (
        SELECT pg_catalog.string_agg(pg_catalog.pg_get_constraintdef(r.oid, true), ' ')
        FROM pg_catalog.pg_constraint r
        WHERE r.contypid = t.oid AND r.contype = 'c'
    ) AS "Check"
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'd'
  AND t.typname ~ $1::text
  AND CASE WHEN $2::text = '' THEN pg_catalog.pg_type_is_visible(t.oid) ELSE n.nspname ~ $2::text END
  AND ($3::boolean OR n.nspname NOT IN ('pg_catalog', 'information_schema'))
ORDER BY 1, 2;
