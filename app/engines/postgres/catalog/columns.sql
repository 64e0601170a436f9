-- Columns of these tables and views, with their type and the keys they are part of.
SELECT
    a.attrelid AS relation,
    a.attname AS name,
    format_type(a.atttypid, a.atttypmod) AS type,
    a.attnotnull AS required,
    EXISTS (
        SELECT 1 FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'p' AND a.attnum = ANY (k.conkey)
    ) AS in_primary_key,
    (
        SELECT string_agg(DISTINCT k.confrelid::regclass::text, ', ')
        FROM pg_constraint k
        WHERE k.conrelid = a.attrelid AND k.contype = 'f' AND a.attnum = ANY (k.conkey)
    ) AS refers_to
FROM pg_attribute a
WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum;
