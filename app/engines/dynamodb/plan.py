"""How a call was executed: read off the call and its figures, since DynamoDB has no EXPLAIN."""

import json
import re
from typing import Any

from app.core.plans import Access, Plan, PlanNode
from app.engines.dynamodb.replies import Done
from app.engines.dynamodb.translate import Keys
from app.engines.dynamodb.values import plain, wire

MAX_SHOWN_CHARS = 80
_PLACEHOLDER = re.compile(r"[#:]\w+")
NOTE = (
    "DynamoDB has no EXPLAIN: this is the call itself, with the counts and the capacity units that it gave. "
    "The emulator's capacity units are flat ones, not measured by item size."
)


def plan_of(done: Done, keys: Keys | None) -> Plan:
    """The plan of a call that was made. `keys` are those of the table or index it read, where known."""
    parameters = done.call.parameters
    access = _access(done, keys)
    filtered = parameters.get("FilterExpression")
    examined = done.scanned if done.scanned is not None else float(done.returned)
    node = PlanNode(
        label=done.call.operation,
        access=access,
        target=_target(done),
        index=parameters.get("IndexName"),
        condition=_readable(parameters, "KeyConditionExpression") or _readable(parameters, "ConditionExpression"),
        returned_rows=examined if filtered else done.returned,
        examined_rows=examined,
        loops=done.pages,
        cost=done.units,
        cost_unit=done.unit if done.units is not None else None,
        warnings=_warnings(done, access, keys),
        raw={"pages": done.pages, "Count": done.returned, "ScannedCount": done.scanned},
    )
    if filtered:
        node = PlanNode(
            label="FilterExpression",
            access="filter",
            condition=_readable(parameters, "FilterExpression"),
            returned_rows=done.returned,
            examined_rows=examined,
            children=(node,),
        )
    return Plan(
        root=node,
        access=access,
        examined=examined,
        returned=done.returned,
        cost=done.units,
        cost_unit=done.unit if done.units is not None else None,
        measured=True,
        note=NOTE,
        raw={"operation": done.call.operation, "ConsumedCapacity": done.capacity},
    )


def _readable(parameters: dict[str, Any], name: str) -> str | None:
    """An expression with the names and values that its placeholders stand for."""
    text = parameters.get(name)
    if not text:
        return None
    names = parameters.get("ExpressionAttributeNames", {})
    values = parameters.get("ExpressionAttributeValues", {})

    def meant(found: re.Match[str]) -> str:
        placeholder = found.group()
        if placeholder in values:
            return json.dumps(plain(wire(values[placeholder])), ensure_ascii=False)[:MAX_SHOWN_CHARS]
        return str(names.get(placeholder, placeholder))

    return _PLACEHOLDER.sub(meant, str(text))


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
    return condition.count("=") == (2 if keys[1] else 1) and not any(sign in condition for sign in "<>(")


def _target(done: Done) -> str | None:
    parameters = done.call.parameters
    if "TableName" in parameters:
        return str(parameters["TableName"])
    return ", ".join(parameters["RequestItems"]) if "RequestItems" in parameters else None


def _warnings(done: Done, access: Access, keys: Keys | None) -> tuple[str, ...]:
    if access == "full scan":
        key = f" on {keys[0]!r}, the partition key" if keys else " on the partition key"
        return (f"Every item of the table was read: a Query needs an equality{key}, or an index with such a key.",)
    if done.scanned and done.scanned > 10 * max(1, done.returned):
        return ("The filter threw most items away after they were read and paid for.",)
    return ()
