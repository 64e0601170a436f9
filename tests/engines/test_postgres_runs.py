"""Running SQL: results, state between runs, notices, notifications, errors and plans."""

import asyncio
import time
from contextlib import AsyncExitStack

import asyncpg
import pytest

from app.core.errors import SandboxExpired, StatementFailed, StatementRefused
from app.core.limits import Quota
from app.core.results import Column, Notice
from app.engines.postgres.admin import MAX_DROPS
from app.engines.postgres.client import RECONNECTED
from app.engines.postgres.connections.text_codec import ASYNCPG_VERSIONS
from app.engines.postgres.engine import PostgresEngine
from tests.engines.test_postgres_support import Visitor, ada, bob, limits_of  # noqa: F401

# ruff: noqa: F811


def test_asyncpg_is_a_version_whose_inside_is_known() -> None:
    """text_codec.py and wire.py use private parts of asyncpg: read them again before adding a version."""
    assert asyncpg.__version__.rsplit(".", 1)[0] in ASYNCPG_VERSIONS


async def test_engine_facts(postgres: PostgresEngine) -> None:
    await postgres.check()
    assert postgres.info.version.startswith("18.")
    assert postgres.quota == Quota(max_bytes=64_000_000)
    assert postgres.explains_before_run
    assert postgres.creation_is_slow
    assert postgres.diagnose(postgres.settings, postgres.places).fix is None


async def test_drops_that_wait_for_the_server_hold_up_nobody(postgres: PostgresEngine) -> None:
    assert postgres._admin
    old, new = postgres.new_sandbox(), postgres.new_sandbox()
    await postgres.create(old)
    async with AsyncExitStack() as held:
        for _ in range(MAX_DROPS):
            await held.enter_async_context(postgres._admin._dropping.acquire())
        waiting = asyncio.create_task(postgres.drop(old))
        await asyncio.wait_for(postgres.create(new), 5)
        await (await postgres.open(new, "main")).close()
        assert not waiting.done()
    await asyncio.gather(waiting, postgres.drop(new))
    assert not {old.namespace, new.namespace} & await postgres.namespaces()


async def test_types_made_by_the_visitor(ada: Visitor) -> None:
    ran = await ada.must("""
        CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE DOMAIN short AS text CHECK (length(value) < 5);
        CREATE TABLE t (m mood, ms mood[], s short);
        INSERT INTO t VALUES ('ok', '{sad,ok}', 'abc');
        SELECT *, t FROM t;
    """)
    assert ran.rows == [["ok", "{sad,ok}", "abc", '(ok,"{sad,ok}",abc)']]
    assert ran.results[-1].columns == [
        Column("m", "mood"),
        Column("ms", "mood[]"),
        Column("s", "text"),
        Column("t", "t"),
    ]
    await ada.must("DROP TABLE t; DROP TYPE mood; CREATE TYPE mood AS (x int)")
    assert (await ada.must("SELECT row(1)::mood")).value == "(1)"


async def test_trusted_extensions_and_pgvector(ada: Visitor) -> None:
    ran = await ada.must("""
        CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree; CREATE EXTENSION pg_trgm;
        CREATE EXTENSION vector;
        SELECT 'a=>1'::hstore, 'A'::citext = 'a', 'a.b'::ltree, '[1,2,3]'::vector <-> '[1,2,4]', similarity('abc', 'abd') > 0;
    """)
    assert ran.rows == [['"a"=>"1"', "t", "a.b", "1", "t"]]


async def test_columns_with_the_same_name_or_none(ada: Visitor) -> None:
    ran = await ada.must('SELECT 1 AS a, 2 AS a, 3, 4, 5 AS " "')
    assert [c.name for c in ran.results[0].columns or []] == ["a", "a", "?column?", "?column?", " "]
    assert ran.rows == [["1", "2", "3", "4", "5"]]
    none = await ada.must("SELECT FROM generate_series(1, 3)")
    assert (none.results[0].columns, none.rows) == ([], [[], [], []])
    empty = await ada.must("SELECT FROM generate_series(1, 3) WHERE false")
    assert (empty.results[0].kind, empty.rows) == ("rows", [])
    wide = await ada.must("SELECT " + ", ".join(f"{n} AS c{n}" for n in range(1_600)))
    assert len(wide.rows[0]) == 1_600


async def test_status_and_counts(ada: Visitor) -> None:
    ran = await ada.must("""
        CREATE TABLE t (a int);
        INSERT INTO t SELECT generate_series(1, 5);
        UPDATE t SET a = a + 1 WHERE a > 3;
        CREATE TABLE u AS SELECT * FROM t;
        DELETE FROM t RETURNING a;
    """)
    said = [(r.kind, r.status, r.stats.row_count) for r in ran.results]
    assert said == [
        ("status", "CREATE TABLE", None),
        ("status", "INSERT 0 5", 5),
        ("status", "UPDATE 2", 2),
        ("status", "SELECT 5", 5),
        ("rows", "DELETE 5", 5),
    ]
    assert all(r.stats.total_ms is not None and r.stats.server_ms is None for r in ran.results)


async def test_maintenance_runs_outside_a_transaction(ada: Visitor) -> None:
    ran = await ada.must("CREATE TABLE t (a int); VACUUM t; VACUUM; ANALYZE; CREATE INDEX CONCURRENTLY ON t (a)")
    assert [r.status for r in ran.results] == ["CREATE TABLE", "VACUUM", "VACUUM", "ANALYZE", "CREATE INDEX"]
    assert ran.notices == []


async def test_state_lasts_between_runs(ada: Visitor) -> None:
    await ada.must("BEGIN; CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    assert (await ada.must("SELECT a FROM t")).value == "1"
    assert (await ada.run("SELECT a FROM t", client="A")).code == "42P01"
    await ada.must(
        "COMMIT; SET my.setting = 'kept'; CREATE TEMP TABLE mine AS SELECT 7 AS x; PREPARE p AS SELECT $1::int * 2"
    )
    assert (await ada.must("SELECT current_setting('my.setting'), x FROM mine")).rows == [["kept", "7"]]
    assert (await ada.must("EXECUTE p(21)")).value == "42"
    assert (await ada.must("SELECT a FROM t", client="A")).value == "1"


async def test_a_failed_transaction_waits_for_rollback(ada: Visitor) -> None:
    assert (await ada.run("BEGIN; SELECT 1/0")).code == "22012"
    assert (await ada.run("SELECT 1")).code == "25P02"
    await ada.must("ROLLBACK; SELECT 1")


async def test_a_cut_result_leaves_the_transaction_open_and_its_tables_free(ada: Visitor) -> None:
    await ada.must("BEGIN; CREATE TABLE t AS SELECT generate_series(1, 3000) AS a")
    ran = await ada.must("SELECT * FROM t")
    assert ran.results[0].truncated
    assert (ran.results[0].truncated.limit, len(ran.rows)) == ("max_rows", 1_000)
    await ada.must("DROP TABLE t; COMMIT")


async def test_a_result_of_exactly_the_limit_is_not_cut(ada: Visitor) -> None:
    ran = await ada.must("SELECT generate_series(1, 1000)")
    assert (len(ran.rows), ran.results[0].truncated) == (1_000, None)


async def test_insert_returning_past_the_limit_inserts_everything(ada: Visitor) -> None:
    ran = await ada.must("CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 3000) RETURNING a")
    assert ran.results[-1].truncated
    assert (await ada.must("SELECT count(*) FROM t")).value == "3000"


async def test_rows_past_the_byte_limit_keep_the_connection(ada: Visitor) -> None:
    await ada.must("BEGIN; CREATE TEMP TABLE kept (a int)")
    ran = await ada.run(
        "SELECT repeat('x', 1000) FROM generate_series(1, 900)",
        limits=limits_of(ada.engine.settings, max_reply_bytes=50_000),
    )
    assert ran.results[0].truncated
    assert ran.results[0].truncated.limit == "max_reply_bytes"
    assert len(ran.rows) == 49
    assert ran.results[0].reply_bytes <= 50_000
    await ada.must("SELECT * FROM kept; COMMIT")


async def test_notices_by_severity(ada: Visitor) -> None:
    ran = await ada.must("""
        SET client_min_messages = debug1;
        DO $$ BEGIN RAISE INFO 'i'; RAISE NOTICE 'n %', 1; RAISE WARNING 'w'; RAISE DEBUG 'd'; END $$
    """)
    assert [Notice("info", "i"), Notice("notice", "n 1"), Notice("warning", "w"), Notice("debug", "d")] == [
        n for n in ran.notices if len(n.message) < 5
    ]
    failed = await ada.run(
        "DO $$ BEGIN RAISE NOTICE 'before'; RAISE EXCEPTION 'boom' USING HINT = 'a hint', ERRCODE = 'UE001'; END $$"
    )
    assert failed.notices == [Notice("notice", "before")]
    assert failed.error
    assert (failed.code, failed.error.message, failed.error.hint) == ("UE001", "boom", "a hint")


@pytest.mark.parametrize(
    "source",
    [
        "SELECT nextval('s') FROM generate_series(1, 3000)",
        "(SELECT nextval('s') FROM generate_series(1, 3000))",
        "SELECT * FROM adding",
        "TABLE adding",
        'SELECT "Add"(n) FROM generate_series(1, 3000) AS t(n)',
        "SELECT add(g) FROM generate_series(1, 3000) g",
        'WITH n AS (SELECT g FROM generate_series(1, 3000) g) SELECT public."add" (g) FROM n',
        "BEGIN; SELECT add(g) FROM generate_series(1, 3000) g; COMMIT",
    ],
)
async def test_a_select_that_changes_something_is_executed_to_its_end(ada: Visitor, source: str) -> None:
    await ada.must(
        """
        CREATE SEQUENCE s;
        CREATE FUNCTION add(int) RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('s') $$;
        CREATE FUNCTION "Add"(int) RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('s') $$;
        CREATE VIEW adding AS SELECT add(n) FROM generate_series(1, 3000) AS t(n);
        """
    )
    ran = await ada.must(source)
    result = next(result for result in ran.results if result.kind == "rows")
    assert result.truncated
    assert (result.truncated.limit, len(result.rows or ())) == ("max_rows", 1_000)
    assert (await ada.must("SELECT last_value FROM s")).value == "3000"


async def test_a_select_that_changes_nothing_ends_with_what_is_shown(ada: Visitor) -> None:
    ran = await ada.must("SELECT t.n, abs(t.n) FROM generate_series(1, 200000) AS t(n)")
    assert len(ran.rows) == 1_000


async def test_a_view_that_moves_a_sequence_is_executed_to_its_end(ada: Visitor) -> None:
    await ada.must("CREATE SEQUENCE s; CREATE VIEW moving AS SELECT nextval('s') FROM generate_series(1, 3000)")
    ran = await ada.must("SELECT * FROM moving")
    assert ran.results[-1].truncated
    assert (await ada.must("SELECT last_value FROM s")).value == "3000"


async def test_a_view_that_another_client_makes_is_known(ada: Visitor) -> None:
    await ada.must("CREATE SEQUENCE s; SELECT * FROM s", client="A")
    await ada.must(
        """
        CREATE FUNCTION add(int) RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('s') $$;
        CREATE VIEW adding AS SELECT add(n) FROM generate_series(1, 3000) AS t(n)
        """,
        client="B",
    )
    await ada.must("SELECT * FROM adding", client="A")
    assert (await ada.must("SELECT last_value FROM s")).value == "3000"


@pytest.mark.parametrize("source", ["SELECT 1 AS " + "a" * 200_000, "SELECT '" + "A" * 200_000 + "'"])
async def test_a_long_word_costs_its_length(ada: Visitor, source: str) -> None:
    began = time.monotonic()
    await ada.must(source)
    assert time.monotonic() - began < 3


async def test_errors_are_psqls_to_the_last_word(ada: Visitor) -> None:
    ran = await ada.run("select 1;\nselect 2 from ;")
    assert ran.error
    assert (ran.error.message, ran.error.offset) == ('syntax error at or near ";"', 24)
    ran = await ada.run("select 2 from")
    assert ran.error
    assert ran.error.message == "syntax error at end of input"
    await ada.must("CREATE TABLE t (a int); PREPARE p AS SELECT * FROM t; ALTER TABLE t ADD b int")
    ran = await ada.run("EXECUTE p")
    assert ran.error
    assert (ran.code, ran.error.message) == ("0A000", "cached plan must not change result type")


@pytest.mark.parametrize(
    ("source", "code", "said"),
    [
        ("SELECT 1;\nSELECT `a` FROM `t`", "42601", 'SELECT 1;\nSELECT "a" FROM "t"'),
        ("SELECT IFNULL(null, 2)", "42883", "SELECT COALESCE(NULL, 2)"),
        ("SELECT 1 FROM dual", "42P01", "SELECT 1"),
        ("CREATE TABLE t (a NUMBER(10))", "42704", "CREATE TABLE t (a DECIMAL(10))"),
        ("SELEC 1", "42601", None),
    ],
)
async def test_another_databases_sql_is_offered_in_postgresqls_words(
    ada: Visitor, source: str, code: str, said: str | None
) -> None:
    ran = await ada.run(source)
    assert ran.error
    assert ran.code == code
    assert (ran.error.translation and ran.error.translation.source) == said
    if said and code == "42883":
        assert (await ada.must(said)).value == "2"


async def test_notices_tell_their_detail_and_hint(ada: Visitor) -> None:
    ran = await ada.must("""
        DO $$ BEGIN RAISE WARNING 'w' USING DETAIL = 'd', HINT = 'h'; END $$;
        CREATE TABLE t (a int PRIMARY KEY); CREATE VIEW v AS TABLE t; CREATE VIEW w AS TABLE t; DROP TABLE t CASCADE;
    """)
    assert ran.notices == [
        Notice("warning", "w\nDetail: d\nHint: h"),
        Notice("notice", "drop cascades to 2 other objects\nDetail: drop cascades to view v\ndrop cascades to view w"),
    ]


async def test_the_context_of_nested_functions_is_told(ada: Visitor) -> None:
    ran = await ada.run("""
        CREATE FUNCTION inner_f(n int) RETURNS int LANGUAGE plpgsql AS $$
        BEGIN
            RETURN 1 / n;
        END $$;
        CREATE FUNCTION outer_f() RETURNS int LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM inner_f(0);
            RETURN 1;
        END $$;
        SELECT outer_f();
    """)
    assert ran.error
    assert (ran.error.detail or "").split("\n") == [
        "PL/pgSQL function inner_f(integer) line 3 at RETURN",
        'SQL statement "SELECT inner_f(0)"',
        "PL/pgSQL function outer_f() line 3 at PERFORM",
    ]


async def test_notifications_of_another_client_come_with_the_next_run(ada: Visitor, bob: Visitor) -> None:
    await ada.must("LISTEN news", client="A")
    await bob.must("NOTIFY news, 'from a stranger'")
    await ada.must("NOTIFY news, 'héllo'; SELECT pg_notify('news', 'two')", client="B")
    ran = await ada.must("SELECT pg_sleep(0.05); SELECT 1", client="A")
    assert [(m.channel, m.text) for m in ran.messages] == [("news", "héllo"), ("news", "two")]


ERRORS = [
    ("selec 1", "42601", 0),
    ("SELECT 1;\n SELECT 'é', nothing", "42703", 23),
    ("SELECT '😀' FROM nowhere", "42P01", 16),
    ("SELECT $1::int", "42P02", 0),
    ("SELECT 1/0", "22012", None),
    ("CREATE TABLE t (a int) ; INSERT INTO t VALUES (1, 2)", "42601", 50),
    ("DECLARE c CURSOR FOR SELECT 1", "25P01", None),
    ("CREATE ROLE x", "42501", None),
    ("CREATE DATABASE x", "42501", None),
    ("SET statement_timeout = '50ms'; SELECT pg_sleep(1)", "57014", None),
]


async def test_errors_point_into_the_source(ada: Visitor) -> None:
    for source, code, offset in ERRORS:
        ran = await ada.run(source)
        assert isinstance(ran.error, StatementFailed), source
        assert (ran.error.code, ran.error.offset) == (code, offset), source
        await ada.must("RESET ALL")


async def test_detail_of_constraints_and_context_of_functions(ada: Visitor) -> None:
    ran = await ada.run("CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1), (1)")
    assert ran.error
    assert ran.error.detail == "Key (a)=(1) already exists."
    ran = await ada.run("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1/0; END'; SELECT f()")
    assert ran.error
    assert "PL/pgSQL function f() line 1" in (ran.error.detail or "")


async def test_a_connection_ended_by_its_visitor_comes_back_and_says_so(ada: Visitor) -> None:
    await ada.must("SET my.x = 'y'")
    assert (await ada.run("SELECT pg_terminate_backend(pg_backend_pid())")).code == "57P01"
    ran = await ada.must("SELECT current_setting('my.x', true)")
    assert ran.value is None
    assert ran.notices == [Notice("warning", RECONNECTED)]
    assert (await ada.must("SELECT 1")).notices == []


async def test_text_stays_utf8(ada: Visitor) -> None:
    ran = await ada.must("SET client_encoding = 'LATIN1'; SELECT 'é'")
    assert ran.value == "é"
    assert ran.notices == [Notice("warning", "client_encoding stays UTF8 here.")]
    await ada.must("BEGIN; SELECT set_config('client_encoding', 'SQL_ASCII', true)")
    assert (await ada.must("SELECT 'é', length('é')")).rows == [["é", "1"]]
    assert (await ada.run("SET client_encoding = 'EUC_TW'")).code == "unreadable_answer"
    assert (await ada.must("SELECT 'é'")).value == "é"


async def test_explain_does_not_execute_and_measuring_is_rolled_back(ada: Visitor) -> None:
    await ada.must("CREATE TABLE t AS SELECT g AS a, g % 10 AS b FROM generate_series(1, 1000) g; ANALYZE t")
    client = await ada.engine.client(ada.sandbox)
    (statement,) = ada.engine.split("DELETE FROM t WHERE b = 3")
    planned = await client.explain(statement, ada.limits, measure=False)
    assert (planned.measured, planned.server_ms, planned.returned, planned.access) == (False, None, None, "full scan")
    measured = await client.explain(statement, ada.limits, measure=True)
    assert (measured.examined, measured.returned, measured.root.label) == (1_000, 100, "Delete")
    assert measured.server_ms is not None
    assert measured.server_ms_source == "explain"
    assert (await ada.must("SELECT count(*) FROM t")).value == "1000"


async def test_measuring_leaves_an_open_transaction_as_it_was(ada: Visitor) -> None:
    await ada.must("BEGIN; CREATE TABLE t AS SELECT 1 AS a")
    client = await ada.engine.client(ada.sandbox)
    (statement,) = ada.engine.split("DELETE FROM t")
    await client.explain(statement, ada.limits, measure=True)
    (failing,) = ada.engine.split("  SELECT 1 / (a - 1) FROM t")
    with pytest.raises(StatementFailed) as caught:
        await client.explain(failing, ada.limits, measure=True)
    assert caught.value.code == "22012"
    assert (await ada.must("SELECT count(*) FROM t")).value == "1"
    await ada.must("COMMIT")
    assert (await ada.must("SELECT count(*) FROM t")).value == "1"


async def test_errors_of_explain_point_into_the_source(ada: Visitor) -> None:
    client = await ada.engine.client(ada.sandbox)
    (_, statement) = ada.engine.split("SELECT 1;\n  SELECT nothing")
    with pytest.raises(StatementFailed) as caught:
        await client.explain(statement, ada.limits, measure=False)
    assert caught.value.offset == 19
    (statement,) = ada.engine.split("CREATE TABLE x (a int)")
    with pytest.raises(StatementRefused):
        await client.explain(statement, ada.limits, measure=True)


async def test_a_sandbox_that_was_never_made_is_gone(postgres: PostgresEngine) -> None:
    with pytest.raises(SandboxExpired):
        await postgres.client(postgres.new_sandbox())


def test_the_quick_start_is_the_subjects(postgres: PostgresEngine) -> None:
    quick = next(e for e in postgres.examples() if e.slug == "quick-start")
    assert quick.source.startswith("-- Create table\nCREATE TABLE users (\n    id SERIAL PRIMARY KEY,")
    assert quick.source.endswith("LEFT JOIN posts p ON u.id = p.user_id;")
