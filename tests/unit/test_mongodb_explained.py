"""Pasted explain documents of MongoDB: JSON, Extended JSON, and what shells print."""

import json
import time
from pathlib import Path

import pytest

from app.core.errors import InvalidRequest, StatementRefused
from app.core.plan_encoding import encode_plan
from app.engines.mongodb.explained import read

RECORDED = json.loads((Path(__file__).parents[1] / "plans/mongodb/6.0/plans.json").read_text())
SHELL = """{
  explainVersion: '1',
  queryPlanner: {
    namespace: 'shop.orders', // a comment
    parsedQuery: { at: { '$gte': ISODate('2024-07-01T00:00:00.000Z') }, name: /^a\\/b/i },
    winningPlan: {
      stage: 'FETCH', filter: { a: { $eq: ObjectId("65f0c0ffee65f0c0ffeeabcd") } },
      inputStage: { stage: 'IXSCAN', keyPattern: { at: 1 }, indexName: 'at_1', },
    },
    rejectedPlans: []
  },
  executionStats: {
    executionSuccess: true, nReturned: NumberLong("2"), executionTimeMillis: 3, totalKeysExamined: Long('40'), totalDocsExamined: 40,
    executionStages: { stage: 'FETCH', nReturned: 2, docsExamined: 40, executionTimeMillisEstimate: 3,
      inputStage: { stage: 'IXSCAN', indexName: 'at_1', nReturned: 40, keysExamined: 40, executionTimeMillisEstimate: 1 } }
  },
  ok: 1, '$clusterTime': { clusterTime: Timestamp({ t: 1, i: 2 }), n: new Date(5), u: undefined, f: -1.5e3, i: Infinity }
}"""


@pytest.mark.parametrize("name", RECORDED)
def test_extended_json(name: str) -> None:
    plan = read(json.dumps(RECORDED[name]))
    assert plan.root.label
    json.dumps(encode_plan(plan))


def test_what_a_shell_prints() -> None:
    plan = read(SHELL)
    assert [node.label for node in plan.root.walk()] == ["FETCH", "IXSCAN"]
    assert (plan.access, plan.examined, plan.returned, plan.server_ms) == ("index scan", 40, 2, 3)


@pytest.mark.parametrize("text", [f"[{SHELL}]", f"{SHELL};", f"  {SHELL}\n"])
def test_around_it(text: str) -> None:
    assert read(text).examined == 40


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{a: [Object]}", "left parts out"),
        ("{a: 1", "a comma is missing|ends too early"),
        ("{a 1}", "colon is missing"),
        ("{a: process}", "process is no value"),
        ("{a: 1} b", "follows its end"),
        ("{a: 1}", "no plan in this"),
        ("5", "is an object"),
        ("", "ends too early"),
        ("{a:" * 5_000, "deep"),
        ("[" * 100_000, "deep"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises((InvalidRequest, StatementRefused), match=said):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        '"' * 100_001,
        "/*" * 50_000,
        "{a: '" + "\\" * 100_000,
        "{a:/" + "x" * 100_000,
        "f(" * 50_000,
        " " * 900_000,
        f"{{a: {'1' * 256_000}a}}",
        f"{{{'1' * 256_000}a",
        f"{{a: .{'1' * 256_000}e5x}}",
    ],
)
def test_it_ends_soon(text: str) -> None:
    began = time.process_time()
    with pytest.raises((InvalidRequest, StatementRefused)):
        read(text)
    assert time.process_time() - began < 2
