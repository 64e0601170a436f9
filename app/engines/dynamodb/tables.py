"""The tables of a sandbox: what the sidebar shows, how much they hold, and how they are dropped."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from app.core.engine import SchemaObject
from app.core.errors import EngineUnavailable
from app.engines.dynamodb.replies import counted
from app.engines.dynamodb.values import ITEM_OVERHEAD_BYTES, item_size, typed_map

Ask = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

COUNT_PAGE_ITEMS = 2_000
SAMPLE_ITEMS = 25
"""Items of a table that are read for the sidebar: their attributes, and their size."""
MAX_ATTRIBUTES = 30
_KEY_NAMES = {"HASH": "partition key", "RANGE": "sort key"}


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
    """Tables with their keys, indexes, sizes, streams and times to live; each opens to its item collections."""
    return list(await asyncio.gather(*(_table(ask, name) for name in await names(ask))))


async def _table(ask: Ask, name: str) -> SchemaObject:
    table = (await ask("DescribeTable", {"TableName": name}))["Table"]
    types = {part["AttributeName"]: part["AttributeType"] for part in table.get("AttributeDefinitions", ())}
    parts = _keys(table["KeySchema"], types)
    for kind, listed in (("GSI", "GlobalSecondaryIndexes"), ("LSI", "LocalSecondaryIndexes")):
        for index in table.get(listed, ()):
            on = ", ".join(part["AttributeName"] for part in index["KeySchema"])
            projected = index.get("Projection", {}).get("ProjectionType", "ALL")
            told = f"on {on}" + ("" if projected == "ALL" else f", {projected}")
            parts.append(SchemaObject(kind, index["IndexName"], told))
    spec = table.get("StreamSpecification", {})
    if spec.get("StreamEnabled"):
        watch = f"Watch {{ TableName: {json.dumps(name)} }}"
        parts.append(
            SchemaObject("item", "stream", f"{spec.get('StreamViewType')}, a click writes Watch", reference=watch)
        )
    if expires := await _time_to_live(ask, name):
        parts.append(SchemaObject("TTL", expires, "number of seconds since 1970"))
    if table.get("BillingModeSummary", {}).get("BillingMode") != "PAY_PER_REQUEST":
        units = table.get("ProvisionedThroughput", {})
        read, write = units.get("ReadCapacityUnits", 0), units.get("WriteCapacityUnits", 0)
        parts.append(SchemaObject("provisioned", f"{read:g} RCU, {write:g} WCU", "a second"))
    sample = (await ask("Scan", {"TableName": name, "Limit": SAMPLE_ITEMS}))["Items"]
    keys = {part["AttributeName"] for part in table["KeySchema"]}
    parts[len(keys) : len(keys)] = _attributes(sample, keys)
    detail = _size(sample, max(len(sample), table.get("ItemCount", 0)))
    return SchemaObject("table", name, detail, parts, path=json.dumps([name], ensure_ascii=False))


async def _time_to_live(ask: Ask, name: str) -> str | None:
    told = (await ask("DescribeTimeToLive", {"TableName": name})).get("TimeToLiveDescription", {})
    return told.get("AttributeName") if told.get("TimeToLiveStatus") in ("ENABLED", "ENABLING") else None


def _size(sample: list[dict[str, Any]], count: int) -> str:
    """How many items, and how large they are as DynamoDB counts; of a large table, by the first of them."""
    if not sample:
        return counted(count)
    size = _sum(sample)
    if len(sample) < count:
        return f"{counted(count)}, about {_bytes(size * count // len(sample))}"
    return f"{counted(count)}, {_bytes(size)}"


def _attributes(sample: list[dict[str, Any]], keys: set[str]) -> list[SchemaObject]:
    """Attributes that the first items have, with their types: a table itself knows its keys only."""
    types: dict[str, dict[str, None]] = {}
    for item in sample:
        for name, value in item.items():
            if name not in keys and (name in types or len(types) < MAX_ATTRIBUTES):
                types.setdefault(name, {}).update(dict.fromkeys(value))
    return [SchemaObject("attribute", name, " or ".join(kinds)) for name, kinds in types.items()]


def _bytes(size: int) -> str:
    if size < 1_000:
        return f"{size} B"
    return f"{size / 1e3:.1f} kB" if size < 1_000_000 else f"{size / 1e6:.1f} MB"


def _keys(schema: list[dict[str, str]], types: dict[str, str]) -> list[SchemaObject]:
    return [
        SchemaObject("key", name, f"{_KEY_NAMES[part['KeyType']]}, {types.get(name, '?')}")
        for part in schema
        for name in (part["AttributeName"],)
    ]
