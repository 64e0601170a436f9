-- \dn: schemas by a pattern of their name.
SELECT n.nspname AS "Name", pg_catalog.pg_get_userbyid(n.nspowner) AS "Owner"
FROM pg_catalog.pg_namespace n
WHERE n.nspname ~ $1::text AND $2::text = ''
  AND ($3::boolean OR n.nspname !~ '^(pg_.*|information_schema)$')
ORDER BY 1;
