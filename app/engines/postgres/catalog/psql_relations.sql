-- \dt and its like: relations of these kinds, by patterns of their name and schema; an empty schema pattern means what is visible.
SELECT
    n.nspname AS "Schema",
    c.relname AS "Name",
    CASE c.relkind
        WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
        WHEN 'i' THEN 'index' WHEN 'I' THEN 'partitioned index' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table'
    END AS "Type",
    pg_catalog.pg_get_userbyid(c.relowner) AS "Owner",
    t.relname AS "Table",
    pg_catalog.pg_size_pretty(pg_catalog.pg_table_size(c.oid)) AS "Size",
    pg_catalog.obj_description(c.oid, 'pg_class') AS "Description"
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
LEFT JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
WHERE c.relname ~ $1::text
  AND CASE WHEN $2::text = '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname ~ $2::text END
  AND ($3::boolean OR n.nspname !~ '^(pg_catalog|information_schema|pg_toast.*)$')
  AND c.relkind::text = ANY ($4::text[])
ORDER BY 1, 2;
