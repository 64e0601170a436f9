-- What hangs on these tables and views, and what stands beside them: schemas, sequences, functions, types.
SELECT relation, kind, schema, name, detail
FROM (
    SELECT i.indrelid AS relation, 1 AS place, 'index' AS kind, NULL::name AS schema, x.relname AS name,
        concat_ws(', ', CASE WHEN i.indisunique THEN 'unique' END, m.amname, pg_size_pretty((pg_stat_file(pg_relation_filepath(x.oid), true)).size)) AS detail
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
    WHERE i.indrelid = ANY ($1::oid[])
    UNION ALL
    SELECT k.conrelid, 2, 'constraint', NULL, k.conname, replace(pg_get_constraintdef(k.oid, true), 'public.', '')
    FROM pg_constraint k WHERE k.conrelid = ANY ($1::oid[]) AND k.contype IN ('p', 'u', 'f', 'c', 'x')
    UNION ALL
    SELECT t.tgrelid, 3, 'trigger', NULL, t.tgname,
        replace(regexp_replace(pg_get_triggerdef(t.oid, true), '^.*?TRIGGER \S+ ', ''), 'public.', '')
    FROM pg_trigger t WHERE t.tgrelid = ANY ($1::oid[]) AND NOT t.tgisinternal
    UNION ALL
    SELECT NULL, 4, 'sequence', n.nspname, c.relname, NULL
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND c.oid >= 16384 AND n.nspname !~ '^pg_'
    UNION ALL
    SELECT NULL, 5, CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, n.nspname, p.proname,
        concat_ws(' returns ', '(' || pg_get_function_arguments(p.oid) || ')', pg_get_function_result(p.oid))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.oid >= 16384 AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT NULL, 6, 'type', n.nspname, t.typname,
        coalesce((SELECT string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
            CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd') AND t.oid >= 16384 AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
    UNION ALL
    SELECT NULL, 7, 'schema', NULL, n.nspname, NULL
    FROM pg_namespace n WHERE n.nspname NOT IN ('public', 'information_schema') AND n.nspname !~ '^pg_'
) AS found
ORDER BY place, schema <> 'public', schema, name
LIMIT 3000;
