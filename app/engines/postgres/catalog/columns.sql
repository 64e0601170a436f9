-- Columns of these tables and views, with their type and the keys they are part of.
SELECT
    a.attrelid AS relation,
    a.attname AS name,
    quote_ident(a.attname) AS reference,
    format_type(a.atttypid, a.atttypmod) AS type,
    a.attnotnull AS required,
    k.is_primary,
    k.refers_to,
    EXISTS (
        SELECT 1 FROM pg_index i
        WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indpred IS NULL AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum
    ) AS is_unique
FROM pg_attribute a
CROSS JOIN LATERAL (
    SELECT
        coalesce(bool_or(c.contype = 'p'), false) AS is_primary,
        string_agg(DISTINCT c.confrelid::regclass::text, ', ') FILTER (WHERE c.contype = 'f') AS refers_to
    FROM pg_constraint c
    WHERE c.conrelid = a.attrelid AND c.contype IN ('p', 'f') AND a.attnum = ANY (c.conkey)
) AS k
WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum;
