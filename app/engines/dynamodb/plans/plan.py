"""How a call was executed and what it cost: read off the call and its figures, since DynamoDB has no EXPLAIN."""

import json
from collections import Counter
from typing import Any

from app.core.insights import HOTTEST_PARTITION
from app.core.plans import Access, Condition, Fact, Index, Plan, PlanNode
from app.engines.dynamodb.costs import capacity, prices
from app.engines.dynamodb.costs.capacity import Units
from app.engines.dynamodb.partiql.translate import Keys
from app.engines.dynamodb.plans.advice import advice, equalities, readable
from app.engines.dynamodb.replies import Done
from app.engines.dynamodb.shelf import keys_of
from app.engines.dynamodb.values import plain, wire

MANY_ITEMS = 100
PARTITION_UNITS = {"RCU": 3_000, "WCU": 1_000}
"""What one partition serves in a second, at AWS."""
_NOTE = "DynamoDB has no EXPLAIN: this is the call itself, with the counts that it gave. {} {}"
_OURS = "The capacity units are counted by Sandtable from the sizes of the items, since the emulator's are flat ones."
_SERVERS = "The capacity units are the server's own."
_PRICED = f"Prices: on-demand list prices of {prices.REGION}, as of {prices.AS_OF}."


def plan_of(done: Done, table: dict[str, Any] | None, counted: Units | None) -> Plan:
    """The plan of a call that was made. `table` describes what it read, where it is one; `counted` is our own count of a read."""
    keys = keys_of(table, done.call.parameters.get("IndexName")) if table else None
    access = _access(done, keys)
    examined = done.scanned if done.scanned is not None else float(done.returned)
    unit = done.unit if done.units is not None else None
    node = _read(done, table, keys, access, examined)
    if "FilterExpression" in done.call.parameters:
        node = _filter(done, node, examined)
    return Plan(
        root=node,
        access=access,
        examined=examined,
        returned=done.returned,
        cost=done.units,
        cost_unit=unit,
        measured=True,
        note=_NOTE.format(_OURS if done.own else _SERVERS, _PRICED),
        noun="items",
        indexes=_indexes(table) if table else None,
        facts=_cost(done, counted),
        raw={
            "operation": done.call.operation,
            "parameters": wire(done.call.parameters),
            "ConsumedCapacity": done.capacity,
        },
    )


def _read(done: Done, table: dict[str, Any] | None, keys: Keys | None, access: Access, examined: float) -> PlanNode:
    parameters = done.call.parameters
    filtered = "FilterExpression" in parameters
    warnings, remedies = advice(done, table, keys) if access == "full scan" and table else ((), ())
    return PlanNode(
        label=done.call.operation,
        access=access,
        target=_target(done),
        index=parameters.get("IndexName"),
        condition=readable(parameters, "KeyConditionExpression") or readable(parameters, "ConditionExpression"),
        conditions=_key_conditions(done),
        returned_rows=examined if filtered else done.returned,
        examined_rows=examined,
        loops=done.pages,
        cost=done.units,
        cost_unit=done.unit if done.units is not None else None,
        warnings=(*warnings, *_hot(done)),
        remedies=remedies,
        facts=_facts(done, keys),
        complete=not (done.read and done.read.last_key),
        raw={"pages": done.pages, "Count": done.returned, "ScannedCount": done.scanned},
    )


def _filter(done: Done, below: PlanNode, examined: float) -> PlanNode:
    text = readable(done.call.parameters, "FilterExpression") or ""
    removed = examined - done.returned
    wasteful = examined > 10 * max(1, done.returned)
    warning = ("The filter threw most items away after they were read and paid for.",)
    return PlanNode(
        label="FilterExpression",
        access="filter",
        condition=text,
        conditions=(Condition("filter", "FilterExpression", text, removed, tuple(equalities(done.call.parameters))),),
        returned_rows=done.returned,
        examined_rows=examined,
        removed_rows=removed,
        warnings=warning if wasteful and below.access != "full scan" else (),
        children=(below,),
    )


def _key_conditions(done: Done) -> tuple[Condition, ...]:
    parameters = done.call.parameters
    found = []
    for kind, name in (("key", "KeyConditionExpression"), ("other", "ConditionExpression")):
        if text := readable(parameters, name):
            found.append(Condition("key" if kind == "key" else "other", name, text))
    return tuple(found)


def _facts(done: Done, keys: Keys | None) -> tuple[Fact, ...]:
    """Which partitions were touched, and how many bytes were read of them."""
    facts = []
    if touched := _partitions(done, keys):
        facts.append(Fact("partitions touched", touched))
    if done.read is not None:
        if done.read.examined_bytes is not None:
            facts.append(Fact("examined", float(done.read.examined_bytes), "bytes"))
        facts.append(Fact("returned", float(done.read.items.stored_bytes), "bytes"))
    if (share := _hottest(done, keys)) is not None:
        facts.append(Fact(HOTTEST_PARTITION, share))
    for name, units in (done.own.indexes if done.own else {}).items():
        facts.append(Fact(f"written to index {name}", units, "WCU"))
    return tuple(facts)


def _hottest(done: Done, keys: Keys | None) -> float | None:
    """The share of a scan's items that lie under one partition key, where there are many."""
    items = done.read.items.documents if done.read and done.call.operation == "Scan" else []
    values = Counter(json.dumps(item[keys[0]]) for item in items if keys and keys[0] in item)
    return max(values.values()) / values.total() if values.total() >= MANY_ITEMS else None


def _partitions(done: Done, keys: Keys | None) -> str | None:
    parameters = done.call.parameters
    if keys is None:
        return None
    if done.call.operation == "Scan":
        return "all"
    item = parameters.get("Key") or parameters.get("Item")
    if item and keys[0] in item:
        return f"1: {keys[0]} = {json.dumps(plain(wire(item[keys[0]])), ensure_ascii=False)[:80]}"
    if done.call.operation == "Query":
        values = equalities(parameters, "KeyConditionExpression")
        value = values.get(keys[0])
        return f"1: {keys[0]} = {json.dumps(plain(wire(value)), ensure_ascii=False)[:80]}" if value else "1"
    return None


def _cost(done: Done, counted: Units | None) -> tuple[Fact, ...]:
    """What the call costs in each kind of read, our own count beside the server's, and a million of them."""
    if done.units is None or done.unit not in PARTITION_UNITS:
        return ()
    facts = [Fact("pages", float(done.pages))]
    if done.read is not None and done.read.examined_bytes is not None:
        for name, factor in (("eventually consistent", 0.5), ("strongly consistent", 1.0)):
            facts.append(Fact(f"if {name}", capacity.page_read(done.read.examined_bytes, factor), "RCU"))
    if done.told_units is not None and done.own is None and counted is not None:
        facts.append(Fact("by our own count", counted.total, done.unit))
    least = "at least " if done.own and not done.own.exact else ""
    facts.append(Fact("a million such calls", f"{least}{prices.said(done.units, done.unit)}"))
    return tuple(facts)


def _hot(done: Done) -> tuple[str, ...]:
    """A partition's own limit, where one call takes a good part of it."""
    units = done.units or 0
    most = PARTITION_UNITS.get(done.unit, 0)
    if done.call.operation == "Scan" or not most or units < most / 100:
        return ()
    return (
        f"A partition serves {most:,} {done.unit} a second, so one partition key takes at most "
        f"{most / units:,.0f} such calls a second: it gets hot.",
    )


def _indexes(table: dict[str, Any]) -> tuple[Index, ...]:
    described = (*table.get("GlobalSecondaryIndexes", ()), *table.get("LocalSecondaryIndexes", ()))
    return tuple(
        Index(
            name=one["IndexName"],
            target=str(table["TableName"]),
            columns=tuple(part["AttributeName"] for part in one["KeySchema"]),
        )
        for one in described
    )


def _access(done: Done, keys: Keys | None) -> Access:
    operation = done.call.operation
    if done.writes:
        return "modify"
    if operation == "Scan":
        return "full scan"
    if operation == "Query":
        if "IndexName" in done.call.parameters:
            return "index scan"
        return "key lookup" if keys and _whole_key(done, keys) else "range"
    return "key lookup" if operation in ("GetItem", "BatchGetItem", "TransactGetItems") else "other"


def _whole_key(done: Done, keys: Keys) -> bool:
    """Whether the key condition is an equality on every key of the table, which finds one item at most."""
    condition = done.call.parameters.get("KeyConditionExpression", "")
    ranged = "BETWEEN" in condition.upper() or any(sign in condition for sign in "<>(")
    return condition.count("=") == (2 if keys[1] else 1) and not ranged


def _target(done: Done) -> str | None:
    parameters = done.call.parameters
    if "TableName" in parameters:
        return str(parameters["TableName"])
    return ", ".join(parameters["RequestItems"]) if "RequestItems" in parameters else None
