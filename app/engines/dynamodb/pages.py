"""Queries and scans page by page, within the limits of a run."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from app.core.limits import Limits
from app.core.results import Truncated
from app.engines.dynamodb.sources.calling import Call
from app.engines.dynamodb.values import item_size, plain_map, typed_map

Send = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

PAGED = frozenset(("Query", "Scan", "ExecuteStatement"))
PAGE_BYTES = 1_000_000
FIRST_PAGE_ITEMS = 250
MIN_PAGE_ITEMS = 10
MAX_PAGE_ITEMS = 2_000
SLOW_FILTER_ITEMS = 10
"""The first page of a filter with contains(), which may take long on each item."""
QUICK_PAGE_S, SLOW_PAGE_S = 0.03, 0.08
MAX_PAGE_WORK = 100_000
"""Items times characters of filter in one page: the emulator reads the filter anew for each item, and nothing stops it."""


@dataclass(slots=True)
class Items:
    """Items in both forms, cut at the run's limits as they come in. `full`: as many as the call itself asked for."""

    max_rows: int
    max_bytes: int
    max_items: int | None = None
    documents: list[Any] = field(default_factory=list)
    plain: list[Any] = field(default_factory=list)
    bytes: int = 0
    stored_bytes: int = 0
    truncated: Truncated | None = None
    full: bool = False
    columns: list[tuple[str | int, ...]] = field(default_factory=list)
    keys: Sequence[str] = ()
    """Attributes that are shown first."""
    last: dict[str, Any] = field(default_factory=dict)

    def add(self, items: list[dict[str, Any]]) -> None:
        for item in items:
            if self.max_items is not None and len(self.documents) >= self.max_items:
                self.full = True
                return
            shown = picked(item, self.columns) if self.columns else keys_first(item, self.keys)
            size = len(json.dumps(shown, ensure_ascii=False))
            if len(self.documents) >= self.max_rows:
                self.cut_at_rows()
            elif self.bytes + size > self.max_bytes:
                self.cut("max_reply_bytes", self.max_bytes, f"Cut at the reply limit of {self.max_bytes} bytes")
            if self.truncated:
                return
            self.bytes += size
            self.stored_bytes += item_size(item)
            self.last = item
            self.documents.append(shown)
            self.plain.append(plain_map(shown))

    @property
    def room(self) -> int:
        """How many more items may come."""
        most = self.max_rows if self.max_items is None else min(self.max_rows, self.max_items)
        return most - len(self.documents)

    def close(self) -> None:
        """There is more, and no room for it."""
        if self.max_items is not None and len(self.documents) >= self.max_items:
            self.full = True
        elif not self.truncated:
            self.cut_at_rows()

    def cut_at_rows(self) -> None:
        self.cut("max_rows", self.max_rows, f"The first {self.max_rows} items are shown")

    def cut(self, limit: str, value: int, why: str) -> None:
        message = f"{why}; LastEvaluatedKey says that there is more."
        self.truncated = Truncated(limit, value, len(self.documents), message)


@dataclass(slots=True)
class PageSize:
    """How many items the next page may look at; with a filter, by how long the last one took."""

    now: int
    most: int
    filtered: bool = False

    def after(self, took_s: float) -> None:
        if self.filtered and took_s < QUICK_PAGE_S:
            self.now = min(self.most, self.now * 4)
        elif self.filtered and took_s > SLOW_PAGE_S:
            self.now = max(1, self.now // 4)


@dataclass(slots=True)
class Read:
    """What a query or scan came to."""

    items: Items
    count: int = 0
    scanned: int | None = 0
    pages: int = 0
    capacity: list[Any] = field(default_factory=list)
    last_key: dict[str, Any] | None = None
    examined_bytes: int | None = None


async def read_pages(send: Send, call: Call, limits: Limits, keys: Sequence[str] = ()) -> Read:
    """Follow pages until the answer is whole, the call's own Limit is reached, or a limit of the run.

    `keys`: the attributes that a key to go on from is made of.
    """
    found = Read(Items(limits.max_rows, limits.max_reply_bytes, call.max_items, columns=call.columns, keys=keys))
    parameters = dict(call.parameters)
    left: int | None = parameters.get("Limit")
    sizes = _filtered_sizes(parameters) or PageSize(min(FIRST_PAGE_ITEMS, max(1, found.items.room)), MAX_PAGE_ITEMS)
    while True:
        asked = min(one for one in (sizes.now, left, call.page_size) if one is not None)
        began = monotonic()
        answer = await send(call.operation, {**parameters, "Limit": asked})
        sizes.after(monotonic() - began)
        items = answer.get("Items", [])
        await asyncio.to_thread(found.items.add, items)
        _count(found, answer, len(items))
        if left is not None:
            left -= answer.get("ScannedCount", len(items))
        token = _next(answer)
        cut = bool(found.items.truncated) or found.items.full
        if token and not cut and found.items.room <= 0 and items:
            found.items.close()
            found.last_key = answer.get("LastEvaluatedKey")
            return found
        if token is None or cut or (left is not None and left <= 0):
            found.last_key = _key_after(found.items, keys) if cut else answer.get("LastEvaluatedKey")
            return found
        parameters.update(token)
        if not sizes.filtered and found.items.documents:
            per_item = max(1, found.items.bytes // len(found.items.documents))
            sizes.now = max(1, min(PAGE_BYTES // per_item, found.items.room))


def _key_after(items: Items, keys: Sequence[str]) -> dict[str, Any] | None:
    """The key of the last item shown, from which a read that was cut goes on; None when the items lack a part of it."""
    last = items.last
    return {name: last[name] for name in keys} if keys and all(name in last for name in keys) else None


def keys_first(item: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {name: item[name] for name in keys if name in item} | item if keys else item


def picked(item: dict[str, Any], paths: list[tuple[str | int, ...]]) -> dict[str, Any]:
    """What a SELECT with paths gives: each under the last part of its path, as PartiQL names it."""
    found = {}
    for path in paths:
        value: Any = {"M": item}
        for part in path:
            kind, held = next(iter(value.items()))
            if isinstance(part, int):
                value = held[part] if kind == "L" and part < len(held) else None
            else:
                value = held.get(part) if kind == "M" else None
            if value is None:
                break
        if value is not None:
            at = max(number for number, part in enumerate(path) if isinstance(part, str))
            found[str(path[at]) + "".join(f"[{part}]" for part in path[at + 1 :])] = value
    return found


def _filtered_sizes(parameters: dict[str, Any]) -> PageSize | None:
    """How many items a page may look at when each of them is checked against a filter."""
    if parameters.get("Select") == "COUNT" and "FilterExpression" not in parameters:
        return PageSize(MAX_PAGE_ITEMS, MAX_PAGE_ITEMS, filtered=True)
    names = ("FilterExpression", "QueryFilter", "ScanFilter")
    condition = "".join(str(parameters[name]) for name in names if name in parameters)
    if not condition:
        return None
    most = max(MIN_PAGE_ITEMS, min(MAX_PAGE_ITEMS, MAX_PAGE_WORK // len(condition)))
    return PageSize(SLOW_FILTER_ITEMS if "contains" in condition else most, most, filtered=True)


def _count(found: Read, answer: dict[str, Any], got: int) -> None:
    found.pages += 1
    found.count += answer.get("Count", got)
    scanned = answer.get("ScannedCount")
    found.scanned = None if scanned is None or found.scanned is None else found.scanned + scanned
    if "ConsumedCapacity" in answer:
        found.capacity.append(answer["ConsumedCapacity"])


def _next(answer: dict[str, Any]) -> dict[str, Any] | None:
    if answer.get("LastEvaluatedKey"):
        return {"ExclusiveStartKey": typed_map(answer["LastEvaluatedKey"])}
    if answer.get("NextToken"):
        return {"NextToken": answer["NextToken"]}
    return None
