"""Answers in one form: every rule of the normalisation, and what is said where two differ."""

from decimal import Decimal
from typing import Any

import pytest

from app.playground.comparing import answers
from app.playground.comparing.answers import Answer, Difference, Reading
from app.playground.comparing.comparison import figures, judge
from app.playground.comparing.timing import p95
from app.playground.tasks.verification import mutants


def rows(types: list[str], *values: list[str | None]) -> dict[str, Any]:
    columns = [{"name": f"c{place}", "type": kind} for place, kind in enumerate(types)]
    return {"kind": "rows", "columns": columns, "rows": list(values)}


def documents(*held: Any, plain: list[Any] | None = None) -> dict[str, Any]:
    return {"kind": "documents", "documents": list(held)} | ({"plain": plain} if plain is not None else {})


def reply(kind: str, value: Any) -> dict[str, Any]:
    return {"kind": "reply", "reply": {"type": kind, "value": value}, "text": "", "stats": {"row_count": 1}}


def text(value: str) -> dict[str, Any]:
    return {"type": "string", "value": value}


SAME = [
    ("numbers of all kinds", rows(["numeric"], ["7.00"]), documents({"c0": {"$numberInt": "7"}})),
    (
        "doubles with dust",
        rows(["double precision"], ["0.30000000000000004"]),
        documents({"c0": {"$numberDouble": "0.3"}}),
    ),
    ("exact decimals", rows(["numeric"], ["0.3"]), documents({"c0": {"$numberDecimal": "0.30"}})),
    ("text that is a number", rows(["integer"], ["35"]), reply("array", [text("35")])),
    ("truth values", rows(["boolean"], ["t"]), reply("integer", 1)),
    ("null and missing", rows(["text"], [None]), documents({"other": 1})),
    ("nil", rows(["text"], [None]), reply("nil", None)),
    (
        "midnight and a date",
        rows(["timestamp with time zone"], ["2026-03-01 00:00:00+00"]),
        reply("string", "2026-03-01"),
    ),
    (
        "a time in another zone",
        rows(["timestamp with time zone"], ["2026-03-01 12:00:00+02"]),
        documents({"c0": {"$date": {"$numberLong": "1772359200000"}}}),
    ),
    ("arrays", rows(["text[]"], ['{gift,"a b"}']), documents({"c0": ["gift", "a b"]})),
    (
        "documents in any order of fields",
        rows(["jsonb"], ['{"b": 1, "a": [2]}']),
        documents({"c0": {"a": [2.0], "b": 1}}),
    ),
    ("items", rows(["numeric"], ["35.5"]), documents({"c0": {"N": "35.5"}}, plain=[{"c0": 35.5}])),
]
DIFFERENT = [
    ("empty text and null", rows(["text"], [""]), rows(["text"], [None])),
    ("a leading zero", reply("string", "007"), reply("string", "7")),
    ("case", reply("string", "Ada"), reply("string", "ada")),
    ("a list and its only element", documents({"c0": [1]}), documents({"c0": 1})),
]


def read(*results: dict[str, Any], **reading: Any) -> list[tuple[Any, ...]] | None:
    return answers.read({"results": list(results)}, Reading(columns=("c0",), **reading)).rows


@pytest.mark.parametrize(("left", "right"), [case[1:] for case in SAME], ids=[case[0] for case in SAME])
def test_the_same(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert read(left) == read(right)


@pytest.mark.parametrize(("left", "right"), [case[1:] for case in DIFFERENT], ids=[case[0] for case in DIFFERENT])
def test_not_the_same(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert read(left) != read(right)


def test_a_reply_is_read_in_rows_as_wide_as_the_columns() -> None:
    pairs = reply("array", [{"type": "array", "value": [text("a"), {"type": "double", "value": 1.0}]}] * 2)
    found = answers.read({"results": [pairs]}, Reading(columns=("name", "score"))).rows
    assert found == [("a", Decimal(1)), ("a", Decimal(1))]


def test_several_results_together() -> None:
    assert read(reply("string", "x"), reply("string", "a"), reply("string", "b"), take=2) == [("a",), ("b",)]


def test_fields_by_the_mapping_and_ids_by_being_there() -> None:
    reading = Reading(columns=("id", "city"), fields={"id": "_id", "city": "address.city"}, ids=frozenset({"id"}))
    held = documents({"_id": {"$oid": "6b0634befa9bdf86cbf63269"}, "address": {"city": "Oslo"}})
    assert answers.read({"results": [held]}, reading).rows == answers.wanted([["any", "Oslo"]], reading)


@pytest.mark.parametrize(
    ("results", "refused", "expected"),
    [
        ([{"kind": "error", "error": {"code": "23505", "message": "duplicate"}}], "23505", [("refused",)]),
        ([{"kind": "error", "error": {"code": "42601", "message": "syntax"}}], "23505", "42601: syntax"),
        ([rows(["text"], ["x"])], "23505", "Nothing was refused"),
        ([{"kind": "status", "status": "done"}], None, "no rows, documents or reply"),
        ([rows(["text"], ["x"]) | {"truncated": {}}], None, "cut at a limit"),
        (
            [documents({"c0": 1}) | {"more": {"label": "Next 20", "source": "it", "page": 20}}],
            None,
            "20 documents at a time",
        ),
        ([documents({"c0": 1}) | {"more": {"label": "Next page", "source": "Query {}"}}], None, [(1,)]),
    ],
)
def test_refusals_and_runs_without_an_answer(results: list[Any], refused: str | None, expected: Any) -> None:
    found = answers.read({"results": results}, Reading(columns=("c0",), refused=refused))
    assert found.rows == expected if isinstance(expected, list) else expected in str(found.problem)


def test_order_counts_only_where_it_is_asked_for() -> None:
    want, got = [("a",), ("b",)], Answer([("b",), ("a",)])
    assert answers.compare(want, got, ("c0",), ordered=False) is None
    found = answers.compare(want, got, ("c0",), ordered=True)
    assert found
    assert found.order_only


def test_what_differs_is_named() -> None:
    ordered = answers.compare([("a", 1), ("b", 2)], Answer([("a", 1), ("b", 3)]), ("name", "n"), ordered=True)
    assert ordered
    assert ordered.cells == ((2, "n", "2", "3"),)
    free = answers.compare([("a",), ("b",)], Answer([("b",), ("c",), ("c",)]), ("name",), ordered=False)
    assert free
    assert (free.missing, free.extra) == ((("a",),), (("c",), ("c",)))
    assert answers.compare([("a",)], Answer(None, "broken"), ("name",), ordered=True) == Difference(problem="broken")


def test_many_differences_are_bounded_and_counted() -> None:
    found = answers.compare([(n,) for n in range(50)], Answer([]), ("n",), ordered=False)
    assert found
    assert len(found.missing) == answers.SHOWN_ROWS
    assert found.more == 50 - answers.SHOWN_ROWS


def test_without_a_task_replies_are_as_wide_as_the_table_beside_them() -> None:
    table = {"results": [rows(["text", "integer"], ["a", "1"], ["b", "2"])]}
    flat = {"results": [reply("array", [text("a"), text("1"), text("b"), text("2")])]}
    assert judge({"postgres": table, "redis": flat}, None).same


def test_the_rules_are_said_once() -> None:
    assert len(answers.RULES) == 9
    assert all(rule.endswith(".") and "\n" not in rule for rule in answers.RULES)


def test_figures_add_up_over_statements() -> None:
    plan = {
        "examined": 60.0,
        "returned": 3.0,
        "cost": 0.5,
        "cost_unit": "RCU",
        "server_ms": None,
        "server_ms_source": None,
    }
    result = documents({"a": 1}) | {
        "stats": {"total_ms": 2.0, "server_ms": None, "server_ms_source": None},
        "plan": plan,
    }
    found = figures({"results": [result, result]}, "-- said\n\nSELECT 1;\n", "--")
    assert found
    assert (found.round_trip_ms, found.cost, found.examined_per_returned, found.code_lines) == (4.0, 1.0, 20.0, 1)
    assert found.server_ms is None
    assert figures({"error": {}}, "", "--") is None


@pytest.mark.parametrize(("values", "expected"), [([], None), ([3.0], 3.0), (list(range(1, 101)), 95), ([1, 2, 3], 3)])
def test_p95(values: list[float], expected: float | None) -> None:
    assert p95(values) == expected


def test_mutants_change_each_literal_but_no_comment() -> None:
    assert mutants("-- 5 'x'\nSELECT 'a', 7 FROM t2", "--") == [
        "-- 5 'x'\nSELECT 'ax', 7 FROM t2",
        "-- 5 'x'\nSELECT 'a', 8 FROM t2",
    ]
