"""The tables of a sandbox: what the sidebar shows, how much they hold, and how they are dropped."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from app.core.engine import SchemaObject
from app.core.errors import EngineUnavailable
from app.engines.dynamodb.replies import counted
from app.engines.dynamodb.values import ITEM_OVERHEAD_BYTES, item_size, typed_map

Ask = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

COUNT_PAGE_ITEMS = 2_000
_KEY_NAMES = {"HASH": "PK", "RANGE": "SK"}


async def names(ask: Ask) -> list[str]:
    """The names of all tables of the account."""
    found: list[str] = []
    start: dict[str, Any] = {}
    while True:
        answer = await ask("ListTables", start)
        found += answer.get("TableNames", [])
        if not answer.get("LastEvaluatedTableName"):
            return found
        start = {"ExclusiveStartTableName": answer["LastEvaluatedTableName"]}


async def drop_all(ask: Ask) -> None:
    """Delete every table of the account. Raises EngineUnavailable when one is left."""
    for name in await names(ask):
        table = (await ask("DescribeTable", {"TableName": name}))["Table"]
        if table.get("DeletionProtectionEnabled"):
            await ask("UpdateTable", {"TableName": name, "DeletionProtectionEnabled": False})
        await ask("DeleteTable", {"TableName": name})
    if left := await names(ask):
        raise EngineUnavailable(f"{len(left)} tables could not be deleted.")


async def count_bytes(ask: Ask) -> int:
    """The size of all items as DynamoDB counts it, by reading them: the emulator's own figure is a guess."""
    total = 0
    for name in await names(ask):
        parameters: dict[str, Any] = {"TableName": name, "Limit": COUNT_PAGE_ITEMS}
        while True:
            answer = await ask("Scan", parameters)
            total += await asyncio.to_thread(_sum, answer["Items"])
            if not answer.get("LastEvaluatedKey"):
                break
            parameters["ExclusiveStartKey"] = typed_map(answer["LastEvaluatedKey"])
    return total


def _sum(items: list[dict[str, Any]]) -> int:
    return sum(item_size(item) + ITEM_OVERHEAD_BYTES for item in items)


async def schema(ask: Ask) -> list[SchemaObject]:
    """Tables with their keys and indexes."""
    found = []
    for name in await names(ask):
        table = (await ask("DescribeTable", {"TableName": name}))["Table"]
        types = {part["AttributeName"]: part["AttributeType"] for part in table.get("AttributeDefinitions", ())}
        parts = _keys(table["KeySchema"], types)
        for kind, listed in (("GSI", "GlobalSecondaryIndexes"), ("LSI", "LocalSecondaryIndexes")):
            for index in table.get(listed, ()):
                parts.append(SchemaObject(kind, index["IndexName"], parts=_keys(index["KeySchema"], types)))
        found.append(SchemaObject("table", name, counted(table.get("ItemCount", 0)), parts))
    return found


def _keys(schema: list[dict[str, str]], types: dict[str, str]) -> list[SchemaObject]:
    return [
        SchemaObject(_KEY_NAMES[part["KeyType"]], part["AttributeName"], types.get(part["AttributeName"]))
        for part in schema
    ]
