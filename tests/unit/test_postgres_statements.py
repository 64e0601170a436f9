"""Splitting SQL: a table of cases, offsets, and the time it takes."""

import contextlib
import time

import pytest

from app.core.errors import StatementFailed
from app.engines.postgres.sources.statements import direction_of_copy, first_words, split, words_of

CASES = [
    ("", []),
    (" ;; ; ", []),
    ("-- only a comment", []),
    ("select 1", ["select 1"]),
    ("select 1;", ["select 1"]),
    ("select 1 -- c;\n; select 2", ["select 1", "select 2"]),
    ("/* a; */ select 1 /* b; */; select 2 /* c */", ["select 1", "select 2"]),
    ("select /* x /* y; */ z; */ 1; select 2", ["select /* x /* y; */ z; */ 1", "select 2"]),
    ("select 'a;b'; select 2", ["select 'a;b'", "select 2"]),
    ("select 'it''s;'; select 2", ["select 'it''s;'", "select 2"]),
    ("select 'a\\'; select 2", ["select 'a\\'", "select 2"]),
    ("select e'a\\';b'; select 2", ["select e'a\\';b'", "select 2"]),
    ("select E'\\\\'; select 2", ["select E'\\\\'", "select 2"]),
    ("select name'x;'; select 2", ["select name'x;'", "select 2"]),
    ("select U&'d\\0061;t'; select 2", ["select U&'d\\0061;t'", "select 2"]),
    ('select ";""" from t; select 2', ['select ";""" from t', "select 2"]),
    ("select $$a;b$$; select 2", ["select $$a;b$$", "select 2"]),
    ("select $t$ $$ ; $u$ $t$; select 2", ["select $t$ $$ ; $u$ $t$", "select 2"]),
    ("select $é$;$é$; select 2", ["select $é$;$é$", "select 2"]),
    ("select a$b$c; select d$b$e", ["select a$b$c", "select d$b$e"]),
    ("prepare p as select $1 || ';'; execute p('a;b')", ["prepare p as select $1 || ';'", "execute p('a;b')"]),
    ("select (1;2); select 3", ["select (1;2)", "select 3"]),
    ("select 1); select 2", ["select 1)", "select 2"]),
    (
        "create rule r as on insert to t do also (select 1; select 2); select 3",
        ["create rule r as on insert to t do also (select 1; select 2)", "select 3"],
    ),
    (
        "create function f() returns int begin atomic select 1; select case when true then 1 else 2 end; end; select 2",
        [
            "create function f() returns int begin atomic select 1; select case when true then 1 else 2 end; end",
            "select 2",
        ],
    ),
    (
        "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END; BEGIN; END; select 1",
        ["CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END", "BEGIN", "END", "select 1"],
    ),
    ('create table "begin" (a int); begin; end', ['create table "begin" (a int)', "begin", "end"]),
    ("select a - -1, b-- c\n, d / e; select 2", ["select a - -1, b-- c\n, d / e", "select 2"]),
    ("select 'é😀', '😀;' from t; select 2", ["select 'é😀', '😀;' from t", "select 2"]),
    ("select {{ x }}; {% a;b %}", ["select {{ x }}", "{% a", "b %}"]),
    ("\\dt public.*\nselect 1;\\d t; \n\\q", ["\\dt public.*", "select 1", "\\d t;", "\\q"]),
    ("select 1 \\g\nselect 2 \\gx\nselect 3", ["select 1", "select 2 \\gx", "select 3"]),
    ("copy t from stdin;\n1\t;'\n\\.\nselect 1", ["copy t from stdin;\n1\t;'\n\\.", "select 1"]),
    (
        "copy (select x from stdin) to stdout; copy t to stdout;\nselect 1",
        ["copy (select x from stdin) to stdout", "copy t to stdout", "select 1"],
    ),
    ("copy t from stdin; -- rows\r\na\r\n\\.\r\n", ["copy t from stdin; -- rows\r\na\r\n\\."]),
    ("copy t (a, b) from stdin with (format csv);\n\\.\n", ["copy t (a, b) from stdin with (format csv);\n\\."]),
    ("copy t from stdin; select 1;\nselect 2", ["copy t from stdin", "select 1", "select 2"]),
    ("copy t from stdin;  \n \n", ["copy t from stdin"]),
    ("copy t from stdin;\nselect 1;\n", ["copy t from stdin", "select 1"]),
    ("\\d t \\\\ select 1; select 2", ["\\d t", "select 1", "select 2"]),
    ("\\d t\\\\\n\\\\", ["\\d t", "\\"]),
    ("copy stdin from 'a'; select 1", ["copy stdin from 'a'", "select 1"]),
    ("copy t from program 'x'; select 1", ["copy t from program 'x'", "select 1"]),
]


@pytest.mark.parametrize(("source", "texts"), CASES)
def test_split(source: str, texts: list[str]) -> None:
    assert [statement.text for statement in split(source)] == texts


def test_offsets_and_lines_lead_back_into_the_source() -> None:
    source = "-- 😀\n select 1;\n\n  insert into t\n values (1) ;select 2"
    statements = split(source)
    assert [source[s.start : s.end] for s in statements] == [s.text for s in statements]
    assert [s.line for s in statements] == [2, 4, 5]


@pytest.mark.parametrize(
    ("source", "offset", "what"),
    [
        ("select 1; select 'a", 17, "quoted string"),
        ("select e'a\\'", 7, "quoted string"),
        ('select "a', 7, "quoted name"),
        ("select $x$ a $y$", 7, "dollar-quoted string"),
        ("select /* /* */", 7, "comment"),
    ],
)
def test_what_never_ends_is_pointed_at(source: str, offset: int, what: str) -> None:
    with pytest.raises(StatementFailed, match=what) as caught:
        split(source)
    assert caught.value.offset == offset


def test_a_command_of_psql_within_a_statement_is_pointed_at() -> None:
    for source in ("select 1 \\gset", "select 1\n\\dt", "select 1 \\gx (format)", "select \\ 2"):
        with pytest.raises(StatementFailed, match="is not SQL here") as caught:
            split(source)
        assert caught.value.offset == source.index("\\")
        assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "direction", "sql"),
    [
        ("COPY t FROM STDIN;\n1\n\\.", "in", "COPY t FROM STDIN"),
        ("copy binary t (a) from stdout", "in", "copy binary t (a) from stdout"),
        ("copy (select 1 from t) to stdout (format csv)", "out", "copy (select 1 from t) to stdout (format csv)"),
        ("copy t to stdin", "out", "copy t to stdin"),
        ("copy (select 1 from stdin) to 'file'", "", "copy (select 1 from stdin) to 'file'"),
        ("select 1 from stdin", "", "select 1 from stdin"),
    ],
)
def test_the_direction_of_copy(text: str, direction: str, sql: str) -> None:
    found, end = direction_of_copy(text)
    assert (found, text[:end]) == (direction, sql)


def test_words() -> None:
    assert first_words("/* x */ Create Unique INDEX i on t") == ("create", "unique", "index", "i")
    assert first_words("(select 1)") == ()
    assert words_of("copy t (a) from 'stdin' -- to stdout") == ["copy", "t", "a", "from"]


@pytest.mark.parametrize(
    "unit", ["insert into t values (1, 'hello', 3.5);\n", "(", "/", ";\n", "$a", "'", "/*", "e'\\'", "1 "]
)
def test_the_longest_source_is_split_in_good_time(unit: str) -> None:
    source = (unit * 256_000)[:256_000]
    began = time.perf_counter()
    with contextlib.suppress(StatementFailed):
        split(source)
    assert time.perf_counter() - began < 2
