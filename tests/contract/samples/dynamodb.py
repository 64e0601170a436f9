"""What the contract tests need to know of DynamoDB."""

from app.core.engine import Engine
from app.core.sandbox import Sandbox
from app.engines.dynamodb.engine import DynamoEngine
from tests.contract.samples import Samples


def create_table(name: str) -> str:
    """A table with a text and a number as its key."""
    return (
        f'CreateTable {{ TableName: "{name}", BillingMode: "PAY_PER_REQUEST", '
        'KeySchema: [{AttributeName: "pk", KeyType: "HASH"}, {AttributeName: "sk", KeyType: "RANGE"}], '
        'AttributeDefinitions: [{AttributeName: "pk", AttributeType: "S"}, {AttributeName: "sk", AttributeType: "N"}] }\n'
    )


def grown_items(name: str, count: int, value: str, doublings: int) -> str:
    """Items with a list that is appended to itself: large ones by short statements."""
    source = ""
    for number in range(count):
        source += f'PutItem {{ TableName: "{name}", Item: {{ pk: "p", sk: {number}, l: {value} }} }}\n'
        source += (
            f'UpdateItem {{ TableName: "{name}", Key: {{ pk: "p", sk: {number} }}, '
            'UpdateExpression: "SET l = list_append(l, l)" }\n'
        ) * doublings
    return source


def many_items(name: str, count: int) -> str:
    batches = []
    for first in range(0, count, 25):
        puts = ", ".join(
            f'{{PutRequest: {{Item: {{pk: "p", sk: {number}}}}}}}' for number in range(first, min(count, first + 25))
        )
        batches.append(f"BatchWriteItem {{ RequestItems: {{ {name}: [{puts}] }} }}\n")
    return "".join(batches)


def written_at_once(name: str, count: int) -> str:
    """Small items, a hundred in each statement."""
    source = ""
    for first in range(0, count, 100):
        puts = ", ".join(
            f'{{Put: {{TableName: "{name}", Item: {{pk: "p", sk: {number}}}}}}}' for number in range(first, first + 100)
        )
        source += f"TransactWriteItems {{ TransactItems: [{puts}] }}\n"
    return source


# A filter of 290 comparisons takes the emulator about 2 ms on each item: one scan of several seconds in many pages.
_LONG_FILTER = " OR ".join(["sk = :no"] * 290)
FOREVER = (
    create_table("slow")
    + written_at_once("slow", 2_000)
    + f"""Scan {{ TableName: "slow", FilterExpression: "{_LONG_FILTER}", ExpressionAttributeValues: {{ ":no": -1 }} }}"""
)


async def running(engine: Engine, sandbox: Sandbox) -> int:
    assert isinstance(engine, DynamoEngine)
    return engine.in_flight(sandbox)


async def exists(engine: Engine, sandbox: Sandbox) -> bool:
    return bool(await engine.inspect(sandbox))


_BEFORE = create_table("things")

SAMPLES = Samples(
    write=create_table("things") + 'PutItem { TableName: "things", Item: { pk: "a", sk: 1, note: "treasure-of-a" } }',
    read='GetItem { TableName: "things", Key: { pk: "a", sk: 1 } }',
    object_name="things",
    intrusions=(
        "ListTables",
        "SELECT * FROM \"things\" WHERE pk = 'a'",
        'SELECT * FROM "arn:aws:dynamodb:us-east-1:{namespace}:table/things"',
        "UPDATE \"things\" SET note = 'broken' WHERE pk = 'a' AND sk = 1",
        'Scan { TableName: "things" }',
        'Scan { TableName: "arn:aws:dynamodb:us-east-1:{namespace}:table/things" }',
        'Scan { TableName: "{namespace}.things" }',
        'BatchGetItem { RequestItems: { things: { Keys: [{ pk: "a", sk: 1 }] } } }',
        'BatchGetItem { RequestItems: { "arn:aws:dynamodb:us-east-1:{namespace}:table/things": { Keys: [{ pk: "a", sk: 1 }] } } }',
        'TransactGetItems { TransactItems: [{ Get: { TableName: "things", Key: { pk: "a", sk: 1 } } }] }',
        'BatchWriteItem { RequestItems: { things: [{ DeleteRequest: { Key: { pk: "a", sk: 1 } } }] } }',
        "ExecuteTransaction { TransactStatements: [{ Statement: \"DELETE FROM things WHERE pk = 'a' AND sk = 1\" }] }",
        "BatchExecuteStatement { Statements: [{ Statement: \"SELECT * FROM things WHERE pk = 'a' AND sk = 1\" }] }",
        'DeleteTable { TableName: "things" }',
        'UpdateTable { TableName: "things", DeletionProtectionEnabled: true }',
        'ListTagsOfResource { ResourceArn: "arn:aws:dynamodb:us-east-1:{namespace}:table/things" }',
        'GetResourcePolicy { ResourceArn: "arn:aws:dynamodb:us-east-1:{namespace}:table/things" }',
        'DescribeTable { TableName: "things" }',
    ),
    forever=FOREVER,
    running=running,
    exists=exists,
    failing=_BEFORE + 'PutItem { TableName: "things", Item: { pk: "a", sk: 1 }, ReturnValue: "ALL_OLD" }',
    failing_offset=len(_BEFORE) + len('PutItem { TableName: "things", Item: { pk: "a", sk: 1 }, '),
    many=create_table("many") + many_items("many", 2_500) + 'Scan { TableName: "many" }',
    big=create_table("big") + grown_items("big", 10, f'["{"x" * 5_900}"]', 6) + 'Scan { TableName: "big" }',
    remember=None,
    recall=None,
)
