-- End sandboxes' connections that sit in an open transaction and so keep the shared notification queue from being emptied.
SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE datname ~ '^sbx_[a-z0-9]{20}$' AND state LIKE 'idle in transaction%';
