"""MongoDB's explain documents in the shared vocabulary: recorded ones, and the shapes of other versions and of shards."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from bson import json_util

from app.core.errors import StatementRefused
from app.core.insights import insights
from app.core.plan_encoding import encode_plan
from app.core.plans import Plan
from app.engines.mongodb.plan import read
from app.engines.mongodb.plan_stages import tests_of as fields_of

RECORDED = {
    (folder.name, name): explained
    for folder in sorted((Path(__file__).parents[1] / "plans/mongodb").glob("[0-9]*"))
    for name, explained in json.loads((folder / "plans.json").read_text()).items()
}


def recorded(name: str) -> Plan:
    return read(json_util.loads(json.dumps(RECORDED["6.0", name])))


def labels(plan: Plan) -> list[str]:
    return [node.label for node in plan.root.walk()]


@pytest.mark.parametrize("key", RECORDED, ids=" ".join)
def test_every_recorded_plan_is_read(key: tuple[str, str]) -> None:
    plan = read(json_util.loads(json.dumps(RECORDED[key])))
    json.dumps(encode_plan(plan))
    nodes = list(plan.root.walk())
    assert all(node.access != "other" or node.label in ("SUBPLAN", "$_internalInhibitOptimization") for node in nodes)
    if plan.measured:
        assert all(node.own_ms is not None and node.own_ms >= 0 for node in nodes)


@pytest.mark.parametrize(
    ("name", "access", "examined", "returned"),
    [
        ("collscan", "full scan", 5_000, 10),
        ("ixscan fetch", "index scan", 632, 632),
        ("covered", "index only", 52, 52),
        ("by id", "key lookup", 1, 1),
        ("geo near", "index scan", 56, 5),
        ("group", "full scan", 5_000, 495),
        ("lookup", "index scan", 104, 52),
        ("collscan, planned", "full scan", None, None),
    ],
)
def test_the_summary(name: str, access: str, examined: float | None, returned: float | None) -> None:
    plan = recorded(name)
    assert (plan.access, plan.examined, plan.returned) == (access, examined, returned)


def test_the_slot_based_engines_figures_go_to_the_nodes_they_were_made_from() -> None:
    lookup, fetch, scan = recorded("lookup").root.walk()
    assert (lookup.label, fetch.label, scan.label) == ("EQ_LOOKUP", "FETCH", "IXSCAN")
    assert (scan.keys_examined, scan.returned_rows) == (52, 52)
    assert (fetch.examined_rows, fetch.loops) == (52, 1)
    assert (lookup.target, lookup.keys_examined, lookup.examined_rows) == ("customers", 52, 52)
    group, scan = recorded("group").root.walk()
    assert (scan.examined_rows, scan.returned_rows, scan.removed_rows) == (5_000, 4_950, 50)
    assert group.returned_rows == 495


def test_stages_of_a_pipeline_stand_over_its_cursor() -> None:
    plan = recorded("unwind group sort")
    assert labels(plan) == ["$sort", "$group", "$unwind", "PROJECTION_SIMPLE", "COLLSCAN"]
    assert [node.returned_rows for node in plan.root.walk()] == [3, 11, 10_000, 5_000, 5_000]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("collscan", {"full-scan": "db.orders.createIndex({ customer: 1 })"}),
        (
            "collscan sort",
            {
                "full-scan": "db.orders.createIndex({ status: 1 })",
                "scan-and-sort": "db.orders.createIndex({ status: 1, customer: 1 })",
            },
        ),
        ("collscan top sort", {"scan-and-sort": "db.orders.createIndex({ customer: -1 })"}),
        ("filter after key", {"filter-after-key": "db.orders.createIndex({ customer: 1, total: 1, status: 1 })"}),
        ("lookup scan", {"lookup-scan": "db.customers.createIndex({ name: 1 })"}),
        ("lookup classic", {}),
        ("ixscan fetch", {}),
        ("group", {}),
        ("limit skip", {}),
    ],
)
def test_what_it_suggests(name: str, found: dict[str, str]) -> None:
    assert {insight.rule: insight.source for insight in insights(recorded(name))} == found


EXPRESS = {
    "queryPlanner": {
        "namespace": "shop.orders",
        "winningPlan": {
            "isCached": False,
            "stage": "EXPRESS_IXSCAN",
            "keyPattern": "{ email: 1 }",
            "indexName": "email_1",
        },
        "rejectedPlans": [],
    },
    "executionStats": {
        "executionTimeMillis": 0,
        "totalKeysExamined": 1,
        "totalDocsExamined": 1,
        "executionStages": {
            "stage": "EXPRESS_IXSCAN",
            "indexName": "email_1",
            "keysExamined": 1,
            "docsExamined": 1,
            "nReturned": 1,
            "executionTimeMillisEstimate": 0,
        },
    },
}


def shard(name: str, docs: int, returned: int) -> dict[str, Any]:
    stages = {
        "stage": "SHARDING_FILTER",
        "nReturned": returned,
        "executionTimeMillisEstimate": 3,
        "inputStage": {
            "stage": "COLLSCAN",
            "filter": {"a": {"$eq": 1}},
            "docsExamined": docs,
            "nReturned": returned,
            "executionTimeMillisEstimate": 2,
        },
    }
    return {"shardName": name, "nReturned": returned, "executionStages": stages}


SHARDED_FIND = {
    "queryPlanner": {"namespace": "shop.orders", "winningPlan": {"stage": "SHARD_MERGE", "shards": []}},
    "executionStats": {
        "nReturned": 3,
        "executionTimeMillis": 4,
        "totalKeysExamined": 0,
        "totalDocsExamined": 5_000,
        "executionStages": {
            "stage": "SHARD_MERGE",
            "nReturned": 3,
            "executionTimeMillis": 4,
            "shards": [shard("rs1", 3_000, 2), shard("rs2", 2_000, 1)],
        },
    },
}
SHARDED_AGGREGATE = {
    "splitPipeline": {"shardsPart": [], "mergerPart": [{"$group": {"_id": "$a"}}]},
    "shards": {
        name: {
            "queryPlanner": {"namespace": "shop.orders", "winningPlan": {"stage": "COLLSCAN"}},
            "executionStats": {
                "executionTimeMillis": took,
                "totalDocsExamined": docs,
                "totalKeysExamined": 0,
                "executionStages": {"stage": "COLLSCAN", "docsExamined": docs, "nReturned": docs},
            },
        }
        for name, took, docs in (("rs1", 5, 10), ("rs2", 9, 20))
    },
}
MICROS = {
    "queryPlanner": {"namespace": "a.b", "winningPlan": {"queryPlan": {"stage": "COLLSCAN", "planNodeId": 1}}},
    "executionStats": {
        "executionTimeMillis": 1,
        "totalDocsExamined": 7,
        "executionStages": {
            "stage": "scan",
            "planNodeId": 1,
            "numReads": 7,
            "nReturned": 7,
            "executionTimeMicros": 1_250,
        },
    },
}


def test_express_stages() -> None:
    plan = read(EXPRESS)
    assert (plan.access, plan.root.index, plan.examined, plan.root.keys_examined) == ("index scan", "email_1", 1, 1)


def test_the_finest_clock_is_read() -> None:
    assert read(MICROS).root.total_ms == 1.25
    assert read(MICROS).root.examined_rows == 7


def test_parts_of_shards_carry_their_names() -> None:
    plan = read(SHARDED_FIND)
    assert labels(plan) == ["SHARD_MERGE", *2 * ["SHARDING_FILTER", "COLLSCAN"]]
    assert [node.role for node in plan.root.children] == ["rs1", "rs2"]
    assert (plan.examined, plan.returned) == (5_000, 3)
    plan = read(SHARDED_AGGREGATE)
    assert labels(plan) == ["$group", "SHARD_MERGE", "COLLSCAN", "COLLSCAN"]
    assert (plan.examined, plan.server_ms) == (30, 9)


def test_an_unknown_stage_keeps_its_name() -> None:
    found = {
        "queryPlanner": {
            "namespace": "a.b",
            "winningPlan": {"stage": "STAGE_OF_THE_FUTURE", "inputStage": {"stage": "COLLSCAN"}},
        }
    }
    assert labels(read(found)) == ["STAGE_OF_THE_FUTURE", "COLLSCAN"]


@pytest.mark.parametrize(
    ("document", "tests"),
    [
        ({"a": {"$eq": 1}, "b": {"$gt": 2}}, [("a", "equal"), ("b", "range")]),
        ({"$and": [{"a": {"$eq": 1}}, {"c": {"$regex": "x"}}]}, [("a", "equal"), ("c", "other")]),
        ({"$or": [{"a": {"$eq": 1}}, {"b": {"$eq": 1}}]}, []),
        ({"a.b": 5}, [("a.b", "equal")]),
        (None, []),
    ],
)
def test_fields_of_a_filter(document: Any, tests: list[tuple[str, str]]) -> None:
    assert fields_of(document) == tests


def nested(depth: int) -> dict[str, Any]:
    stage: dict[str, Any] = {"stage": "COLLSCAN"}
    for _ in range(depth):
        stage = {"stage": "LIMIT", "inputStage": stage}
    return {"queryPlanner": {"winningPlan": stage}}


@pytest.mark.parametrize("found", [{}, {"ok": 1}, {"stages": []}, nested(5_000)])
def test_what_is_no_plan_is_refused(found: dict[str, Any]) -> None:
    with pytest.raises(StatementRefused):
        read(found)


@pytest.mark.parametrize(
    "found",
    [
        {
            "queryPlanner": {
                "winningPlan": {"stage": 5, "inputStage": "x", "inputStages": 7, "shards": "y", "filter": 3}
            }
        },
        {"queryPlanner": {"winningPlan": {"stage": "FETCH", "filter": [1], "inputStage": {"keyPattern": "x"}}}},
        {
            "queryPlanner": {
                "winningPlan": {"stage": "SORT", "sortPattern": {"a": "x"}, "inputStage": {"stage": "COLLSCAN"}}
            }
        },
        {"queryPlanner": {"winningPlan": {"stage": "EQ_LOOKUP", "strategy": "HashJoin", "foreignCollection": 3}}},
        {"stages": [{"$cursor": 5}, 3, {"$lookup": {"from": {"a": 1}}, "nReturned": "many"}]},
        {"shards": {"a": {"queryPlanner": 3}, "b": 4}},
        {
            "queryPlanner": {"rejectedPlans": 5, "winningPlan": {"stage": "X"}},
            "executionStats": {"totalDocsExamined": "x"},
        },
    ],
)
def test_documents_of_the_wrong_shape_never_break_it(found: dict[str, Any]) -> None:
    with contextlib.suppress(StatementRefused):
        json.dumps(encode_plan(read(found)))
