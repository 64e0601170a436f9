-- The indexes of the tables whose names are given, as a plan compares them with what a filter names.
SELECT i.relname, t.relname,
       (SELECT string_agg(pg_get_indexdef(x.indexrelid, k, true), E'\t' ORDER BY k) FROM generate_series(1, x.indnkeyatts) k),
       CASE WHEN x.indisunique THEN 't' ELSE 'f' END, CASE WHEN x.indpred IS NULL THEN 'f' ELSE 't' END
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class t ON t.oid = x.indrelid
WHERE t.relname = ANY ($1::text[]) AND pg_table_is_visible(t.oid) AND x.indisvalid
ORDER BY 2, 1
