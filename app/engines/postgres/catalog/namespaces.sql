-- The sandboxes that the server has a database or a role of.
SELECT datname AS name FROM pg_database WHERE datname ~ '^sbx_[a-z0-9]{20}$'
UNION
SELECT rolname FROM pg_roles WHERE rolname ~ '^sbx_[a-z0-9]{20}$';
