"""Differences of texts and answers: what is shown, what is left out, how long it may take."""

import time
from typing import Any

import pytest

from app.playground.sharing.differences import MAX_SHOWN_LINES, compare, compare_texts, differences, differs

STATEMENT = {"text": "select\n 1", "start": 0, "end": 8, "line": 1}


def signs(before: str, after: str) -> str:
    found = compare_texts("x", before, after)
    return "".join(line.sign for line in found.lines) if found else ""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a", "a", ""),
        ("a", "b", "-+"),
        ("a\nb", "a\nb\nc", "  +"),
        ("a\nb\nc", "c", "-- "),
        ("\n".join("abcdefgh") + "\nx", "\n".join("abcdefgh") + "\ny", "…   -+"),
        ("x\n" + "\n".join("abcdefgh"), "y\n" + "\n".join("abcdefgh"), "-+   …"),
        ("1\na\nb\nc\nd\ne\nf\ng\nh\n2", "3\na\nb\nc\nd\ne\nf\ng\nh\n4", "-+   …   -+"),
    ],
)
def test_lines(before: str, after: str, expected: str) -> None:
    assert signs(before, after) == expected


def test_line_numbers_and_counts() -> None:
    found = compare_texts("x", "a\nb\nc", "a\nX\nY\nc")
    assert found is not None
    assert [(line.sign, line.before, line.after) for line in found.lines] == [
        (" ", 1, 1),
        ("-", 2, None),
        ("+", None, 2),
        ("+", None, 3),
        (" ", 3, 4),
    ]
    assert (found.added, found.removed) == (2, 1)


def test_another_order_is_said() -> None:
    found = compare_texts("x", "a\nb\nc", "c\nb\na")
    assert found is not None
    assert found.note == "The same lines, in another order."


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([str(n) for n in range(50_000)], [str(-n) for n in range(50_000)]),
        (["same"] * 2_000, ["same", "other"] * 1_000),
        ([str(n % 7) for n in range(2_000)], [str(n % 5) for n in range(2_000)]),
        (["x" * 1_000_000], ["x" * 1_000_000 + "y"]),
    ],
)
def test_long_texts_are_bounded_in_time_and_length(before: list[str], after: list[str]) -> None:
    began = time.perf_counter()
    found = compare("x", before, after)
    assert time.perf_counter() - began < 2
    assert found is not None
    assert len(found.lines) <= MAX_SHOWN_LINES + 1
    assert sum(len(line.text) for line in found.lines) < 700_000


def rows(*cells: str | None, **more: Any) -> dict[str, Any]:
    columns = [{"name": "a", "type": "text"}]
    return {"kind": "rows", "statement": STATEMENT, "columns": columns, "rows": [[cell] for cell in cells], **more}


def run(*results: dict[str, Any]) -> dict[str, Any]:
    return {"engine": "x", "version": "1", "results": list(results), "not_run": []}


STATUS = {"kind": "status", "statement": STATEMENT, "status": "DROP TABLE"}
CUT = {"limit": "max_share_bytes", "value": 1, "shown": 1, "message": ""}


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        (run(rows("1")), run(rows("1", stats={"total_ms": 5})), False),
        (run(rows("1")), run(rows("2")), True),
        (run(rows(None)), run(rows("")), True),
        (run(STATUS, rows("1")), run(STATUS | {"status": "nothing"}, rows("1")), False),
        (run(STATUS), run(STATUS | {"status": "CREATE TABLE"}), True),
        (run(rows("1"), rows("2")), run(rows("1")), True),
        (run(rows("1", truncated=CUT)), run(rows("1", "2")), False),
        (run(rows("x" * 5_000 + "a")), run(rows("x" * 5_000 + "b")), True),
        (None, run(rows("1")), None),
        (run(rows("1")), {"engine": "x", "error": {"code": "busy"}}, None),
    ],
)
def test_whether_answers_differ(then: dict[str, Any] | None, now: dict[str, Any], expected: bool | None) -> None:
    assert differs(then, now) is expected
    assert bool(differences(then, now)) is bool(expected)


def test_a_difference_of_answers_names_its_statement() -> None:
    (found,) = differences(run(rows("1", "2")), run(rows("1", "3")))
    assert found.title == "select 1"
    assert [line.text for line in found.lines if line.sign in "+-"] == ["2", "3"]
