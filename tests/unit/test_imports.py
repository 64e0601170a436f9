"""Files into tables: formats, types, keys, bounds."""

import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import InvalidRequest
from app.playground.files.imports import inferred, key_of, typed
from app.playground.files.sheets import MAX_DEPTH, MAX_RECORD, MAX_ROWS, read, written

ROOT = Path(__file__).parents[2]
PLENTY = 1_000_000


def sheet(text: str, form: str = "auto", most: int = PLENTY) -> Any:
    return read(io.BytesIO(text.encode()), form, most)


@pytest.mark.parametrize(
    ("text", "form", "columns", "rows"),
    [
        ("a,b\n1,x\n2,\n", "csv", ["a", "b"], [["1", "x"], ["2", None]]),
        ("\ufeffa;b\r\n1;x\r\n", "csv", ["a", "b"], [["1", "x"]]),
        ('a,b\n"x ""y"",\nz",2\n', "csv", ["a", "b"], [['x "y",\nz', "2"]]),
        ("a\tb\n1,5\tx\n", "tsv", ["a", "b"], [["1,5", "x"]]),
        ("a,a,\n1,2,3\n4\n", "csv", ["a", "a_2", "column_3"], [["1", "2", "3"], ["4", None, None]]),
        ('[{"a": 1}, {"b": [2]}]', "ndjson", ["a", "b"], [[1, None], [None, [2]]]),
        ('{"a": 1}\n\n{"a": "x"}\n', "ndjson", ["a"], [[1], ["x"]]),
        ('{"data": [{"a": 1}]}', "ndjson", ["a"], [[1]]),
        ('{\n"a": 1\n}', "ndjson", ["a"], [[1]]),
        ("[1, 2]", "ndjson", ["value"], [[1], [2]]),
    ],
)
def test_formats(text: str, form: str, columns: list[str], rows: list[Any]) -> None:
    found = sheet(text)
    assert (found.format, found.columns, found.rows, found.total) == (form, columns, rows, len(rows))
    again = sheet(written(found), found.format)
    assert (again.columns, again.rows) == (columns, rows)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("a,b\n1,2,3\n", "Line 2 has 3 cells"),
        ('{"a": 1}\n{"a": \n', "Line 2 is not JSON"),
        ('[{"a": 1', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no records"),
        (",".join(map(str, range(500))) + "\n", "500 columns"),
        ("a\n" + "x" * 200_000, "Line 2 cannot be read"),
    ],
)
def test_what_cannot_be_read(text: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        sheet(text)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", "0"], "integer"),
        (["1", "007"], "text"),
        (["1", "2.5", "-1e3"], "decimal"),
        (["1" * 25], "decimal"),
        (["true", "F", "no"], "boolean"),
        (["2024-02-29", "1999-01-01"], "date"),
        (["2024-02-29 10:00", "2024-02-29T10:00:00.5Z", "2024-02-29T10:00:00+02:00"], "timestamp"),
        (["2024-02-29", "2024-02-29T10:00"], "text"),
        (["1", "x"], "text"),
        (["NaN", "1"], "text"),
        ([None, None], "text"),
        ([None, "1"], "integer"),
    ],
)
def test_types(values: list[str | None], kind: str) -> None:
    assert inferred(sheet("a\n").__class__(["a"], [[value] for value in values], len(values), "csv")) == [kind]


def test_what_does_not_fit_a_type_is_null_and_counted() -> None:
    found = sheet("id,n,skipped\n1,5,a\n2,x,b\n3,,c\n")
    table, misfits = typed(found, "My Table!", ["integer", "integer", "skip"], "id")
    assert (table.name, table.columns, table.rows, table.key, misfits) == (
        "my_table",
        ("id", "n"),
        [[1, 5], [2, None], [3, None]],
        "id",
        1,
    )


def test_the_first_column_of_different_values_is_the_key() -> None:
    assert key_of(sheet("a,b\n1,x\n1,y\n")) == "b"
    assert key_of(sheet("a,b\n1,x\n1,x\n")) is None
    assert key_of(sheet("a,b\n1,x\n,y\n")) == "b"


def test_a_long_file_is_counted_to_its_end_and_kept_to_the_limit() -> None:
    text = "id,name\n" + "".join(f"{n},{'x' * 40}\n" for n in range(300_000))
    began = time.perf_counter()
    found = sheet(text, most=100_000)
    assert time.perf_counter() - began < 5
    assert found.total == 300_000
    assert 1_500 < len(found.rows) < 2_500


def test_json_values_keep_their_kinds() -> None:
    found = sheet(json.dumps([{"a": True, "b": 1.5, "c": {"d": None}}]))
    assert inferred(found) == ["boolean", "decimal", "json"]
    table, _ = typed(found, "t", inferred(found), None)
    assert table.rows == [[True, 1.5, {"d": None}]]


def test_numbers_keep_their_digits() -> None:
    digits = ["12345678901234567.89", "0.12345678901234567890", "1e999", "1" * 25, "1.5"]
    table, misfits = typed(sheet("n\n" + "\n".join(digits)), "t", ["decimal"], None)
    assert [Decimal(row[0]) for row in table.rows] == [Decimal(text) for text in digits]
    assert misfits == 0
    as_json = sheet(f"[{', '.join(digits)}]")
    assert inferred(as_json) == ["decimal"]
    again, _ = typed(sheet(written(as_json), "ndjson"), "t", ["decimal"], None)
    assert again.rows == table.rows


def test_what_json_can_write_and_nothing_can_store() -> None:
    found = sheet('[{"a": "x\\ud800y"}, {"\\udc00": 1}, {"a": NaN}]')
    assert found.columns == ["a", "?"]
    assert found.rows == [["x?y", None], [None, 1], ["NaN", None]]
    written(found).encode()


def test_half_a_pair_in_a_cell_of_json() -> None:
    table, misfits = typed(sheet('a\n"{""\\ud800"": [""\\udc00""]}"\n'), "t", ["json"], None)
    assert (table.rows, misfits) == ([[{"?": ["?"]}]], 0)


@pytest.mark.parametrize("text", ["1e99999999999999999999", "-1e-99999999999999999999", "1e999999999", "1" * 5_000])
def test_numbers_that_nothing_holds_are_text_and_misfits(text: str) -> None:
    found = sheet(f'[{{"a": {text}, "b": [{text}]}}]')
    assert found.rows == [[text, [text]]]
    table, misfits = typed(found, "t", ["integer", "json"], None)
    assert (table.rows, misfits) == ([[None, [text]]], 1)


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_what_is_nested_too_deep_is_refused_with_the_limit(form: str) -> None:
    def text(depth: int) -> str:
        record = '{"a": ' + "[" * depth + "]" * depth + "}"
        return f"[{record}]" if form == "json" else record

    assert sheet(text(MAX_DEPTH - 1), form).total == 1
    for depth in (MAX_DEPTH, 500, 900):
        with pytest.raises(InvalidRequest, match="Record 1 cannot be taken: it is nested more than 100 deep"):
            sheet(text(depth), form)
    csv = sheet("a\n" + "[" * 900 + "]" * 900 + "\n")
    table, _ = typed(csv, "t", ["json"], None)
    assert table.rows == csv.rows  # it stays text


ROW = '{"id":%d,"name":"名前 \\" ] , [ {","on":[1,{"a":-2.50}]}'
ROWS = [{"id": number, "name": '名前 " ] , [ {', "on": [1, {"a": -2.5}]} for number in range(60_000)]


@pytest.mark.parametrize(
    ("before", "between", "after"),
    [
        ("[", ",", "]"),
        ("\n[ ", "\n\t,\r\n ", " ]\n"),
        ('{"meta":{"n":[1]},"rows":[', ",", '],"more":[2]}'),
        ("", "\n", "\n"),
    ],
)
def test_records_are_read_as_they_are_whatever_falls_between_two_windows(before: str, between: str, after: str) -> None:
    text = before + between.join(ROW % number for number in range(60_000)) + after
    assert len(text) > 2 * MAX_RECORD
    found = sheet(text, most=100_000_000)
    assert [dict(zip(found.columns, row, strict=True)) for row in found.rows] == ROWS


def test_numbers_that_fall_between_two_windows_stay_whole() -> None:
    values = [10**9 + number for number in range(300_000)]
    assert [row[0] for row in sheet(json.dumps(values), most=100_000_000).rows] == values


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1, 2] x", "more comes after its end, after 2 records"),
        ("[1,\n2,\n3 4]", ", or ] is missing in line 3, after 3 records"),
        ("[1,]", "Expecting value in line 1"),
        ("[" + "\n1," * 400_000 + "\nx]", "Expecting value in line 400,002, after 400,000 records"),
        ('{"a": [1], x', "Expecting property name .* in line 1"),
        ('["' + "x" * 1_000_000 + '"]', "a value has over 1,000,000 characters, which is the limit"),
        ('{"a":{"b":"' + "x" * 1_000_000 + '"}}', "a value has over 1,000,000 characters, which is the limit"),
        ('{"a":1}\n' + '{"a":"' + "x" * 1_100_000 + '"}', "A line has over 1,000,000 characters"),
        ('[{"a":"' + "x" * 200_000 + '"}]', "The first record has 200,009 characters; at most 100,000 fit"),
        ("[{}, {}]", "no fields"),
    ],
)
def test_what_is_wrong_with_json_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        sheet(text, most=100_000)


NAMES = [f"c{number}" for number in range(100)]
MANY = 2_000_000
LONG: dict[str, Callable[[], str]] = {
    "numbers": lambda: f"[{'1,' * MANY}1]",
    "arrays": lambda: f"[{'[],' * MANY}[]]",
    "an object's list": lambda: f'{{"a":[{"1," * MANY}1]}}',
    "lines": lambda: '{"a":1}\n' * MANY,
    "short rows": lambda: ",".join(NAMES) + "\n" + "1\n" * MANY,
    "sparse records": lambda: f"[{json.dumps(dict.fromkeys(NAMES, 1))},{'{},' * MANY}{{}}]",
}


READ_APART = """
import resource, sys
from app.playground.files.imports import inferred, key_of, typed
from app.playground.files.sheets import read

def most_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

before = most_bytes()
with open(sys.argv[1], "rb") as file:
    found = read(file, "auto", 600_000)
table, _ = typed(found, "t", inferred(found), key_of(found))
print(found.total, len(table.rows) * len(table.columns), most_bytes() - before)
"""


@pytest.mark.parametrize("what", LONG)
def test_a_file_of_millions_of_values_costs_little(what: str, tmp_path: Path) -> None:
    file = tmp_path / "long"
    file.write_text(LONG[what]())
    done = subprocess.run(
        [sys.executable, "-c", READ_APART, file], capture_output=True, text=True, check=True, cwd=ROOT
    )
    total, cells, more_bytes = map(int, done.stdout.split())
    assert total == MAX_ROWS
    assert cells <= 600_000
    assert more_bytes < 100_000_000
