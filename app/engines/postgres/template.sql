-- The hardened template that every sandbox's database is cloned from. Run once by the admin, in an empty copy of template0.
-- What tenants may not see of each other is either taken away or shown through a view or function that filters by database.

SET allow_system_table_mods = on;
SET search_path = pg_catalog;
SET client_min_messages = warning;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO PUBLIC;

-- Shared catalogs that name other sandboxes.
REVOKE ALL ON
    pg_database, pg_auth_members, pg_db_role_setting, pg_shdepend, pg_shdescription, pg_shseclabel,
    pg_parameter_acl, pg_replication_origin, pg_subscription
FROM PUBLIC;

-- Functions that tell of other sandboxes, reach outside the database, or fill memory that all share.
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN
        SELECT p.oid
        FROM pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace
          AND (p.proname IN (
                  'pg_stat_get_activity', 'pg_stat_get_progress_info', 'pg_lock_status', 'pg_prepared_xact',
                  'pg_stat_get_wal_senders', 'pg_get_replication_slots', 'pg_stat_get_replication_slot',
                  'pg_stat_get_subscription', 'pg_database_size', 'pg_tablespace_size', 'pg_tablespace_databases',
                  'pg_logical_emit_message', 'pg_export_snapshot',
                  'loread', 'lowrite', 'cursor_to_xml', 'cursor_to_xmlschema')
               OR p.proname ~ '^(pg_advisory_|pg_try_advisory_|lo_|pg_stat_get_backend_|binary_upgrade_)'
               OR p.proname ~ '^(query|table|schema|database)_to_xml')
    LOOP
        EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', routine);
    END LOOP;
END
$$;

-- Whose roles these are: the database's own role and the two made beside it share its name.
CREATE FUNCTION pg_catalog.sandbox_owns_role(name) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN $1 = current_database() OR starts_with($1::text, current_database() || '_');

-- Functions that run as the admin name pg_temp last: where it is not named it comes first, and a visitor's temporary view
-- called pg_authid would be read in place of the catalog, its functions running as the admin.
CREATE FUNCTION pg_catalog.sandbox_activity() RETURNS SETOF pg_stat_activity
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.datid, d.datname, s.pid, s.leader_pid, s.usesysid, u.rolname, s.application_name, s.client_addr,
           s.client_hostname, s.client_port, s.backend_start, s.xact_start, s.query_start, s.state_change,
           s.wait_event_type, s.wait_event, s.state, s.backend_xid, s.backend_xmin, s.query_id, s.query, s.backend_type
    FROM pg_stat_get_activity(NULL) s
    JOIN pg_database d ON d.oid = s.datid AND d.datname = current_database()
    JOIN pg_authid u ON u.oid = s.usesysid AND sandbox_owns_role(u.rolname)
$$;
CREATE OR REPLACE VIEW pg_catalog.pg_stat_activity AS SELECT * FROM sandbox_activity();

CREATE FUNCTION pg_catalog.sandbox_locks() RETURNS SETOF pg_locks
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.* FROM pg_lock_status() l WHERE l.pid IN (SELECT a.pid FROM sandbox_activity() a)
$$;
CREATE OR REPLACE VIEW pg_catalog.pg_locks AS SELECT * FROM sandbox_locks();

-- Views that read a shared catalog as their owner: the same columns, the own rows.
DO $$
DECLARE
    filtered record;
BEGIN
    FOR filtered IN
        SELECT *
        FROM (VALUES
            ('pg_roles', 'sandbox_owns_role(rolname) OR oid = 10 OR starts_with(rolname::text, ''pg_'')'),
            ('pg_user', 'sandbox_owns_role(usename)'),
            ('pg_group', 'sandbox_owns_role(groname) OR starts_with(groname::text, ''pg_'')'),
            ('pg_shadow', 'sandbox_owns_role(usename)'),
            ('pg_stat_database', 'datname = current_database()'),
            ('pg_stat_database_conflicts', 'datname = current_database()')
        ) AS f (view, condition)
    LOOP
        EXECUTE format(
            'CREATE OR REPLACE VIEW pg_catalog.%I AS SELECT * FROM (%s) AS v WHERE %s',
            filtered.view,
            rtrim(pg_get_viewdef(filtered.view::regclass), ';'),
            filtered.condition
        );
    END LOOP;
END
$$;

-- information_schema.columns asks for the database's encoding as the caller, who may not read pg_database.
ALTER FUNCTION information_schema._pg_char_octet_length(oid, int4) SECURITY DEFINER;
