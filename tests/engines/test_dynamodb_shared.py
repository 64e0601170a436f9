"""One account for all sandboxes, as at AWS: tables are told apart by a prefix that nobody sees."""

import asyncio
import json
import re
from collections.abc import AsyncIterator

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.session import Session

from app.config import Settings
from app.core.limits import Limits
from app.core.places import Places
from app.core.results import Message
from app.engines import create
from app.engines.dynamodb.calls import NOBODY
from app.engines.dynamodb.engine import DynamoEngine
from app.engines.dynamodb.server import _AWS_HOST
from app.engines.dynamodb.sharing import Shared, owner
from tests.contract.samples.dynamodb import SAMPLES
from tests.engines.dynamodb_subject import TABLE, Ran, Visitor

STREAMING = TABLE.replace("BillingMode", "StreamSpecification: {StreamEnabled: true}, BillingMode")
PUT = "PutItem { TableName: 'things', Item: { pk: 'a', sk: 1, note: 'treasure-of-a' } }\n"
EVERYTHING = (
    STREAMING + PUT + 'DescribeTable { TableName: "things" }; ListTables; ListStreams\n'
    "aws dynamodb tag-resource --resource-arn arn:aws:dynamodb:x:1:table/things --tags Key=a,Value=b\n"
    "aws dynamodb list-tags-of-resource --resource-arn arn:aws:dynamodb:x:1:table/things\n"
    "UPDATE things SET n = 1 WHERE pk = 'a' AND sk = 1 RETURNING ALL NEW *;\n"
    "SELECT * FROM things WHERE pk = 'a'\n"
    "BatchGetItem { RequestItems: { things: { Keys: [{pk: 'a', sk: 1}] } } }\n"
    "BatchWriteItem { RequestItems: { things: [{PutRequest: {Item: {pk: 'b', sk: 1}}}] } }\n"
    "TransactWriteItems { TransactItems: [{Put: {TableName: 'things', Item: {pk: 'c', sk: 1}}}] }\n"
    "TransactGetItems { TransactItems: [{Get: {TableName: 'things', Key: {pk: 'c', sk: 1}}}] }\n"
    "ExecuteStatement { Statement: \"SELECT * FROM things WHERE pk = 'c'\" }\n"
    "ExecuteTransaction { TransactStatements: [{Statement: \"INSERT INTO things VALUE {'pk': 'd', 'sk': 1}\"}] }\n"
    "BatchExecuteStatement { Statements: [{Statement: \"SELECT * FROM things WHERE pk = 'd' AND sk = 1\"}] }\n"
    "UpdateTimeToLive { TableName: 'things', TimeToLiveSpecification: { Enabled: true, AttributeName: 'ttl' } }\n"
    "DescribeTimeToLive { TableName: 'things' }; DescribeContinuousBackups { TableName: 'things' }\n"
)
FAILING = (
    "DescribeTable { TableName: 'missing' }",
    "CreateTable { TableName: 'things', BillingMode: 'PAY_PER_REQUEST', KeySchema: [{AttributeName: 'a', KeyType: 'HASH'}], "
    "AttributeDefinitions: [{AttributeName: 'a', AttributeType: 'S'}] }",
    "ListTagsOfResource { ResourceArn: 'arn:aws:dynamodb:x:1:table/missing' }",
    f"GetItem {{ TableName: '{'x' * 255}', Key: {{a: 1}} }}",
)


@pytest.fixture(scope="module")
async def shared(dynamodb: DynamoEngine, settings: Settings, places: Places) -> AsyncIterator[DynamoEngine]:
    by_url = {"dynamodb_url": dynamodb.pool.servers[0].url, "dynamodb_shared_account": True}
    async with create("dynamodb", settings.model_copy(update=by_url), places) as engine:
        assert isinstance(engine, DynamoEngine)
        yield engine


@pytest.fixture
async def visitors(shared: DynamoEngine, settings: Settings) -> AsyncIterator[tuple[Visitor, Visitor]]:
    pair = tuple(Visitor(shared, shared.new_sandbox(), settings) for _ in range(2))
    yield pair  # type: ignore[misc]
    for visitor in pair:
        await shared.drop(visitor.sandbox)


def all_of(ran: Ran) -> str:
    shown = [(one.status, one.documents, one.plain, one.notices, one.more) for one in ran.results]
    error = (ran.error.message, ran.error.hint, ran.error.detail) if ran.error else None
    return json.dumps([shown, error], default=str)


async def test_everything_works_and_the_prefix_is_never_seen(visitors: tuple[Visitor, Visitor]) -> None:
    visitor = visitors[0]
    ran = await visitor.run(EVERYTHING, max_run_ms=9_000)
    assert ran.error is None, ran.error
    assert not re.search(r"st-\d{12}", all_of(ran))
    assert "123456789012" not in all_of(ran)
    described = ran.results[2].documents
    assert described is not None
    arn = f"arn:aws:dynamodb:us-east-1:{visitor.sandbox.namespace}:table/things"
    assert (described[0]["TableName"], described[0]["TableArn"]) == ("things", arn)
    assert ran.results[3].documents == [{"TableNames": ["things"]}]
    assert ran.results[6].documents == [{"Tags": [{"Key": "a", "Value": "b"}]}]
    (table,) = await visitor.engine.inspect(visitor.sandbox)
    assert table.name == "things"


@pytest.mark.parametrize("statement", FAILING)
async def test_errors_do_not_show_it_either(visitors: tuple[Visitor, Visitor], statement: str) -> None:
    ran = await visitors[0].run(TABLE + statement)
    assert ran.error is not None
    assert not re.search(r"st-\d{12}", all_of(ran))
    assert "123456789012" not in all_of(ran)


async def test_neighbours_with_the_same_names_do_not_meet(visitors: tuple[Visitor, Visitor]) -> None:
    a, b = visitors
    assert (await a.run(TABLE + PUT)).error is None
    for statement in SAMPLES.intrusions:
        written = statement.replace("{namespace}", a.sandbox.namespace)
        assert "treasure" not in all_of(await b.run(written)), statement
        other = statement.replace("things", f"st-{a.sandbox.namespace}.things").replace("{namespace}", "123456789012")
        assert "treasure" not in all_of(await b.run(other)), statement
    assert (await b.run(TABLE)).error is None
    assert (await b.run('Scan { TableName: "things" }')).plain == []
    await b.engine.drop(b.sandbox)
    assert len((await a.run('Scan { TableName: "things" }')).plain) == 1
    assert a.sandbox.namespace in await a.engine.namespaces()
    assert b.sandbox.namespace not in await a.engine.namespaces()


async def test_lists_are_paged_over_own_tables_only(visitors: tuple[Visitor, Visitor]) -> None:
    a, b = visitors
    for name in ("one", "two", "xyz"):
        assert (await a.run(TABLE.replace("things", name))).error is None
        assert (await b.run(TABLE.replace("things", f"{name}-b"))).error is None
    first = (await a.run("ListTables { Limit: 2 }")).last
    assert first.documents == [{"TableNames": ["one", "two"], "LastEvaluatedTableName": "two"}]
    assert first.more is not None
    assert (await a.run(first.more.source)).last.documents == [{"TableNames": ["xyz"]}]


async def test_streams_are_paged_over_own_ones_only(visitors: tuple[Visitor, Visitor]) -> None:
    a, b = visitors
    for name in ("one", "two", "xyz"):
        for visitor in visitors:
            assert (await visitor.run(STREAMING.replace("things", name))).error is None
    for visitor in visitors:
        found = []
        source = "ListStreams { Limit: 2 }"
        for most in (2, 1):
            ran = await visitor.run(source)
            assert not re.search(r"st-\d{12}", all_of(ran))
            assert ran.last.documents is not None
            page = ran.last.documents[0]
            found += [one["TableName"] for one in page["Streams"]]
            assert len(page["Streams"]) == most
            assert page.get("LastEvaluatedStreamArn") == (page["Streams"][-1]["StreamArn"] if most == 2 else None)
            source = ran.last.more.source if ran.last.more else ""
        assert (found, source) == (["one", "two", "xyz"], "")
    only = await a.run("ListStreams { TableName: 'two' }")
    assert only.last.documents is not None
    assert [one["TableName"] for one in only.last.documents[0]["Streams"]] == ["two"]
    assert (await b.run("DeleteTable { TableName: 'two' }")).error is None
    assert "two" not in all_of(await b.run("ListStreams"))


async def test_an_iterator_that_names_a_stream_names_an_own_one(visitors: tuple[Visitor, Visitor]) -> None:
    """As AWS writes them: the stream's ARN, then what only AWS reads."""
    a, b = visitors
    assert (await a.run(STREAMING)).error is None
    driver = Session().create_client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url=a.engine.pool.servers[0].url,
        aws_access_key_id=NOBODY,
        aws_secret_access_key=NOBODY,
    )

    def request(visitor: Visitor, table: str) -> str:
        shared = Shared(visitor.sandbox.namespace, lambda name, given: getattr(driver, xform_name(name))(**given))
        arn = f"arn:aws:dynamodb:us-east-1:{visitor.sandbox.namespace}:table/{table}/stream/2026-01-01T00:00:00.000"
        return str(shared.request({"ShardIterator": f"{arn}|1|AAAA=="})["ShardIterator"])

    real = f"st-{a.sandbox.namespace}.things"
    own = await asyncio.to_thread(request, a, "things")
    assert own == f"arn:aws:dynamodb:us-east-1:{NOBODY}:table/{real}/stream/2026-01-01T00:00:00.000|1|AAAA=="
    for table in ("things", real):
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            await asyncio.to_thread(request, b, table)
    driver.close()


async def test_a_watch_in_a_shared_account(visitors: tuple[Visitor, Visitor]) -> None:
    visitor = visitors[0]
    assert (await visitor.run(STREAMING + PUT)).error is None
    client = await visitor.engine.client(visitor.sandbox, "A")
    (statement,) = visitor.engine.split("Watch { TableName: 'things', From: 'TRIM_HORIZON' }")
    limits = Limits(left_ms=600, max_stream_ms=600)
    events = [event async for event in client.run(statement, limits) if isinstance(event, Message)]
    assert [event.channel for event in events] == ["things"]


async def test_an_iterator_of_a_neighbours_stream_gives_nothing(visitors: tuple[Visitor, Visitor]) -> None:
    a, b = visitors
    ran = await a.run(STREAMING + PUT + "ListStreams")
    assert ran.last.documents is not None
    arn = ran.last.documents[0]["Streams"][0]["StreamArn"]
    ran = await a.run(
        f"aws dynamodbstreams get-shard-iterator --stream-arn {arn} --shard-id shardId-00000000000000000000-00000000 "
        "--shard-iterator-type TRIM_HORIZON"
    )
    assert ran.last.documents is not None
    source = f"GetRecords {{ ShardIterator: '{ran.last.documents[0]['ShardIterator']}' }}"
    assert len((await a.run(source)).plain) == 1
    assert (await b.run(source)).plain == []


def test_aws_is_always_shared_and_partiql_never_reaches_it() -> None:
    found = _AWS_HOST.search("dynamodb.eu-west-1.amazonaws.com")
    assert found
    assert found.group(1) == "eu-west-1"
    assert not _AWS_HOST.search("dynamodb.eu-west-1.amazonaws.com.example.org")
    assert owner("st-000000000001.things") == "000000000001"
    assert owner("things") is None
    with pytest.raises(RuntimeError):
        Shared("0" * 12, lambda operation, parameters: {}).call("ExecuteStatement", {"Statement": "SELECT * FROM x"})
