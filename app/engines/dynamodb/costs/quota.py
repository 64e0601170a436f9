"""How much a sandbox holds: an upper bound kept with every write, counted anew when it reaches the quota."""

import json
import re
from collections.abc import Awaitable, Callable

from app.core.errors import StatementRefused
from app.engines.dynamodb.checking.checks import MAX_ITEM_BYTES, items_put
from app.engines.dynamodb.sources.calling import Call
from app.engines.dynamodb.values import ITEM_OVERHEAD_BYTES, item_size, wire

_COPIES = re.compile(r"list_append|=\s*[#A-Za-z(]")


class Ledger:
    """The upper bound of one sandbox."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bound = 0
        self.known = False
        self.exact = False

    def set(self, counted: int) -> None:
        self.bound = counted
        self.known = self.exact = True

    async def admit(self, call: Call, count: Callable[[], Awaitable[int]]) -> None:
        """Take the growth of a write into account, or raise StatementRefused when it does not fit."""
        growth = growth_of(call)
        if not growth:
            return
        if not self.known or self.bound + growth > self.max_bytes:
            self.set(await count())
        if self.bound + growth > self.max_bytes:
            raise StatementRefused(
                f"A DynamoDB sandbox holds at most {self.max_bytes / 1e6:g} MB; "
                f"this one has {self.bound / 1e6:.1f} MB, and the write may add {growth / 1e6:.2f} MB.",
                code="dynamodb_quota_bytes",
                hint="Delete items or tables, or reset the sandbox.",
                offset=call.start,
                limit=("dynamodb_quota_bytes", self.max_bytes),
            )
        self.bound += growth
        self.exact = False


def growth_of(call: Call) -> int:
    """The most that a call can add to its tables, in bytes as DynamoDB counts them."""
    put = sum(item_size(item) + ITEM_OVERHEAD_BYTES for item, _ in items_put(call))
    if call.operation == "UpdateItem":
        return _update_growth(call.parameters)
    if call.operation == "TransactWriteItems":
        updates = (entry["Update"] for entry in call.parameters["TransactItems"] if "Update" in entry)
        return put + sum(_update_growth(update) for update in updates)
    if call.operation in ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"):
        return len(json.dumps(wire(call.parameters))) + ITEM_OVERHEAD_BYTES
    return put


def _update_growth(parameters: dict[str, object]) -> int:
    """An update that copies from the item can fill it; others add what they carry."""
    expression = str(parameters.get("UpdateExpression", ""))
    if _COPIES.search(expression):
        return MAX_ITEM_BYTES
    times = max(1, expression.count(":"))  # one value may be set under several names
    return min(MAX_ITEM_BYTES, times * len(json.dumps(wire(parameters))) + ITEM_OVERHEAD_BYTES)
