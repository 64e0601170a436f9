-- Whether a new index can't be used yet, since rows were updated in place lately and their old versions are still there; and its table.
SELECT CASE WHEN x.indcheckxmin THEN 't' ELSE 'f' END, x.indrelid::regclass::text
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
WHERE i.oid = to_regclass($1)
