-- Tables and views of the sandbox's own, with a row estimate and their size.
SELECT
    c.oid,
    n.nspname AS schema,
    c.relname AS name,
    CASE WHEN n.nspname <> 'public' THEN quote_ident(n.nspname) || '.' ELSE '' END || quote_ident(c.relname) AS reference,
    CASE c.relkind
        WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table'
    END AS kind,
    c.reltuples::bigint AS rows,
    -- of its files: pg_total_relation_size would wait for whoever has the table locked
    CASE WHEN c.relkind IN ('r', 'm') THEN (
        SELECT pg_size_pretty(sum((pg_stat_file(pg_relation_filepath(part.oid), true)).size)::bigint)
        FROM (
            SELECT c.oid UNION ALL SELECT nullif(c.reltoastrelid, 0)
            UNION ALL SELECT i.indexrelid FROM pg_index i WHERE i.indrelid IN (c.oid, c.reltoastrelid)
        ) AS part (oid)
    ) END AS size
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname !~ '^pg_(toast|temp)'
  AND NOT EXISTS (
      SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
  )
ORDER BY n.nspname <> 'public', n.nspname, c.relname
LIMIT 1000;
