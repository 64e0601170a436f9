-- \sf: how functions of this name are made.
SELECT pg_catalog.pg_get_functiondef(p.oid)
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE p.prokind <> 'a'
  AND p.proname ~ $1::text
  AND CASE WHEN $2::text = '' THEN pg_catalog.pg_function_is_visible(p.oid) ELSE n.nspname ~ $2::text END
ORDER BY p.oid;
