-- Whether a connection of this role executes something now.
SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND usename = $2 AND state IN ('active', 'fastpath function call');
