-- References between these tables: the columns that meet, whether each row must have a target, and whether a target has at most one row.
SELECT
    k.conrelid AS source,
    k.confrelid AS target,
    s.names AS source_columns,
    t.names AS target_columns,
    s.required,
    EXISTS (
        SELECT 1 FROM pg_index i
        WHERE i.indrelid = k.conrelid AND i.indisunique AND i.indpred IS NULL
          AND (i.indkey::int2[])[0:i.indnkeyatts - 1] <@ k.conkey
    ) AS one
FROM pg_constraint k
CROSS JOIN LATERAL (
    SELECT array_agg(a.attname::text ORDER BY u.place) AS names, bool_and(a.attnotnull) AS required
    FROM unnest(k.conkey) WITH ORDINALITY AS u (attnum, place)
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
) AS s
CROSS JOIN LATERAL (
    SELECT array_agg(a.attname::text ORDER BY u.place) AS names
    FROM unnest(k.confkey) WITH ORDINALITY AS u (attnum, place)
    JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum
) AS t
WHERE k.contype = 'f' AND k.conrelid = ANY ($1::oid[]) AND k.confrelid = ANY ($1::oid[]) AND k.conparentid = 0
ORDER BY k.conrelid, k.conname;
