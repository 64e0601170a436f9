-- \du: the roles that a sandbox knows, by a pattern of their name.
SELECT
    r.rolname AS "Role name",
    pg_catalog.concat_ws(
        ', ',
        CASE WHEN r.rolsuper THEN 'Superuser' END,
        CASE WHEN NOT r.rolinherit THEN 'No inheritance' END,
        CASE WHEN NOT r.rolcanlogin THEN 'Cannot login' END,
        CASE WHEN r.rolconnlimit >= 0 THEN r.rolconnlimit || ' connections' END
    ) AS "Attributes"
FROM pg_catalog.pg_roles r
WHERE r.rolname ~ $1::text AND $2::text = ''
  AND ($3::boolean OR r.rolname !~ '^pg_')
ORDER BY 1;
