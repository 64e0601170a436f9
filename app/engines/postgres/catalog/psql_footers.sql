-- \d name: what hangs on the relations that match, one line each, in psql's order.
WITH matched AS (
    SELECT c.*, CASE WHEN $2::text = '' THEN c.relname ELSE n.nspname || '.' || c.relname END AS label
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname ~ $1::text
      AND CASE WHEN $2::text = '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname ~ $2::text END
      AND ($3::boolean OR n.nspname !~ '^(pg_catalog|information_schema|pg_toast.*)$')
)
SELECT label, section, line
FROM (
    SELECT m.label, 1 AS place, 'Partition key' AS section, pg_catalog.pg_get_partkeydef(m.oid) AS line
    FROM matched m WHERE m.relkind = 'p'
    UNION ALL
    SELECT m.label, 2, 'Partition of', i.inhparent::pg_catalog.regclass || ' ' || pg_catalog.pg_get_expr(m.relpartbound, m.oid)
    FROM matched m JOIN pg_catalog.pg_inherits i ON i.inhrelid = m.oid WHERE m.relispartition
    UNION ALL
    SELECT m.label, 3, 'Inherits', i.inhparent::pg_catalog.regclass::text
    FROM matched m JOIN pg_catalog.pg_inherits i ON i.inhrelid = m.oid WHERE NOT m.relispartition AND m.relkind <> 'i'
    UNION ALL
    SELECT
        m.label, 4, 'Index',
        pg_catalog.quote_ident(x.relname)
        || CASE WHEN i.indisprimary THEN ' PRIMARY KEY,' WHEN k.contype = 'u' THEN ' UNIQUE CONSTRAINT,' WHEN i.indisunique THEN ' UNIQUE,' ELSE '' END
        || pg_catalog.regexp_replace(pg_catalog.pg_get_indexdef(i.indexrelid, 0, true), '^.*? USING ', ' ')
        || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END
    FROM matched m
    JOIN pg_catalog.pg_index i ON i.indrelid = m.oid
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
    UNION ALL
    SELECT
        m.label, CASE k.contype WHEN 'c' THEN 5 ELSE 6 END,
        CASE k.contype WHEN 'c' THEN 'Check constraint' ELSE 'Foreign-key constraint' END,
        pg_catalog.quote_ident(k.conname) || ' ' || pg_catalog.pg_get_constraintdef(k.oid, true)
    FROM matched m JOIN pg_catalog.pg_constraint k ON k.conrelid = m.oid AND k.contype IN ('c', 'f')
    UNION ALL
    SELECT
        m.label, 7, 'Referenced by',
        'TABLE ' || k.conrelid::pg_catalog.regclass || ' CONSTRAINT ' || pg_catalog.quote_ident(k.conname) || ' '
        || pg_catalog.pg_get_constraintdef(k.oid, true)
    FROM matched m JOIN pg_catalog.pg_constraint k ON k.confrelid = m.oid AND k.contype = 'f'
    UNION ALL
    SELECT
        m.label, 8, 'Policy',
        pg_catalog.quote_ident(p.polname) || coalesce(' USING (' || pg_catalog.pg_get_expr(p.polqual, m.oid) || ')', '')
        || coalesce(' WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, m.oid) || ')', '')
    FROM matched m JOIN pg_catalog.pg_policy p ON p.polrelid = m.oid
    UNION ALL
    SELECT m.label, 9, 'Trigger', pg_catalog.regexp_replace(pg_catalog.pg_get_triggerdef(t.oid, true), '^CREATE (CONSTRAINT )?TRIGGER ', '')
    FROM matched m JOIN pg_catalog.pg_trigger t ON t.tgrelid = m.oid AND NOT t.tgisinternal
    UNION ALL
    SELECT m.label, 10, 'View definition', pg_catalog.pg_get_viewdef(m.oid, true)
    FROM matched m WHERE m.relkind IN ('v', 'm')
    UNION ALL
    SELECT m.label, 11, 'Definition', pg_catalog.pg_get_indexdef(m.oid, 0, true)
    FROM matched m WHERE m.relkind IN ('i', 'I')
) AS footers
ORDER BY label, place, line
LIMIT 200;
