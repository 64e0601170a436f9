-- \l: the one database that a sandbox is.
SELECT pg_catalog.current_database() AS "Name", pg_catalog.getdatabaseencoding() AS "Encoding"
WHERE pg_catalog.current_database() ~ $1::text AND $2::text = '' AND $3::boolean IS NOT NULL;
