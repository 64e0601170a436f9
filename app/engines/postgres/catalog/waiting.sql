-- What a backend waits for, and which backends hold it back: kind and mode of the lock.
-- No row while nothing holds it back: a lock that was just released is granted at once, whatever pg_stat_activity still says.
SELECT locktype, mode, pg_blocking_pids($1::int)
FROM pg_locks
WHERE pid = $1::int AND NOT granted AND pg_blocking_pids($1::int) <> '{}'
LIMIT 1
