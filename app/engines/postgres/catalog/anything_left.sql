-- Whether a dropped sandbox left a database or a role.
SELECT 1 FROM pg_database WHERE datname = $1
UNION ALL
SELECT 1 FROM pg_roles WHERE rolname = $1 OR starts_with(rolname, $1 || '_');
