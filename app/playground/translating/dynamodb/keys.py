"""What of a statement's conditions the keys of a DynamoDB table or index answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.playground.translating.dynamodb.requests import Request, Test
from app.playground.translating.errors import NotCarriedError
from app.playground.translating.literals import text_of
from app.playground.translating.shapes import Pattern, Table
from app.playground.translating.simple import Condition, equal

HIGHEST = "~"
"""Sorts after every digit and letter of a key."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The table's own keys, or those of an index that has the same items turned round."""

    names: tuple[str, str]
    partition: Pattern
    sort: Pattern
    index: str = ""
    above: str = ""


def keys_of(table: Table, conditions: tuple[Condition, ...]) -> Keys:
    """The keys whose partition the conditions decide; the table's own where neither does."""
    section = table.engines["dynamodb"]
    partition, sort = section.get("names", ["pk", "sk"])
    own = Keys(
        (partition, sort), Pattern(section["partition"]), Pattern(section["sort"]), above=section.get("above", "")
    )
    turned = section.get("turned")
    if turned is None or all(equal(conditions, name) for name in own.partition.columns):
        return own
    (first, pattern), (second, other) = turned["partition"], turned["sort"]
    there = Keys((first, second), Pattern(pattern), Pattern(other), turned["index"])
    return there if all(equal(conditions, name) for name in there.partition.columns) else own


def key_value(pattern: Pattern, values: Mapping[str, Any], table: Table) -> Any:
    """A whole key: a number where it is nothing but one."""
    if pattern.text == f"{{{pattern.columns[0] if pattern.columns else ''}}}":
        value = values[pattern.columns[0]]
        if isinstance(value, int):
            return value
    return pattern.filled({name: text_of(value, table.columns[name]) for name, value in values.items()})


def ask(table: Table, conditions: tuple[Condition, ...]) -> tuple[Request, Keys, list[Condition]]:
    """The request with its keys, and the conditions that they don't answer."""
    indexed = _by_attribute(table, conditions)
    if indexed is not None:
        return indexed
    keys = keys_of(table, conditions)
    section = table.engines["dynamodb"]
    request = Request(section["table"], keys.index)
    left = list(conditions)
    known = {name: equal(conditions, name) for name in keys.partition.columns}
    if known and all(known.values()):
        request.partition = _partition(keys, known, table)
        decided = [one for one in left if one.operator in ("=", "in") and one.values == known.get(one.column)]
        left = [one for one in left if one not in decided]
    elif keys.partition.prefix:
        request.partition = ("begins_with", keys.names[0], keys.partition.prefix)
    request.sort, left = _sort(keys, left, table)
    return request, keys, left


def upwards(test: Test) -> Test:
    """A test that is no BETWEEN whose end comes before its beginning, which DynamoDB refuses where SQL finds nothing."""
    if test[0] == "between" and test[2] > test[3]:
        raise NotCarriedError(f"BETWEEN {test[2]} AND {test[3]}: DynamoDB refuses a range that ends before it begins")
    return test


def _partition(keys: Keys, known: Mapping[str, tuple[Any, ...]], table: Table) -> Test:
    if all(len(values) == 1 for values in known.values()):
        values = {name: found[0] for name, found in known.items()}
        return ("=", keys.names[0], key_value(keys.partition, values, table))
    ((name, several),) = known.items()
    return ("in", keys.names[0], *(key_value(keys.partition, {name: value}, table) for value in several))


def _by_attribute(table: Table, conditions: tuple[Condition, ...]) -> tuple[Request, Keys, list[Condition]] | None:
    section = table.engines["dynamodb"]
    if all(equal(conditions, name) for name in Pattern(section["partition"]).columns):
        return None
    for index, (first, second) in section.get("indexes", {}).items():
        chosen = next((c for c in conditions if c.column == first and c.operator == "="), None)
        if chosen is None:
            continue
        request = Request(section["table"], index, partition=("=", first, chosen.values[0]))
        left = [one for one in conditions if one is not chosen]
        ranges = [one for one in left if one.column == second]
        if len(ranges) > 1:
            raise NotCarriedError(f"two conditions on {second}, of which the index takes one")
        if ranges and ranges[0].operator in ("=", "<", "<=", ">", ">=", "between"):
            kind = table.columns[second]
            values = [
                value if kind not in ("date", "timestamp") else text_of(value, kind) for value in ranges[0].values
            ]
            request.sort = upwards((ranges[0].operator, second, *values))
            left.remove(ranges[0])
        return request, Keys((first, second), Pattern(f"{{{first}}}"), Pattern(f"{{{second}}}"), index), left
    return None


def _sort(keys: Keys, left: list[Condition], table: Table) -> tuple[Test | None, list[Condition]]:
    """The condition on the sort key: whole, between two times, or its beginning."""
    values: dict[str, Any] = {}
    for name in keys.sort.columns:
        found = next((c for c in left if c.column == name and c.operator == "="), None)
        if found is None:
            break
        values[name] = found.values[0]
        left = [one for one in left if one is not found]
    known = {name: text_of(value, table.columns[name]) for name, value in values.items()}
    if len(values) == len(keys.sort.columns) and not keys.sort.text.endswith("#"):
        whole = key_value(keys.sort, values, table) if values else keys.sort.text
        return ("=", keys.names[1], whole), left
    begun = keys.sort.filled(known)
    ranged = keys.sort.columns[len(values)] if len(values) < len(keys.sort.columns) else ""
    if ranged and table.columns[ranged] == "timestamp":
        low, high, left = _between(ranged, left)
        if low or high or keys.above:
            lowest = begun + (low or "")
            if not low and keys.above:
                lowest = keys.above + HIGHEST
            return upwards(("between", keys.names[1], lowest, begun + (high or HIGHEST))), left
    return ("begins_with", keys.names[1], begun) if begun else None, left


def _between(name: str, left: list[Condition]) -> tuple[str, str, list[Condition]]:
    """The first and last whole second that the conditions on a time allow."""
    low: datetime | None = None
    high: datetime | None = None
    rest = []
    for one in left:
        if one.column != name or one.operator not in ("<", "<=", ">", ">=", "between"):
            rest.append(one)
            continue
        first, last = (one.values * 2)[:2]
        if one.operator in (">", ">=", "between"):
            found = _whole(first, up=True) + timedelta(seconds=one.operator == ">" and not first.microsecond)
            low = max(low, found) if low else found
        if one.operator in ("<", "<=", "between"):
            found = _whole(last, up=False) - timedelta(seconds=one.operator == "<" and not last.microsecond)
            high = min(high, found) if high else found
    return (text_of(low, "timestamp") if low else "", text_of(high, "timestamp") if high else "", rest)


def _whole(at: datetime, *, up: bool) -> datetime:
    floor = at.replace(microsecond=0)
    return floor + timedelta(seconds=1) if up and at.microsecond else floor
