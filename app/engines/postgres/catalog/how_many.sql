-- How many tables and views a sandbox has.
SELECT count(*) FROM pg_class
WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND oid >= 16384 AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)';
