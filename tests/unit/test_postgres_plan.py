"""EXPLAIN's JSON in the shared vocabulary: node kinds, sums, warnings, and what has no plan."""

import time
from typing import Any

import pytest

from app.core.errors import StatementRefused
from app.engines.postgres.plans.conditions import column_of, conjuncts, sides, table_of
from app.engines.postgres.plans.plan import plan_of, require_explainable


def node(kind: str, *plans: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Node Type": kind, "Plan Rows": 10, "Total Cost": 12.5, **more, **({"Plans": list(plans)} if plans else {})}


MEASURED = {"Actual Rows": 10.0, "Actual Loops": 1, "Actual Total Time": 1.0}


@pytest.mark.parametrize(
    ("raw", "label", "access"),
    [
        (node("Seq Scan"), "Seq Scan", "full scan"),
        (node("Index Only Scan", **{"Scan Direction": "Backward"}), "Index Only Scan Backward", "index only"),
        (node("Hash Join", **{"Join Type": "Left"}), "Hash Left Join", "join"),
        (node("Nested Loop", **{"Join Type": "Anti"}), "Nested Loop Anti Join", "join"),
        (node("Merge Join", **{"Join Type": "Inner"}), "Merge Join", "join"),
        (node("Aggregate", Strategy="Hashed"), "HashAggregate", "aggregate"),
        (node("Aggregate", Strategy="Plain"), "Aggregate", "aggregate"),
        (node("ModifyTable", Operation="Insert"), "Insert", "modify"),
        (node("Incremental Sort"), "Incremental Sort", "sort"),
        (node("WindowAgg"), "WindowAgg", "window"),
        (node("Node Of The Future"), "Node Of The Future", "other"),
        ({}, "unknown", "other"),
    ],
)
def test_label_and_access(raw: dict[str, Any], label: str, access: str) -> None:
    root = plan_of({"Plan": raw}, measured=False).root
    assert (root.label, root.access) == (label, access)


def test_rows_and_times_count_every_loop() -> None:
    inner = node(
        "Index Scan",
        **{"Relation Name": "t", "Index Name": "i", "Index Cond": "(a = 1)", "Filter": "(b > 2)"},
        **{"Actual Rows": 2.0, "Actual Loops": 100, "Actual Total Time": 0.01, "Rows Removed by Filter": 3},
    )
    outer = node("Seq Scan", **{**MEASURED, "Actual Rows": 100.0, "Rows Removed by Filter": 900})
    plan = plan_of(
        {
            "Plan": node("Nested Loop", outer, inner, **{**MEASURED, "Actual Rows": 200.0, "Actual Total Time": 4.0}),
            "Execution Time": 4.2,
        },
        measured=True,
    )
    assert (plan.examined, plan.returned, plan.access) == (1_500, 200, "full scan")
    assert plan.examined_per_returned == 7.5
    assert (plan.server_ms, plan.server_ms_source, plan.measured) == (4.2, "explain", True)
    assert plan.root.own_ms == pytest.approx(2.0)
    seek = plan.root.children[1]
    assert (seek.target, seek.index, seek.returned_rows, seek.estimated_rows, seek.total_ms) == (
        "t",
        "i",
        200,
        1_000,
        1.0,
    )
    assert seek.condition == "Index Cond: (a = 1); Filter: (b > 2)"


def test_never_executed_nodes() -> None:
    child = node("Seq Scan", **{"Actual Rows": 0.0, "Actual Loops": 0, "Actual Total Time": 0.0})
    plan = plan_of({"Plan": node("Append", child, **MEASURED)}, measured=True)
    assert plan.root.children[0].loops == 0
    assert plan.examined == 0


def test_a_modification_returns_what_it_was_fed() -> None:
    scan = node("Seq Scan", **{**MEASURED, "Rows Removed by Filter": 90})
    plan = plan_of(
        {"Plan": node("ModifyTable", scan, Operation="Update", **{**MEASURED, "Actual Rows": 0.0})}, measured=True
    )
    assert (plan.examined, plan.returned) == (100, 10)


def test_warnings() -> None:
    sort = node("Sort", **{**MEASURED, "Actual Rows": 90_000.0, "Sort Space Type": "Disk", "Sort Space Used": 4_096})
    root = plan_of({"Plan": sort}, measured=True).root
    (spilled,) = root.warnings
    assert "4,096 kB" in spilled
    assert root.misestimate == 9_000
    assert plan_of({"Plan": node("Seq Scan", **MEASURED)}, measured=True).root.warnings == ()


@pytest.mark.parametrize(
    "text",
    ["select 1", "(select 1) union select 2", "with a as (select 1) select * from a", "values (1)", "table t", "execute p",
     "create table x as select 1", "create temp table x as select 1", "create materialized view v as select 1", "delete from t",
     "create table x as table y", "create table x as (with a as (select 1) select * from a)"],
)  # fmt: skip
def test_what_has_a_plan(text: str) -> None:
    require_explainable(text)


@pytest.mark.parametrize(
    "text",
    [
        "begin", "create table t (a int)", "explain select 1", "drop table t", "vacuum", "create index on t (a)",
        "create table t (id int generated always as identity)", "create table t (a int, b int generated always as (a * 2) stored)",
    ],
)  # fmt: skip
def test_what_has_none(text: str) -> None:
    with pytest.raises(StatementRefused) as caught:
        require_explainable(text)
    assert caught.value.code == "cannot_explain"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(a = 1)", ["a = 1"]),
        ("((a = 1) AND (b = ' AND ('::text))", ["a = 1", "b = ' AND ('::text"]),
        ("(((a = 1) AND (b > 2)) AND ((c = 3) OR (d = 4)))", ["a = 1", "b > 2", "(c = 3) OR (d = 4)"]),
        ("(a = ANY (f(x AND y)))", ["a = ANY (f(x AND y))"]),
        ("(a) = (b)", ["(a) = (b)"]),
        ("((x AND y)", ["((x AND y)"]),
        ("", [""]),
    ],
)
def test_conjuncts(text: str, expected: list[str]) -> None:
    assert conjuncts(text) == expected


@pytest.mark.parametrize(
    ("text", "column", "table"),
    [
        ("t.a", "a", "t"),
        ("((t.a)::text)::character varying(10)", "a", "t"),
        ('"T"."A"::bigint[]', '"A"', "T"),
        ("'a'::text", None, None),
    ],
)
def test_columns_and_their_tables(text: str, column: str | None, table: str | None) -> None:
    assert (column_of(text), table_of(text)) == (column, table)


TIRING = [
    "a::b" * 45_000 + " = c", "a::b" * 900 + " = t.c", "t.a = 1 + " * 25_000 + "1", "(a = 1) AND " * 20_000 + "(b = 2)",
    "(" * 900 + "a = 1" + " AND b = 2)" * 900, "(" * 498 + "a" + " AND b)" * 498, "(" * 1_990 + "t.a" + ")" * 1_990 + " = b",
    "(a = (" * 600 + ")" * 600, "(" * 3_900,
]  # fmt: skip


@pytest.mark.parametrize("text", TIRING, ids=range(len(TIRING)))
def test_a_long_condition_is_gone_through_soon(text: str) -> None:
    scans = [node("Seq Scan", **{"Relation Name": "t", "Alias": "t", "Filter": text}) for _ in range(2)]
    began = time.process_time()
    plan_of({"Plan": node("Nested Loop", *scans, **{"Join Filter": text})}, measured=False)
    for look in (conjuncts, sides, column_of, table_of):
        look(text)
    assert time.process_time() - began < 1
