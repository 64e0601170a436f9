"""Hostile sources as tables of (source, outcome): what each gives, and that the sandbox, the server and the neighbour go on."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.config import Settings
from app.core.priority import NICE
from app.engines.postgres.engine import PostgresEngine
from tests.engines.test_postgres_support import Visitor, ada, bob, limits_of  # noqa: F401

# ruff: noqa: F811

OK = "ok"
DENIED = "42501"
SYNTAX = "42601"
TOO_COMPLEX = "54001"
TOO_LARGE = "54000"
STOPPED = "max_run_ms"
SHORT_MS = 500

SETTINGS = [
    ("SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0", OK),
    ("SET transaction_timeout = 1; SELECT pg_sleep(0.1)", "25P04"),
    ("SET default_transaction_read_only = on; CREATE TABLE x (a int)", "25006"),
    ("SET default_transaction_read_only = off; SET default_transaction_isolation = serializable", OK),
    ("SET session_replication_role = replica", DENIED),
    ("SET log_min_messages = debug5", DENIED),
    ("SET log_min_duration_statement = 0", DENIED),
    ("SET log_statement_stats = on", DENIED),
    ("SET track_activities = off", DENIED),
    ("SET zero_damaged_pages = on", DENIED),
    ("SET ignore_system_indexes = on", "55P02"),
    ("SET allow_in_place_tablespaces = on", DENIED),
    ("SET dynamic_library_path = '/tmp'", DENIED),
    ("SET extension_control_path = '/tmp'", DENIED),
    ("SET max_stack_depth = '100MB'", DENIED),
    ("SET commit_delay = 100000", DENIED),
    ("SET wal_compression = on", DENIED),
    ("SET archive_command = 'id'", "55P02"),
    ("SET shared_buffers = '1GB'", "55P02"),
    ("SET max_connections = 1000", "55P02"),
    ("SET work_mem = '2TB'", "22023"),
    ("SET temp_tablespaces = 'nowhere'", "42704"),
    ("SET default_table_access_method = 'nothing'", "22023"),
    ("SET ROLE pg_read_server_files", DENIED),
    ("SET ROLE pg_execute_server_program", DENIED),
    ("SET ROLE pg_monitor", DENIED),
    ("SELECT set_config('role', 'sandtable', false)", DENIED),
    ("SELECT set_config('session_authorization', 'sandtable', false)", DENIED),
    ("SET SESSION AUTHORIZATION DEFAULT; RESET ROLE", OK),
    ("SET client_encoding = 'LATIN1'; SELECT 'é'", OK),
    ("SET client_encoding = 'SQL_ASCII'; SELECT chr(233)", OK),
    ("SET client_encoding = 'nothing'", "22023"),
    ("SET application_name = 'sandtable admin'", OK),
    ("SET debug_print_plan = on; SET client_min_messages = log; SELECT count(*) FROM pg_class", OK),
    ("SET client_min_messages = debug5; RESET ALL", OK),
]

PRIVILEGES = [
    ("ALTER SYSTEM RESET ALL", DENIED),
    ("SELECT pg_read_file('/etc/passwd', 0, 10)", DENIED),
    ("SELECT pg_ls_waldir()", DENIED),
    ("SELECT pg_ls_logdir()", DENIED),
    ("SELECT pg_ls_tmpdir()", DENIED),
    ("SELECT lo_export(1, '/tmp/x')", DENIED),
    ("SELECT lo_put(1, 0, 'x')", DENIED),
    ("SELECT lo_creat(-1)", DENIED),
    ("SELECT loread(1, 1)", DENIED),
    ("CREATE EXTENSION plpython3u", "0A000"),
    ("CREATE EXTENSION plperlu", "0A000"),
    ("CREATE EXTENSION pg_buffercache", DENIED),
    ("CREATE EXTENSION amcheck", DENIED),
    ("CREATE EXTENSION pg_prewarm", DENIED),
    ("CREATE EXTENSION pg_walinspect", DENIED),
    ("CREATE EXTENSION pg_surgery", DENIED),
    ("CREATE EXTENSION insert_username", DENIED),
    ("CREATE EXTENSION hstore VERSION '../../x'", "22023"),
    ("DROP EXTENSION pg_stat_statements", DENIED),
    ("ALTER EXTENSION pg_stat_statements SET SCHEMA public", DENIED),
    ("CREATE LANGUAGE plpython3u", "0A000"),
    ("CREATE TRUSTED LANGUAGE x HANDLER plpgsql_call_handler", DENIED),
    ("CREATE PUBLICATION own", OK),
    ("CREATE PUBLICATION everything FOR ALL TABLES", DENIED),
    ("CREATE ACCESS METHOD x TYPE TABLE HANDLER heap_tableam_handler", DENIED),
    ("CREATE OPERATOR CLASS c FOR TYPE int USING btree AS STORAGE int", DENIED),
    ("CREATE CAST (text AS int) WITHOUT FUNCTION", DENIED),
    ("CREATE CAST (oid AS text) WITH INOUT AS IMPLICIT", DENIED),
    ("CREATE TYPE x (INPUT = textin, OUTPUT = textout)", DENIED),
    ("CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = ispell, DictFile = '../../../etc/passwd', AffFile = 'x')", "22023"),
    ("CREATE TEXT SEARCH TEMPLATE t (LEXIZE = dsimple_lexize)", DENIED),
    ("CREATE TABLE given (a int); ALTER TABLE given OWNER TO sandtable", DENIED),
    ("CREATE SCHEMA x AUTHORIZATION sandtable", DENIED),
    ("CREATE SCHEMA pg_evil", "42939"),
    ("CREATE OR REPLACE VIEW pg_catalog.pg_locks AS SELECT 1", DENIED),
    ("CREATE OR REPLACE FUNCTION information_schema._pg_truetypid(a int) RETURNS int LANGUAGE sql RETURN 1", DENIED),
    ("ALTER FUNCTION pg_catalog.sandbox_activity() RESET ALL", DENIED),
    ("UPDATE pg_catalog.pg_proc SET prosecdef = true", DENIED),
    ("GRANT EXECUTE ON FUNCTION pg_read_file(text) TO CURRENT_USER", DENIED),
    ("GRANT pg_monitor TO CURRENT_USER", DENIED),
    ("REASSIGN OWNED BY sandtable TO CURRENT_USER", DENIED),
    ("DROP OWNED BY sandtable", DENIED),
    ("ALTER DEFAULT PRIVILEGES FOR ROLE sandtable GRANT ALL ON TABLES TO PUBLIC", DENIED),
    ("ALTER ROLE CURRENT_USER NOLOGIN", DENIED),
    ("ALTER ROLE CURRENT_USER VALID UNTIL '2000-01-01'", DENIED),
    ("ALTER ROLE CURRENT_USER SET post_auth_delay = 60", "55P02"),
    ("ALTER ROLE CURRENT_USER SET log_statement = 'all'", DENIED),
    ("ALTER ROLE ALL SET work_mem = '1GB'", DENIED),
    ("DROP ROLE CURRENT_USER", DENIED),
    ("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 64', current_database()); END $$", DENIED),
    ("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I ALLOW_CONNECTIONS false', current_database()); END $$", DENIED),
    ("DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS ''x''', current_database()); END $$", DENIED),
    ("DO $$ BEGIN EXECUTE format('DROP DATABASE %I', current_database()); END $$", "25001"),
    ("DO $$ BEGIN EXECUTE format('ALTER ROLE %I_reader LOGIN', current_database()); END $$", DENIED),
    ("DO $$ BEGIN EXECUTE format('DROP ROLE %I_reader', current_database()); END $$", DENIED),
    ("SELECT rolpassword FROM pg_authid", DENIED),
    ("SELECT passwd FROM pg_shadow", DENIED),
    ("SELECT * FROM pg_user_mapping", DENIED),
    ("SELECT * FROM pg_statistic", DENIED),
    ("SELECT * FROM pg_hba_file_rules", DENIED),
    ("SELECT * FROM pg_shmem_allocations", DENIED),
    ("SELECT * FROM pg_aios", DENIED),
    ("SHOW data_directory", DENIED),
    ("SHOW unix_socket_directories", DENIED),
    ("SELECT pg_promote()", DENIED),
    ("SELECT pg_create_physical_replication_slot('x')", DENIED),
    ("SELECT pg_replication_origin_create('x')", DENIED),
    ("SELECT pg_stat_reset_shared('wal')", DENIED),
    ("SELECT pg_rotate_logfile()", DENIED),
    ("SELECT pg_backup_start('x')", DENIED),
    ("SELECT pg_log_backend_memory_contexts(pg_backend_pid())", DENIED),
    ("SELECT pg_import_system_collations('public')", DENIED),
    ("SELECT pg_clear_relation_stats('pg_catalog', 'pg_class')", DENIED),
    ("SELECT binary_upgrade_set_next_pg_type_oid('1'::oid)", DENIED),
    ("SELECT pg_terminate_backend(1)", OK),
]

TEXT = [
    ("SELECT 'a\x00b'", "08P01"),
    ("SELECT E'a\\x00b'", "22021"),
    ("SELECT chr(0)", TOO_LARGE),
    ("SELECT E'\\r\\n\\x1b[31mred\\x07'", OK),
    ("SELECT\r\n1\r\n;\r\n", OK),
    ("\x1b[2J SELECT 1", SYNTAX),
    ("SELECT '\ufeff\u202eevil\u2066' -- \u202e", OK),
    ("SELECT \u00a01", "42703"),
    ("SELECT '\"\\ud800\"'::jsonb", "22P02"),
    ("SELECT '\"\\ud83d\\ude00\"'::jsonb", OK),
    ("SELECT '\"\\u0000\"'::jsonb", "22P05"),
    ("SELECT U&'\\D800'", SYNTAX),
    ("SELECT U&'\\+110000'", SYNTAX),
    ("SELECT E'\\xff'", "22021"),
    ("SELECT convert_from('\\xff', 'UTF8')", "22021"),
    (";" * 256_000, OK),
    ("; ;\n" * 1_000 + "SELECT 1", OK),
    ("SELECT $$ unclosed", SYNTAX),
    ("SELECT $tag$ unclosed $$ $Tag$", SYNTAX),
    ("SELECT 'unclosed", SYNTAX),
    ('SELECT "unclosed', SYNTAX),
    ("SELECT /* /* */ 1", SYNTAX),
    ("/*" * 50_000, SYNTAX),
    ("SELECT " + "'" * 100_000, OK),
    ("SELECT " + "-" * 100_000, OK),
    ("$" * 100_000, SYNTAX),
    ("SELECT $99999999999", SYNTAX),
    ("SELECT $1", "42P02"),
    ("SELECT '\\'; SELECT 2; --'", OK),
    ("SET standard_conforming_strings = off; SELECT '\\'; SELECT 2; --'", SYNTAX),
    ("RESET ALL; EXECUTE nothing", "26000"),
    ("EXPLAIN EXPLAIN SELECT 1", SYNTAX),
    ("DO $$ BEGIN EXECUTE 'COMMIT'; END $$", "0A000"),
    ("COMMIT PREPARED 'x'", "42704"),
    ("BEGIN; SELECT 1/0", "22012"),
    ('CREATE TABLE "<script>alert(1)</script>" ("""" int, "\u202e" int, "a\nb" int)', OK),
    ("SELECT 1 AS " + "x" * 1_000, OK),
]

WIDE = ",".join(f"c{i} int" for i in range(1_600))
NESTED = (
    "CREATE FUNCTION deep(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN deep($1 + 1); END $$; SELECT deep(1)"
)

BOMBS = [
    ("SELECT " + "(" * 120_000 + "1" + ")" * 120_000, SYNTAX),
    ("SELECT 1 WHERE " + "NOT " * 60_000 + "true", SYNTAX),
    ("SELECT " + "1+" * 100_000 + "1", TOO_COMPLEX),
    ("SELECT " + " || ".join(["''"] * 20_000), TOO_COMPLEX),
    ("SELECT 1 " + "UNION SELECT 1 " * 15_000, TOO_COMPLEX),
    ("SELECT " + "ARRAY[" * 1_000 + "1" + "]" * 1_000, TOO_LARGE),
    ("SELECT 1 IN (" + ",".join(map(str, range(35_000))) + ")", OK),
    ("SELECT '" + "[" * 100_000 + "'::json", TOO_COMPLEX),
    ("SELECT repeat('[', 200000)::jsonb", TOO_COMPLEX),
    ("SELECT repeat('(', 100000)::tsquery", TOO_COMPLEX),
    ("SELECT xmlparse(content repeat('<a>', 10000))", "0A000"),
    ("SELECT 'x' ~ 'x{256}'", "2201B"),
    ("SELECT repeat('a', 10000) ~ '((((a*)*)*)*)*b'", OK),
    ("SELECT string_to_array(repeat(',', 50000000), ',') IS NULL", STOPPED),
    ("SELECT array_fill(1, ARRAY[10000, 10000, 10000])", TOO_LARGE),
    ("SELECT (10::numeric ^ 131071) * (10::numeric ^ 131071)", "22003"),
    ("SELECT lpad('', 2000000000)", TOO_LARGE),
    ("SELECT to_tsvector(repeat('word ', 5000000))", STOPPED),
    ("SELECT md5(repeat('x', 500000000)) FROM generate_series(1, 100)", STOPPED),
    ("SELECT " + ",".join(map(str, range(1_665))), "54011"),
    (f"CREATE TABLE wider ({WIDE}, more int)", "54011"),
    (f"CREATE TABLE wide ({WIDE}); INSERT INTO wide DEFAULT VALUES; SELECT a.* FROM wide a JOIN wide b ON true", OK),
    ("SELECT a.*, b.* FROM wide a JOIN wide b ON true", "54011"),
    (NESTED, TOO_COMPLEX),
    ("DO $$ BEGIN FOR i IN 1..400000 LOOP RAISE NOTICE 'n %', i; END LOOP; END $$", f"{STOPPED}|max_reply_bytes"),
    ("DO $$ BEGIN FOR i IN 1..5000 LOOP PERFORM pg_notify('x', i::text); END LOOP; END $$", OK),
    ("SELECT pg_notify('x', repeat('x', 8000))", "22023"),
    ("DO $$ BEGIN RAISE EXCEPTION '%', repeat('x', 900000); END $$", "P0001"),
    ("DO $$ BEGIN RAISE EXCEPTION 'e' USING DETAIL = repeat('d', 900000), HINT = repeat('h', 900000); END $$", "P0001"),
    ("DO $$ BEGIN FOR i IN 1..1000 LOOP EXECUTE format('PREPARE p%s AS SELECT %s', i, i); END LOOP; END $$", OK),
    (
        "DEALLOCATE ALL; DO $$ BEGIN LOOP PERFORM set_config('my.x', repeat('x', 1000000), false); END LOOP; END $$",
        STOPPED,
    ),
    ("BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT repeat('x', 1000) FROM generate_series(1, 5000); COMMIT", OK),
    ("CLOSE ALL; BEGIN; " + "SAVEPOINT s; " * 300 + "SELECT 1", OK),
    ("CREATE TABLE loopy (a int); DO $$ BEGIN LOOP TRUNCATE loopy; COMMIT; END LOOP; END $$", STOPPED),
    ("CREATE INDEX loopy_a ON loopy (a); DO $$ BEGIN LOOP REINDEX TABLE loopy; COMMIT; END LOOP; END $$", STOPPED),
    ("DO $$ BEGIN LOOP CLUSTER loopy USING loopy_a; COMMIT; END LOOP; END $$", STOPPED),
    ("DO $$ BEGIN LOOP ANALYZE loopy; COMMIT; END LOOP; END $$", STOPPED),
    ("SELECT pg_sleep('infinity')", STOPPED),
    ("LOCK TABLE loopy IN ACCESS EXCLUSIVE MODE", "25P01"),
    ("SELECT count(*) FROM pg_class a, pg_class b, pg_class c, pg_class d", STOPPED),
]


@pytest.fixture(scope="module")
async def pair(postgres: PostgresEngine, settings: Settings) -> AsyncIterator[tuple[Visitor, Visitor]]:
    """One who attacks and one who only ever asks for 1, for all sources of this file that leave their sandbox whole."""
    limits = limits_of(settings)
    visitors = [Visitor(postgres, postgres.new_sandbox(), limits) for _ in range(2)]
    for visitor in visitors:
        await postgres.create(visitor.sandbox)
    yield visitors[0], visitors[1]
    for visitor in visitors:
        await postgres.drop(visitor.sandbox)


def named(table: list[tuple[str, str]]) -> list[object]:
    return [pytest.param(source, outcome, id=" ".join(source[:60].split())) for source, outcome in table]


@pytest.mark.parametrize(("source", "outcome"), named(SETTINGS + PRIVILEGES + TEXT + BOMBS))
async def test_outcome(pair: tuple[Visitor, Visitor], source: str, outcome: str) -> None:
    attacker, neighbour = pair
    await neighbour.must("SELECT 1")
    ran = await attacker.run(source, limits=replace(attacker.limits, left_ms=SHORT_MS))
    assert (ran.code or OK) in outcome.split("|"), ran.error and ran.error.message
    assert neighbour.role not in str(ran.error)
    await attacker.run("ROLLBACK")
    assert (await attacker.must("SELECT 1")).value == "1"
    said = await neighbour.must("SELECT 1")
    assert (said.value, said.notices) == ("1", [])  # its connection never went away, so the server never did


SELF_HARM = [
    "ALTER ROLE CURRENT_USER PASSWORD 'x'; DROP OWNED BY CURRENT_USER",
    "REVOKE ALL ON SCHEMA public FROM CURRENT_USER; REVOKE ALL ON ALL TABLES IN SCHEMA public FROM CURRENT_USER",
    "ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM CURRENT_USER",
    "ALTER ROLE CURRENT_USER SET default_transaction_read_only = on; ALTER ROLE CURRENT_USER SET search_path = ''",
    "DO $$ BEGIN EXECUTE format('SET ROLE %I_reader', current_database()); END $$",
    "CREATE SCHEMA mine; CREATE TABLE mine.t (a int); DO $$ BEGIN EXECUTE format('ALTER SCHEMA mine OWNER TO %I_reader', current_database()); END $$",
    "CREATE TABLE t (a int); DO $$ BEGIN EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM CURRENT_USER', current_database()); END $$",
    "BEGIN; CREATE TABLE held (a int); LOCK TABLE held",
]


async def test_self_harm_is_mended_by_a_reset(ada: Visitor, bob: Visitor) -> None:
    for source in SELF_HARM:
        await ada.run(source)
        await ada.run("SELECT pg_terminate_backend(pg_backend_pid())", client="A")
        assert (await ada.must("SELECT 1", client="B")).value == "1", source
        await ada.engine.drop(ada.sandbox)
        await ada.engine.create(ada.sandbox)
        assert (await ada.must("CREATE TABLE t AS SELECT 1 AS a; SELECT a FROM t")).value == "1", source
        assert (await bob.must("SELECT 1")).notices == []


async def test_many_small_tables_end_at_the_lock_limit_or_the_quota(ada: Visitor, bob: Visitor) -> None:
    assert ada.engine._watchdog
    ada.engine._watchdog._quota_bytes, kept = 4_000_000, ada.engine._watchdog._quota_bytes
    source = """DO $$ BEGIN FOR i IN 1..100000 LOOP
        EXECUTE format('CREATE TABLE s%s (a int PRIMARY KEY)', i); IF i % 50 = 0 THEN COMMIT; END IF; END LOOP; END $$"""
    try:
        ran = await ada.run(source)
        assert ran.code == "postgres_quota_bytes"
        await asyncio.sleep(0.1)
        assert (await ada.run("CREATE TABLE more (a int)")).code == "postgres_quota_bytes"
    finally:
        ada.engine._watchdog._quota_bytes = kept
    assert len(await ada.engine.inspect(ada.sandbox)) <= 1_000
    assert (await bob.must("SELECT 1")).notices == []


async def test_long_work_gives_way_to_others_while_it_lasts(ada: Visitor) -> None:
    pid = int((await ada.must("SELECT pg_backend_pid()")).value or 0)
    task = asyncio.create_task(ada.run("DO $$ BEGIN LOOP NULL; END LOOP; END $$"))
    await asyncio.sleep(0.2)
    assert os.getpriority(os.PRIO_PROCESS, pid) == (NICE if ada.engine.admin.may_rank else 0)
    assert (await task).code == STOPPED
    assert os.getpriority(os.PRIO_PROCESS, pid) == 0
    await ada.must("SELECT 1")


async def test_a_flood_of_prepared_statements_is_gone_with_the_connection(ada: Visitor, bob: Visitor) -> None:
    prepare = "DO $$ BEGIN FOR i IN 1..5000 LOOP EXECUTE format('PREPARE p%s AS SELECT %s', i, i); END LOOP; END $$"
    await ada.must(prepare)
    assert (await ada.must("SELECT count(*) FROM pg_prepared_statements")).value == "5000"
    await ada.engine.close_clients(ada.sandbox)
    assert (await ada.must("SELECT count(*) FROM pg_prepared_statements")).value == "0"
    assert (await bob.must("SELECT 1")).notices == []
