"""Capacity units by our own count of item bytes, as DynamoDB's rules say: reads by 4 kB, writes by 1 kB, twice in transactions."""

from dataclasses import dataclass, field
from math import ceil
from typing import Any

from app.engines.dynamodb.values import item_size

READ_BLOCK = 4_096
WRITE_BLOCK = 1_024
PAGE_BYTES = 1_048_576

Item = dict[str, Any]


@dataclass(slots=True)
class Units:
    """`value` for the table, `indexes` for each index that was written. Not `exact`: some sizes are not known, so it is the least."""

    value: float
    exact: bool = True
    indexes: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        return self.value + sum(self.indexes.values())


def read_factor(*, consistent: bool, transactional: bool = False) -> float:
    """Units for each block read: half in eventually consistent reads, two in transactions."""
    if transactional:
        return 2.0
    return 1.0 if consistent else 0.5


def item_read(size: int, factor: float) -> float:
    """One item; an item that is not there costs one block."""
    return max(1, ceil(size / READ_BLOCK)) * factor


def page_read(size: int, factor: float) -> float:
    """All items that a Query or Scan examined, rounded up once for each page of 1 MB."""
    whole, rest = divmod(size, PAGE_BYTES)
    blocks = whole * (PAGE_BYTES // READ_BLOCK) + ceil(rest / READ_BLOCK)
    return max(1, blocks) * factor


def pages(size: int) -> int:
    return max(1, ceil(size / PAGE_BYTES))


def item_write(*sizes: int) -> float:
    """One item written: the larger of what it was and what it is."""
    return float(max(1, ceil(max(sizes, default=0) / WRITE_BLOCK)))


def index_writes(table: dict[str, Any], old: Item | None, new: Item | None) -> dict[str, float]:
    """What a change of one item costs in each index that it touches."""
    found = {}
    for index in (*table.get("GlobalSecondaryIndexes", ()), *table.get("LocalSecondaryIndexes", ())):
        units = _index_write(table, index, old, new)
        if units:
            found[index["IndexName"]] = units
    return found


def _index_write(table: dict[str, Any], index: dict[str, Any], old: Item | None, new: Item | None) -> float:
    before, after = (_entry(table, index, item) for item in (old, new))
    if before == after:
        return 0.0
    if before and after and all(before[name] == after[name] for name in _key_names(index)):
        return item_write(item_size(before), item_size(after))
    return sum(item_write(item_size(entry)) for entry in (before, after) if entry)


def _entry(table: dict[str, Any], index: dict[str, Any], item: Item | None) -> Item | None:
    """What an index holds of an item; None when the item lacks one of its keys."""
    keys = _key_names(index)
    if item is None or any(name not in item for name in keys):
        return None
    projection = index.get("Projection", {})
    if projection.get("ProjectionType", "ALL") == "ALL":
        return item
    names = {*keys, *_key_names(table), *projection.get("NonKeyAttributes", ())}
    return {name: value for name, value in item.items() if name in names}


def _key_names(described: dict[str, Any]) -> list[str]:
    return [part["AttributeName"] for part in described.get("KeySchema", ())]
