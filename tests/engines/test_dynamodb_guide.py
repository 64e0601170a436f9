"""The steps of the Developer Guide's first chapters as command lines, pasted as they stand: their facts, in lines of our own."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.engines.dynamodb.engine import DynamoEngine
from tests.engines.dynamodb_subject import Ran, Visitor

GETTING_STARTED: list[tuple[str, Any]] = [
    (
        r"""aws dynamodb create-table \
    --table-name Music \
    --attribute-definitions \
        AttributeName=Artist,AttributeType=S \
        AttributeName=SongTitle,AttributeType=S \
    --key-schema \
        AttributeName=Artist,KeyType=HASH \
        AttributeName=SongTitle,KeyType=RANGE \
    --provisioned-throughput \
        ReadCapacityUnits=5,WriteCapacityUnits=5 \
    --table-class STANDARD""",
        "CreateTable: ok, Music is ACTIVE",
    ),
    ("aws dynamodb describe-table --table-name Music | grep TableStatus", None),
    (
        r"""aws dynamodb update-continuous-backups \
    --table-name Music \
    --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true""",
        "UpdateContinuousBackups: ok, Music",
    ),
    ("aws dynamodb describe-continuous-backups --table-name Music", None),
    (
        r"""aws dynamodb put-item \
    --table-name Music  \
    --item \
        '{"Artist": {"S": "No One You Know"}, "SongTitle": {"S": "Call Me Today"}, "AlbumTitle": {"S": "Somewhat Famous"}, "Awards": {"N": "1"}}'""",
        "PutItem: ok, 1 WCU",
    ),
    (
        r"""aws dynamodb put-item \
    --table-name Music \
    --item \
        '{"Artist": {"S": "Acme Band"}, "SongTitle": {"S": "Happy Day"}, "AlbumTitle": {"S": "Songs About Life"}, "Awards": {"N": "10"} }'""",
        "PutItem: ok, 1 WCU",
    ),
    (
        """aws dynamodb put-item ^
    --table-name Music ^
    --item ^
        "{\\"Artist\\": {\\"S\\": \\"Acme Band\\"}, \\"SongTitle\\": {\\"S\\": \\"PartiQL Rocks\\"}, \\"Awards\\": {\\"N\\": \\"8\\"}}" """,
        "PutItem: ok, 1 WCU",
    ),
    (
        """aws dynamodb execute-statement --statement "INSERT INTO Music  \\
                VALUE  \\
                {'Artist':'No One You Know','SongTitle':'My Dog Spot', 'AlbumTitle':'Hey Now', 'Awards':'2'}" """,
        "INSERT: ok, 1 WCU",
    ),
    (
        r"""aws dynamodb get-item --consistent-read \
    --table-name Music \
    --key '{ "Artist": {"S": "Acme Band"}, "SongTitle": {"S": "Happy Day"}}'""",
        [{"Artist": "Acme Band", "SongTitle": "Happy Day", "AlbumTitle": "Songs About Life", "Awards": 10}],
    ),
    (
        """aws dynamodb execute-statement --statement "SELECT * FROM Music   \\
WHERE Artist='Acme Band' AND SongTitle='PartiQL Rocks'" """,
        [{"Artist": "Acme Band", "SongTitle": "PartiQL Rocks", "Awards": 8}],
    ),
    (
        r"""aws dynamodb update-item \
    --table-name Music \
    --key '{ "Artist": {"S": "Acme Band"}, "SongTitle": {"S": "Happy Day"}}' \
    --update-expression "SET AlbumTitle = :newval" \
    --expression-attribute-values '{":newval":{"S":"Updated Album Title"}}' \
    --return-values ALL_NEW""",
        [{"Artist": "Acme Band", "SongTitle": "Happy Day", "AlbumTitle": "Updated Album Title", "Awards": 10}],
    ),
    (
        r"""aws dynamodb query \
    --table-name Music \
    --key-condition-expression "Artist = :name" \
    --projection-expression "SongTitle" \
    --expression-attribute-values  '{":name":{"S":"Acme Band"}}'""",
        [{"SongTitle": "Happy Day"}, {"SongTitle": "PartiQL Rocks"}],
    ),
    (
        r"""aws dynamodb update-table \
    --table-name Music \
    --attribute-definitions AttributeName=AlbumTitle,AttributeType=S \
    --global-secondary-index-updates \
        "[{\"Create\":{\"IndexName\": \"AlbumTitle-index\",\"KeySchema\":[{\"AttributeName\":\"AlbumTitle\",\"KeyType\":\"HASH\"}], \
        \"ProvisionedThroughput\": {\"ReadCapacityUnits\": 10, \"WriteCapacityUnits\": 5      },\"Projection\":{\"ProjectionType\":\"ALL\"}}}]" """,
        "UpdateTable: ok, Music is ACTIVE",
    ),
    (
        r"""aws dynamodb query \
    --table-name Music \
    --index-name AlbumTitle-index \
    --key-condition-expression "AlbumTitle = :name" \
    --expression-attribute-values  '{":name":{"S":"Somewhat Famous"}}' --query 'Items[0].Artist' --output text""",
        [{"Artist": "No One You Know", "SongTitle": "Call Me Today", "AlbumTitle": "Somewhat Famous", "Awards": 1}],
    ),
    ("aws dynamodb wait table-exists --table-name Music", None),
    ("aws dynamodb delete-table --table-name Music", "DeleteTable: ok, Music is DELETING"),
]

SINGLE_TABLE: list[tuple[str, Any]] = [
    (
        "aws dynamodb create-table --table-name app --billing-mode PAY_PER_REQUEST --attribute-definitions AttributeName=PK,AttributeType=S "
        "AttributeName=SK,AttributeType=S AttributeName=GSI1PK,AttributeType=S AttributeName=GSI1SK,AttributeType=S --key-schema "
        "AttributeName=PK,KeyType=HASH AttributeName=SK,KeyType=RANGE --global-secondary-indexes "
        "'IndexName=GSI1,KeySchema=[{AttributeName=GSI1PK,KeyType=HASH},{AttributeName=GSI1SK,KeyType=RANGE}],Projection={ProjectionType=ALL}'",
        "CreateTable: ok, app is ACTIVE",
    ),
    (
        r"""aws dynamodb batch-write-item --request-items '{"app": [
    {"PutRequest": {"Item": {"PK": {"S": "CUSTOMER#1"}, "SK": {"S": "PROFILE"}, "name": {"S": "Ann"}}}},
    {"PutRequest": {"Item": {"PK": {"S": "CUSTOMER#1"}, "SK": {"S": "ORDER#2024-01"}, "amount": {"N": "12.5"}, "GSI1PK": {"S": "OPEN"}, "GSI1SK": {"S": "2024-01"}}}},
    {"PutRequest": {"Item": {"PK": {"S": "CUSTOMER#1"}, "SK": {"S": "ORDER#2024-02"}, "amount": {"N": "30"}, "GSI1PK": {"S": "SHIPPED"}, "GSI1SK": {"S": "2024-02"}}}},
    {"PutRequest": {"Item": {"PK": {"S": "CUSTOMER#2"}, "SK": {"S": "ORDER#2024-03"}, "amount": {"N": "7"}, "GSI1PK": {"S": "OPEN"}, "GSI1SK": {"S": "2024-03"}}}}
]}'""",
        "BatchWriteItem: ok, at least 7 WCU",
    ),
    (
        r"""aws dynamodb query --table-name app \
  --key-condition-expression '#pk = :pk and begins_with(#sk, :prefix)' \
  --expression-attribute-names '{"#pk": "PK", "#sk": "SK"}' \
  --expression-attribute-values '{":pk": {"S": "CUSTOMER#1"}, ":prefix": {"S": "ORDER#"}}' \
  --no-scan-index-forward --projection-expression 'SK, amount'""",
        [{"SK": "ORDER#2024-02", "amount": 30}, {"SK": "ORDER#2024-01", "amount": 12.5}],
    ),
    (
        "aws dynamodb query --table-name app --index-name GSI1 --key-condition-expression 'GSI1PK = :s' "
        "--expression-attribute-values ':s={S=OPEN}' --projection-expression PK",
        [{"PK": "CUSTOMER#1"}, {"PK": "CUSTOMER#2"}],
    ),
    (
        r"""aws dynamodb transact-write-items --transact-items '[
  {"Update": {"TableName": "app", "Key": {"PK": {"S": "CUSTOMER#1"}, "SK": {"S": "ORDER#2024-01"}},
    "UpdateExpression": "SET GSI1PK = :shipped", "ConditionExpression": "GSI1PK = :open",
    "ExpressionAttributeValues": {":shipped": {"S": "SHIPPED"}, ":open": {"S": "OPEN"}}}},
  {"Update": {"TableName": "app", "Key": {"PK": {"S": "CUSTOMER#1"}, "SK": {"S": "PROFILE"}},
    "UpdateExpression": "ADD shipped :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}}
]'""",
        "TransactWriteItems: ok, at least 6 WCU",
    ),
    (
        "aws dynamodb get-item --table-name app --key 'PK={S=CUSTOMER#1},SK={S=PROFILE}' --return-consumed-capacity TOTAL",
        [{"PK": "CUSTOMER#1", "SK": "PROFILE", "name": "Ann", "shipped": 1}],
    ),
    (
        "aws dynamodb transact-get-items --transact-items "
        "'Get={Key={PK={S=CUSTOMER#2},SK={S=ORDER#2024-03}},TableName=app,ProjectionExpression=amount}'",
        [{"amount": 7}],
    ),
    (
        "aws dynamodb delete-item --table-name app --key PK={S=CUSTOMER#2},SK={S=ORDER#2024-03} --return-values ALL_OLD",
        1,
    ),
    ("aws dynamodb scan --table-name app --select COUNT", "Scan: 3 items, 3 examined, 0.5 RCU"),
]


@pytest.fixture
async def visitor(dynamodb: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    assert isinstance(dynamodb, DynamoEngine)
    made = Visitor(dynamodb, dynamodb.new_sandbox(), settings)
    yield made
    await dynamodb.drop(made.sandbox)


def check(ran: Ran, expected: Any) -> None:
    if isinstance(expected, str):
        assert ran.last.status == expected
    elif isinstance(expected, int):
        assert len(ran.plain) == expected
    elif expected is not None:
        assert ran.plain == expected


@pytest.mark.parametrize("chapter", [GETTING_STARTED, SINGLE_TABLE], ids=["getting started", "single table"])
async def test_a_chapter_runs_line_by_line(visitor: Visitor, chapter: list[tuple[str, Any]]) -> None:
    for line, expected in chapter:
        ran = await visitor.run(line)
        assert ran.error is None, (line, ran.error)
        check(ran, expected)


@pytest.mark.parametrize("chapter", [GETTING_STARTED, SINGLE_TABLE], ids=["getting started", "single table"])
async def test_a_chapter_runs_as_one_source(visitor: Visitor, chapter: list[tuple[str, Any]]) -> None:
    ran = await visitor.run("\n\n".join(line for line, _ in chapter), max_run_ms=10_000)
    assert ran.error is None
    assert len(ran.results) == len(chapter)
    for result, (_, expected) in zip(ran.results, chapter, strict=True):
        check(Ran([result]), expected)
