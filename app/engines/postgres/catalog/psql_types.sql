-- \dT: types by patterns of their name and schema, without those that come with a table or an array.
SELECT
    n.nspname AS "Schema",
    pg_catalog.format_type(t.oid, NULL) AS "Name",
    CASE t.typtype
        WHEN 'e' THEN (SELECT string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)
        WHEN 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod)
    END AS "Elements",
    pg_catalog.obj_description(t.oid, 'pg_type') AS "Description"
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE (t.typrelid = 0 OR (SELECT c.relkind = 'c' FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid))
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
  AND (t.typname ~ $1::text OR pg_catalog.format_type(t.oid, NULL) ~ $1::text)
  AND CASE WHEN $2::text = '' THEN pg_catalog.pg_type_is_visible(t.oid) ELSE n.nspname ~ $2::text END
  AND ($3::boolean OR n.nspname NOT IN ('pg_catalog', 'information_schema'))
ORDER BY 1, 2;
