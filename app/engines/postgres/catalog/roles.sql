-- Which of a sandbox's roles there are.
SELECT rolname FROM pg_roles WHERE rolname = $1 OR starts_with(rolname, $1 || '_');
