-- End one connection, if it still belongs to this role.
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND usename = $2;
