-- \sv: how views of this name are made.
SELECT
    'CREATE OR REPLACE VIEW ' || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) || E' AS\n'
        || pg_catalog.pg_get_viewdef(c.oid, true) || E'\n'
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm')
  AND c.relname ~ $1::text
  AND CASE WHEN $2::text = '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname ~ $2::text END
ORDER BY c.oid;
