-- Run after template.sql where the server has pg_stat_statements loaded: each sandbox sees its own statements.

SET allow_system_table_mods = on;
SET search_path = pg_catalog;
SET client_min_messages = warning;

CREATE EXTENSION pg_stat_statements SCHEMA pg_catalog;

REVOKE ALL ON FUNCTION
    pg_stat_statements(boolean), pg_stat_statements_info(), pg_stat_statements_reset(oid, oid, bigint, boolean)
FROM PUBLIC;
REVOKE ALL ON pg_stat_statements_info FROM PUBLIC;

CREATE FUNCTION pg_catalog.sandbox_statements() RETURNS SETOF pg_stat_statements
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.*
    FROM pg_stat_statements(true) s
    JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database()
    JOIN pg_authid u ON u.oid = s.userid AND sandbox_owns_role(u.rolname)
$$;
CREATE OR REPLACE VIEW pg_catalog.pg_stat_statements AS SELECT * FROM sandbox_statements();
