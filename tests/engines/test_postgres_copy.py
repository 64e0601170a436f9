"""COPY with rows in the source, and COPY that writes text back."""

import asyncio

from app.core.errors import StatementFailed, StatementStopped
from tests.engines.test_postgres_support import Visitor, ada, limits_of  # noqa: F401

# ruff: noqa: F811


async def test_rows_in_the_source_go_in(ada: Visitor) -> None:
    ran = await ada.must("""
        CREATE TABLE t (a int, b text);
        COPY t FROM STDIN;
1\thello; 'world
2\t\\N
3\té\\t😀
\\.
        COPY t (b, a) FROM stdin WITH (FORMAT csv, HEADER);
b,a
"x, ""y"" z",4
,5
\\.
        SELECT * FROM t ORDER BY a
    """)
    assert [(r.status, r.stats.row_count) for r in ran.results[1:3]] == [("COPY 3", 3), ("COPY 2", 2)]
    assert ran.rows == [["1", "hello; 'world"], ["2", None], ["3", "é\t😀"], ["4", 'x, "y" z'], ["5", None]]


async def test_what_comes_out_is_text_as_it_was_written(ada: Visitor) -> None:
    await ada.must("CREATE TABLE t AS SELECT g AS a, E'x\\t' || g AS b FROM generate_series(1, 3) g")
    ran = await ada.must("COPY t TO STDOUT; COPY (SELECT a, b, null FROM t LIMIT 2) TO STDOUT (FORMAT csv, HEADER)")
    first, second = ran.results
    assert (first.kind, first.text) == ("reply", "1\tx\\t1\n2\tx\\t2\n3\tx\\t3\n")
    assert (second.text, second.stats.row_count) == ("a,b,?column?\n1,x\t1,\n2,x\t2,\n", 2)
    assert second.reply == {"type": "text", "value": second.text}
    assert (first.status, first.reply_bytes > 0, first.truncated) == ("COPY 3", True, None)
    assert (await ada.must("COPY (SELECT 1 WHERE false) TO STDOUT")).results[0].text == ""


async def test_out_and_in_again_is_the_same(ada: Visitor) -> None:
    await ada.must(r"CREATE TABLE t (a text); INSERT INTO t VALUES (E'\\.'), (E'a\nb'), (''), (null), (E'\u2028\x0b|')")
    text = (await ada.must("COPY t TO STDOUT")).results[0].text
    ran = await ada.must(f"CREATE TABLE u (a text); COPY u FROM STDIN;\n{text}\\.\nTABLE t EXCEPT TABLE u")
    assert (ran.results[1].status, ran.rows) == ("COPY 5", [])


async def test_no_rows_is_a_copy_of_none_and_no_data_is_told(ada: Visitor) -> None:
    assert (await ada.must("CREATE TABLE t (a int); COPY t FROM STDIN;\n\\.\n")).results[1].status == "COPY 0"
    ran = await ada.run("COPY t FROM STDIN")
    assert isinstance(ran.error, StatementFailed)
    assert (ran.code, ran.error.offset) == ("copy_without_rows", 0)
    assert ran.error.hint


ERRORS = [
    ("COPY t FROM STDIN;\n1\tx\n\\.\n", "22P04", 19),
    ("SELECT 1; COPY t FROM STDIN;\n1\nzwei\n3\n\\.\n", "22P02", 31),
    ("COPY t FROM STDIN (FORMAT csv);\n1\n\nx\n\\.\n", "22P02", 35),
    ("COPY nowhere FROM STDIN;\n1\n\\.\n", "42P01", None),
    ("SELECT 1; COPY t FROM STDIN WITH (FORMAT nonsense);\n1\n\\.\n", "22023", 34),
    ("COPY nowhere TO STDOUT", "42P01", None),
    ("COPY (SELECT nothing) TO STDOUT", "42703", 13),
    ("COPY (SELECT 1/a FROM (VALUES (1), (0)) v (a)) TO STDOUT", "22012", None),
    ("COPY t FROM '/etc/passwd'", "42501", None),
    ("COPY t TO PROGRAM 'id'", "42501", None),
]


async def test_errors_point_at_the_line_that_could_not_be_read(ada: Visitor) -> None:
    await ada.must("CREATE TABLE t (a int)")
    for source, code, offset in ERRORS:
        ran = await ada.run(source)
        assert isinstance(ran.error, StatementFailed), source
        assert (ran.error.code, ran.error.offset) == (code, offset), source
        assert (await ada.must("SELECT count(*) FROM t")).rows == [["0"]], source


async def test_rows_and_bytes_past_the_limits_are_cut_and_the_transaction_lives(ada: Visitor) -> None:
    await ada.must("BEGIN; CREATE TEMP TABLE kept (a int)")
    ran = await ada.must("COPY (SELECT generate_series(1, 5000)) TO STDOUT")
    cut = ran.results[0].truncated
    assert cut
    assert (cut.limit, cut.shown, ran.results[0].stats.row_count) == ("max_rows", 1_000, 5_000)
    assert (ran.results[0].text or "").endswith("\n1000\n")
    ran = await ada.run(
        "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 900)) TO STDOUT",
        limits=limits_of(ada.engine.settings, max_reply_bytes=50_000),
    )
    cut = ran.results[0].truncated
    assert cut
    assert (cut.limit, cut.shown, len(ran.results[0].text or "")) == ("max_reply_bytes", 49, 49 * 1_001)
    await ada.must("SELECT * FROM kept; COMMIT")


async def test_a_copy_far_past_the_limit_is_ended(ada: Visitor) -> None:
    ran = await ada.run("COPY (SELECT repeat('x', 1000), generate_series(1, 100000000)) TO STDOUT")
    assert isinstance(ran.error, StatementStopped)
    assert ran.code in ("max_reply_bytes", "max_run_ms")
    assert (await ada.must("SELECT 1")).value == "1"


async def test_time_and_stop_end_both_directions(ada: Visitor) -> None:
    slow = "CREATE TABLE t (a int CHECK (pg_sleep(0.1) IS NOT NULL)); COPY t FROM STDIN;\n" + "1\n" * 100 + "\\.\n"
    assert (await ada.run(slow)).code == "max_run_ms"
    assert (await ada.run("COPY (SELECT pg_sleep(5)) TO STDOUT")).code == "max_run_ms"
    running = asyncio.create_task(ada.run("COPY (SELECT pg_sleep(5)) TO STDOUT"))
    await asyncio.sleep(0.2)
    client = await ada.engine.client(ada.sandbox)
    await client.stop()
    assert (await running).code == "stopped"
    assert await ada.backends() == ["idle"]
    assert (await ada.must("SELECT 1")).notices == []


async def test_triggers_speak_while_rows_go_in(ada: Visitor) -> None:
    ran = await ada.must("""
        CREATE TABLE t (a int);
        CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'row %', new.a; RETURN new; END $$;
        CREATE TRIGGER say BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION say();
        COPY t FROM STDIN;
7
8
\\.
    """)
    assert [n.message for n in ran.notices] == ["row 7", "row 8"]
