"""Pasted EXPLAIN output: every format says the same, and nothing hostile gets further than an error."""

import contextlib
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import InvalidRequest, StatementRefused
from app.core.plan_encoding import encode_plan
from app.core.plans import Plan
from app.engines.postgres.plans.explained import read
from app.engines.postgres.plans.explained_yaml import parse

RECORDED = Path(__file__).parents[1] / "plans/postgres"
NAMES = sorted(file.stem for file in (RECORDED / "18").glob("*.txt"))


def shape(plan: Plan) -> list[tuple[Any, ...]]:
    return [
        (
            node.label, node.target, node.index, node.role, node.access, node.method, bool(node.space), bool(node.workers),
            bool(node.buffers), [(c.label, c.text) for c in node.conditions if c.kind != "group"],
        )
        for node in plan.root.walk()
    ]  # fmt: skip


@pytest.mark.parametrize("version", ["15", "18"])
@pytest.mark.parametrize("name", NAMES)
def test_every_format_says_the_same(version: str, name: str) -> None:
    recorded = json.loads((RECORDED / version / "plans.json").read_text())
    expected = read(json.dumps(recorded[name.replace("-", " ")]))
    for extension in ("txt", "yaml", "xml"):
        plan = read((RECORDED / version / f"{name}.{extension}").read_text())
        assert shape(plan) == shape(expected), extension
        assert plan.measured
        assert plan.planning_ms
        assert plan.server_ms


SCAN = """ Seq Scan on orders  (cost=0.00..18.50 rows=1 width=4) (actual time=0.010..0.020 rows=2 loops=1)
   Filter: (a = 1)
   Rows Removed by Filter: 98
 Planning Time: 0.1 ms
 Execution Time: 0.2 ms"""
ROWS = SCAN.splitlines()
WIDTH = max(map(len, ROWS))


@pytest.mark.parametrize(
    "text",
    [
        SCAN,
        SCAN.replace("\n", "\r\n"),
        "\n".join([" QUERY PLAN ", "-" * 40, *ROWS, "(5 rows)", ""]),
        "\n".join([f"|{row:<{WIDTH}}|" for row in ROWS]),
        "\n".join(["┌" + "─" * WIDTH + "┐", *[f"│{row:<{WIDTH}}│" for row in ROWS], "└" + "─" * WIDTH + "┘"]),
        "\n".join(f'"{row}"' for row in ROWS),
        "\n".join(f"{row} +" for row in ROWS),
        "LOG:  duration: 3.1 ms  plan:\n\tQuery Text: select 1;\n" + SCAN,
        SCAN.replace(" (actual", "\n (actual"),
    ],
)
def test_what_clients_put_around_it(text: str) -> None:
    plan = read(text)
    assert (plan.root.label, plan.root.target, plan.examined, plan.returned) == ("Seq Scan", "orders", 100, 2)
    assert (plan.planning_ms, plan.server_ms) == (0.1, 0.2)


@pytest.mark.parametrize(
    ("line", "label", "target"),
    [
        ("Parallel Index Only Scan Backward using i on s.t x", "Parallel Index Only Scan Backward", "t"),
        ('Seq Scan on "My Table" m', "Seq Scan", "My Table"),
        ("Bitmap Index Scan on i", "Bitmap Index Scan", None),
        ("Hash Right Anti Join", "Hash Right Anti Join", None),
        ("Nested Loop", "Nested Loop", None),
        ("Merge on t", "Merge", "t"),
        ("Finalize GroupAggregate", "Finalize GroupAggregate", None),
        ("HashSetOp Except All", "HashSetOp Except All", None),
        ("Foreign Update on t", "Foreign Update", "t"),
        ("CTE Scan on x y", "CTE Scan", "x"),
        ("Function Scan on generate_series g", "Function Scan", "generate_series"),
        ("Step Of The Future", "Step Of The Future", None),
    ],
)
def test_steps_without_figures(line: str, label: str, target: str | None) -> None:
    plan = read(f"{line}\n  ->  Result")
    assert (plan.root.label, plan.root.target, plan.measured) == (label, target, False)
    assert plan.root.children[0].label == "Result"


def test_subplans_hang_where_they_belong() -> None:
    text = """Hash Join
  Hash Cond: (a.id = b.id)
  InitPlan 1 (returns $0)
    ->  Aggregate
          ->  Seq Scan on x
  ->  Seq Scan on a
        Filter: (SubPlan 2)
        SubPlan 2
          ->  Index Scan using i on y
  ->  Hash
        ->  Seq Scan on b
"""
    root = read(text).root
    assert [child.label for child in root.children] == ["Aggregate", "Seq Scan", "Hash"]
    assert root.children[0].role == "InitPlan 1 (returns $0)"
    assert [(c.label, c.role) for c in root.children[1].children] == [("Index Scan", "SubPlan 2")]


def deep(depth: int) -> str:
    return '[{"Plan": ' + '{"Node Type": "Limit", "Plans": [' * depth + '{"Node Type": "Result"}' + "]}" * depth + "}]"


LAUGHS = (
    '<!DOCTYPE a [<!ENTITY x "lol">'
    + "".join(f'<!ENTITY x{n} "&x;&x;">' for n in range(9))
    + "]><explain>&x9;</explain>"
)
HOSTILE = [
    "", "   \n ", "select 1", "[]", "{}", "[1]", "null", '"x"', "[[[[[[[[", "{" * 100_000, "[" * 100_000, deep(250), deep(50_000),
    LAUGHS, '<!DOCTYPE a SYSTEM "file:///etc/passwd"><explain/>', "<a>" * 10_000, "<explain><Query><Plan></Query></explain>", "<",
    "- Plan:\n" + "".join(f"{' ' * n}- a:\n" for n in range(3_000)), "- Plan: &a *a", "- Plan:\n    Node Type: !!python/object:os.system",
    "- Plan:\n    Node Type: \"never ends", "\t\0\x01", "->" * 50_000, "  ->  " * 10_000, "(cost=" * 10_000, '"' * 50_001,
    "|" * 50_000, "a: " * 50_000, "Seq Scan on t (cost=1" + "0" * 5_000 + "..2 rows=3 width=4)",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_input_ends_in_an_error_or_a_plan_and_soon(text: str) -> None:
    began = time.process_time()
    with contextlib.suppress(InvalidRequest, StatementRefused):
        json.dumps(encode_plan(read(text)))
    assert time.process_time() - began < 2


FIRST = "Seq Scan on t  (cost=0.00..18.50 rows=1 width=4)\n"
LONG = 256_000
TIRING = {
    "a rule": "-" * LONG + "x",
    "a frame": "|" + " " * LONG + "x",
    "a line's mark": "a" + " " * LONG + "x+",
    "spaces": "a" + " " * LONG + "x",
    "spaces in a property": f"{FIRST}  Filter: {' ' * LONG}x",
    "a heading": f"{FIRST}  CTE {' ' * LONG}x",
    "a heading's parameters": f"{FIRST}  CTE {' (returns' * (LONG // 9)}",
    "a property's name": f"{FIRST}  A{' for ' * (LONG // 5)}",
    "parts": f"{FIRST}  A: b{'  A' * (LONG // 3)}",
    "settings": f"{FIRST}Settings: {'a' * LONG}",
    "timing": f"{FIRST}JIT:\n  Timing: {'a' * LONG}",
    "timings": f"{FIRST}  I/O Timings: shared{' ' * LONG}x",
    "broken lines": FIRST + "x\n" * (LONG // 2),
}


@pytest.mark.parametrize("name", TIRING)
def test_no_long_line_is_read_again_and_again(name: str) -> None:
    began = time.process_time()
    with contextlib.suppress(InvalidRequest, StatementRefused):
        read(TIRING[name])
    assert time.process_time() - began < 2


@pytest.mark.parametrize("name", ["Node Type", "Plans", "Actual Rows", "Actual Loops", "Sort Key", "Output", "Workers", "Filter",
                                  "Shared Hit Blocks", "Grouping Sets", "Full-sort Groups", "Sort Space Used", "Hash Batches"])  # fmt: skip
@pytest.mark.parametrize("value", [None, True, -1, 1e308, "x", [], [1, {}], {"a": [1]}, "NaN", [[["y"]]]])
def test_values_of_any_kind_never_break_it(name: str, value: Any) -> None:
    raw = {"Node Type": "Sort", "Sort Method": "x", "Actual Rows": 1, "Actual Loops": 1, "Actual Total Time": 1.0}
    explained = [
        {"Plan": raw | {name: value}, "JIT": value, "Triggers": value, "Settings": value, "Planning Time": value}
    ]
    json.dumps(encode_plan(read(json.dumps(explained))))


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=" \n->:()=.abcXYZ019\"'[]{}<>&,kB", max_size=400))
def test_any_text_is_a_plan_or_an_error(text: str) -> None:
    with contextlib.suppress(InvalidRequest, StatementRefused):
        encode_plan(read(text))


def test_yaml_reads_only_what_explain_writes() -> None:
    assert parse(
        '- Plan: \n    A: "x: y"\n    Plans: \n      - B: 1\n        C: \n          - "d"\n      - B: 2.5\n'
    ) == [{"Plan": {"A": "x: y", "Plans": [{"B": 1, "C": ["d"]}, {"B": 2.5}]}}]
    with pytest.raises(ValueError, match="line 2"):
        parse("- Plan:\n    nothing")
