-- Whether one of these names is a function that may change something, or a view may call one. Asked on the visitor's own connection.
WITH views AS (
    SELECT oid FROM pg_catalog.pg_class
    WHERE relkind OPERATOR(pg_catalog.=) 'v' AND oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
      AND relowner OPERATOR(pg_catalog.<>) 10::pg_catalog.oid
)
SELECT 1
FROM pg_catalog.pg_proc
WHERE provolatile OPERATOR(pg_catalog.=) 'v'
  AND (
      proname OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[]::pg_catalog.name[])
      OR oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
      -- in a language (12 and 13 are the server's own and C), and no trigger's
      AND prolang OPERATOR(pg_catalog.<>) ALL ('{12,13}'::pg_catalog.oid[])
      AND prorettype OPERATOR(pg_catalog.<>) ALL ('{trigger,event_trigger}'::pg_catalog.regtype[]::pg_catalog.oid[])
      AND EXISTS (SELECT 1 FROM views)
  )
UNION ALL
SELECT 1
FROM views
WHERE pg_catalog.pg_get_viewdef(oid) OPERATOR(pg_catalog.~) '(^|[^a-z0-9_])(nextval|setval|set_config|pg_notify)[(]'
LIMIT 1;
