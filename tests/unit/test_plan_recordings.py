"""Plans that real servers gave, by version: all of them are read, and times add up."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.plan_encoding import encode_plan
from app.core.plans import Plan
from app.engines.postgres.plans.plan import ACCESS, plan_of

RECORDED = Path(__file__).parents[1] / "plans"
POSTGRES = [
    (version.name, name, explained[0])
    for version in sorted((RECORDED / "postgres").glob("[0-9]*"))
    for name, explained in json.loads((version / "plans.json").read_text()).items()
]
ROUNDING_MS = 0.0006


def read(name: str, version: str = "18") -> Plan:
    explained = next(e for v, n, e in POSTGRES if (v, n) == (version, name))
    return plan_of(explained, measured=True)


@pytest.mark.parametrize(("version", "name", "explained"), POSTGRES, ids=[f"{v} {n}" for v, n, _ in POSTGRES])
def test_own_times_add_up(version: str, name: str, explained: dict[str, Any]) -> None:
    plan = plan_of(explained, measured=True)
    nodes = list(plan.root.walk())
    assert all(node.own_ms is not None and node.own_ms >= 0 for node in nodes)
    rounded_away = sum(ROUNDING_MS * (node.loops or 1) for node in nodes)
    assert sum(node.own_ms or 0 for node in nodes) == pytest.approx(plan.root.total_ms, abs=rounded_away)


@pytest.mark.parametrize(("version", "name", "explained"), POSTGRES, ids=[f"{v} {n}" for v, n, _ in POSTGRES])
def test_every_step_has_its_words(version: str, name: str, explained: dict[str, Any]) -> None:
    encoded = encode_plan(plan_of(explained, measured=True))
    json.dumps(encoded)
    stack = [encoded["root"]]
    while stack:
        step = stack.pop()
        stack += step["children"]
        assert step["sentence"].endswith(".")
        assert step["raw"].get("Node Type") in ACCESS
        assert step["access"] != "other"


@pytest.mark.parametrize("version", ["15", "18"])
def test_a_scan(version: str) -> None:
    root = read("seq scan", version).root
    assert (root.access, root.examined_rows, root.returned_rows, root.removed_rows) == ("full scan", 50_000, 10, 49_990)
    assert [(c.kind, c.columns) for c in root.conditions] == [("filter", ("customer_id",))]
    assert root.buffers
    assert root.buffers.hit + root.buffers.read > 400


def test_a_sort_that_spilled() -> None:
    (space, below) = (read("sort on disk").root.space, read("sort on disk").root.children[0])
    assert space
    assert (space.method, space.spilled, below.space) == ("external merge", True, None)
    assert (space.disk_kb or 0) > 4_000


def test_parallel_steps_count_their_processes() -> None:
    plan = read("parallel")
    scan = next(node for node in plan.root.walk() if node.access == "full scan")
    gather = next(node for node in plan.root.walk() if node.access == "gather")
    assert (scan.label, scan.processes, scan.returned_rows) == ("Parallel Seq Scan", 3, 50_000)
    assert gather.workers
    assert (gather.workers.planned, gather.workers.launched) == (2, 2)
    assert (scan.total_ms or 0) <= (gather.total_ms or 0)


def test_a_cte_is_charged_to_where_it_is_scanned_once() -> None:
    plan = read("cte")
    cte = next(node for node in plan.root.walk() if node.role == "CTE recent")
    scans = [node for node in plan.root.walk() if node.label == "CTE Scan"]
    assert len(scans) == 2
    raw_ms = sum((scan.total_ms or 0) for scan in scans)
    assert sum(scan.own_ms or 0 for scan in scans) == pytest.approx(raw_ms - (cte.total_ms or 0), abs=0.01)


@pytest.mark.parametrize("version", ["15", "18"])
def test_an_init_plan_is_charged_to_the_step_that_names_it(version: str) -> None:
    plan = read("init plan", version)
    init = next(node for node in plan.root.walk() if node.role and node.role.startswith("InitPlan"))
    scan = plan.root.children[-1]
    assert (scan.total_ms or 0) - (scan.own_ms or 0) == pytest.approx(init.total_ms, abs=0.01)


def test_steps_stopped_early_are_no_misestimates() -> None:
    assert not any(node.misestimate for node in read("merge append").root.walk())
    wrong = [node for node in read("misestimate").root.walk() if node.misestimate]
    assert [node.label for node in wrong] == ["Seq Scan"]


def test_wal_searches_and_fetches() -> None:
    assert read("insert").root.wal
    scan = read("index only scan").root.children[0]
    assert (scan.index_searches, scan.heap_fetches) == (1, 0)
    cached = next(node for node in read("nested loop memoize").root.walk() if node.method == "memo")
    assert {fact.name: fact.value for fact in cached.facts}["cache hits"] == 49_900


def test_jit() -> None:
    jit = read("jit", "15").jit
    assert jit
    assert jit.functions > 0
    assert jit.total_ms == pytest.approx(sum(float(part.value) for part in jit.parts), abs=0.01)
