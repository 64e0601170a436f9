-- Whether one of these names is a function that may change something, or a view may call one that was made here. Asked on the visitor's own connection.
SELECT 1
FROM pg_catalog.pg_proc
WHERE provolatile OPERATOR(pg_catalog.=) 'v'
  AND (
      proname OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[]::pg_catalog.name[])
      OR oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
      -- in a language (12 and 13 are the server's own and C), and no trigger's
      AND prolang OPERATOR(pg_catalog.<>) ALL ('{12,13}'::pg_catalog.oid[])
      AND prorettype OPERATOR(pg_catalog.<>) ALL ('{trigger,event_trigger}'::pg_catalog.regtype[]::pg_catalog.oid[])
      AND EXISTS (
          SELECT 1 FROM pg_catalog.pg_class
          WHERE relkind OPERATOR(pg_catalog.=) 'v' AND pg_class.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
            AND relowner OPERATOR(pg_catalog.<>) 10::pg_catalog.oid
      )
  )
LIMIT 1;
