"""The DynamoDB engine on real emulators: calls and PartiQL, results, limits, quotas and plans."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import StatementFailed, StatementRefused, StatementStopped
from app.core.limits import Limits
from app.engines.dynamodb.engine import DynamoEngine
from tests.contract.samples.dynamodb import SAMPLES, grown_items, written_at_once
from tests.engines.dynamodb_subject import TABLE, Visitor


@pytest.fixture
async def visitor(dynamodb: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    assert isinstance(dynamodb, DynamoEngine)
    made = Visitor(dynamodb, dynamodb.new_sandbox(), settings)
    await dynamodb.create(made.sandbox)
    yield made
    await dynamodb.drop(made.sandbox)


@pytest.fixture
async def neighbour(dynamodb: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    assert isinstance(dynamodb, DynamoEngine)
    made = Visitor(dynamodb, dynamodb.new_sandbox(), settings)
    yield made
    await dynamodb.drop(made.sandbox)


def put(**item: object) -> str:
    return f'PutItem {{ TableName: "things", Item: {json.dumps(item)} }}\n'


async def test_items_come_as_dynamodb_json_with_plain_beside(visitor: Visitor) -> None:
    source = TABLE + (
        'PutItem { TableName: "things", Item: { pk: "a", sk: 1, text: "é", big: 12345678901234567890123456789012345678, '
        'set: {"NS": [1, 2]}, bytes: {"B": "AAEC"}, deep: {list: [null, true]} } }\n'
        "SELECT * FROM things WHERE pk = 'a'"
    )
    ran = await visitor.run(source)
    assert [result.status for result in ran.results] == [
        "CreateTable: ok, things is ACTIVE",
        "PutItem: ok, 1 WCU",
        "SELECT: 1 item, 1 examined, 0.5 RCU",
    ]
    assert ran.last.kind == "documents"
    assert ran.last.documents == [
        {
            "pk": {"S": "a"},
            "sk": {"N": "1"},
            "text": {"S": "é"},
            "big": {"N": "12345678901234567890123456789012345678"},
            "set": {"NS": ["1", "2"]},
            "bytes": {"B": "AAEC"},
            "deep": {"M": {"list": {"L": [{"NULL": True}, {"BOOL": True}]}}},
        }
    ]
    (plain,) = ran.plain
    assert plain["big"] == "12345678901234567890123456789012345678"
    assert (plain["sk"], plain["set"], plain["bytes"], plain["deep"]) == (1, [1, 2], "AAEC", {"list": [None, True]})
    assert ran.last.stats.server_ms is None
    assert ran.last.stats.row_count == 1
    assert ran.last.reply_bytes > 100


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ('GetItem { TableName: "things", Key: { pk: "a", sk: 1 } }', [{"pk": "a", "sk": 1, "n": 10}]),
        ('GetItem { TableName: "things", Key: { pk: "a", sk: 9 } }', []),
        ("SELECT n FROM things WHERE pk = 'a' AND sk BETWEEN 2 AND 3", [{"n": 20}, {"n": 30}]),
        ("SELECT sk FROM things WHERE pk = 'a' ORDER BY sk DESC", [{"sk": 3}, {"sk": 2}, {"sk": 1}]),
        ("SELECT sk FROM things WHERE n = 10 OR n > 25", [{"sk": 1}, {"sk": 3}]),
        ("SELECT sk FROM things WHERE n IN [10, 20] AND NOT sk = 1", [{"sk": 2}]),
        ("SELECT sk FROM things WHERE m IS MISSING AND pk = 'a' AND sk < 2", [{"sk": 1}]),
        ("SELECT sk FROM things WHERE pk = 'it''s; a'", []),
        ('BatchGetItem { RequestItems: { things: { Keys: [{pk: "a", sk: 2}] } } }', [{"pk": "a", "sk": 2, "n": 20}]),
        (
            'TransactGetItems { TransactItems: [{ Get: { TableName: "things", Key: {pk: "a", sk: 3} } }] }',
            [{"pk": "a", "sk": 3, "n": 30}],
        ),
        (
            "ExecuteStatement { Statement: 'SELECT sk FROM things WHERE pk = ? AND sk = ?', Parameters: ['a', 3] }",
            [{"sk": 3}],
        ),
        (
            "BatchExecuteStatement { Statements: [{ Statement: \"SELECT * FROM things WHERE pk = 'a' AND sk = 1\" }] }",
            [{"pk": "a", "sk": 1, "n": 10}],
        ),
        ("UPDATE things SET n = n + 1 WHERE pk = 'a' AND sk = 1 RETURNING MODIFIED NEW *", [{"n": 11}]),
        ("UPDATE things REMOVE n WHERE pk='a' AND sk=1 RETURNING ALL NEW *", [{"pk": "a", "sk": 1}]),
        ("DELETE FROM things WHERE pk = 'a' AND sk = 1 RETURNING ALL OLD *", [{"pk": "a", "sk": 1, "n": 10}]),
        (
            'DeleteItem { TableName: "things", Key: {pk: "a", sk: 1}, ReturnValues: "ALL_OLD" }',
            [{"pk": "a", "sk": 1, "n": 10}],
        ),
    ],
)
async def test_reading_and_returning(visitor: Visitor, statement: str, expected: list[object]) -> None:
    setup = TABLE + put(pk="a", sk=1, n=10) + put(pk="a", sk=2, n=20) + put(pk="a", sk=3, n=30)
    ran = await visitor.run(setup + statement)
    assert ran.plain == expected


@pytest.mark.parametrize(
    ("statement", "code", "says"),
    [
        ('PutItem { TableName: "things", Item: { sk: 1 } }', "ValidationException", "pk"),
        ('PutItem { TableName: "things", Item: { pk: 1, sk: 1 } }', "ValidationException", "Type mismatch for key pk"),
        ('GetItem { TableName: "nothing", Key: { pk: "a" } }', "ResourceNotFoundException", "not found"),
        ("SELECT * FROM nothing", "ResourceNotFoundException", "Requested resource not found"),
        ("SELECT * FROM things.other WHERE a = 1", "ValidationException", "index: other"),
        ("INSERT INTO things VALUE {'pk': 'a', 'sk': 1}", "DuplicateItemException", "Duplicate primary key"),
        (
            "UPDATE things SET n = 1 WHERE pk = 'no' AND sk = 1",
            "ConditionalCheckFailedException",
            "conditional request",
        ),
        (
            'PutItem { TableName: "things", Item: {pk: "a", sk: 1}, ConditionExpression: "attribute_not_exists(pk)" }',
            "ConditionalCheckFailedException",
            "conditional request",
        ),
        ('Query { TableName: "things", KeyConditionExpression: "n = 1" }', "ValidationException", ""),
        (
            'ExecuteTransaction { TransactStatements: [{ Statement: "SELECT * FROM things" }] }',
            "ValidationException",
            "must specify the primary key",
        ),
    ],
)
async def test_errors_are_dynamodbs_own_and_placed(visitor: Visitor, statement: str, code: str, says: str) -> None:
    before = TABLE + put(pk="a", sk=1)
    ran = await visitor.run(before + statement)
    assert isinstance(ran.error, StatementFailed)
    assert ran.error.code == code
    assert says in ran.error.message
    assert ran.error.offset is not None
    assert ran.error.offset >= len(before)
    assert "<" not in ran.error.message


async def test_a_cancelled_transaction_tells_why_item_by_item(visitor: Visitor) -> None:
    ran = await visitor.run(
        TABLE + 'TransactWriteItems { TransactItems: [ { Put: { TableName: "things", Item: {pk: "a", sk: 1} } }, '
        '{ ConditionCheck: { TableName: "things", Key: {pk: "b", sk: 1}, ConditionExpression: "attribute_exists(pk)" } } ] }'
    )
    assert ran.error is not None
    assert ran.error.code == "TransactionCanceledException"
    assert ran.error.detail == "1. ok\n2. ConditionalCheckFailed: The conditional request failed"


async def test_table_descriptions_are_json_with_iso_dates(visitor: Visitor) -> None:
    ran = await visitor.run(TABLE + 'DescribeTable { TableName: "things" }; ListTables')
    described = ran.results[1].documents
    assert described is not None
    assert "T" in described[0]["CreationDateTime"]
    assert ran.results[2].documents == [{"TableNames": ["things"]}]
    (table,) = await visitor.engine.inspect(visitor.sandbox)
    assert [(part.kind, part.name, part.detail) for part in table.parts] == [
        ("key", "pk", "partition key, S"),
        ("key", "sk", "sort key, N"),
    ]


async def test_a_limit_of_the_visitors_gives_one_page_and_its_last_key(visitor: Visitor) -> None:
    setup = TABLE + put(pk="a", sk=1) + put(pk="a", sk=2) + put(pk="a", sk=3)
    ran = await visitor.run(setup + 'Scan { TableName: "things", Limit: 2 }')
    assert ran.plain == [{"pk": "a", "sk": 1}, {"pk": "a", "sk": 2}]
    assert ran.last.truncated is None
    assert 'LastEvaluatedKey: {"pk": {"S": "a"}, "sk": {"N": "2"}}' in ran.last.notices[0].message
    ran = await visitor.run('Scan { TableName: "things", ExclusiveStartKey: { pk: "a", sk: 2 } }')
    assert ran.plain == [{"pk": "a", "sk": 3}]


async def test_pages_are_followed_up_to_the_rows_of_a_run(visitor: Visitor) -> None:
    ran = await visitor.run(TABLE + written_at_once("things", 600) + 'Scan { TableName: "things" }', max_run_ms=5_000)
    assert len(ran.plain) == 600
    assert ran.last.truncated is None
    assert ran.last.status is not None
    assert "600 items, 600 examined, 1 RCU" in ran.last.status
    ran = await visitor.run('Scan { TableName: "things" }', max_rows=100)
    assert len(ran.plain) == 100
    assert ran.last.truncated is not None
    assert "LastEvaluatedKey" in ran.last.truncated.message
    ran = await visitor.run('Scan { TableName: "things", Select: "COUNT" }')
    assert ran.last.status is not None
    assert ran.last.status.startswith("Scan: 600 items, 600 examined")


async def test_a_binary_key_survives_paging(visitor: Visitor) -> None:
    source = TABLE.replace('AttributeName: "pk", AttributeType: "S"', 'AttributeName: "pk", AttributeType: "B"')
    for number in range(3):
        source += f'PutItem {{ TableName: "things", Item: {{ pk: {{B: "AAEC"}}, sk: {number} }} }}\n'
    ran = await visitor.run(source + "SELECT sk FROM things WHERE pk = 'x'")
    assert ran.error is not None
    ran = await visitor.run(
        'Scan { TableName: "things", Limit: 3, FilterExpression: "sk > :a", ExpressionAttributeValues: {":a": 1} }'
    )
    assert ran.plain == [{"pk": "AAEC", "sk": 2}]


async def test_the_number_of_tables_is_bounded(visitor: Visitor) -> None:
    most = visitor.settings.dynamodb_max_tables
    source = "".join(TABLE.replace("things", f"things{number}") for number in range(most + 1))
    ran = await visitor.run(source)
    assert len(ran.results) == most
    assert isinstance(ran.error, StatementRefused)
    assert ran.error.limit == ("dynamodb_max_tables", most)
    assert (await visitor.run('DeleteTable { TableName: "things0" }\n' + TABLE)).error is None


async def test_the_bytes_of_a_sandbox_are_bounded(visitor: Visitor) -> None:
    most = visitor.settings.dynamodb_quota_bytes
    text = json.dumps("x" * 380_000)
    assert (await visitor.run(TABLE)).error is None
    ran = None
    for number in range(most // 380_000 + 2):
        ran = await visitor.run(put(pk="a", sk=number, text="small").replace('"small"', text))
        if ran.error:
            break
    assert ran is not None
    assert isinstance(ran.error, StatementRefused)
    assert ran.error.limit == ("dynamodb_quota_bytes", most)
    usage = await visitor.engine.usage(visitor.sandbox)
    assert most - 800_000 < usage.bytes <= most
    assert (await visitor.run("DELETE FROM things WHERE pk = 'a' AND sk = 0")).error is None
    assert (await visitor.run(put(pk="a", sk=0, text="small").replace('"small"', text))).error is None


async def test_items_cannot_grow_over_the_quota_by_updates(visitor: Visitor) -> None:
    most = visitor.settings.dynamodb_quota_bytes
    value = json.dumps(["y" * 5_900])
    source = TABLE + grown_items("things", 50, value, 6)
    ran = await visitor.run(source, max_run_ms=20_000)
    assert isinstance(ran.error, StatementRefused)
    assert (await visitor.engine.usage(visitor.sandbox)).bytes <= most


async def test_usage_counts_what_is_there(visitor: Visitor) -> None:
    await visitor.run(TABLE + put(pk="a", sk=1, text="x" * 1_000))
    usage = await visitor.engine.usage(visitor.sandbox)
    assert (usage.bytes, usage.objects) == (100 + 2 + 1 + 2 + 2 + 4 + 1_000, 1)


async def test_stop_is_felt_at_once(visitor: Visitor) -> None:
    task = asyncio.create_task(visitor.run(SAMPLES.forever, max_run_ms=5_000))
    await asyncio.sleep(0.4)
    client = await visitor.engine.client(visitor.sandbox)
    began = time.monotonic()
    stopping = asyncio.create_task(client.stop())
    ran = await task
    assert time.monotonic() - began < 0.1
    assert isinstance(ran.error, StatementStopped)
    assert ran.error.code == "stopped"
    await stopping
    assert visitor.engine.in_flight(visitor.sandbox) == 0


async def test_a_call_that_waits_for_its_turn_is_given_up_at_once(visitor: Visitor) -> None:
    endless = visitor.engine.split(SAMPLES.forever)[-1]
    assert (await visitor.run(SAMPLES.forever[: endless.start], max_run_ms=20_000)).error is None
    slow = asyncio.create_task(visitor.run(endless.text, client="A"))
    await asyncio.sleep(0.2)
    scan = asyncio.create_task(visitor.run('Scan { TableName: "slow", Select: "COUNT" }', client="B"))
    await asyncio.sleep(0.02)
    began = time.monotonic()
    await (await visitor.engine.client(visitor.sandbox, "B")).stop()
    assert time.monotonic() - began < 0.1
    error = (await scan).error
    assert error is not None
    assert error.code == "stopped"
    await slow


async def test_a_slow_scan_leaves_quick_calls_of_others_quick(visitor: Visitor, neighbour: Visitor) -> None:
    assert (await neighbour.run(TABLE + put(pk="a", sk=1))).error is None
    slow = asyncio.create_task(visitor.run(SAMPLES.forever))
    await asyncio.sleep(0.4)
    for _ in range(5):
        began = time.monotonic()
        assert (await neighbour.run('GetItem { TableName: "things", Key: {pk: "a", sk: 1} }')).error is None
        assert time.monotonic() - began < 0.6
    await slow


async def test_two_visitors_tokens_and_transactions_do_not_meet(visitor: Visitor, neighbour: Visitor) -> None:
    write = (
        'TransactWriteItems { ClientRequestToken: "once", TransactItems: '
        '[{ Put: { TableName: "things", Item: {pk: "a", sk: 1} } }] }\n'
    )
    for one in (visitor, neighbour):
        ran = await one.run(TABLE + write + 'Scan { TableName: "things" }')
        assert len(ran.plain) == 1


async def test_drop_leaves_nothing_not_even_protected_tables(visitor: Visitor) -> None:
    ran = await visitor.run(TABLE + 'UpdateTable { TableName: "things", DeletionProtectionEnabled: true }')
    assert ran.error is None
    assert (await visitor.run('DeleteTable { TableName: "things" }')).error is not None
    await visitor.engine.drop(visitor.sandbox)
    assert await visitor.engine.inspect(visitor.sandbox) == []


@pytest.mark.parametrize(
    ("statement", "access", "examined", "returned", "condition"),
    [
        ('GetItem { TableName: "things", Key: {pk: "a", sk: 1} }', "key lookup", 1, 1, None),
        ("SELECT * FROM things WHERE pk = 'a' AND sk = 1", "key lookup", 1, 1, 'pk = "a" AND sk = 1'),
        ("SELECT * FROM things WHERE pk = 'a' AND sk > 1", "range", 2, 2, 'pk = "a" AND sk > 1'),
        ("SELECT * FROM things WHERE pk = 'a' AND n = 1", "range", 3, 1, "n = 1"),
        ("SELECT * FROM things WHERE n = 1", "full scan", 4, 2, "n = 1"),
        ("SELECT * FROM things.by_n WHERE n = 1", "index scan", 2, 2, "n = 1"),
        ('Scan { TableName: "things" }', "full scan", 4, 4, None),
        (put(pk="a", sk=7).strip(), "modify", 0, 0, None),
    ],
)
async def test_plans_are_read_off_the_run(
    visitor: Visitor, statement: str, access: str, examined: int, returned: int, condition: str | None
) -> None:
    table = TABLE.replace(
        "AttributeDefinitions: [",
        'GlobalSecondaryIndexes: [{IndexName: "by_n", KeySchema: [{AttributeName: "n", KeyType: "HASH"}], '
        'Projection: {ProjectionType: "ALL"}}], AttributeDefinitions: [{AttributeName: "n", AttributeType: "N"}, ',
    )
    rows = put(pk="a", sk=1, n=1) + put(pk="a", sk=2, n=2) + put(pk="a", sk=3, n=3) + put(pk="b", sk=1, n=1)
    assert (await visitor.run(table + rows)).error is None
    plan = await visitor.plan(statement)
    assert (plan.access, plan.examined, plan.returned) == (access, examined, returned)
    assert plan.root.condition == condition
    assert plan.cost_unit in ("RCU", "WCU")
    assert plan.server_ms is None
    assert plan.note is not None
    assert "no EXPLAIN" in plan.note


async def test_what_has_no_plan_says_so(visitor: Visitor) -> None:
    client = await visitor.engine.client(visitor.sandbox)
    (statement,) = visitor.engine.split("ListTables")
    with pytest.raises(StatementRefused, match="known once it has run"):
        await client.explain(statement, Limits(), measure=False)
    assert (await visitor.run("ListTables")).error is None
    with pytest.raises(StatementRefused, match="reads and writes no items"):
        await client.explain(statement, Limits(), measure=False)
