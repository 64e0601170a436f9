-- How many locks each of these connections holds.
SELECT pid, count(*) AS locks FROM pg_locks WHERE pid = ANY ($1::int[]) GROUP BY pid;
