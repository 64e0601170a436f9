-- How large databases are.
SELECT datname AS name, pg_database_size(oid) AS bytes FROM pg_database WHERE datname = ANY ($1::name[]);
