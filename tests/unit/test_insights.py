"""Each rule has a case where it fires and a near miss where it must not."""

from typing import Any

import pytest

from app.core.insights import HOTTEST_PARTITION, RULES, Insight, insights
from app.core.plans import Condition, Fact, Index, Jit, Plan, PlanNode, Remedy, Space, Workers

INDEX = Remedy("index", "CREATE INDEX i ON t (a);", ("a",))
STATISTICS = Remedy("statistics", "ANALYZE t;")
COMPARE = Remedy("compare", "SET enable_seqscan = off;")
FILTER = (Condition("filter", "Filter", "(a = 1)", columns=("a",)),)


def node(access: str = "full scan", *children: PlanNode, **more: Any) -> PlanNode:
    return PlanNode(label=more.pop("label", "Step"), access=access, children=children, **more)  # type: ignore[arg-type]


def scan(read: float, kept: float, **more: Any) -> PlanNode:
    more = {"target": "t", "conditions": FILTER, "remedies": (INDEX, COMPARE), "access": "full scan"} | more
    return node(more.pop("access"), examined_rows=read, returned_rows=kept, removed_rows=read - kept, loops=1, **more)


def under_a_filter(read: float, kept: float) -> PlanNode:
    below = node(examined_rows=read, returned_rows=read, target="t", remedies=(INDEX,))
    return node("filter", below, returned_rows=kept, removed_rows=read - kept, conditions=FILTER)


def nested(loops: int, inner_ms: float, all_ms: float = 100.0) -> PlanNode:
    inner = node("index scan", loops=loops, total_ms=inner_ms)
    return node("join", node(loops=1), inner, method="nested loop", total_ms=all_ms, remedies=(COMPARE,))


def lookup(read: float, kept: float, *remedies: Remedy) -> PlanNode:
    return node("join", method="lookup", target="t", examined_rows=read, returned_rows=kept, remedies=remedies)


def sort_over(access: str, read: float, *remedies: Remedy) -> PlanNode:
    below = node(access, examined_rows=read, returned_rows=read)
    return node("sort", node("project", below), returned_rows=10, remedies=remedies)


BY_A = (Index(name="by_a", target="t", columns=("a", "b")),)
BY_B = (Index(name="by_b", target="t", columns=("b", "a")),)
PARTLY = (Index(name="by_a", target="t", columns=("a",), partial=True),)
ELSEWHERE = (Index(name="by_a", target="u", columns=("a",)),)

SLOW_TRIGGERS = (Fact("trigger a, 5 calls", 40.0, "ms"), Fact("trigger b, 5 calls", 20.0, "ms"))

Case = tuple[str, PlanNode, dict[str, Any]]
FIRES: list[Case] = [
    ("full-scan", scan(1_000, 100), {}),
    ("full-scan", scan(1_000, 0), {"indexes": BY_B}),
    ("full-scan", under_a_filter(1_000, 100), {}),
    ("filter-after-key", scan(100, 10, access="index scan", index="i"), {}),
    ("filter-after-key", scan(5_000, 0, access="key lookup"), {}),
    ("filter-after-key", scan(100, 1, access="filter", conditions=FILTER), {}),
    ("scan-and-sort", sort_over("full scan", 1_000, INDEX), {}),
    ("lookup-scan", lookup(1_000, 100, INDEX), {}),
    ("nested-loop", nested(1_000, 60.0), {}),
    ("spilled", node("sort", space=Space(disk_kb=4_096)), {}),
    ("spilled", node("materialize", space=Space(batches=4)), {}),
    ("misestimate", node(estimated_rows=100, returned_rows=1_000, remedies=(STATISTICS,)), {}),
    ("misestimate", node(estimated_rows=1_000, returned_rows=100), {}),
    ("unused-index", scan(1_000, 900), {"indexes": BY_A}),
    ("unused-index", scan(1_000, 1), {"indexes": BY_A}),
    ("heap-fetches", node("index only", heap_fetches=100, returned_rows=1_000), {}),
    ("jit", node(), {"jit": Jit(functions=9, total_ms=60.0), "server_ms": 100.0}),
    ("triggers", node("modify"), {"facts": SLOW_TRIGGERS, "server_ms": 100.0}),
    ("workers", node("gather", workers=Workers(planned=2, launched=1)), {}),
    ("keys", node(label="KEYS", examined_rows=100), {}),
    ("hot-partition", node(facts=(Fact(HOTTEST_PARTITION, 0.5),)), {}),
]
NEAR_MISSES: list[Case] = [
    ("full-scan", scan(999, 1), {}),
    ("full-scan", scan(1_000, 101), {}),
    ("full-scan", scan(1_000, 1, remedies=()), {}),
    ("full-scan", scan(1_000, 1), {"indexes": BY_A}),
    ("full-scan", node(target="t", estimated_rows=1, remedies=(INDEX,)), {}),
    ("full-scan", under_a_filter(1_000, 101), {}),
    ("full-scan", under_a_filter(1_000, 1), {"indexes": BY_A}),
    ("filter-after-key", under_a_filter(1_000, 1), {}),
    ("filter-after-key", scan(99, 1, access="index scan"), {}),
    ("filter-after-key", scan(100, 11, access="index scan"), {}),
    ("filter-after-key", scan(100, 1, access="index scan", conditions=()), {}),
    ("filter-after-key", scan(1_000, 1), {}),
    ("scan-and-sort", sort_over("full scan", 999, INDEX), {}),
    ("scan-and-sort", sort_over("index scan", 1_000, INDEX), {}),
    ("scan-and-sort", sort_over("full scan", 1_000), {}),
    ("lookup-scan", lookup(1_000, 101, INDEX), {}),
    ("lookup-scan", lookup(1_000, 1), {}),
    ("nested-loop", nested(999, 60.0), {}),
    ("nested-loop", nested(1_000, 49.0), {}),
    ("nested-loop", nested(1_000, 0.9, 1.0), {}),
    ("spilled", node("sort", space=Space(memory_kb=4_096)), {}),
    ("spilled", node("materialize", space=Space(batches=1)), {}),
    ("misestimate", node(estimated_rows=100, returned_rows=999), {}),
    ("misestimate", node(estimated_rows=9, returned_rows=99), {}),
    ("misestimate", node(estimated_rows=1_000, returned_rows=1, complete=False), {}),
    ("misestimate", node(estimated_rows=1_000, returned_rows=0, loops=0), {}),
    ("misestimate", node("materialize", estimated_rows=1, returned_rows=1_000), {}),
    ("unused-index", scan(999, 1), {"indexes": BY_A}),
    ("unused-index", scan(1_000, 1), {"indexes": BY_B}),
    ("unused-index", scan(1_000, 1), {"indexes": PARTLY}),
    ("unused-index", scan(1_000, 1), {"indexes": ELSEWHERE}),
    ("unused-index", scan(1_000, 1), {}),
    ("heap-fetches", node("index only", heap_fetches=99, returned_rows=100), {}),
    ("heap-fetches", node("index only", heap_fetches=100, returned_rows=1_001), {}),
    ("jit", node(), {"jit": Jit(functions=9, total_ms=49.0), "server_ms": 100.0}),
    ("jit", node(), {"jit": Jit(functions=9, total_ms=0.9), "server_ms": 1.0}),
    ("triggers", node("modify"), {"facts": SLOW_TRIGGERS, "server_ms": 121.0}),
    ("triggers", node("modify"), {"facts": SLOW_TRIGGERS}),
    ("triggers", node("modify"), {"facts": (Fact("trigger a, 1 calls", 0.9, "ms"),), "server_ms": 1.0}),
    ("triggers", node("modify"), {"facts": (Fact("setting trigger", 90.0, "ms"),), "server_ms": 100.0}),
    ("workers", node("gather", workers=Workers(planned=2, launched=2)), {}),
    ("workers", node("gather", workers=Workers(planned=2)), {}),
    ("keys", node(label="KEYS", examined_rows=99), {}),
    ("keys", node(label="SCAN", examined_rows=1_000), {}),
    ("hot-partition", node(facts=(Fact(HOTTEST_PARTITION, 0.49),)), {}),
]


def found(rule: str, root: PlanNode, more: dict[str, Any]) -> list[Insight]:
    plan = Plan(root=root, access=root.access, measured=True, **more)
    return [insight for insight in insights(plan) if insight.rule == rule]


@pytest.mark.parametrize(("rule", "root", "more"), FIRES)
def test_it_fires(rule: str, root: PlanNode, more: dict[str, Any]) -> None:
    (insight,) = found(rule, root, more)
    assert insight.message.endswith(".")


@pytest.mark.parametrize(("rule", "root", "more"), NEAR_MISSES)
def test_it_does_not_fire(rule: str, root: PlanNode, more: dict[str, Any]) -> None:
    assert found(rule, root, more) == []


def test_every_rule_has_both() -> None:
    slugs = {rule.slug for rule in RULES}
    assert {case[0] for case in FIRES} == slugs
    assert {case[0] for case in NEAR_MISSES} == slugs


def test_a_misestimate_is_told_where_it_begins() -> None:
    low = node(estimated_rows=1, returned_rows=1_000, label="low")
    high = node("join", low, estimated_rows=1, returned_rows=5_000, label="high")
    (insight,) = found("misestimate", high, {})
    assert "low expected 1 and got 1,000" in insight.message
    assert insight.step == 1


def test_what_makes_an_index_can_be_tried_and_the_rest_can_not() -> None:
    (scanned,) = found("full-scan", scan(1_000, 1), {})
    assert (scanned.index, scanned.source) == (True, INDEX.source)
    (unused,) = found("unused-index", scan(1_000, 1), {"indexes": BY_A})
    assert (unused.index, unused.source) == (False, COMPARE.source)


def test_there_is_an_end_to_it() -> None:
    root = node("append", *(scan(1_000, 1) for _ in range(50)))
    assert len(found("full-scan", root, {})) == 12
