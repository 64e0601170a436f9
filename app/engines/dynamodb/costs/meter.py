"""What a call cost, by our own count: sizes of the items it read and wrote, and the buckets of provisioned tables."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from app.core.errors import StatementFailed
from app.engines.dynamodb import model
from app.engines.dynamodb.checking.checks import table_names
from app.engines.dynamodb.costs import capacity
from app.engines.dynamodb.costs.capacity import Units, read_factor
from app.engines.dynamodb.costs.throttle import Kind, Throttle
from app.engines.dynamodb.pages import Read
from app.engines.dynamodb.sources.calling import Call
from app.engines.dynamodb.values import item_size, typed_map

Send = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
Describe = Callable[[str], Awaitable[dict[str, Any]]]

FEW_ITEMS = 300
"""Up to here the items that a filter threw away are read once more at once, to count them; above, only for a plan."""
MANY_ITEMS = 5_000
RECOUNT_PAGE = 500
_GROWS = re.compile(r"\b(?:SET|ADD)\b", re.IGNORECASE)


class Meter:
    """Counts one call. `counts` is True where the server gives flat figures, not measured by size."""

    def __init__(self, send: Send, describe: Describe, throttle: Throttle, *, counts: bool) -> None:
        self._send = send
        self._describe = describe
        self._throttle = throttle
        self._counts = counts
        self._asked: str | None = None
        self.images: list[tuple[str, int]] = []
        """Table and size of each item as the call left it: what a stream now holds."""

    async def before(self, call: Call) -> dict[str, Any]:
        """The parameters to send. Raises StatementFailed when a table's units are used up."""
        kind: Kind = "Write" if call.operation in model.WRITES else "Read"
        if kind == "Write" or call.operation in model.READS:
            for name, path in table_names(call):
                table = await self._known(name)
                if table is None:
                    continue
                self._throttle.admit(table, call.parameters.get("IndexName"), kind, call.offset(path))
                if kind == "Write":
                    for index in table.get("GlobalSecondaryIndexes", ()):
                        self._throttle.admit(table, index["IndexName"], kind, call.offset(path))
        if not self._counts or call.parameters.get("ReturnValues", "NONE") != "NONE":
            return call.parameters
        self._asked = _image_to_ask(call, await self._known(call.parameters.get("TableName", "")))
        return {**call.parameters, "ReturnValues": self._asked} if self._asked else call.parameters

    async def after(self, call: Call, answer: dict[str, Any]) -> Units | None:
        """The units of an answer; takes out of it what was asked for the count only."""
        units = None
        if self._counts:
            if call.operation in ("PutItem", "UpdateItem", "DeleteItem"):
                units = await self._single_write(call, answer)
            elif call.operation in ("GetItem", "BatchGetItem", "TransactGetItems"):
                units = self._reads(call, answer)
            elif call.operation in ("BatchWriteItem", "TransactWriteItems"):
                units = await self._writes(call)
        await self._charge(call, units or _told(answer))
        return units

    async def after_pages(self, call: Call, read: Read, most: int = FEW_ITEMS) -> Units | None:
        """The units of a query or scan: all that was examined, not only what came back."""
        units = await self.count_pages(call, read, most) if self._counts else None
        await self._charge(call, units or _sum(read.capacity))
        return units

    async def count_pages(self, call: Call, read: Read, most: int) -> Units:
        """By our own count, where needed by reading up to `most` items again."""
        size = read.examined_bytes = await self.examined_bytes(call, read, most)
        factor = read_factor(consistent=bool(call.parameters.get("ConsistentRead")))
        if size is not None and self._counts:
            read.pages = capacity.pages(size)
        return Units(capacity.page_read(size or read.items.stored_bytes, factor), exact=size is not None)

    async def examined_bytes(self, call: Call, read: Read, most: int) -> int | None:
        """How many bytes a query or scan examined. What came back whole is counted; the rest is read again, up to `most` items."""
        parameters = call.parameters
        narrowed = any(name in parameters for name in ("ProjectionExpression", "AttributesToGet"))
        counted = parameters.get("Select") in ("COUNT", "SPECIFIC_ATTRIBUTES")
        if not narrowed and not counted and read.scanned == len(read.items.documents):
            return read.items.stored_bytes
        if read.scanned is None or read.scanned > most:
            return None
        left = {
            name: value
            for name, value in parameters.items()
            if name in ("TableName", "IndexName", "ConsistentRead", "ScanIndexForward", "ExclusiveStartKey", "Segment")
            or name in ("TotalSegments", "KeyConditionExpression", "KeyConditions")
        }
        left |= _placeholders(parameters)
        found, total = 0, 0
        while found < read.scanned:
            page = min(RECOUNT_PAGE, read.scanned - found)
            answer = await self._send(call.operation, {**left, "Limit": page})
            found += len(answer["Items"])
            total += sum(item_size(item) for item in answer["Items"])
            if not answer.get("LastEvaluatedKey"):
                break
            left["ExclusiveStartKey"] = typed_map(answer["LastEvaluatedKey"])
        return total

    async def _single_write(self, call: Call, answer: dict[str, Any]) -> Units:
        parameters = call.parameters
        table = await self._known(parameters["TableName"]) or {}
        asked = self._asked or parameters.get("ReturnValues", "NONE")
        image = answer.get("Attributes")
        old, new = (image if asked == "ALL_OLD" else None), (image if asked == "ALL_NEW" else None)
        if self._asked:
            answer.pop("Attributes", None)
        if call.operation == "PutItem":
            new = parameters["Item"]
        elif call.operation == "UpdateItem" and new is None and (_indexed(table) or not old):
            new = await self._item(parameters)
        sizes = [item_size(item) for item in (old, new) if item]
        if call.operation != "DeleteItem":
            self.images.append((parameters["TableName"], max(sizes, default=0)))
        return Units(
            capacity.item_write(*sizes), indexes=capacity.index_writes(table, old, new) if _indexed(table) else {}
        )

    async def _item(self, parameters: dict[str, Any]) -> dict[str, Any] | None:
        asked = {"TableName": parameters["TableName"], "Key": parameters["Key"], "ConsistentRead": True}
        return (await self._send("GetItem", asked)).get("Item")

    def _reads(self, call: Call, answer: dict[str, Any]) -> Units:
        parameters = call.parameters
        if call.operation == "GetItem":
            factor = read_factor(consistent=bool(parameters.get("ConsistentRead")))
            exact = not any(name in parameters for name in ("ProjectionExpression", "AttributesToGet"))
            return Units(capacity.item_read(item_size(answer.get("Item", {})), factor), exact)
        if call.operation == "TransactGetItems":
            factor = read_factor(consistent=True, transactional=True)
            items = [one.get("Item", {}) for one in answer.get("Responses", ())]
            exact = not any("ProjectionExpression" in one["Get"] for one in parameters["TransactItems"])
            return Units(sum(capacity.item_read(item_size(item), factor) for item in items), exact)
        total, exact = 0.0, True
        for name, asked in parameters["RequestItems"].items():
            factor = read_factor(consistent=bool(asked.get("ConsistentRead")))
            found = answer.get("Responses", {}).get(name, [])
            total += sum(capacity.item_read(item_size(item), factor) for item in found)
            total += capacity.item_read(0, factor) * max(0, len(asked["Keys"]) - len(found))
            exact = exact and not any(part in asked for part in ("ProjectionExpression", "AttributesToGet"))
        return Units(total, exact)

    async def _writes(self, call: Call) -> Units:
        """Several writes at once. What was there before them is not known, so this is the least."""
        units = Units(0.0, exact=False)
        for table_name, action, parameters in _actions(call):
            new = parameters.get("Item")
            if action == "Update":
                new = await self._item(parameters)
            factor = 2 if call.operation == "TransactWriteItems" else 1
            units.value += factor * capacity.item_write(item_size(new) if new else 0)
            table = await self._known(table_name)
            if new and action != "ConditionCheck":
                self.images.append((table_name, item_size(new)))
                for name, more in capacity.index_writes(table or {}, None, new).items():
                    units.indexes[name] = units.indexes.get(name, 0) + factor * more
        return units

    async def _charge(self, call: Call, units: Units | None) -> None:
        names = [name for name, _ in table_names(call)]
        if units is None or not names:
            return
        kind: Kind = "Write" if call.operation in model.WRITES else "Read"
        for name in names:
            table = await self._known(name)
            if table is None:
                continue
            self._throttle.charge(table, call.parameters.get("IndexName"), kind, units.value / len(names))
            for index, more in units.indexes.items():
                self._throttle.charge(table, index, kind, more / len(names))

    async def _known(self, name: str) -> dict[str, Any] | None:
        try:
            return await self._describe(name)
        except StatementFailed:
            return None  # the call itself says so, in DynamoDB's words


def _indexed(table: dict[str, Any]) -> bool:
    return bool(table.get("GlobalSecondaryIndexes") or table.get("LocalSecondaryIndexes"))


def _image_to_ask(call: Call, table: dict[str, Any] | None) -> str | None:
    """Which image of an item a write gives back for the count: both matter to indexes, else the larger one does."""
    if call.operation in ("PutItem", "DeleteItem"):
        return "ALL_OLD"
    if call.operation != "UpdateItem":
        return None
    grows = _GROWS.search(str(call.parameters.get("UpdateExpression", "SET")))
    return "ALL_NEW" if grows and not _indexed(table or {}) else "ALL_OLD"


def _actions(call: Call) -> list[tuple[str, str, dict[str, Any]]]:
    if call.operation == "BatchWriteItem":
        return [
            (table, "Put" if "PutRequest" in one else "Delete", one.get("PutRequest", {}))
            for table, requests in call.parameters["RequestItems"].items()
            for one in requests
        ]
    return [
        (held["TableName"], action, held) for one in call.parameters["TransactItems"] for action, held in one.items()
    ]


def _placeholders(parameters: dict[str, Any]) -> dict[str, Any]:
    """The names and values that the key condition uses: DynamoDB refuses those that nothing uses."""
    condition = str(parameters.get("KeyConditionExpression", ""))
    found = {}
    for part in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        used = {name: held for name, held in parameters.get(part, {}).items() if _uses(condition, name)}
        if used:
            found[part] = used
    return found


def _uses(condition: str, name: str) -> bool:
    at = condition.find(name)
    while at >= 0:
        after = condition[at + len(name) : at + len(name) + 1]
        if not (after.isalnum() or after == "_"):
            return True
        at = condition.find(name, at + 1)
    return False


def _told(answer: dict[str, Any]) -> Units | None:
    told = answer.get("ConsumedCapacity")
    return _sum(told if isinstance(told, list) else [told] if told else [])


def _sum(told: list[Any]) -> Units | None:
    figures = [one["CapacityUnits"] for one in told if "CapacityUnits" in one]
    return Units(sum(figures)) if figures else None
