"""Indexes that a stage of a MongoDB plan could use, as shell lines."""

import json
import re
from typing import Any

from app.core.plans import Remedy
from app.engines.mongodb.plan_stages import number, tests_of

Stage = dict[str, Any]

MAX_FIELDS = 4
_PLAIN_NAME = re.compile(r"^[A-Za-z_$][\w$]*$")
_FIELD = re.compile(r"^[^$\0][^\0]*$")


def remedies_of(label: str, stage: Stage, collection: str | None) -> tuple[Remedy, ...]:
    """What could be tried for a stage. Which of it is worth saying is for the rules of core to judge."""
    remedy = None
    name = label.upper().removeprefix("$")
    if collection and name == "COLLSCAN":
        remedy = index_on(collection, _order(stage.get("filter"), {}))
    elif collection and name == "FETCH" and stage.get("filter"):
        below = stage.get("inputStage")
        key = below.get("keyPattern", {}) if isinstance(below, dict) else {}
        if isinstance(key, dict) and all(isinstance(way, int | float) for way in key.values()):
            remedy = index_on(collection, _order(stage["filter"], key))
    elif collection and name == "SORT" and isinstance(stage.get("sortPattern"), dict):
        scan = stage.get("inputStage")
        while (
            isinstance(scan, dict)
            and scan.get("stage") not in ("COLLSCAN", None)
            and isinstance(scan.get("inputStage"), dict)
        ):
            scan = scan["inputStage"]
        if isinstance(scan, dict) and scan.get("stage") == "COLLSCAN":
            remedy = index_on(collection, _order(scan.get("filter"), stage["sortPattern"]))
    elif name in ("LOOKUP", "EQ_LOOKUP", "EQ_LOOKUP_UNWIND"):
        remedy = _for_lookup(stage)
    return (remedy,) if remedy else ()


def index_on(collection: str, keys: dict[str, int]) -> Remedy | None:
    keys = {field: way for field, way in keys.items() if _FIELD.match(field)}
    if not keys or len(keys) > MAX_FIELDS:
        return None
    fields = ", ".join(f"{_key(field)}: {way}" for field, way in keys.items())
    named = _PLAIN_NAME.match(collection) and not collection.startswith("_")
    of = f"db.{collection}" if named else f"db.getCollection({json.dumps(collection)})"
    return Remedy("index", f"{of}.createIndex({{ {fields} }})", tuple(keys))


def _key(field: str) -> str:
    return field if _PLAIN_NAME.match(field) else json.dumps(field, ensure_ascii=False)


def _order(filter_document: Any, then: dict[str, Any]) -> dict[str, int]:
    """Fields tested for equality, then the order asked for, then a field compared by size: each makes use of what stands before it."""
    tests = tests_of(filter_document)
    keys = {field: 1 for field, test in tests if test == "equal"}
    keys |= {field: -1 if (number(way) or 1) < 0 else 1 for field, way in then.items() if field not in keys}
    ranges = [field for field, test in tests if test == "range" and field not in keys]
    return keys | dict.fromkeys(ranges[:1], 1)


def _for_lookup(stage: Stage) -> Remedy | None:
    """Where the other collection was read whole for each document that came in."""
    body = stage.get("$lookup") if isinstance(stage.get("$lookup"), dict) else stage
    assert isinstance(body, dict)
    scans = number(stage.get("collectionScans")) or 0
    if not scans and stage.get("strategy") not in ("NestedLoopJoin", "HashJoin"):
        return None
    other, field = body.get("from") or body.get("foreignCollection"), body.get("foreignField")
    if not isinstance(other, str) or not isinstance(field, str):
        return None
    return index_on(other.rpartition(".")[2] if body.get("foreignCollection") else other, {field: 1})
