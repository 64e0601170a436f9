"""What keeps sandboxes apart: roles, catalogs, functions, errors, and what a visitor does to the own sandbox."""

from dataclasses import replace

import asyncpg
import pytest

from app.core.engine import CLIENT_NAMES, SCRIPT_CLIENTS
from app.core.errors import EngineUnavailable
from app.engines.postgres.engine import PostgresEngine
from tests.contract.samples.postgres import exists
from tests.engines.test_postgres_support import Visitor, ada, bob  # noqa: F401

# ruff: noqa: F811

SCAN = """
DO $do$
DECLARE
    relation regclass;
    found text;
    needle text := '{left}' || '{right}';  -- in two parts, since the own query is in pg_stat_activity
BEGIN
    FOR relation IN
        SELECT c.oid FROM pg_catalog.pg_class c
        WHERE c.relkind IN ('r', 'v', 'm')
          AND c.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    LOOP
        BEGIN
            EXECUTE format('SELECT string_agg(t::text, '' '') FROM %s AS t WHERE strpos(t::text, %L) > 0', relation, needle) INTO found;
            IF found IS NOT NULL THEN RAISE NOTICE 'LEAK % %', relation, left(found, 200); END IF;
        EXCEPTION
            WHEN insufficient_privilege THEN RAISE NOTICE 'CLOSED %', relation;
            WHEN OTHERS THEN RAISE NOTICE 'BROKEN % %', relation, SQLERRM;
        END;
    END LOOP;
END $do$
"""

# Closed here because they name other sandboxes.
CLOSED_HERE = {
    "pg_database", "pg_auth_members", "pg_db_role_setting", "pg_shdepend", "pg_shdescription", "pg_shseclabel",
    "pg_parameter_acl", "pg_replication_origin", "pg_replication_slots", "pg_prepared_xacts", "pg_stat_statements_info",
    "pg_stat_replication", "pg_stat_replication_slots", "pg_stat_ssl", "pg_stat_gssapi", "pg_stat_subscription",
    "pg_stat_progress_analyze", "pg_stat_progress_vacuum", "pg_stat_progress_cluster", "pg_stat_progress_create_index",
    "pg_stat_progress_basebackup", "pg_stat_progress_copy",
}  # fmt: skip


async def closed_anyway(visitor: Visitor) -> set[str]:
    """What PostgreSQL itself closes to everyone but superusers, in a database that nothing was taken from."""
    rows = await visitor.engine.admin.fetch("""
        SELECT oid::regclass::text AS name FROM pg_class
        WHERE relkind IN ('r', 'v', 'm') AND NOT has_table_privilege('public', oid, 'SELECT')
    """)
    return {row["name"] for row in rows}


async def test_no_catalog_names_a_neighbour(ada: Visitor, bob: Visitor) -> None:
    await ada.must("CREATE TABLE t (a int); BEGIN; LOCK TABLE t; COMMENT ON TABLE t IS 'secret-of-ada'")
    for needle in (ada.sandbox.namespace, "secret-of-ada"):
        ran = await bob.must(SCAN.replace("{left}", needle[:9]).replace("{right}", needle[9:]))
        said = [n.message.split(" ", 2) for n in ran.notices]
        assert [what for what in said if what[0] in ("LEAK", "BROKEN")] == []
        closed = {what[1] for what in said if what[0] == "CLOSED"}
        assert closed - await closed_anyway(bob) - CLOSED_HERE == set()


async def test_every_view_of_information_schema_works(ada: Visitor) -> None:
    await ada.must("CREATE TABLE t (a int PRIMARY KEY, b varchar(10) CHECK (b <> ''))")
    closed = await closed_anyway(ada)
    views = await ada.must(
        "SELECT oid::regclass FROM pg_class WHERE relnamespace = 'information_schema'::regnamespace AND relkind = 'v'"
    )
    assert len(views.rows) > 60
    for view in {str(row[0]) for row in views.rows} - closed:
        await ada.must(f"SELECT * FROM {view} LIMIT 5")
    ran = await ada.must(
        "SELECT column_name, character_octet_length FROM information_schema.columns WHERE table_name = 't'"
    )
    assert sorted(ran.rows, key=str) == [["a", None], ["b", "40"]]


async def test_the_filtered_views_show_the_own(ada: Visitor, bob: Visitor) -> None:
    await bob.must("BEGIN; CREATE TABLE t (a int); SELECT 'bobs statement'")
    await ada.must("BEGIN; CREATE TABLE mine (a int)")
    assert (await ada.must("SELECT DISTINCT usename FROM pg_stat_activity")).rows == [[ada.role]]
    locked = await ada.must("SELECT count(*) FROM pg_locks WHERE relation = 'mine'::regclass", client="main")
    assert locked.value == "1"
    assert (
        await ada.must("SELECT count(*) FROM pg_locks WHERE pid NOT IN (SELECT pid FROM pg_stat_activity)")
    ).value == "0"
    await ada.must("SELECT 'adas own', 1")
    queries = [row[0] for row in (await ada.must("SELECT query FROM pg_stat_statements")).rows]
    assert any("SELECT $1, $2" in (query or "") for query in queries)
    roles = [row[0] for row in (await ada.must("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'")).rows]
    assert set(roles) == {ada.role, f"{ada.role}_reader", f"{ada.role}_writer", "sandtable"}
    assert (await ada.must("SELECT datname FROM pg_stat_database")).rows == [[ada.role]]
    assert (await ada.must("SELECT count(*) > 0 FROM pg_tables")).value == "t"


async def test_one_ends_the_own_backends_and_no_others(ada: Visitor, bob: Visitor) -> None:
    await bob.must("SELECT 1")
    (pid,) = [
        row["pid"]
        for row in await ada.engine.admin.fetch("SELECT pid FROM pg_stat_activity WHERE datname = $1", bob.role)
    ]
    for function in ("pg_cancel_backend", "pg_terminate_backend"):
        ran = await ada.run(f"SELECT {function}({pid})")
        assert ran.code == "42501"
        assert ran.error
        assert bob.role not in f"{ran.error.message} {ran.error.detail} {ran.error.hint}"
    own = (await ada.must("SELECT pg_backend_pid()", client="A")).value
    assert (await ada.must(f"SELECT pg_terminate_backend({own})")).value == "t"
    assert (await bob.must("SELECT 1")).notices == []


REFUSED = [
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "COPY pg_class TO '/tmp/x'",
    "CREATE TEMP TABLE x (a text); COPY x FROM '/etc/passwd'",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT pg_read_binary_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SELECT pg_stat_file('.')",
    "SELECT pg_current_logfile()",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_try_advisory_xact_lock(1)",
    "SELECT pg_logical_emit_message(false, 'a', 'b')",
    "SELECT pg_export_snapshot()",
    "SELECT pg_database_size(current_database())",
    "SELECT pg_tablespace_size('pg_default')",
    "SELECT * FROM pg_stat_get_activity(NULL)",
    "SELECT pg_stat_get_backend_activity(1)",
    "SELECT * FROM pg_lock_status()",
    "SELECT * FROM pg_stat_statements(true)",
    "SELECT pg_stat_statements_reset()",
    "SELECT query_to_xml('select 1', true, true, '')",
    "SELECT database_to_xml(true, true, '')",
    "SELECT pg_reload_conf()",
    "SELECT pg_switch_wal()",
    "SELECT pg_create_restore_point('x')",
    "SELECT pg_stat_reset()",
    "SELECT setval('pg_catalog.x', 1) FROM pg_authid",
    "CREATE EXTENSION dblink",
    "CREATE EXTENSION postgres_fdw",
    "CREATE EXTENSION file_fdw",
    "CREATE EXTENSION pageinspect",
    "CREATE EXTENSION adminpack",
    "SET ROLE sandtable",
    "SET SESSION AUTHORIZATION sandtable",
    "SET allow_system_table_mods = on",
    "SET session_preload_libraries = 'x'",
    "SET log_statement = 'all'",
    "SET jit_provider = 'x'",
    "SET temp_file_limit = -1",
    "SET deadlock_timeout = '1h'",
    "ALTER SYSTEM SET work_mem = '1GB'",
    "CREATE DATABASE x",
    "CREATE ROLE x",
    "CREATE USER x SUPERUSER",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER ROLE CURRENT_USER CONNECTION LIMIT 100",
    "ALTER ROLE CURRENT_USER CREATEDB",
    "ALTER ROLE sandtable PASSWORD 'x'",
    "GRANT pg_read_server_files TO CURRENT_USER",
    "GRANT sandtable TO CURRENT_USER",
    "CREATE TABLESPACE x LOCATION '/tmp'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE internal AS 'int4pl'",
    "LOAD '/tmp/x.so'",
    "CREATE SUBSCRIPTION s CONNECTION 'host=/tmp' PUBLICATION p",
    "CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION f()",
    "CREATE SERVER s FOREIGN DATA WRAPPER x",
    "CREATE FOREIGN DATA WRAPPER x",
    "BEGIN; PREPARE TRANSACTION 'x'",
    "CHECKPOINT",
    "DROP SCHEMA public CASCADE",
    "DROP SCHEMA pg_catalog CASCADE",
    "DELETE FROM pg_catalog.pg_class",
    "CREATE TABLE pg_catalog.x (a int)",
    "CREATE OR REPLACE FUNCTION pg_catalog.sandbox_owns_role(name) RETURNS boolean LANGUAGE sql RETURN true",
    "DROP VIEW pg_catalog.pg_stat_activity CASCADE",
    "REINDEX SYSTEM",
]


async def test_refused_by_the_server(ada: Visitor) -> None:
    for source in REFUSED:
        ran = await ada.run(source)
        assert ran.error, source
        assert ran.error.outcome == "failed", source
        await ada.run("ROLLBACK")
    assert await exists(ada.engine, ada.sandbox)
    assert (await ada.must("SELECT count(*) FROM pg_roles WHERE rolsuper AND rolname <> 'sandtable'")).value == "0"


async def test_settings_of_the_wall_survive_reset_and_alter_role(ada: Visitor) -> None:
    await ada.must("ALTER ROLE CURRENT_USER SET statement_timeout = 0; ALTER ROLE CURRENT_USER SET work_mem = '1GB'")
    await ada.run("SELECT pg_terminate_backend(pg_backend_pid())")
    ran = await ada.must("SELECT current_setting('statement_timeout'), current_setting('work_mem')")
    assert ran.rows == [["1s", "4MB"]]
    await ada.must("SET statement_timeout = 0; RESET ALL")
    assert (await ada.must("SHOW statement_timeout")).value == "1s"


async def test_the_ready_roles_serve_grants_and_row_security(ada: Visitor) -> None:
    reader = f"{ada.role}_reader"
    await ada.must(f"""
        CREATE TABLE notes (owner text, body text);
        INSERT INTO notes VALUES ('{reader}', 'for the reader'), ('someone', 'not for the reader');
        GRANT SELECT ON notes TO {reader};
        ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON notes USING (owner = current_user);
        SET ROLE {reader};
    """)
    assert (await ada.must("SELECT body FROM notes")).rows == [["for the reader"]]
    assert (await ada.run("INSERT INTO notes VALUES ('x', 'y')")).code == "42501"
    assert (await ada.run("CREATE TABLE mine (a int)")).code == "42501"
    assert len((await ada.must("RESET ROLE; SELECT * FROM notes")).rows) == 2
    ran = await ada.run("CREATE ROLE someone")
    assert ran.error
    assert reader in (ran.error.hint or "")


async def test_details_that_name_others_are_not_shown(ada: Visitor, bob: Visitor) -> None:
    ran = await ada.run(
        f"DO $$ BEGIN RAISE EXCEPTION 'x' USING DETAIL = 'owner of {bob.role}', HINT = '{bob.role}'; END $$"
    )
    assert ran.error
    assert (ran.error.message, ran.error.hint) == ("x", None)
    assert bob.role not in (ran.error.detail or "")
    ran = await ada.run(f"DO $$ BEGIN RAISE NOTICE 'see {bob.role}'; END $$; DROP ROLE {ada.role}_reader")
    assert ran.notices == []
    assert ran.error


LOCK_OUTS = [
    "ALTER ROLE CURRENT_USER PASSWORD 'x'",
    "ALTER ROLE CURRENT_USER PASSWORD NULL",
    "DROP OWNED BY CURRENT_USER",
    "DROP OWNED BY CURRENT_USER CASCADE",
    "REVOKE ALL ON SCHEMA public FROM CURRENT_USER",
    "ALTER ROLE CURRENT_USER SET search_path = nowhere",
    "ALTER ROLE CURRENT_USER SET default_transaction_read_only = on",
    "ALTER ROLE CURRENT_USER SET client_encoding = 'EUC_TW'",
    "ALTER ROLE CURRENT_USER SET role = 'pg_monitor'",
]


@pytest.mark.parametrize("source", LOCK_OUTS)
async def test_self_harm_is_mended_by_a_reset(ada: Visitor, source: str) -> None:
    await ada.run(source)
    await ada.run("SELECT pg_terminate_backend(pg_backend_pid())")
    assert (await ada.must("SELECT 1")).value == "1"  # the way in is mended at once
    await ada.engine.drop(ada.sandbox)
    await ada.engine.create(ada.sandbox)
    assert (await ada.must("CREATE TABLE t AS SELECT 1 AS a; SELECT a FROM t")).value == "1"


async def test_drop_ends_open_transactions_and_leaves_nothing(ada: Visitor, bob: Visitor) -> None:
    await ada.must(f"BEGIN; CREATE TABLE t (a int); GRANT SELECT ON t TO {ada.role}_reader")
    await ada.must("LISTEN x; BEGIN; SELECT 1", client="A")
    await bob.must("CREATE TABLE t AS SELECT 'bobs' AS a")
    assert ada.sandbox.namespace in await ada.engine.namespaces()
    await ada.engine.drop(ada.sandbox)
    assert not await exists(ada.engine, ada.sandbox)
    assert ada.sandbox.namespace not in await ada.engine.namespaces()
    assert await ada.engine.inspect(ada.sandbox) == []
    assert (await ada.engine.usage(ada.sandbox)).bytes == 0
    assert (await bob.must("SELECT a FROM t")).value == "bobs"


async def test_the_stores_database_lets_no_visitor_in(ada: Visitor, postgres: PostgresEngine) -> None:
    await postgres.server.ensure_database("sandtable_store")
    await postgres.server.ensure_database("sandtable_store")
    arguments = postgres.server.tenant_arguments(ada.role, ada.sandbox.secret)
    for database in ("sandtable_store", "postgres", "template1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(**{**arguments, "database": database})
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(**{**arguments, "password": "guessed"})
    connection = await asyncpg.connect(**postgres.server.connect_arguments("sandtable_store"))
    await connection.close()


async def test_as_many_connections_as_clients_and_no_more(ada: Visitor) -> None:
    clients = (*CLIENT_NAMES, *SCRIPT_CLIENTS)
    for client in clients:
        await ada.must("SELECT 1", client=client)
    assert len(await ada.backends()) == len(clients) == 7
    arguments = ada.engine.server.tenant_arguments(ada.role, ada.sandbox.secret)
    with pytest.raises(asyncpg.TooManyConnectionsError):
        await asyncpg.connect(**arguments)
    await ada.engine.inspect(ada.sandbox)


async def test_names_that_are_not_namespaces_are_never_dropped(postgres: PostgresEngine) -> None:
    for name in ("postgres", "a" * 19, "a" * 21, "a-b" * 6 + "aa", 'x";DROP TABLE x--'):
        with pytest.raises((ValueError, EngineUnavailable)):
            await postgres.drop(replace(postgres.new_sandbox(), namespace=name))
