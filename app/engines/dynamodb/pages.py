"""Queries and scans page by page, within the limits of a run."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from app.core.limits import Limits
from app.core.results import Truncated
from app.engines.dynamodb.statements import Call
from app.engines.dynamodb.values import plain_map, wire

Send = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

PAGED = frozenset(("Query", "Scan", "ExecuteStatement"))
PAGE_BYTES = 1_000_000
FIRST_PAGE_ITEMS = 250
MIN_PAGE_ITEMS = 25
MAX_PAGE_ITEMS = 2_000
MAX_PAGE_WORK = 400_000
"""Items times characters of filter in one page: the emulator reads the filter anew for each item, and nothing stops it."""


@dataclass(slots=True)
class Items:
    """Items in both forms, cut at the run's limits as they come in."""

    max_rows: int
    max_bytes: int
    documents: list[Any] = field(default_factory=list)
    plain: list[Any] = field(default_factory=list)
    bytes: int = 0
    truncated: Truncated | None = None

    def add(self, items: list[dict[str, Any]]) -> None:
        for item in items:
            document = wire(item)
            size = len(json.dumps(document, ensure_ascii=False))
            if len(self.documents) >= self.max_rows:
                self.cut("max_rows", self.max_rows, f"The first {self.max_rows} items are shown")
            elif self.bytes + size > self.max_bytes:
                self.cut("max_reply_bytes", self.max_bytes, f"Cut at the reply limit of {self.max_bytes} bytes")
            if self.truncated:
                return
            self.bytes += size
            self.documents.append(document)
            self.plain.append(plain_map(item))

    def cut(self, limit: str, value: int, why: str) -> None:
        message = f"{why}; LastEvaluatedKey says that there is more."
        self.truncated = Truncated(limit, value, len(self.documents), message)


@dataclass(slots=True)
class Read:
    """What a query or scan came to."""

    items: Items
    count: int = 0
    scanned: int | None = 0
    pages: int = 0
    capacity: list[Any] = field(default_factory=list)
    last_key: dict[str, Any] | None = None


async def read_pages(send: Send, call: Call, limits: Limits) -> Read:
    """Follow pages until the answer is whole, the call's own Limit is reached, or a limit of the run."""
    found = Read(Items(limits.max_rows, limits.max_reply_bytes))
    parameters = dict(call.parameters)
    left: int | None = parameters.get("Limit")
    size = FIRST_PAGE_ITEMS
    while True:
        asked = _page_items(parameters, size, found, left)
        answer = await send(call.operation, {**parameters, "Limit": asked})
        items = answer.get("Items", [])
        await asyncio.to_thread(found.items.add, items)
        _count(found, answer, len(items))
        if left is not None:
            left -= answer.get("ScannedCount", len(items))
        token = _next(answer)
        if token is None or found.items.truncated or (left is not None and left <= 0):
            found.last_key = answer.get("LastEvaluatedKey")
            return found
        parameters.update(token)
        if found.items.documents:
            per_item = max(1, found.items.bytes // len(found.items.documents))
            size = max(MIN_PAGE_ITEMS, min(MAX_PAGE_ITEMS, PAGE_BYTES // per_item))


def _page_items(parameters: dict[str, Any], size: int, found: Read, left: int | None) -> int:
    """How many items the next page may look at."""
    condition = str(parameters.get("FilterExpression") or parameters.get("QueryFilter") or "")
    condition += str(parameters.get("ScanFilter") or "")
    if condition:
        size = max(MIN_PAGE_ITEMS, min(MAX_PAGE_ITEMS, MAX_PAGE_WORK // len(condition)))
    elif parameters.get("Select") == "COUNT":
        size = MAX_PAGE_ITEMS
    else:  # one more than is shown tells whether there is more
        size = min(size, found.items.max_rows + 1 - len(found.items.documents))
    return size if left is None else min(size, left)


def _count(found: Read, answer: dict[str, Any], got: int) -> None:
    found.pages += 1
    found.count += answer.get("Count", got)
    scanned = answer.get("ScannedCount")
    found.scanned = None if scanned is None or found.scanned is None else found.scanned + scanned
    if "ConsumedCapacity" in answer:
        found.capacity.append(answer["ConsumedCapacity"])


def _next(answer: dict[str, Any]) -> dict[str, Any] | None:
    if answer.get("LastEvaluatedKey"):
        return {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    if answer.get("NextToken"):
        return {"NextToken": answer["NextToken"]}
    return None
