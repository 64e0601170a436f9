"""Hostile DynamoDB sources, and what must hold: an error in words, a quick answer, and an emulator that still serves."""

import time
from collections.abc import AsyncIterator

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import StatementFailed, StatementRefused
from app.engines.dynamodb.engine import DynamoEngine
from tests.engines.dynamodb_subject import TABLE, Visitor

SCAN = 'Scan { TableName: "things", FilterExpression: "%s", ExpressionAttributeValues: {":v": 1} }'
SET = 'UpdateItem { TableName: "things", Key: {pk: "a", sk: 1}, UpdateExpression: "%s", ExpressionAttributeValues: {":v": [1]} }'
PUT = 'PutItem { TableName: "things", Item: { pk: "a", sk: 1, x: %s } }'
ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/things"

FAILING = {
    "a filter of 100 kB": SCAN % ("a" * 100_000),
    "a filter of 1,000 NOTs": SCAN % ("NOT " * 1_000 + "a = :v"),
    "a filter of 1,000 brackets": SCAN % ("(" * 1_000 + "a = :v" + ")" * 1_000),
    "an item nested 400 deep": PUT % ("[" * 400 + "]" * 400),
    "an item nested 400 deep in maps": PUT % ("{a:" * 400 + "1" + "}" * 400),
    "an item nested 40 deep and typed": PUT % ('{"L":[' * 40 + "]}" * 40),
    "an item of 500 kB": PUT % f'"{"x" * 500_000}"',
    "an attribute of NaN": PUT % "NaN",
    "a number of 39 digits": PUT % ("1" * 39),
    "a number of 100,000 digits": PUT % ("1" * 100_000),
    "a number too great": PUT % "1e126",
    "an empty set": PUT % '{"SS": []}',
    "a set of doubles": PUT % '{"SS": ["a", "a"]}',
    "a table named ../../etc": 'Scan { TableName: "../../etc" }',
    "a table named by markup": 'CreateTable { TableName: "<script>alert(1)</script>" }',
    "a table with a line break": 'Scan { TableName: "things\\n" }',
    "a batch of 26": "BatchWriteItem { RequestItems: { things: ["
    + ", ".join(f'{{PutRequest: {{Item: {{pk: "a", sk: {number}}}}}}}' for number in range(26))
    + "] } }",
    "a select of 9 kB": f"SELECT * FROM things WHERE pk = '{'x' * 9_000}'",
    "a select with 3,000 brackets": "SELECT * FROM things WHERE " + "(" * 3_000,
    "a select through an ARN": f'SELECT * FROM "{ARN}"',
    "a select of everything in a transaction": 'ExecuteTransaction { TransactStatements: [{ Statement: "SELECT * FROM things" }] }',
    "an unknown operation": "DropEverything { }",
    "no known enum": 'Scan { TableName: "things", Select: "<img onerror=alert(1)>" }',
    "a limit below 1": 'Scan { TableName: "things", Limit: -1 }',
    "a segment out of range": 'Scan { TableName: "things", Segment: 5, TotalSegments: 2 }',
    "a broken start key": 'Scan { TableName: "things", ExclusiveStartKey: { pk: 5 } }',
    "a header as a parameter": 'Scan { TableName: "things", Endpoint: "http://127.0.0.1:1" }',
    "SQL": "DROP TABLE things",
    # the AWS CLI
    "a line with command substitution": "aws dynamodb scan --table-name $(id)",
    "a line with backquotes": "aws dynamodb scan --table-name `id`",
    "a line with a variable in quotes": 'aws dynamodb scan --table-name "$HOME"',
    "a line whose quote is never closed": "aws dynamodb scan --table-name 'things",
    "a line with 5,000 options": "aws dynamodb scan " + "--limit 1 " * 5_000 + "--nothing 1",
    "a line of 100,000 backslashes": "aws dynamodb scan --table-name things" + "\\" * 100_000,
    "a line continued 20,000 times into nothing": "aws dynamodb scan " + "\\\n" * 20_000,
    "shorthand nested 500 deep": "aws dynamodb get-item --table-name things --key " + "a={" * 500,
    "shorthand of 3,000 open lists": "aws dynamodb get-item --table-name things --key a=" + "[" * 3_000,
    "shorthand of 100 kB of commas": "aws dynamodb get-item --table-name things --key a=" + "," * 100_000,
    "JSON nested 5,000 deep on a line": f"aws dynamodb get-item --table-name things --key '{'[' * 5_000}'",
    "a starting token that is no token": "aws dynamodb scan --table-name things --starting-token e30=x",
    "a starting token that names a table": "aws dynamodb scan --table-name things --starting-token eyJUYWJsZU5hbWUiOiAib3RoZXIifQ==",
    "another service": "aws s3 rm s3://bucket --recursive",
    "a line with control characters": "aws dynamodb scan --table-name 'th\u001bings'",
    "a line with markup": "aws dynamodb scan --table-name '<script>alert(1)</script>'",
    # programs
    "Python that imports": "dynamodb.scan(TableName=__import__('os').environ['HOME'])",
    "Python that formats": "dynamodb.scan(TableName=f'{open(1)}')",
    "Python that multiplies": "dynamodb.put_item(TableName='things', Item={'pk': 'a' * 10**9})",
    "Python with a power tower": "dynamodb.scan(TableName='things', Limit=9**9**9)",
    "Python of 500 brackets": "dynamodb.scan(FilterExpression=" + "(" * 500 + ")" * 500 + ")",
    "Python with a comprehension": "dynamodb.put_item(TableName='things', Item={str(n): n for n in range(10**9)})",
    "Python with a lambda": "dynamodb.scan(TableName=(lambda: 1)())",
    "Python with a number of 90,000 digits": "dynamodb.scan(Limit=" + "9" * 90_000 + ")",
    "Python with conditions 2,000 deep": "dynamodb.scan(TableName='things', FilterExpression="
    + "~" * 2_000
    + "Attr('a').exists())",
    "Python with an attribute of a condition": "dynamodb.scan(TableName='things', FilterExpression=Attr('a').__class__('b'))",
    "JavaScript that calls": "new ScanCommand({ TableName: process.exit() })",
    "JavaScript that builds a text": "new ScanCommand({ TableName: `${global}` })",
    "JavaScript with a getter": "new ScanCommand({ get TableName() { return 1 } })",
    "JavaScript with a computed name": "new ScanCommand({ ['Table' + 'Name']: 'things' })",
    "JavaScript with a spread": "new ScanCommand({ ...globalThis })",
    "JavaScript of 20,000 brackets": "new ScanCommand({ a: " + "[" * 20_000 + "]" * 20_000 + " })",
    "JavaScript with a function": "new ScanCommand({ TableName: (() => { while (true) {} })() })",
    "JavaScript with __proto__": "new PutItemCommand({ TableName: 'things', __proto__: { a: 1 } })",
    # streams, tags, expressions
    "an iterator of nonsense": "GetRecords { ShardIterator: 'e30=' }",
    "an iterator of another account": "GetRecords { ShardIterator: 'eyJ0IjogInRoaW5ncyIsICJwIjogMCwgImEiOiAiMDAwMDAwMDAwMDAwIn0=' }",
    "a stream of another account": f"DescribeStream {{ StreamArn: '{ARN}/stream/2020-01-01T00:00:00.000' }}",
    "tags of what is no table": "ListTagsOfResource { ResourceArn: 'arn:aws:s3:::bucket' }",
    "a watch of nothing": "Watch { TableName: '../../etc' }",
    "an update of 300 paths": SET % ("SET " + ", ".join(f"a{n} = :v" for n in range(600))),
    "a projection of 4 kB of dots": 'Scan { TableName: "things", ProjectionExpression: "' + "a." * 2_000 + '" }',
    "a filter of 1,000 functions in each other": SCAN % ("size(" * 800 + "x" + ")" * 800 + " = :v"),
    "a transaction of 101": "TransactWriteItems { TransactItems: ["
    + ", ".join(f'{{Put: {{TableName: "things", Item: {{pk: "a", sk: {n}}}}}}}' for n in range(101))
    + "] }",
    "a batch of 26 PartiQL statements": "BatchExecuteStatement { Statements: ["
    + ", ".join("""{Statement: "SELECT * FROM things WHERE pk = 'a' AND sk = 1"}""" for _ in range(26))
    + "] }",
    "EXISTS alone": "EXISTS(SELECT * FROM things WHERE pk = 'a' AND sk = 1)",
    "EXISTS in EXISTS 500 times": "EXISTS(" * 500,
}

REFUSED = {
    "an ARN": f'Scan {{ TableName: "{ARN}" }}',
    "an ARN in a batch": f'BatchGetItem {{ RequestItems: {{ "{ARN}": {{ Keys: [{{ pk: "a", sk: 1 }}] }} }} }}',
    "an ARN in a transaction": f'TransactGetItems {{ TransactItems: [{{ Get: {{ TableName: "{ARN}", Key: {{ pk: "a" }} }} }}] }}',
    "a list filled to its billionth place": SET % "SET x[999999999] = :v",
    "a list filled to a far place within": SET % "SET x[0][ 0999999999 ] = :v",
    "the same in PartiQL": "UPDATE things SET x[999999999] = 1 WHERE pk = 'a' AND sk = 1",
    "a list doubled eleven times at once": SET % f"SET x = {'list_append(' * 11}x{', x)' * 11}",
    "a filter of 200 contains": SCAN % " OR ".join(["contains(x, :v)"] * 200),
    "a backup": 'CreateBackup { TableName: "things", BackupName: "mine" }',
    "an export": f'ExportTableToPointInTime {{ TableArn: "{ARN}", S3Bucket: "b" }}',
    "a policy": f'PutResourcePolicy {{ ResourceArn: "{ARN}", Policy: "all" }}',
    "Kinesis": 'EnableKinesisStreamingDestination { TableName: "things", StreamArn: "arn:aws:kinesis:::x" }',
    "a file": "aws dynamodb put-item --table-name things --item file:///etc/passwd",
    "a file as all input": "aws dynamodb put-item --cli-input-json file:///etc/passwd",
    "a file of bytes": "aws dynamodb put-item --table-name things --item fileb:///etc/shadow",
    "a skeleton": "aws dynamodb put-item --generate-cli-skeleton",
    "an import by the CLI": "aws dynamodb import-table --s3-bucket-source S3Bucket=b --input-format CSV",
    "a program of 200 kB": "dynamodb.put_item(TableName='things', Item={'pk': '" + "x" * 200_000 + "'})",
    "a replica": 'UpdateTable { TableName: "things", ReplicaUpdates: [{ Create: { RegionName: "eu-west-1" } }] }',
}


@pytest.fixture
async def visitor(dynamodb: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    assert isinstance(dynamodb, DynamoEngine)
    made = Visitor(dynamodb, dynamodb.new_sandbox(), settings)
    assert (await made.run(TABLE + PUT % "[1]")).error is None
    yield made
    await dynamodb.drop(made.sandbox)


async def still_serves(visitor: Visitor) -> None:
    began = time.monotonic()
    ran = await visitor.run('GetItem { TableName: "things", Key: {pk: "a", sk: 1} }')
    assert ran.plain == [{"pk": "a", "sk": 1, "x": [1]}]
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize("what", FAILING)
async def test_it_fails_in_words(visitor: Visitor, what: str) -> None:
    source = FAILING[what]
    began = time.monotonic()
    try:
        error = (await visitor.run(source)).error
    except StatementFailed as exc:  # the source cannot even be split
        error = exc
    assert time.monotonic() - began < 1
    assert isinstance(error, StatementFailed), error
    assert error.code
    assert "<html" not in error.message
    assert len(error.message) < 600
    assert error.offset is not None
    assert 0 <= error.offset <= len(source)
    await still_serves(visitor)


@pytest.mark.parametrize("what", REFUSED)
async def test_it_is_refused_with_the_rule(visitor: Visitor, what: str) -> None:
    error = (await visitor.run(REFUSED[what])).error
    assert isinstance(error, StatementRefused), error
    assert error.offset is not None
    await still_serves(visitor)


async def test_a_scan_of_everything_is_cut(visitor: Visitor) -> None:
    text = "x" * 390_000
    for number in range(2, 8):
        ran = await visitor.run(f'PutItem {{ TableName: "things", Item: {{ pk: "b", sk: {number}, x: "{text}" }} }}')
        assert ran.error is None
    ran = await visitor.run('Scan { TableName: "things" }')
    assert ran.last.truncated is not None
    assert ran.last.truncated.limit == "max_reply_bytes"
    assert ran.last.reply_bytes <= visitor.settings.max_reply_bytes


async def test_markup_and_control_characters_are_data(visitor: Visitor) -> None:
    text = "<script>alert(1)</script>\\u001b[31m\\r\\n{{7*7}}"
    ran = await visitor.run(f'PutItem {{ TableName: "things", Item: {{ pk: "{text}", sk: 1 }} }}')
    assert ran.error is None
    ran = await visitor.run("SELECT pk FROM things WHERE begins_with(pk, '<script>')")
    assert ran.plain == [{"pk": "<script>alert(1)</script>\x1b[31m\r\n{{7*7}}"}]
