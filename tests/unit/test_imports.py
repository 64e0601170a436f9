"""Files into tables: formats, types, keys, bounds."""

import io
import json
import time
from decimal import Decimal
from typing import Any

import pytest

from app.core.errors import InvalidRequest
from app.playground.imports import inferred, key_of, read, typed, written

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


@pytest.mark.parametrize("text", ["[" + "{}," * 3_000_000 + "{}]", '{"a": [' + "1," * 3_000_000 + "1]}"])
def test_a_file_of_millions_of_values_is_refused_at_once(text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(InvalidRequest, match="at most 1,000,000 are read"):
        sheet(text)
    assert time.perf_counter() - began < 2
