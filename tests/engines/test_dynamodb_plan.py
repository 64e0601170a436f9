"""What a DynamoDB call cost, and what would have cost less."""

from collections.abc import AsyncIterator

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.limits import Limits
from app.core.plan_encoding import encode_plan
from app.engines.dynamodb.engine import DynamoEngine
from tests.engines.dynamodb_subject import TABLE, Visitor

INDEXED = TABLE.replace(
    "AttributeDefinitions: [",
    'GlobalSecondaryIndexes: [{IndexName: "by_n", KeySchema: [{AttributeName: "n", KeyType: "HASH"}], '
    'Projection: {ProjectionType: "KEYS_ONLY"}}], AttributeDefinitions: [{AttributeName: "n", AttributeType: "N"}, ',
)


@pytest.fixture(scope="module")
async def visitor(dynamodb: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    assert isinstance(dynamodb, DynamoEngine)
    made = Visitor(dynamodb, dynamodb.new_sandbox(), settings)
    source = INDEXED + "".join(
        f"PutItem {{ TableName: 'things', Item: {{ pk: 'a', sk: {number}, n: {number % 5}, m: 'x', text: '{'x' * 900}' }} }}\n"
        for number in range(20)
    )
    assert (await made.run(source, max_run_ms=9_000)).error is None
    yield made
    await dynamodb.drop(made.sandbox)


def facts_of(encoded: dict[str, object]) -> dict[str, object]:
    return {fact["name"]: fact["value"] for fact in encoded["facts"]}  # type: ignore[attr-defined]


async def test_a_scan_names_the_index_that_is_there(visitor: Visitor) -> None:
    plan = await visitor.plan("SELECT sk FROM things WHERE n = 3")
    assert plan.access == "full scan"
    scan = plan.root.children[0]
    assert "though the index by_n has 'n'" in scan.warnings[0]
    assert scan.remedies[0].source == 'SELECT * FROM "things"."by_n" WHERE "n" = 3'
    ran = await visitor.run(scan.remedies[0].source)
    assert len(ran.plain) == 4
    assert ran.last.status == "SELECT: 4 items, 4 examined, 0.5 RCU"


async def test_a_scan_names_the_index_to_make_and_the_key_that_would_do(visitor: Visitor) -> None:
    plan = await visitor.plan("SELECT * FROM things WHERE m = 'x' AND sk > 18")
    remedy = plan.root.children[0].remedies[0]
    assert (remedy.kind, remedy.columns) == ("index", ("m",))
    assert [one.text for one in visitor.engine.split(remedy.source)] == [remedy.source]
    plan = await visitor.plan(
        "Scan { TableName: 'things', FilterExpression: '#p = :a', ExpressionAttributeNames: {'#p': 'pk'}, "
        "ExpressionAttributeValues: {':a': 'a'} }"
    )
    assert "Query on its partition key 'pk' would do" in plan.root.children[0].warnings[0]


async def test_what_was_examined_is_paid_for_not_what_came_back(visitor: Visitor) -> None:
    encoded = encode_plan(await visitor.plan("SELECT sk FROM things WHERE n = 3"))
    facts = facts_of(encoded)
    assert encoded["cost"] == facts["if eventually consistent"] == 2.5
    assert facts["if strongly consistent"] == 5
    assert facts["a million such calls"] == "0.31 USD"
    assert encoded["root"]["removed_rows"] == 16
    scan = encoded["root"]["children"][0]
    told = facts_of(scan)
    assert told["partitions touched"] == "all"
    assert told["examined"] == 18_315
    assert told["returned"] == 4 * 4


async def test_key_condition_and_filter_stand_apart(visitor: Visitor) -> None:
    plan = await visitor.plan("SELECT * FROM things WHERE pk = 'a' AND sk < 10 AND n = 3")
    assert [one.kind for node in plan.root.walk() for one in node.conditions] == ["filter", "key"]
    query = plan.root.children[0]
    assert (query.facts[0].name, query.facts[0].value) == ("partitions touched", '1: pk = "a"')
    assert not query.warnings


async def test_writes_tell_of_their_indexes(visitor: Visitor) -> None:
    plan = await visitor.plan("PutItem { TableName: 'things', Item: { pk: 'b', sk: 1, n: 1 } }")
    assert (plan.cost, plan.cost_unit) == (2, "WCU")
    assert ("written to index by_n", 1) in [(fact.name, fact.value) for fact in plan.root.facts]


async def test_a_large_read_is_counted_for_its_plan(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engines.dynamodb.costs.meter.FEW_ITEMS", 5)
    source = "SELECT sk FROM things WHERE n = 3"
    (statement,) = visitor.engine.split(source)
    ran = await visitor.run(source)
    assert ran.last.status is not None
    client = await visitor.engine.client(visitor.sandbox)
    assert (await client.explain(statement, Limits(), measure=False)).cost == 2.5
