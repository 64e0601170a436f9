-- Whether one of these names is a function that may change something. Asked on the visitor's own connection.
SELECT 1
FROM pg_catalog.pg_proc
WHERE proname OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[]::pg_catalog.name[])
  AND provolatile OPERATOR(pg_catalog.=) 'v'
LIMIT 1;
