-- Every type of the server's own, by the name that SQL gives it.
SELECT oid, format_type(oid, NULL) AS name FROM pg_type WHERE oid < 16384;
