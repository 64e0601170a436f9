"""An index tried in a sandbox: it helps, it is gone again, and what can't be tried is refused."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import InvalidRequest
from app.core.plan_encoding import encode_plan
from app.core.plans import Plan
from app.playground.engines import Engines
from app.playground.running.runner import Runner, RunRequest
from app.playground.running.trials import Trials, TriedIndex
from app.playground.sandboxes.replicas import Replicas
from app.playground.sandboxes.sandboxes import Sandboxes
from app.stores.memory import MemoryStore

ROWS = 4_000
FILL = {
    "postgres": f"CREATE TABLE orders (id int PRIMARY KEY, customer int, status text);"
    f"INSERT INTO orders SELECT g, g % 400, CASE g % 100 WHEN 0 THEN 'open' ELSE 'done' END FROM generate_series(1, {ROWS}) g; ANALYZE orders;",
    "mongodb": f"db.orders.insertMany(Array.from({{length: {ROWS}}}, (_, n) => ({{_id: n, customer: n % 400, 'a b': n % 7}})))",
}
BATCHES = (
    [
        {"PutRequest": {"Item": {"pk": {"N": str(n)}, "who": {"S": f"c{n % 300}"}, "n": {"N": str(n % 7)}}}}
        for n in range(at, at + 25)
    ]
    for at in range(0, 1_200, 25)
)
FILL["dynamodb"] = (
    "CreateTable {TableName: 'orders', KeySchema: [{AttributeName: 'pk', KeyType: 'HASH'}], "
    "AttributeDefinitions: [{AttributeName: 'pk', AttributeType: 'N'}], BillingMode: 'PAY_PER_REQUEST'}\n"
    + "\n".join(f"BatchWriteItem {json.dumps({'RequestItems': {'orders': batch}})}" for batch in BATCHES)
)
ASK = {
    "dynamodb": """Scan {"TableName": "orders", "FilterExpression": "#w = :w AND n < :n",
    "ExpressionAttributeNames": {"#w": "who"}, "ExpressionAttributeValues": {":w": {"S": "c42"}, ":n": {"N": "6"}}}""",
    "postgres": "SELECT * FROM orders WHERE customer = 42",
    "mongodb": "const who = 42; db.orders.find({customer: who})",
}


@dataclass
class Visitor:
    slug: str
    runner: Runner
    trials: Trials

    async def run(self, source: str, explain: str = "none") -> dict[str, Any]:
        return await self.runner.run("session", RunRequest(self.slug, source, explain=explain))  # type: ignore[arg-type]

    async def try_first(self) -> TriedIndex:
        last = self.runner.last("session", self.slug)
        assert last
        for number, result in enumerate(last["results"], 1):
            for insight in result.get("plan", {}).get("insights", []):
                if insight.get("index"):
                    return await self.trials.try_index("session", self.slug, number, insight["source"])
        raise AssertionError(last["results"])


@pytest.fixture(params=["postgres", "mongodb"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def visitor(engine: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    roomy = settings.model_copy(update={"max_run_ms": 10_000})
    engines, store = Engines({engine.slug: engine}), MemoryStore()
    engines.offer(engine.slug).ready = True
    sandboxes = Sandboxes(engines, store, roomy, Replicas(store, roomy, "here"))
    await store.open_session("session")
    runner = Runner(engines, sandboxes, store, roomy)
    visitor = Visitor(engine.slug, runner, Trials(runner))
    filled = await visitor.run(FILL[engine.slug])
    assert filled["stats"]["outcome"] == "ok", [result.get("error") for result in filled["results"]]
    yield visitor
    await runner.reset("session", engine.slug)
    await sandboxes.close()
    await runner.close()


async def test_the_index_is_tried_and_gone_again(visitor: Visitor) -> None:
    await visitor.run(ASK[visitor.slug], "measure")
    tried = await visitor.try_first()
    assert tried.before["access"] == "full scan"
    assert tried.after["access"] in ("index scan", "bitmap scan")
    examined = tried.difference.change("examined")
    assert (examined.before, examined.after) == (ROWS, ROWS / 400)
    assert not tried.difference.same_shape
    again = await visitor.run(ASK[visitor.slug], "measure")
    assert again["results"][-1]["plan"]["access"] == "full scan"
    kept = await visitor.run(tried.source)
    assert kept["stats"]["outcome"] == "ok"
    after = await visitor.run(ASK[visitor.slug], "measure")
    assert after["results"][-1]["plan"]["access"] in ("index scan", "bitmap scan")
    dropped = await visitor.run(tried.drop)
    assert dropped["stats"]["outcome"] == "ok"


async def test_only_what_the_last_run_suggests_is_tried(visitor: Visitor) -> None:
    await visitor.run(ASK[visitor.slug], "measure")
    for number, source in ((1, "DROP TABLE orders"), (9, "x"), (0, "x")):
        with pytest.raises(InvalidRequest, match="suggests no such index"):
            await visitor.trials.try_index("session", visitor.slug, number, source)
    with pytest.raises(InvalidRequest, match="suggests no such index"):
        await visitor.trials.try_index("stranger", visitor.slug, 1, "x")


async def test_a_write_is_tried_only_where_it_is_undone(visitor: Visitor) -> None:
    write = {
        "postgres": "UPDATE orders SET status = 'gone' WHERE customer = 42",
        "mongodb": "db.orders.updateMany({customer: 42}, {$set: {status: 'gone'}})",
    }
    count = {
        "postgres": "SELECT count(*) FROM orders WHERE status = 'back'",
        "mongodb": "db.orders.countDocuments({status: 'back'})",
    }
    await visitor.run(write[visitor.slug])
    await visitor.run(write[visitor.slug].replace("'gone'", "'back'"), "measure")
    if visitor.slug == "mongodb":
        with pytest.raises(InvalidRequest, match="Only reads"):
            await visitor.try_first()
    else:
        assert (await visitor.try_first()).after["access"] in ("index scan", "bitmap scan")
    answer = await visitor.run(count[visitor.slug])
    assert str(ROWS // 400) in str(answer["results"][0].get("rows") or answer["results"][0])


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_within_an_open_transaction_it_stays_as_it_was(visitor: Visitor) -> None:
    await visitor.run(f"BEGIN; INSERT INTO orders VALUES (-1, 42, 'mine'); {ASK['postgres']}", "measure")
    tried = await visitor.try_first()
    assert tried.difference.change("returned").after == ROWS / 400 + 1
    answer = await visitor.run("SELECT count(*) FROM orders WHERE id = -1; ROLLBACK")
    assert answer["results"][0]["rows"] == [["1"]]


async def test_indexes_that_are_there_are_told(visitor: Visitor) -> None:
    if visitor.slug == "postgres":
        source = (
            "CREATE INDEX by_status ON orders (status); SELECT * FROM orders WHERE status <> 'x' AND status = 'done'"
        )
    else:
        source = "db.orders.createIndex({status: 1}, {name: 'by_status'}); db.orders.find({status: {$ne: 'x'}}).hint({$natural: 1})"
    plan = (await visitor.run(source, "measure"))["results"][-1]["plan"]
    assert "by_status" in {index["name"] for index in plan["indexes"]}
    (found,) = [insight for insight in plan["insights"] if insight["rule"] == "unused-index"]
    assert "by_status" in found["message"]


@pytest.mark.parametrize("engine", ["dynamodb"], indirect=True)
async def test_a_table_is_copied_for_it_and_the_copy_is_gone(visitor: Visitor) -> None:
    await visitor.run(ASK["dynamodb"], "measure")
    tried = await visitor.try_first()
    assert (tried.before["access"], tried.after["access"]) == ("full scan", "index scan")
    assert tried.difference.change("examined").before == 1_200
    assert tried.difference.change("examined").after == 4
    assert tried.difference.change("returned").before == tried.difference.change("returned").after
    tables = await visitor.run("ListTables {}")
    assert "trial" not in str(tables["results"])
    kept = await visitor.run(tried.source)
    assert kept["stats"]["outcome"] == "ok", kept
    dropped = await visitor.run(tried.drop)
    assert dropped["stats"]["outcome"] == "ok", dropped


def test_encoding_leaves_remedies_out() -> None:
    from app.core.plans import PlanNode, Remedy

    node = PlanNode(label="x", access="full scan", remedies=(Remedy("index", "CREATE INDEX", ("a",)),))
    assert "remedies" not in encode_plan(Plan(root=node, access="full scan"))["root"]
