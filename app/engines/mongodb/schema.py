"""What a sandbox holds, for the sidebar: collections with counts and sizes, fields found by sampling, indexes, validators."""

import asyncio
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase

from app.core.engine import Listing, SchemaObject
from app.core.errors import NotFound, SandboxExpired
from app.engines.mongodb import fields
from app.engines.mongodb.errors import translated
from app.engines.mongodb.values import READ, shell_text
from app.scripting.errors import HostFailure

MAX_OPENED = 20
"""Of more collections than these, the parts are looked up when one is opened."""
SAMPLE = 60
MAX_MS = 1_000
MAX_DETAIL_CHARS = 300
KINDS = {"view": "view", "timeseries": "time series"}


async def inspect(database: "AsyncIOMotorDatabase[dict[str, Any]]") -> list[SchemaObject]:
    """Collections and views by name. Empty when the sandbox was never created."""
    try:
        infos = await _infos(database)
    except SandboxExpired:
        return []
    return await asyncio.gather(*(_object(database, info, at < MAX_OPENED) for at, info in enumerate(infos)))


async def browse(database: "AsyncIOMotorDatabase[dict[str, Any]]", path: str) -> Listing:
    """What a collection has. Raises NotFound when there is none of that name."""
    infos = [info for info in await _infos(database) if info["name"] == path]
    if not infos:
        raise NotFound(f"There is no collection {path!r}.")
    return Listing((await _object(database, infos[0], True)).parts)


async def _infos(database: "AsyncIOMotorDatabase[dict[str, Any]]") -> list[dict[str, Any]]:
    with translated(database.name):
        infos = [info async for info in await database.list_collections()]
    return sorted((i for i in infos if not i["name"].startswith("system.")), key=lambda i: str(i["name"]))


async def _object(database: "AsyncIOMotorDatabase[dict[str, Any]]", info: dict[str, Any], opened: bool) -> SchemaObject:
    name, kind = str(info["name"]), KINDS.get(info["type"], "collection")
    view = f"of {info['options'].get('viewOn')}" if kind == "view" else None
    try:
        with translated(database.name):
            figures = {} if view else await _figures(database, name)
            if not opened:
                return SchemaObject(kind, name, view or _size(figures), path=name)
            sample, indexes = await asyncio.gather(_sample(database, name), _indexes(database, name, kind))
    except HostFailure:  # dropped meanwhile, or a view that can't be read
        return SchemaObject(kind, name, view)
    parts = [*fields.described(sample), *(_index(index, figures) for index in indexes), *_rules(info)]
    return SchemaObject(kind, name, view or _size(figures), parts)


async def _figures(database: "AsyncIOMotorDatabase[dict[str, Any]]", name: str) -> dict[str, Any]:
    stats: dict[str, Any] = await database.command("collStats", name, maxTimeMS=MAX_MS)
    return stats


async def _sample(database: "AsyncIOMotorDatabase[dict[str, Any]]", name: str) -> list[dict[str, Any]]:
    """Some documents: the first ones, which costs the same however many there are."""
    collection = database.get_collection(name, codec_options=READ)
    return await collection.find({}, limit=SAMPLE, max_time_ms=MAX_MS).to_list(SAMPLE)


async def _indexes(database: "AsyncIOMotorDatabase[dict[str, Any]]", name: str, kind: str) -> list[dict[str, Any]]:
    if kind != "collection":
        return []
    found = database[name].aggregate([{"$indexStats": {}}], maxTimeMS=MAX_MS)
    return sorted([index async for index in found], key=lambda index: (index["name"] != "_id_", str(index["name"])))


def _size(figures: dict[str, Any]) -> str | None:
    if not figures:
        return None
    count = figures.get("count")
    size = fields.human_bytes(int(figures.get("size", 0)))
    return f"{count:,} document{'' if count == 1 else 's'}, {size}" if count is not None else size


def _index(index: dict[str, Any], figures: dict[str, Any]) -> SchemaObject:
    spec = index.get("spec", {})
    name = str(index["name"])
    marks = [shell_text(index["key"])]
    marks += [mark for mark in ("unique", "sparse", "hidden") if spec.get(mark)]
    if "partialFilterExpression" in spec:
        marks.append("partial")
    if "expireAfterSeconds" in spec:
        marks.append(f"expires after {spec['expireAfterSeconds']} s")
    size = (figures.get("indexSizes") or {}).get(name)
    used = int(index["accesses"]["ops"])
    facts = [" ".join(marks), *([fields.human_bytes(int(size))] if size is not None else [])]
    facts.append(f"used {used:,} time{'' if used == 1 else 's'}")
    return SchemaObject("index", name, ", ".join(facts))


def _rules(info: dict[str, Any]) -> list[SchemaObject]:
    """The validator, and what else the collection was made with."""
    options = info["options"]
    rules = []
    if "validator" in options:
        action = options.get("validationAction", "error")
        text = shell_text(options["validator"])[:MAX_DETAIL_CHARS]
        rules.append(SchemaObject("validator", "refuses" if action == "error" else "warns", text))
    if options.get("capped"):
        rules.append(SchemaObject("capped", "at", fields.human_bytes(int(options.get("size", 0)))))
    return rules
