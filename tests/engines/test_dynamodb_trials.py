"""An index tried on a copy of a table: whatever ends the trial, the copy is gone."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.config import Settings
from app.core.errors import StatementError, StatementRefused, StatementStopped
from app.core.limits import Limits
from app.engines.dynamodb import client as clients
from app.engines.dynamodb.calls import Calls
from app.engines.dynamodb.engine import DynamoEngine
from app.engines.dynamodb.plans import trials
from tests.engines.dynamodb_subject import TABLE, Visitor

SCAN = 'Scan { TableName: "things", FilterExpression: "who = :w", ExpressionAttributeValues: {":w": "c1"} }'
LEFT_MS = 600


CREATE = {
    "IndexName": "by_who",
    "KeySchema": [{"AttributeName": "who", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
INDEX = {
    "TableName": "things",
    "AttributeDefinitions": [{"AttributeName": "who", "AttributeType": "S"}],
    "GlobalSecondaryIndexUpdates": [{"Create": CREATE}],
}


@pytest.fixture
async def visitor(dynamodb: DynamoEngine, settings: Settings) -> AsyncIterator[Visitor]:
    made = Visitor(dynamodb, dynamodb.new_sandbox(), settings)
    puts = [f'PutItem {{ TableName: "things", Item: {{pk: "a", sk: {n}, who: "c{n % 5}"}} }}\n' for n in range(10)]
    assert (await made.run(TABLE + "".join(puts))).error is None
    yield made
    await dynamodb.drop(made.sandbox)


async def tried(visitor: Visitor, index: dict[str, Any], left_ms: int = LEFT_MS) -> Any:
    """The trial, or what ended it."""
    (statement,) = visitor.engine.split(SCAN)
    client = await visitor.engine.client(visitor.sandbox, "main")
    try:
        return await client.try_index(
            statement, {"operation": "Scan"}, f"UpdateTable {json.dumps(index)}", Limits(left_ms=left_ms)
        )
    except StatementError as exc:
        return exc


async def tables(visitor: Visitor) -> Any:
    return (await visitor.run("ListTables")).last.documents


async def test_a_copy_is_gone_after_it_was_of_use(visitor: Visitor) -> None:
    trial = await tried(visitor, INDEX, 9_000)
    assert (trial.before.access, trial.after.access) == ("full scan", "index scan")
    assert await tables(visitor) == [{"TableNames": ["things"]}]


async def test_a_copy_made_too_late_is_gone(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Calls._call
    made = []

    def slow(self: Calls, server: Any, sandbox: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if operation == "CreateTable":
            time.sleep(LEFT_MS / 1_000)
            made.append(parameters["TableName"])
        return real(self, server, sandbox, operation, parameters)

    monkeypatch.setattr(Calls, "_call", slow)
    assert isinstance(await tried(visitor, INDEX), StatementStopped)
    await asyncio.sleep(0.3)
    assert len(made) == 1
    assert await tables(visitor) == [{"TableNames": ["things"]}]


async def test_a_copy_is_gone_when_a_plan_took_all_the_time(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    real = trials._measured
    monkeypatch.setattr(clients, "CLEAN_UP_MS", 500)

    async def slow(*given: Any) -> Any:
        if "Query" in given[1].text:
            await asyncio.sleep((LEFT_MS + 600) / 1_000)
        return await real(*given)

    monkeypatch.setattr(trials, "_measured", slow)
    assert (await tried(visitor, INDEX)).after.access == "index scan"
    assert await tables(visitor) == [{"TableNames": ["things"]}]


async def test_a_copy_that_cannot_be_made_is_told_as_that(visitor: Visitor) -> None:
    undefined = INDEX | {"AttributeDefinitions": []}
    error = await tried(visitor, undefined, 9_000)
    assert isinstance(error, StatementRefused), error
    assert "The copy could not be made" in error.message
    assert await tables(visitor) == [{"TableNames": ["things"]}]


async def test_nothing_is_copied_at_aws(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(visitor.engine, DynamoEngine)
    monkeypatch.setattr(visitor.engine.pool, "at_aws", True, raising=False)
    error = await tried(visitor, INDEX, 9_000)
    assert isinstance(error, StatementRefused), error
    assert (error.code, "AWS would bill" in error.message) == ("cannot_try", True)
