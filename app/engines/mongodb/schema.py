"""What a sandbox holds, for the sidebar: collections with counts, a few fields found by sampling, indexes."""

import asyncio
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase

from app.core.engine import SchemaObject
from app.core.errors import SandboxExpired
from app.engines.mongodb.errors import translated
from app.engines.mongodb.values import READ
from app.scripting.errors import HostFailure

SAMPLE = 20
MAX_FIELDS = 30
MAX_MS = 1_000

TYPES = {
    "str": "string",
    "int": "int",
    "Int64": "long",
    "float": "double",
    "bool": "bool",
    "datetime": "date",
    "DatetimeMS": "date",
    "ObjectId": "objectId",
    "dict": "object",
    "list": "array",
    "NoneType": "null",
    "Decimal128": "decimal",
    "Binary": "binData",
    "bytes": "binData",
    "Regex": "regex",
    "Timestamp": "timestamp",
}


async def inspect(database: "AsyncIOMotorDatabase[dict[str, Any]]") -> list[SchemaObject]:
    """Collections and views by name. Empty when the sandbox was never created."""
    try:
        with translated(database.name):
            infos = [info async for info in await database.list_collections()]
    except SandboxExpired:
        return []
    infos = sorted((i for i in infos if not i["name"].startswith("system.")), key=lambda i: str(i["name"]))
    return await asyncio.gather(*(_object(database, info) for info in infos))


async def _object(database: "AsyncIOMotorDatabase[dict[str, Any]]", info: dict[str, Any]) -> SchemaObject:
    name = str(info["name"])
    if info["type"] == "view":
        return SchemaObject("view", name, f"of {info['options'].get('viewOn')}")
    try:
        with translated(database.name):
            collection = database[name]
            count = await collection.estimated_document_count(maxTimeMS=MAX_MS)
            found = database.get_collection(name, codec_options=READ).find({}, limit=SAMPLE, max_time_ms=MAX_MS)
            sample = await found.to_list(SAMPLE)
            indexes = [index async for index in collection.list_indexes()]
    except HostFailure:  # dropped meanwhile
        return SchemaObject("collection", name)
    parts = [*_fields(sample), *(_index(index) for index in indexes)]
    kind = "time series" if info["type"] == "timeseries" else "collection"
    return SchemaObject(kind, name, f"{count:,} document{'' if count == 1 else 's'}", parts)


def _fields(sample: list[dict[str, Any]]) -> list[SchemaObject]:
    """The fields of the sampled documents with their types, the commonest type first."""
    found: dict[str, dict[str, int]] = {}
    for document in sample:
        for field, value in document.items():
            kinds = found.setdefault(field, {})
            kind = TYPES.get(type(value).__name__, type(value).__name__)
            kinds[kind] = kinds.get(kind, 0) + 1
    return [
        SchemaObject("field", field, " | ".join(sorted(kinds, key=lambda k: -kinds[k])))
        for field, kinds in list(found.items())[:MAX_FIELDS]
    ]


def _index(index: Any) -> SchemaObject:
    keys = ", ".join(f"{field}: {kind}" for field, kind in index["key"].items())
    marks = [mark for mark in ("unique", "sparse", "hidden") if index.get(mark)]
    if "expireAfterSeconds" in index:
        marks.append(f"expires after {index['expireAfterSeconds']} s")
    return SchemaObject("index", str(index["name"]), " ".join([f"{{{keys}}}", *marks]))
