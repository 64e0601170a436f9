"""Results as files: every format on every kind, and what must not come alive in a spreadsheet."""

import csv
import io
import json
import sqlite3
from typing import Any

import pytest

from app.playground.files.exports import FORMATS, csv_cell, whole
from app.playground.files.markdown import fenced, run_as_markdown
from app.playground.files.tables import table_of

STATEMENT = {"text": "select `1`", "start": 0, "end": 8, "line": 1}
COLUMNS = [
    {"name": name, "type": kind} for name, kind in (("n", "numeric"), ("t", "text"), ("ok", "boolean"), ("j", "jsonb"))
]
HUGE = "123456789012345678901234567890.50"
ROWS: dict[str, Any] = {
    "kind": "rows",
    "statement": STATEMENT,
    "columns": COLUMNS,
    "rows": [["1", "it's | <b>\n\ttwo", "t", '{"a": [1, null]}'], [HUGE, "", "f", None], ["NaN", None, None, "[]"]],
}
OID = {"$oid": "507f1f77bcf86cd799439011"}
DOCUMENTS: dict[str, Any] = {
    "kind": "documents",
    "statement": STATEMENT,
    "documents": [
        {"_id": OID, "n": {"$numberInt": "5"}, "at": {"$date": {"$numberLong": "0"}}, "tags": ["a", {"b": 1}]},
        {"_id": OID, "other": None, "n": {"$numberDouble": "1.5"}, "at": {"$date": {"$numberLong": "-1"}}},
    ],
}


def text(value: str, kind: str = "string") -> dict[str, Any]:
    return {"type": kind, "value": value}


def reply(kind: str, value: Any) -> dict[str, Any]:
    return {"kind": "reply", "statement": STATEMENT, "reply": {"type": kind, "value": value}, "text": "x"}


def written(result: dict[str, Any], suffix: str) -> str:
    return "".join(whole(result, suffix))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (None, ""),
        ("", '""'),
        ("plain", "plain"),
        ('say "a", b', '"say ""a"", b"'),
        ("=1+1", '"\'=1+1"'),
        ("@SUM(A1)", '"\'@SUM(A1)"'),
        ("+cmd|' /C calc'!A0", "\"'+cmd|' /C calc'!A0\""),
        ("-2+3", '"\'-2+3"'),
        ("\t=1", '"\'\t=1"'),
        ("-5", "-5"),
        ("-1.5e10", "-1.5e10"),
        ("+5", "+5"),
        ("# no comment", '"# no comment"'),
        (" padded ", '" padded "'),
        ("a\nb", '"a\nb"'),
    ],
)
def test_a_cell_of_csv(cell: str | None, expected: str) -> None:
    assert csv_cell(cell) == expected


def test_rows_as_csv_read_back() -> None:
    read = list(csv.reader(io.StringIO(written(ROWS, "csv"), newline="")))
    assert read[0] == ["n", "t", "ok", "j"]
    assert read[1:] == [[cell or "" for cell in row] for row in ROWS["rows"]]


def test_rows_as_json_keep_every_digit() -> None:
    read = json.loads(written(ROWS, "json"), parse_float=str)
    assert read[0] == {"n": 1, "t": "it's | <b>\n\ttwo", "ok": True, "j": {"a": [1, None]}}
    assert read[1] == {"n": HUGE, "t": "", "ok": False, "j": None}
    assert read[2]["n"] == "NaN"
    assert [json.loads(line, parse_float=str) for line in written(ROWS, "ndjson").splitlines()] == read


def test_rows_as_tsv_and_markdown_are_one_line_each() -> None:
    assert written(ROWS, "tsv").split("\n")[1] == '1\tit\'s | <b>\\n\\ttwo\tt\t{"a": [1, null]}'
    assert written(ROWS, "tsv").split("\n")[3] == "NaN\t\\N\t\\N\t[]"
    lines = written(ROWS, "md").splitlines()
    assert lines[1] == "| ---: | --- | --- | --- |"
    assert "it's \\| \\<b\\><br>" in lines[2]
    assert len(lines) == 5


def test_rows_as_sql_run_elsewhere() -> None:
    database = sqlite3.connect(":memory:")
    database.executescript(written(ROWS, "sql"))
    assert database.execute("select t, j from result where n = 1").fetchall() == [
        ("it's | <b>\n\ttwo", '{"a": [1, null]}')
    ]
    assert database.execute("select count(*) from result where t is null").fetchone() == (1,)


def test_columns_of_one_name_are_told_apart() -> None:
    columns = [{"name": name, "type": "text"} for name in ("id", "id", "", "id")]
    result = ROWS | {"columns": columns, "rows": [["a", "b", "c", "d"]]}
    assert json.loads(written(result, "json")) == [{"id": "a", "id_2": "b", "column_3": "c", "id_3": "d"}]


def test_documents_have_a_column_for_each_field() -> None:
    table = table_of(DOCUMENTS)
    assert table is not None
    assert [(c.name, c.type) for c in table.columns] == [
        ("_id", "text"),
        ("n", "numeric"),
        ("at", "text"),
        ("tags", "jsonb"),
        ("other", "text"),
    ]
    assert table.rows[0] == [OID["$oid"], "5", "1970-01-01T00:00:00.000Z", '["a", {"b": 1}]', None]
    assert table.rows[1][:3] == [OID["$oid"], "1.5", "1969-12-31T23:59:59.999Z"]
    assert json.loads(written(DOCUMENTS, "json")) == DOCUMENTS["documents"]


def test_plain_items_have_no_types_of_extended_json() -> None:
    result = DOCUMENTS | {"plain": [{"a": OID, "b": 1}], "documents": [{"a": {"M": {}}}]}
    table = table_of(result)
    assert table is not None
    assert table.rows == [[json.dumps(OID), "1"]]


@pytest.mark.parametrize(
    ("result", "names", "rows", "records"),
    [
        (reply("string", "a"), ["value"], [["a"]], ["a"]),
        (reply("nil", None), ["value"], [[None]], [None]),
        (reply("array", [text("a"), {"type": "integer", "value": 2}]), ["value"], [["a"], ["2"]], ["a", 2]),
        (reply("map", [[text("k"), text("v")]]), ["key", "value"], [["k", "v"]], [{"key": "k", "value": "v"}]),
        (
            reply("array", [{"type": "array", "value": [text("a"), {"type": "double", "value": 1.5}]}]),
            ["value_1", "value_2"],
            [["a", "1.5"]],
            [["a", 1.5]],
        ),
        (reply("text", "a\nb\n"), ["line"], [["a"], ["b"]], ["a", "b"]),
    ],
)
def test_replies(result: dict[str, Any], names: list[str], rows: list[Any], records: list[Any]) -> None:
    table = table_of(result)
    assert table is not None
    assert [column.name for column in table.columns] == names
    assert table.rows == rows
    assert json.loads(written(result, "json")) == records


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("result", [ROWS, DOCUMENTS, reply("array", []), ROWS | {"rows": []}])
def test_a_file_that_was_cut_ends_by_saying_so(suffix: str, result: dict[str, Any]) -> None:
    cut = result | {"truncated": {"limit": "max_rows", "value": 3, "shown": 3, "message": "Cut at 3 rows."}}
    assert "Cut at 3 rows." in written(cut, suffix).strip().splitlines()[-1]
    assert "Cut" not in written(result, suffix)
    if suffix == "json":
        json.loads(written(cut, suffix))
        json.loads(written(result, suffix))


def test_fences_are_longer_than_those_inside() -> None:
    assert fenced("```\nx\n````") == "`````\n```\nx\n````\n`````\n"


def test_a_run_as_markdown() -> None:
    error = {"outcome": "failed", "code": "42P01", "message": "no <table>", "hint": "make it"}
    failed = {"kind": "error", "statement": STATEMENT, "error": error}
    run = {"version": "18.6", "results": [ROWS, failed], "not_run": [{}]}
    said = run_as_markdown("PostgreSQL", "sql", "select 1", "create table t ()", run)
    for part in (
        "## PostgreSQL 18.6",
        "```sql\nselect 1\n```",
        "create table t ()",
        "1. `` select `1` ``",
        "no \\<table\\> make it",
        "1 more",
    ):
        assert part in said
