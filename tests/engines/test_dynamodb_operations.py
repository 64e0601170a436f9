"""What the DynamoDB engine offers beside items: streams, tags, TTL, segments, throttling, transactions in PartiQL, next pages."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import NotFound, StatementFailed, StatementRefused
from app.core.limits import Limits
from app.core.results import Message, Notice, Progress, Result
from app.engines.dynamodb.engine import DynamoEngine
from tests.engines.dynamodb_subject import TABLE, Visitor

STREAMING = TABLE.replace(
    "BillingMode", 'StreamSpecification: {StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES"}, BillingMode'
)
PROVISIONED = TABLE.replace(
    'BillingMode: "PAY_PER_REQUEST"', "ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 1}"
)
ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/things"


@pytest.fixture
async def visitor(dynamodb: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    assert isinstance(dynamodb, DynamoEngine)
    made = Visitor(dynamodb, dynamodb.new_sandbox(), settings)
    yield made
    await dynamodb.drop(made.sandbox)


def put(sk: int, **more: object) -> str:
    return f"PutItem {{ TableName: 'things', Item: {json.dumps({'pk': 'a', 'sk': sk, **more})} }}\n"


async def test_every_form_in_one_source(visitor: Visitor) -> None:
    ran = await visitor.run(
        "aws dynamodb create-table --table-name things --billing-mode PAY_PER_REQUEST \\\n"
        "  --attribute-definitions AttributeName=pk,AttributeType=S --key-schema AttributeName=pk,KeyType=HASH\n"
        "table = dynamodb.Table('things')\n"
        "table.put_item(Item={'pk': 'python', 'n': 1})\n"
        "await client.send(new PutItemCommand({ TableName: 'things', Item: { pk: { S: 'javascript' }, n: { N: '2' } } }));\n"
        "INSERT INTO things VALUE {'pk': 'partiql', 'n': 3}\n"
        "PutItem { TableName: 'things', Item: { pk: 'api', n: 4 } }\n"
        "aws dynamodb scan --table-name things --region x"
    )
    assert {item["pk"]: item["n"] for item in ran.plain} == {"python": 1, "javascript": 2, "partiql": 3, "api": 4}
    assert "--region" in ran.last.notices[0].message


async def test_a_word_that_stands_for_no_table(visitor: Visitor) -> None:
    error = (await visitor.run("music.get_item(Key={'a': 1})")).error
    assert error is not None
    assert "dynamodb.Table" in (error.hint or "")


async def test_tags_by_an_arn_of_elsewhere(visitor: Visitor) -> None:
    ran = await visitor.run(
        TABLE + f"aws dynamodb tag-resource --resource-arn {ARN} --tags Key=a,Value=b Key=c,Value=d\n"
        f"aws dynamodb untag-resource --resource-arn {ARN} --tag-keys a\n"
        f"aws dynamodb list-tags-of-resource --resource-arn {ARN}"
    )
    assert ran.last.documents == [{"Tags": [{"Key": "c", "Value": "d"}]}]
    assert "own account" in ran.last.notices[0].message


async def test_time_to_live_says_how_it_works(visitor: Visitor) -> None:
    ran = await visitor.run(
        TABLE
        + 'UpdateTimeToLive {TableName: "things", TimeToLiveSpecification: {Enabled: true, AttributeName: "ttl"}}\n'
        'DescribeTimeToLive {TableName: "things"}'
    )
    assert "once a minute" in ran.results[1].notices[0].message
    assert ran.last.documents == [{"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}]


async def test_segments_share_a_scan(visitor: Visitor) -> None:
    ran = await visitor.run(TABLE + "".join(put(n).replace('"a"', f'"p{n}"') for n in range(20)))
    assert ran.error is None
    seen = []
    for segment in range(4):
        ran = await visitor.run(f"aws dynamodb scan --table-name things --segment {segment} --total-segments 4")
        seen += [item["pk"] for item in ran.plain]
    assert sorted(seen) == sorted(f"p{n}" for n in range(20))


async def test_the_next_page_continues_the_call(visitor: Visitor) -> None:
    assert (await visitor.run(TABLE + "".join(put(n, m=n % 2) for n in range(7)))).error is None
    for source in (
        'Query { TableName: "things", Limit: 3, KeyConditionExpression: "pk = :a", ExpressionAttributeValues: {":a": "a"} }',
        "aws dynamodb scan --table-name things --max-items 3",
        "ExecuteStatement { Statement: \"SELECT * FROM things WHERE pk = 'a'\", Limit: 3 }",
    ):
        seen, more = [], source
        for _ in range(9):
            ran = await visitor.run(more)
            seen += [item["sk"] for item in ran.plain]
            if ran.last.more is None:
                break
            more = ran.last.more.source
        assert seen == list(range(7)), source


async def test_a_cut_read_goes_on_after_what_was_shown(visitor: Visitor) -> None:
    assert (await visitor.run(TABLE + "".join(put(n) for n in range(7)))).error is None
    ran = await visitor.run("SELECT * FROM things WHERE sk >= 0", max_rows=3)
    assert ran.last.truncated is not None
    assert ran.last.more is not None
    ran = await visitor.run(ran.last.more.source)
    assert [item["sk"] for item in ran.plain] == [3, 4, 5, 6]


async def test_partiql_in_batches_and_transactions(visitor: Visitor) -> None:
    ran = await visitor.run(
        TABLE + put(1, n=1) + "BatchExecuteStatement { Statements: ["
        "{Statement: \"SELECT n FROM things WHERE pk = 'a' AND sk = 1\"},"
        "{Statement: \"INSERT INTO things VALUE {'pk': 'a', 'sk': 1}\"},"
        "{Statement: \"UPDATE things SET m = {'x': [1, ?]} WHERE pk = 'a' AND sk = 1\", Parameters: [2]} ] }"
    )
    assert ran.plain == [{"n": 1}]
    assert [notice.message for notice in ran.last.notices] == [
        "Statement 2: DuplicateItem: Duplicate primary key exists in table"
    ]
    exists = "EXISTS(SELECT * FROM things WHERE pk = 'a' AND sk = 1 AND n {})"
    insert = "INSERT INTO things VALUE {'pk': 'a', 'sk': 2}"
    for condition, code in (("> 5", "TransactionCanceledException"), ("< 5", None)):
        ran = await visitor.run(
            f'ExecuteTransaction {{ TransactStatements: [{{Statement: "{exists.format(condition)}"}}, {{Statement: "{insert}"}}] }}'
        )
        assert (ran.error.code if ran.error else None) == code
    ran = await visitor.run(f'ExecuteTransaction {{ TransactStatements: [{{Statement: "{insert}"}}] }}')
    assert ran.error is not None
    assert ran.error.detail == "1. DuplicateItem: Duplicate primary key exists in table"
    ran = await visitor.run(
        "ExecuteTransaction { TransactStatements: [{Statement: \"SELECT m.x FROM things WHERE pk = 'a' AND sk = 1\"}] }"
    )
    assert ran.plain == [{"x": [1, 2]}]


async def test_a_provisioned_table_is_throttled(visitor: Visitor) -> None:
    ran = await visitor.run(PROVISIONED + "".join(put(n) for n in range(20)))
    assert isinstance(ran.error, StatementFailed)
    assert ran.error.code == "ProvisionedThroughputExceededException"
    assert len(ran.results) > 10
    assert "Sandtable's own" in (ran.error.hint or "")
    ran = await visitor.run(
        'UpdateTable { TableName: "things", ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 50} }\n'
    )
    assert ran.error is None
    await asyncio.sleep(0.2)
    assert (await visitor.run("".join(put(n) for n in range(3)))).error is None


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (put(1, text="x" * 3_000), "PutItem: ok, 3 WCU"),
        (put(5), "PutItem: ok, 1 WCU"),
        ("GetItem { TableName: 'things', Key: {pk: 'a', sk: 9} }", "GetItem: 0 items, 0.5 RCU"),
        ("GetItem { TableName: 'things', Key: {pk: 'a', sk: 1} }", "GetItem: 1 item, 1 RCU"),
        ("GetItem { TableName: 'things', Key: {pk: 'a', sk: 1}, ConsistentRead: true }", "GetItem: 1 item, 2 RCU"),
        (
            "TransactGetItems { TransactItems: [{Get: {TableName: 'things', Key: {pk: 'a', sk: 1}}}] }",
            "TransactGetItems: 1 item, 4 RCU",
        ),
        ("UPDATE things SET n = 1 WHERE pk = 'a' AND sk = 1", "UPDATE: ok, 5 WCU"),
        ("DELETE FROM things WHERE pk = 'a' AND sk = 1", "DELETE: ok, 5 WCU"),
        ("SELECT * FROM things", "SELECT: 3 items, 3 examined, 1.5 RCU"),
        ("SELECT sk FROM things WHERE sk = 2", "SELECT: 1 item, 3 examined, 1.5 RCU"),
        ('Scan { TableName: "things", Select: "COUNT" }', "Scan: 3 items, 3 examined, 1.5 RCU"),
        ("Scan { TableName: 'things', ConsistentRead: true }", "Scan: 3 items, 3 examined, 3 RCU"),
    ],
)
async def test_units_are_counted_by_size(visitor: Visitor, statement: str, said: str) -> None:
    before = TABLE + put(1, text="x" * 5_000) + put(2, text="x" * 4_000) + put(3)
    if statement.startswith("PutItem") and "xxx" in statement:
        before = TABLE
    ran = await visitor.run(before + statement)
    assert ran.last.status == said


async def test_stream_records_are_read(visitor: Visitor) -> None:
    ran = await visitor.run(
        STREAMING + put(1, n=1) + put(1, n=2) + "DELETE FROM things WHERE pk='a' AND sk=1; ListStreams"
    )
    assert ran.last.documents is not None
    arn = ran.last.documents[0]["Streams"][0]["StreamArn"]
    ran = await visitor.run(f'DescribeStream {{ StreamArn: "{arn}" }}')
    assert ran.last.documents is not None
    shard = ran.last.documents[0]["Shards"][0]["ShardId"]
    ran = await visitor.run(
        f"aws dynamodbstreams get-shard-iterator --stream-arn {arn} --shard-id {shard} --shard-iterator-type TRIM_HORIZON"
    )
    assert ran.last.documents is not None
    ran = await visitor.run(f"GetRecords {{ ShardIterator: '{ran.last.documents[0]['ShardIterator']}' }}")
    assert [record["eventName"] for record in ran.plain] == ["INSERT", "MODIFY", "REMOVE"]
    assert ran.plain[1]["OldImage"] == {"pk": "a", "sk": 1, "n": 1}
    assert ran.last.more is not None
    assert (await visitor.run(ran.last.more.source)).plain == []


async def watched(visitor: Visitor, source: str, limits: Limits) -> tuple[list[Message], Result]:
    messages, result = [], None
    client = await visitor.engine.client(visitor.sandbox, "A")
    (statement,) = visitor.engine.split(source)
    assert visitor.engine.streams(statement)
    async for event in client.run(statement, limits):
        if isinstance(event, Message):
            messages.append(event)
        elif isinstance(event, Result):
            result = event
        else:
            assert isinstance(event, Progress) or event == Notice("info", "Watching the stream of things.")
    assert result is not None
    return messages, result


async def test_a_watch_shows_records_as_they_arrive_until_it_is_stopped(visitor: Visitor) -> None:
    assert (await visitor.run(STREAMING + put(1))).error is None
    watching = asyncio.create_task(watched(visitor, 'Watch { TableName: "things" }', Limits(left_ms=20_000)))
    await asyncio.sleep(0.5)
    assert (await visitor.run(put(2, n=1) + put(2, n=2))).error is None
    await asyncio.sleep(0.6)
    await (await visitor.engine.client(visitor.sandbox, "A")).stop()
    messages, result = await asyncio.wait_for(watching, 1)
    assert [message.text for message in messages] == [
        'INSERT {"pk": "a", "sk": 2}: {"n": 1}',
        'MODIFY {"pk": "a", "sk": 2}: {"n": 1} → {"n": 2}',
    ]
    assert result.status == "Watch: 2 records of things"
    assert result.truncated is None


async def test_a_watch_ends_with_its_time_and_may_begin_at_the_beginning(visitor: Visitor) -> None:
    assert (await visitor.run(STREAMING + put(1))).error is None
    messages, result = await watched(
        visitor, "Watch { TableName: 'things', From: 'TRIM_HORIZON' }", Limits(left_ms=600, max_stream_ms=600)
    )
    assert len(messages) == 1
    assert result.truncated is not None
    assert result.truncated.limit == "max_stream_ms"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("Watch { }", "needs a TableName"),
        ("Watch { TableName: 'things', Since: 1 }", "Unknown parameter"),
        ("Watch { TableName: 'things', From: 'HERE' }", "From is one of"),
        ("Watch { TableName: 'things' }", "has no stream"),
        ("Watch { TableName: 'nothing' }", "not found"),
    ],
)
async def test_what_cannot_be_watched(visitor: Visitor, source: str, says: str) -> None:
    ran = await visitor.run(TABLE + source)
    assert isinstance(ran.error, StatementFailed)
    assert says in ran.error.message


async def test_a_stream_has_an_end(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    few = visitor.settings.model_copy(update={"dynamodb_max_stream_records": 3})
    monkeypatch.setattr(visitor.engine, "settings", few)
    ran = await visitor.run(STREAMING + "".join(put(n) for n in range(5)))
    assert isinstance(ran.error, StatementRefused)
    assert ran.error.limit == ("dynamodb_max_stream_records", 3)
    assert len(ran.results) == 4
    assert (await visitor.run('DeleteTable { TableName: "things" }\n' + STREAMING + put(1))).error is None


async def test_the_sidebar_tells_of_keys_indexes_streams_sizes_and_attributes(visitor: Visitor) -> None:
    indexed = STREAMING.replace(
        'AttributeName: "sk", AttributeType: "N"}]',
        'AttributeName: "sk", AttributeType: "N"}, {AttributeName: "n", AttributeType: "N"}], GlobalSecondaryIndexes: '
        '[{IndexName: "by_n", KeySchema: [{AttributeName: "n", KeyType: "HASH"}], Projection: {ProjectionType: "KEYS_ONLY"}}]',
    )
    ran = await visitor.run(
        indexed
        + put(1, n=1, tags=["x"])
        + put(2, n="text").replace('"n": "text"', '"m": "text"')
        + 'UpdateTimeToLive {TableName: "things", TimeToLiveSpecification: {Enabled: true, AttributeName: "ttl"}}'
    )
    assert ran.error is None
    (table,) = await visitor.engine.inspect(visitor.sandbox)
    assert table.detail == "2 items, 231 B"
    assert [(part.kind, part.name, part.detail) for part in table.parts] == [
        ("key", "pk", "partition key, S"),
        ("key", "sk", "sort key, N"),
        ("attribute", "n", "N"),
        ("attribute", "tags", "L"),
        ("attribute", "m", "S"),
        ("GSI", "by_n", "on n, KEYS_ONLY"),
        ("item", "stream", "NEW_AND_OLD_IMAGES, a click writes Watch"),
        ("TTL", "ttl", "number of seconds since 1970"),
    ]


async def test_item_collections_are_browsed_page_by_page(visitor: Visitor) -> None:
    source = TABLE + "".join(put(n, note="x").replace('"a"', '"it\'s"') for n in range(130)) + put(1) + put(2)
    assert (await visitor.run(source, max_run_ms=9_000)).error is None
    (table,) = await visitor.engine.inspect(visitor.sandbox)
    assert table.path is not None
    listing = await visitor.engine.browse(visitor.sandbox, table.path)
    found = {one.name: (one.detail, one.reference) for one in listing.objects}
    assert found == {"it's": ("130 items", "'it''s'"), "a": ("2 items", "'a'")}
    partition = next(one for one in listing.objects if one.name == "it's")
    assert partition.path is not None
    first = await visitor.engine.browse(visitor.sandbox, partition.path)
    assert (len(first.objects), first.objects[0].name, first.objects[0].detail) == (100, "0", "note")
    second = await visitor.engine.browse(visitor.sandbox, partition.path, first.cursor)
    assert ([one.name for one in second.objects], second.cursor) == ([str(n) for n in range(100, 130)], None)


async def test_partition_keys_are_browsed_page_by_page(visitor: Visitor) -> None:
    """Page ends lie between two keys and, where one has more items than a page examines, within one."""
    put = '{PutRequest: {Item: {pk: "%s", sk: %d}}}'
    items = [put % (f"k{n % 250}", n) for n in range(500)] + [put % ("big", n) for n in range(1_100)]
    batches = [", ".join(items[at : at + 25]) for at in range(0, len(items), 25)]
    source = TABLE + "".join(f"BatchWriteItem {{ RequestItems: {{ things: [{batch}] }} }}\n" for batch in batches)
    assert (await visitor.run(source, max_run_ms=20_000)).error is None
    found: list[tuple[str, str | None]] = []
    cursor = None
    for _ in range(10):
        listing = await visitor.engine.browse(visitor.sandbox, '["things"]', cursor)
        assert len(listing.objects) <= 100
        found += [(one.name, one.detail) for one in listing.objects]
        cursor = listing.cursor
        if cursor is None:
            break
    assert cursor is None
    details = dict(found)
    assert len(found) == len(details) == 251
    assert str(details.pop("big")).endswith("items or more")
    assert set(details.values()) == {"2 items"}


@pytest.mark.parametrize(
    "path", ["", "[]", "{}", "5", '["no"]', '["things", 5]', '["things", {"S": 5}]', '["a", "b", "c"]', "[" * 2000]
)
async def test_what_cannot_be_browsed(visitor: Visitor, path: str) -> None:
    assert (await visitor.run(TABLE)).error is None
    with pytest.raises(NotFound):
        await visitor.engine.browse(visitor.sandbox, path)


async def test_words_come_from_the_service_model(visitor: Visitor) -> None:
    words = await visitor.engine.words()
    found = {(word.within, word.name) for word in words}
    assert {
        (None, "Query"),
        ("Query", "KeyConditionExpression"),
        ("Query.Select", "COUNT"),
        ("CreateTable.GlobalSecondaryIndexes", "IndexName"),
        ("aws dynamodb", "put-item"),
        ("put-item", "--item"),
        ("aws dynamodbstreams", "get-records"),
        (None, "begins_with"),
        (None, "Watch"),
    } <= found
    assert not any(word.name == "CreateBackup" for word in words)
