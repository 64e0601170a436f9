-- What may stand before a parenthesis in a SELECT without changing anything: keywords, types, and the server's own functions but for those that do.
SELECT proname::text AS name
FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace
  AND proname NOT IN ('nextval', 'setval', 'set_config', 'pg_notify', 'pg_cancel_backend', 'pg_terminate_backend')
UNION
SELECT word FROM pg_get_keywords() WHERE catcode <> 'U' OR word IN ('over', 'filter', 'within', 'values', 'key')
UNION
SELECT typname::text FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace;
